import type { Database, Queries } from '../catalog/database.ts'
import { isTaken } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { Attempt, Queue } from './queue.ts'
import type { JobProgress, Outcome } from './types.ts'

/** A job that this worker holds. */
export interface HeldJob extends Attempt {
  readonly kind: string
  readonly sourceId: string | null
  readonly repositoryId: string | null
  readonly about: string
  readonly params: Readonly<Record<string, unknown>>
}

/**
 * Takes the next job, if there is one, and a lease on it: in one transaction, so that no two workers ever hold it. `attempt` is the
 * token without which nothing of it can be changed from now on.
 */
export async function takeJob(o: {
  database: Database
  queue: Queue
  worker: string
  leaseSeconds: number
}): Promise<HeldJob | null> {
  try {
    for (;;) {
      const taken = await o.database.transaction((queries) => take(queries, o))
      if (taken !== 'deferred') return taken
    }
  } catch (error) {
    // Another worker has begun the same job, or one that this one excludes, at the same moment.
    if (error === elsewhere || isTaken(error, 'jobs_exclusive')) return null
    throw error
  }
}

const elsewhere = new Error('Somebody else is at it.')

async function take(
  queries: Queries,
  o: { queue: Queue; worker: string; leaseSeconds: number },
): Promise<HeldJob | 'deferred' | null> {
  const next = await o.queue.take(queries)
  if (next === null) return null
  // Others lock the job first and its place in the queue second: waiting for the job here would be a deadlock.
  const free = await queries.query('SELECT FROM holdfast.jobs WHERE id = $1 FOR UPDATE SKIP LOCKED', [
    next.id,
  ])
  if (free.length === 0) throw elsewhere
  if (!(await hasRoom(queries, o.queue, next.id))) return 'deferred'
  const [job] = await queries.query<{
    kind: string
    source_id: string | null
    repository_id: string | null
    about: string
    params: Record<string, unknown>
    attempt: number
  }>(
    `UPDATE holdfast.jobs SET status = 'running', attempt = attempts_before + $2, worker = $3, progress = NULL, not_before = NULL,
       lease_until = pg_catalog.now() + pg_catalog.make_interval(secs => $4),
       started_at = coalesce(started_at, pg_catalog.now())
     WHERE id = $1 AND status = 'pending' RETURNING kind, source_id, repository_id, about, params, attempt`,
    [next.id, next.attempt, o.worker, o.leaseSeconds],
  )
  if (job === undefined) {
    await o.queue.remove(queries, next.id)
    return null
  }
  const { kind, about, params, attempt } = job
  return {
    id: next.id,
    attempt,
    kind,
    sourceId: job.source_id,
    repositoryId: job.repository_id,
    about,
    params,
  }
}

/** A job that finds no room looks again after so long; others go before it meanwhile. */
const deferSeconds = 3

/**
 * Whether one more job may use the storage of its repository now. If not it is put back into the queue, behind those of other
 * repositories, and no attempt is counted.
 */
async function hasRoom(queries: Queries, queue: Queue, id: string): Promise<boolean> {
  // Who takes jobs of one repository at the same moment waits here; what they have begun is seen by the statement after it only.
  const [repository] = await queries.query<{ id: string; max_jobs: number }>(
    `SELECT r.id, r.max_jobs FROM holdfast.repositories AS r JOIN holdfast.jobs AS j ON j.repository_id = r.id
     WHERE j.id = $1 FOR NO KEY UPDATE OF r`,
    [id],
  )
  if (repository === undefined) return true
  const [job] = await queries.query<{ running: number; exclusive_key: string | null; left: number }>(
    `SELECT j.exclusive_key, j.max_attempts - j.attempt AS left, (
         SELECT pg_catalog.count(*)::int4 FROM holdfast.jobs AS o WHERE o.repository_id = $2 AND o.status = 'running'
       ) AS running FROM holdfast.jobs AS j WHERE j.id = $1`,
    [id, repository.id],
  )
  if (job === undefined || job.running < repository.max_jobs) return true
  const { exclusive_key: group, left } = job
  await queue.remove(queries, id)
  await queries.query('UPDATE holdfast.jobs SET attempts_before = attempt WHERE id = $1', [id])
  await queue.send(queries, { id, group, attempts: Math.max(1, left), afterSeconds: deferSeconds })
  return false
}

/**
 * Prolongs the lease and tells how far it is. `lost`: it is not this worker's any more, and what it does for it must end now.
 * `cancel`: somebody asked for that.
 */
export async function prolong(o: {
  database: Database
  attempt: Attempt
  leaseSeconds: number
  progress: JobProgress | null
}): Promise<'held' | 'cancel' | 'lost'> {
  const [row] = await o.database.query<{ cancel: boolean }>(
    `UPDATE holdfast.jobs SET lease_until = pg_catalog.now() + pg_catalog.make_interval(secs => $3),
       progress = coalesce($4, progress)
     WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING cancel_requested_at IS NOT NULL AS cancel`,
    [
      o.attempt.id,
      o.attempt.attempt,
      o.leaseSeconds,
      o.progress === null ? null : JSON.stringify(o.progress),
    ],
  )
  if (row === undefined) return 'lost'
  return row.cancel ? 'cancel' : 'held'
}

/**
 * Ends an attempt. Whoever lost the job ends nothing: `lost`. `also` belongs to it, in the same transaction, and may make another
 * outcome of it. `again`: the job is pending once more, or waits.
 */
export async function endAttempt(o: {
  database: Database
  queue: Queue
  attempt: Attempt
  outcome: Outcome
  also?: (queries: Queries) => Promise<Outcome>
}): Promise<'ended' | 'again' | 'lost'> {
  return await o.database.transaction(async (queries) => {
    const held = await queries.query(
      `SELECT FROM holdfast.jobs WHERE id = $1 AND attempt = $2 AND status = 'running' FOR UPDATE`,
      [o.attempt.id, o.attempt.attempt],
    )
    if (held.length === 0) return 'lost'
    const outcome = (await o.also?.(queries)) ?? o.outcome
    return await settle(queries, { ...o, outcome })
  })
}

/** As `endAttempt`, of a job that is running and whose row this transaction has locked. */
export async function settle(
  queries: Queries,
  o: { queue: Queue; attempt: Attempt; outcome: Outcome },
): Promise<'ended' | 'again'> {
  const { outcome, attempt } = o
  const error = outcome.status === 'failed' ? JSON.stringify(outcome.error) : null
  if (outcome.status === 'goes on') return await goOn(queries, { ...o, outcome })
  if (outcome.status === 'failed' && outcome.again) {
    const notBefore = await o.queue.putBack(queries, await placeInQueue(queries, attempt))
    if (notBefore !== null) {
      await queries.query(
        `UPDATE holdfast.jobs SET status = 'pending', lease_until = NULL, worker = NULL, not_before = $2, error = $3 WHERE id = $1`,
        [attempt.id, notBefore, error],
      )
      return 'again'
    }
  }
  await o.queue.remove(queries, attempt.id)
  const result = outcome.status === 'completed' ? JSON.stringify(outcome.result) : null
  const ended = await queries.query(
    `UPDATE holdfast.jobs SET status = $2, lease_until = NULL, ended_at = pg_catalog.now(), error = $3, result = $4
     WHERE id = $1 AND status = 'running' RETURNING id`,
    [attempt.id, outcome.status, error, result],
  )
  if (ended.length === 1) return 'ended'
  throw new HoldfastError('internal', `The job ${attempt.id} is not running.`)
}

/** The attempt as the queue counts them, which knows of one step only. */
async function placeInQueue({ query }: Queries, { id, attempt }: Attempt): Promise<Attempt> {
  const [row] = await query<{ before: number }>(
    'SELECT attempts_before AS before FROM holdfast.jobs WHERE id = $1',
    [id],
  )
  return { id, attempt: attempt - (row?.before ?? 0) }
}

async function goOn(
  queries: Queries,
  o: { queue: Queue; attempt: Attempt; outcome: Outcome & { readonly status: 'goes on' } },
): Promise<'ended' | 'again'> {
  const { id } = o.attempt
  const { afterSeconds, attempts } = o.outcome
  if (afterSeconds === null) {
    // Who wants it to end while it is about to be asked whether it goes on need not be asked.
    const [wish] = await queries.query(
      'SELECT FROM holdfast.jobs WHERE id = $1 AND cancel_requested_at IS NOT NULL',
      [id],
    )
    if (wish !== undefined) return await settle(queries, { ...o, outcome: { status: 'cancelled' } })
  }
  await o.queue.remove(queries, id)
  const [row] = await queries.query<{ exclusive_key: string | null }>(
    // The wish to end it was heeded by what it goes on to.
    `UPDATE holdfast.jobs SET status = $2, lease_until = NULL, worker = NULL, progress = NULL, cancel_requested_at = NULL,
       attempts_before = attempt, max_attempts = attempt + $3 WHERE id = $1 AND status = 'running' RETURNING exclusive_key`,
    [id, afterSeconds === null ? 'waiting' : 'pending', attempts],
  )
  if (row === undefined) throw new HoldfastError('internal', `The job ${id} is not running.`)
  if (afterSeconds !== null)
    await o.queue.send(queries, { id, group: row.exclusive_key, attempts, afterSeconds })
  return 'again'
}
