import { asOwner } from '../catalog/claims.ts'
import type { Database, Queries } from '../catalog/database.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { repeat, type Repeated } from '../lib/repeat.ts'
import { enqueue } from './enqueue.ts'
import { jobKind, type JobKind } from './kinds.ts'
import type { Queue } from './queue.ts'
import { expireRestores } from './restores/start.ts'
import { nextRun, type ScheduleRule } from './schedule-rule.ts'

export interface ScheduleTimes {
  /** What the rule says; null: never. */
  readonly nextRun: Date | null
  /** The same and a share of the jitter: when it is begun. */
  readonly due: Date | null
}

/** When a schedule is to run next after `after`. `random`: a number from 0 up to 1. Throws `schedule_invalid`. */
export function nextTimes(
  o: { rule: ScheduleRule; zone: string; jitterSeconds: number },
  after: Date,
  random: () => number,
): ScheduleTimes {
  const next = nextRun(o.rule, o.zone, after)
  const jitterMs = Math.floor(random() * (o.jitterSeconds + 1)) * 1000
  return { nextRun: next, due: next === null ? null : new Date(next.getTime() + jitterMs) }
}

/** What a tick has done about a schedule that was due. */
export interface Begun {
  readonly schedule: string
  readonly scheduledFor: Date
  /** Null: there is none, because the run before is still there, or for the problem. */
  readonly job: string | null
  /** Why the schedule was switched off: what it says can't be done. Null: it was not. */
  readonly problem: string | null
}

/**
 * Makes the jobs of all schedules that are due, each in one transaction with the time of its next run: whoever dies leaves it as it
 * was, or done. Any number of processes may tick at once. What was missed, for however long nobody ticked, is made up for once.
 */
export async function tick(o: {
  database: Database
  queue: Queue
  now: Date
  random: () => number
}): Promise<Begun[]> {
  const all: Begun[] = []
  for (;;) {
    const begun = await o.database.transaction((queries) => tickOne(queries, o))
    if (begun === null) return all
    all.push(begun)
  }
}

interface ScheduleRow extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly source_id: string | null
  readonly repository_id: string
  readonly about: string
  readonly rule: ScheduleRule
  readonly zone: string
  readonly jitter_seconds: number
  readonly overlap: 'skip' | 'queue'
  readonly params: Record<string, unknown>
  readonly keep: unknown
  readonly next_run: Date
}

async function tickOne(
  queries: Queries,
  o: { queue: Queue; now: Date; random: () => number },
): Promise<Begun | null> {
  const [row] = await queries.query<ScheduleRow>(
    `SELECT c.id, c.name, c.kind, c.source_id, c.rule, c.zone, c.jitter_seconds, c.overlap, c.params, c.keep, c.next_run,
       coalesce(c.repository_id, s.repository_id) AS repository_id, coalesce(s.name, r.name) AS about
     FROM holdfast.schedules AS c
     LEFT JOIN holdfast.sources AS s ON s.id = c.source_id
     LEFT JOIN holdfast.repositories AS r ON r.id = c.repository_id
     WHERE c.enabled AND c.due <= $1 ORDER BY c.due LIMIT 1 FOR UPDATE OF c SKIP LOCKED`,
    [o.now],
  )
  if (row === undefined) return null
  const { id, name: schedule, next_run: scheduledFor } = row
  try {
    const after = scheduledFor > o.now ? scheduledFor : o.now
    const { rule, zone, jitter_seconds: jitterSeconds } = row
    const times = nextTimes({ rule, zone, jitterSeconds }, after, o.random)
    if (times.nextRun === null) throw new HoldfastError('schedule_invalid', 'Its time never comes again.')
    const kind = jobKind(row.kind)
    const job = (await isInTheWay(queries, row)) ? null : await begin(queries, o.queue, kind, row)
    await queries.query(
      `UPDATE holdfast.schedules SET next_run = $2, due = $3, ${job === null ? 'last_skipped' : 'last_run'} = $4 WHERE id = $1`,
      [id, times.nextRun, times.due, o.now],
    )
    return { schedule, scheduledFor, job, problem: null }
  } catch (error) {
    // Left as it is it would be due for ever, in front of all others.
    if (!isHoldfastError(error, 'schedule_invalid') && !isHoldfastError(error, 'usage')) throw error
    const { message: problem } = error
    await queries.query('UPDATE holdfast.schedules SET enabled = false, problem = $2 WHERE id = $1', [
      id,
      problem,
    ])
    return { schedule, scheduledFor, job: null, problem }
  }
}

/** Where runs may queue, one may wait while another one runs, and no more: they would do the same again. */
async function isInTheWay({ query }: Queries, { id, overlap }: ScheduleRow): Promise<boolean> {
  const states = overlap === 'skip' ? ['pending', 'waiting', 'running'] : ['pending', 'waiting']
  const sql = 'SELECT FROM holdfast.jobs WHERE schedule_id = $1 AND status = ANY ($2) LIMIT 1'
  return (await query(sql, [id, states])).length > 0
}

async function begin(queries: Queries, queue: Queue, kind: JobKind, row: ScheduleRow): Promise<string> {
  const { id } = await enqueue(asOwner(queries), queue, {
    kind,
    sourceId: row.source_id,
    repositoryId: row.repository_id,
    about: row.about,
    params: row.keep === null ? row.params : { ...row.params, keep: row.keep },
    requestedBy: `schedule:${row.id}`,
    schedule: { id: row.id, scheduledFor: row.next_run },
  })
  return id
}

/** Ticks until it is stopped. */
export function startScheduler(o: {
  database: Database
  queue: Queue
  /** The catalog's clock, but in tests. */
  now: () => Promise<Date>
  random: () => number
  everyMs: number
  log: (text: string) => void
  /** Called after a job was made. */
  onBegun: () => void
}): Repeated {
  return repeat({
    ...o,
    async work() {
      const begun = await tick({ ...o, now: await o.now() })
      await expireRestores(o.database)
      for (const { schedule, job, problem } of begun) {
        if (problem !== null) o.log(`Schedule ${schedule} was switched off: ${problem}`)
        else if (job === null) o.log(`Schedule ${schedule} did not run: the run before is still there.`)
      }
      if (begun.length > 0) o.onBegun()
    },
  })
}
