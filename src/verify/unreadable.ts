import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { checkOf, type DrillOutcome, type DrillReport, type DrillRequest } from './types.ts'

/** The report of a drill that has found nothing yet. `server`: version of the scratch server. */
export function blankReport(o: Pick<DrillRequest, 'manifest' | 'part'>, server: string | null): DrillReport {
  return {
    backup: o.manifest.id,
    result: 'passed',
    part: o.part ?? null,
    server,
    checks: [],
    tables: [],
    rows: 0,
    heldBack: [],
    plainBytes: 0,
    objects: 0,
    notVerified: [],
    assertions: [],
    seconds: 0,
    restoreSeconds: 0,
    goal: null,
    phases: [],
  }
}

/** What a report says besides of a backup that could not be restored. */
export function notRestored(what: string, why: string): Pick<DrillReport, 'checks' | 'notVerified'> {
  return {
    checks: [checkOf('restore', { checked: 0, failures: [{ what, why }] })],
    notVerified: [{ what: 'all that is checked after a restore', why: 'there was none' }],
  }
}

/**
 * The outcome where what a restore begins with can't be read, as far as that is the backup's own fault: no server was started
 * then. Null: the error says nothing of the backup.
 */
export function unreadableOutcome(
  o: Pick<DrillRequest, 'manifest' | 'part'> & {
    /** What was being read: `the contents`. */
    readonly what: string
    readonly error: unknown
    readonly seconds: number
  },
): DrillOutcome | null {
  const { what, error, seconds } = o
  if (!isHoldfastError(error, 'object_damaged') && !isHoldfastError(error, 'object_missing')) return null
  const report: DrillReport = {
    ...blankReport(o, null),
    ...notRestored(what, error.message),
    result: 'failed',
    seconds,
  }
  const message = `Backup ${o.manifest.id} could not be restored: ${what} can't be read: ${error.message}`
  const details = { ...error.details, code: error.code }
  return { report, error: new HoldfastError('drill_failed', message, { cause: error, details }) }
}
