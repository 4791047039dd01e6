import { randomBytes } from 'node:crypto'
import type { CallerQueries } from '../../catalog/claims.ts'
import type { Queries } from '../../catalog/database.ts'
import { addRestore, type RestorePlace } from '../../catalog/restores.ts'
import type { Seal } from '../../catalog/seal.ts'
import type { RestoreSecrets } from '../../catalog/secrets.ts'
import { enqueueFor, type NewJob } from '../enqueue.ts'
import type { Queue } from '../queue.ts'
import { restoreKinds } from './kinds.ts'

export interface NewRestore extends Pick<
  NewJob,
  'sourceId' | 'repositoryId' | 'about' | 'params' | 'requestedBy'
> {
  readonly kind: keyof typeof restoreKinds
  readonly place: RestorePlace
  readonly target: string
  readonly asUser: string | null
  /** Null: the preview tells. */
  readonly database: string | null
  /** Id, in the repository, of the restore that is taken back. */
  readonly undoes: string | null
  readonly secrets: RestoreSecrets
}

/** Makes the job of a restore, an undoing or a release, with what it is about: all of it or nothing. Resolves to its id. */
export async function startRestore(
  queries: CallerQueries,
  o: { queue: Queue; seal: Seal; now: Date; restore: NewRestore },
): Promise<string> {
  const { kind, place, sourceId } = o.restore
  const changes = place === 'in place'
  const { id } = await enqueueFor(queries, o.queue, {
    ...o.restore,
    kind: restoreKinds[kind],
    exclusive: changes ? `change:${sourceId}` : null,
    // A preview may be tried again; what changes something is not.
    attempts: changes ? 3 : 1,
  })
  const restore = kind === 'restore' && !changes ? newRestoreId(o.now) : null
  await addRestore(queries, { ...o.restore, seal: o.seal, id, step: changes ? 'preview' : 'run', restore })
  return id
}

/** An id as restores have them in a repository: the second, so that ids sort and can be read, and 4 random bytes. */
function newRestoreId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`
}

/** Lets the change begin that was waited for. False: nobody waits for it any more, or the caller may not; then the transaction must not be committed. */
export async function confirmRestore(
  queries: CallerQueries,
  o: { queue: Queue; id: string; by: string; now: Date },
): Promise<boolean> {
  const { id } = o
  const [job] = await queries.asSystem(({ query }) =>
    query<{ exclusive_key: string | null }>(
      `UPDATE holdfast.jobs SET status = 'pending', attempts_before = attempt, max_attempts = attempt + 1
       WHERE id = $1 AND status = 'waiting' RETURNING exclusive_key`,
      [id],
    ),
  )
  if (job === undefined) return false
  const agreed = await queries.query(
    `UPDATE holdfast.restores SET step = 'change', restore = $2, confirmed_at = pg_catalog.now(), confirmed_by = $3
     WHERE id = $1 AND step = 'agreement' AND expires_at > pg_catalog.now() RETURNING id`,
    [id, newRestoreId(o.now), o.by],
  )
  if (agreed.length === 0) return false
  await queries.asSystem((system) => o.queue.send(system, { id, group: job.exclusive_key, attempts: 1 }))
  return true
}

/** Cancels what nobody has agreed to in time. Resolves to how many there were. */
export async function expireRestores({ query }: Queries): Promise<number> {
  const ended = await query(
    `UPDATE holdfast.jobs AS j SET status = 'cancelled', ended_at = pg_catalog.now(), cancel_requested_by = 'expiry',
       cancel_requested_at = pg_catalog.now()
     FROM holdfast.restores AS r
     WHERE r.id = j.id AND r.step = 'agreement' AND r.expires_at <= pg_catalog.now() AND j.status = 'waiting' RETURNING j.id`,
  )
  return ended.length
}
