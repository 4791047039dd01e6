import { asOwner, type CallerQueries } from '../catalog/claims.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { JobKind } from './kinds.ts'
import type { Queue } from './queue.ts'

export interface NewJob {
  readonly kind: JobKind
  readonly sourceId: string | null
  readonly repositoryId: string
  /** What it is about, for people: the name of the source or repository. */
  readonly about: string
  readonly params: Readonly<Record<string, unknown>>
  /** `key:<id>`, `schedule:<id>`. */
  readonly requestedBy: string
  /** While a job of this key is not over, no other is made. */
  readonly dedupeKey?: string
  readonly schedule?: { readonly id: string; readonly scheduledFor: Date }
  /** Default: three. */
  readonly attempts?: number
  /** In place of what its kind says: of jobs with one such key one runs at a time; null: any number. */
  readonly exclusive?: string | null
}

/**
 * Makes a job and puts it into the queue, in the caller's transaction: both or neither. Resolves to its id, and whether it is new; of
 * a job that is there already, by its key or its time, no second is made.
 */
export async function enqueue(
  queries: CallerQueries,
  queue: Queue,
  job: NewJob,
): Promise<{ id: string; made: boolean }> {
  const group = job.exclusive === undefined ? exclusiveKey(job) : job.exclusive
  const attempts = job.attempts ?? 3
  const [made] = await queries.query<{ id: string }>(
    `INSERT INTO holdfast.jobs (kind, source_id, repository_id, about, params, requested_by, dedupe_key, exclusive_key,
       schedule_id, scheduled_for, max_attempts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id`,
    [
      job.kind.name,
      job.sourceId,
      job.repositoryId,
      job.about,
      JSON.stringify(job.params),
      job.requestedBy,
      job.dedupeKey ?? null,
      group,
      job.schedule?.id ?? null,
      job.schedule?.scheduledFor ?? null,
      attempts,
    ],
  )
  if (made === undefined) return { id: await jobThere(queries, job), made: false }
  await queries.asSystem((system) => queue.send(system, { id: made.id, group, attempts }))
  return { id: made.id, made: true }
}

/**
 * The same for a job that follows from what the caller has another right to, such as pinning a backup: whoever has that needs none to start
 * jobs. Only with what row level security has let through.
 */
export async function enqueueFor(
  queries: CallerQueries,
  queue: Queue,
  job: NewJob,
): Promise<{ id: string; made: boolean }> {
  return await queries.asSystem((system) => enqueue(asOwner(system), queue, job))
}

async function jobThere({ query }: CallerQueries, { dedupeKey, schedule }: NewJob): Promise<string> {
  const [found] = await query<{ id: string }>(
    `SELECT id FROM holdfast.jobs WHERE schedule_id = $1 AND scheduled_for = $2
       OR dedupe_key = $3 AND status IN ('pending', 'waiting', 'running') LIMIT 1`,
    [schedule?.id ?? null, schedule?.scheduledFor ?? null, dedupeKey ?? null],
  )
  if (found !== undefined) return found.id
  // It has ended between the two statements: then there was one, and this one is not made either.
  throw new HoldfastError('job_just_ended', `The job that was under way has ended just now.`)
}

/** Of jobs with one key one runs at a time. A drill does not touch the source, so no backup waits for one. */
function exclusiveKey({ kind, sourceId, repositoryId }: NewJob): string | null {
  if (kind.exclusive === null) return null
  return `${kind.name}:${kind.exclusive === 'source' ? sourceId : repositoryId}`
}
