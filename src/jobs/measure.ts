import { asOwner } from '../catalog/claims.ts'
import type { Queries } from '../catalog/database.ts'
import { enqueue } from './enqueue.ts'
import { jobKind } from './kinds.ts'
import type { Queue } from './queue.ts'

/** A repository is measured once in that time, whatever happens. */
const daySeconds = 24 * 3600

/** Makes a job that measures a repository, unless there was one within that time. Resolves to whether it did. */
export async function measureSoon(
  queries: Queries,
  o: { queue: Queue; repositoryId: string; afterSeconds: number },
): Promise<boolean> {
  const { repositoryId } = o
  const [repository] = await queries.query<{ name: string }>(
    `SELECT r.name FROM holdfast.repositories AS r WHERE r.id = $1 AND NOT EXISTS (
       SELECT FROM holdfast.jobs AS j WHERE j.repository_id = r.id AND j.kind = 'measure'
         AND j.created_at > pg_catalog.now() - pg_catalog.make_interval(secs => $2))`,
    [repositoryId, o.afterSeconds],
  )
  if (repository === undefined) return false
  const { made } = await enqueue(asOwner(queries), o.queue, {
    kind: jobKind('measure'),
    sourceId: null,
    repositoryId,
    about: repository.name,
    params: {},
    requestedBy: 'service',
    dedupeKey: `measure:${repositoryId}`,
  })
  return made
}

/** The same of every repository that was not measured for a day. Resolves to how many jobs were made. */
export async function measureAll(queries: Queries, queue: Queue): Promise<number> {
  const due = await queries.query<{ id: string }>('SELECT id FROM holdfast.repositories ORDER BY id')
  let made = 0
  for (const { id: repositoryId } of due)
    if (await measureSoon(queries, { queue, repositoryId, afterSeconds: daySeconds })) made++
  return made
}
