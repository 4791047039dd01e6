import { spanText, timeText } from '../words.ts'

/** A schedule that is switched on, as far as its runs can be late. Times by the catalog's clock. */
export interface WatchedSchedule {
  readonly name: string
  /** When the next run is to be begun: in the past if nobody has begun it. Null: never again. */
  readonly due: Date | null
  /** When a run was begun last. */
  readonly lastRun: Date | null
  /**
   * When the newest run that counts has ended: one of this schedule, however it ended, since a failure is told by itself; or any that
   * did the same and was completed.
   */
  readonly settled: Date | null
  /** How long its runs usually take. Null: not known. */
  readonly usualMs: number | null
}

/** How late is late. */
export interface LateRules {
  /** A run ends so long after its time at the latest, and twice as much later as runs usually take. */
  readonly graceMs: number
}

export interface Lateness {
  readonly text: string
  readonly since: Date
}

/** Whether a run of the schedule is missing. Pure: nothing needs to run for it to be late. */
export function lateRun(schedule: WatchedSchedule, now: Date, { graceMs }: LateRules): Lateness | null {
  const { due, lastRun, settled, usualMs, name } = schedule
  const allowed = graceMs + 2 * (usualMs ?? 0)
  const missed = (time: Date | null): time is Date =>
    time !== null && now.getTime() - time.getTime() > allowed && (settled === null || settled < time)
  if (missed(due)) {
    const text = `The run of schedule ${name} that was due at ${timeText(due)} was not begun. Is the service up?`
    return { text, since: due }
  }
  if (missed(lastRun)) {
    const text = `The run of schedule ${name} that was begun at ${timeText(lastRun)} has not ended, ${spanText(now.getTime() - lastRun.getTime())} later.`
    return { text, since: lastRun }
  }
  return null
}

/** A source from which backups are expected. */
export interface WatchedSource {
  readonly added: Date
  /** Of its newest completed backup. */
  readonly newest: Date | null
  /** How old that may be. Null: any age. */
  readonly maxAgeMs: number | null
  /** Those of its backups. */
  readonly schedules: readonly WatchedSchedule[]
}

/** Whether a backup of the source is missing: by its age, or by a schedule. Pure. */
export function lateBackup(source: WatchedSource, now: Date, rules: LateRules): Lateness | null {
  const { newest, added, maxAgeMs } = source
  const since = newest ?? added
  const age = now.getTime() - since.getTime()
  if (maxAgeMs !== null && age > maxAgeMs) {
    const allowed = `it may be ${spanText(maxAgeMs)} old`
    const text =
      newest === null
        ? `There is no backup yet, ${spanText(age)} after the source was added: ${allowed}.`
        : `The newest backup is of ${timeText(newest)}, ${spanText(age)} ago: ${allowed}.`
    return { text, since }
  }
  for (const schedule of source.schedules) {
    const late = lateRun(schedule, now, rules)
    if (late !== null) return late
  }
  return null
}
