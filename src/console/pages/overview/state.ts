import { proofOf, type BackupFacts } from '../../lib/backup-facts.ts'
import type { Job, JobError, Schedule } from '../../lib/types.ts'
import type { Meaning } from '../../ui/badge.tsx'

/** How safe a source is, as data: what the sentence on its card is made of. */
export interface SourceState {
  readonly word: 'safe' | 'unproven' | 'late' | 'failed' | 'never'
  readonly meaning: Meaning
  /** Up to when everything can be brought back; null: nothing can. */
  readonly until: string | null
  /** The newest backup that a drill has proved. */
  readonly proven: { readonly when: string; readonly rows: number; readonly tables: number } | null
  /** When the backup that is missing should have been. */
  readonly due: string | null
  readonly error: JobError | null
}

interface Known {
  /** Newest first. */
  readonly backups: readonly BackupFacts[]
  readonly schedules: readonly Schedule[]
  /** Newest first. */
  readonly jobs: readonly Job[]
  readonly now: Date
}

/** A backup that is due may take so long to begin and to end before it counts as late. */
const graceMs = 30 * 60_000

export function stateOf({ backups, schedules, jobs, now }: Known): SourceState {
  const whole = backups.filter(({ damaged, partial }) => !damaged && !partial)
  const [latest] = whole
  const proven = whole.find((one) => proofOf(one) === 'proven' || proofOf(one) === 'partly')
  const last = jobs.find(
    ({ kind, status }) => kind === 'backup' && status !== 'running' && status !== 'pending',
  )
  const error = last?.status === 'failed' ? (last.error as JobError | null) : null
  const due = schedules
    .filter(({ kind, enabled, nextRun }) => kind === 'backup' && enabled && nextRun !== null)
    .map(({ nextRun }) => nextRun ?? '')
    .sort()[0]
  const late = due !== undefined && now.getTime() - Date.parse(due) > graceMs ? due : null
  const word =
    latest === undefined
      ? 'never'
      : error !== null
        ? 'failed'
        : late !== null
          ? 'late'
          : proven === undefined
            ? 'unproven'
            : 'safe'
  const meanings = { safe: 'good', unproven: 'warn', late: 'warn', failed: 'bad', never: 'bad' } as const
  return {
    word,
    meaning: meanings[word],
    until: latest?.moment ?? null,
    proven:
      proven?.verified === null || proven === undefined
        ? null
        : { when: proven.verified.when, rows: proven.rows, tables: proven.tables },
    due: late,
    error,
  }
}
