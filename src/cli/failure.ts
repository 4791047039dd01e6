import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { codes, type ErrorCode } from '../lib/error-codes.ts'

/** What connections and streams report when it was we who cut them. */
const consequences: readonly ErrorCode[] = ['cancelled', 'connection_lost', 'query_failed']

/**
 * Makes whatever was thrown into the error that is shown. After Ctrl-C, what follows from it is told as
 * `cancelled`, with the state things are in; any other failure is told as itself, since it may have left a mess.
 */
export function toShownError(thrown: unknown, how: { cancelled: boolean; state: string }): HoldfastError {
  if (how.cancelled && isConsequence(thrown)) {
    const hint = isHoldfastError(thrown, 'cancelled') ? thrown.hint : codes.cancelled.hint
    const what = messageOf(thrown)
    const message = /(cancelled|aborted)\.?$/i.test(what) ? 'Cancelled.' : `Cancelled: ${what}`
    return new HoldfastError('cancelled', message, {
      cause: thrown,
      hint: hint === codes.cancelled.hint ? how.state : hint,
      details: isHoldfastError(thrown) ? thrown.details : {},
    })
  }
  if (isHoldfastError(thrown)) return thrown
  if (thrown instanceof Error && (thrown as NodeJS.ErrnoException).syscall === 'uv_cwd') {
    return new HoldfastError('usage', 'The directory that this runs in is not there any more.', {
      cause: thrown,
      hint: 'Change into one that is there, and run it again.',
    })
  }
  return new HoldfastError('internal', messageOf(thrown) || 'An error without a message.', {
    cause: thrown,
    hint: `${codes.internal.hint} HOLDFAST_DEBUG=1 prints where it happened.`,
  })
}

/** The command has ended well, but what it had to say did not arrive. */
export function lostResultError(cause: Error): HoldfastError {
  return new HoldfastError(
    'result_lost',
    `The command was done, but its result could not be written to stdout: ${cause.message}`,
    { cause },
  )
}

function isConsequence(thrown: unknown): boolean {
  if (isHoldfastError(thrown)) return consequences.includes(thrown.code)
  return thrown instanceof Error && thrown.name === 'AbortError'
}
