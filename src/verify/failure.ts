import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import type { EmbeddedServer } from '../postgres/server/server.ts'
import type { CheckName, DrillReport } from './types.ts'

/** What is told as itself: the drill was not to be done, or not so. */
const asTheyAre: readonly ErrorCode[] = ['cancelled', 'usage', 'table_not_found']

/** What says something of this machine or of the way to the storage, and nothing of the backup. */
const circumstances: readonly ErrorCode[] = [
  'internal',
  'storage_failed',
  'storage_denied',
  'storage_full',
  'connection_failed',
  'connection_lost',
  'locks_exhausted',
]

/**
 * The error for a restore that failed in a drill, and whether that is a verdict on the backup: only then is the drill one
 * that was done, and found something.
 */
export async function restoreFailure(o: {
  error: unknown
  server: EmbeddedServer
  backup: string
}): Promise<{ error: HoldfastError; verdict: boolean }> {
  const { error, backup } = o
  if (isHoldfastError(error) && asTheyAre.includes(error.code)) return { error, verdict: false }
  const ended = await endedServer(o, `while backup ${backup} was restored into it`)
  if (ended !== null) return { error: ended, verdict: false }
  const failed = new HoldfastError(
    'drill_failed',
    `Backup ${backup} could not be restored as it was: ${messageOf(error)}`,
    { cause: error, details: isHoldfastError(error) ? { ...error.details, code: error.code } : {} },
  )
  return { error: failed, verdict: !isCircumstance(error) }
}

/** The error for checks that could not be made: of the backup they say nothing. */
export async function checkFailure(o: {
  error: unknown
  server: EmbeddedServer
  backup: string
}): Promise<HoldfastError> {
  const { error, backup } = o
  if (isHoldfastError(error) && asTheyAre.includes(error.code)) return error
  const ended = await endedServer(o, `while backup ${backup} was checked in it`)
  if (ended !== null) return ended
  return new HoldfastError(
    'drill_failed',
    `Backup ${backup} was restored, but could not be checked: ${messageOf(error)}`,
    {
      hint: 'This says nothing of the backup: see the cause, and run it again.',
      cause: error,
      details: isHoldfastError(error) ? { ...error.details, code: error.code } : {},
    },
  )
}

async function endedServer(
  { error, server }: { error: unknown; server: EmbeddedServer },
  when: string,
): Promise<HoldfastError | null> {
  if (!(await server.endsWithin(1000))) return null
  return new HoldfastError(
    'drill_failed',
    `The scratch server ended ${when}. Its log ends with:\n${server.logTail().slice(-1000).trim()}`,
    { hint: 'See whether the machine ran out of memory or disk space, and run it again.', cause: error },
  )
}

/** Looks through the causes: a restore that fails says so in words of its own. */
function isCircumstance(thrown: unknown): boolean {
  if (!isHoldfastError(thrown)) return true
  for (let error: unknown = thrown; isHoldfastError(error); error = error.cause) {
    // Class 53: out of memory, disk space, connections.
    if (circumstances.includes(error.code) || String(error.details['sqlstate']).startsWith('53')) return true
  }
  return false
}

/** Checks whose failure is in the data as it was backed up: another backup of the same rows would fail as well. */
const ofTheSource: readonly CheckName[] = ['foreign keys', 'indexes', 'assertions']

/** The error of a drill that was done and found something; null if there is nothing to complain of. */
export function errorOf(report: DrillReport): HoldfastError | null {
  const failed = report.checks.filter((check) => check.result === 'failed')
  if (failed.length > 0) {
    const shown = failed.map(({ name, failures }) => {
      const [first] = failures
      const more = failures.length > 1 ? ` and ${failures.length - 1} more` : ''
      return `${name}: ${first?.what}: ${first?.why}${more}`
    })
    return new HoldfastError(
      'drill_failed',
      `Backup ${report.backup} was restored, but not all is well. ${shown.join('; ')}.`,
      {
        details: { failed: failed.map(({ name, failures }) => ({ name, failures })) },
        ...(failed.every(({ name }) => ofTheSource.includes(name))
          ? {
              hint: 'The backup holds what the source held. Look there for the fault, mend it, and back up again.',
            }
          : {}),
      },
    )
  }
  if (report.goal?.result === 'missed') {
    return new HoldfastError(
      'goal_missed',
      `Backup ${report.backup} restores, but that took ${Math.ceil(report.restoreSeconds)} s, and was to take ${report.goal.seconds} s at most.`,
      { details: { goal: report.goal, restoreSeconds: report.restoreSeconds } },
    )
  }
  return null
}
