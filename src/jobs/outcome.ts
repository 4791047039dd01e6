import { codes } from '../lib/error-codes.ts'
import { printedError, type CommandEnd } from './command.ts'
import type { JobError, LogLine, Outcome } from './types.ts'

/** Why this worker made a command end. */
export type Stopped = 'cancelled' | 'worker stopped' | null

/**
 * Exit statuses of failures that another attempt may not meet: something failed, or could not be reached. What was refused, is not there,
 * not allowed or damaged is so the next time, too.
 */
const passing: readonly (number | null)[] = [null, 1, 6]

/** What to do at a service, of errors whose own hints are about options that nobody gives to its commands. */
const hints: Partial<Record<JobError['code'], string>> = {
  identity_missing: 'Give the repository an identity or a passphrase: PATCH /repositories/NAME.',
  host_not_admitted:
    'Give the repository the text of a host file, which init or keys admit have written: PATCH /repositories/NAME.',
}

/** What the end of a command means for its job. `lines`: the last that it said, for one that crashed. */
export function outcomeOf(end: CommandEnd, stopped: Stopped, lines: readonly LogLine[]): Outcome {
  // Done is done, also if somebody wanted it to stop.
  if (end.status === 0) return { status: 'completed', result: end.printed ?? {} }
  if (stopped === 'cancelled') return { status: 'cancelled' }
  if (stopped === 'worker stopped') {
    return { status: 'failed', error: errorOf('worker_stopped', 'The worker was stopped.'), again: true }
  }
  const error = printedError(end.printed) ?? crashed(end, lines)
  const again = end.status === 130 || passing.includes(end.status)
  const hint = hints[error.code]
  if (hint === undefined) return { status: 'failed', error, again }
  const { ownHint: _ofCommand, ...told } = error
  return { status: 'failed', error: { ...told, hint }, again }
}

function crashed(end: CommandEnd, lines: readonly LogLine[]): JobError {
  const how =
    end.notStarted !== null
      ? `could not be started: ${end.notStarted}`
      : end.signal !== null
        ? `was ended by ${end.signal}`
        : `ended with status ${end.status}, and no result`
  const last = lines
    .filter(({ level }) => level === 'error')
    .slice(-5)
    .map(({ text }) => text)
  return errorOf('job_crashed', [`The command ${how}.`, ...last].join('\n'))
}

/** An error of this code, with the hint that belongs to it. */
export function errorOf(code: JobError['code'], message: string): JobError {
  return { code, message, hint: codes[code].hint }
}
