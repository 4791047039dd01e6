import type { CallerQueries } from '../catalog/claims.ts'
import type { Queue } from './queue.ts'

/**
 * Cancels a job: at once if nobody has begun it, else its worker is told with its next sign of life. What there was to cancel; null if
 * the caller may not, or there is no such job, or it is over.
 */
export async function cancelJob(
  queries: CallerQueries,
  o: { queue: Queue; id: string; by: string },
): Promise<'cancelled' | 'asked' | null> {
  const [row] = await queries.query<{ status: string }>(
    `UPDATE holdfast.jobs SET cancel_requested_at = coalesce(cancel_requested_at, pg_catalog.now()),
       cancel_requested_by = coalesce(cancel_requested_by, $2),
       status = CASE WHEN status = 'running' THEN status ELSE 'cancelled' END,
       ended_at = CASE WHEN status = 'running' THEN NULL ELSE pg_catalog.now() END
     WHERE id = $1 AND status IN ('pending', 'waiting', 'running') RETURNING status`,
    [o.id, o.by],
  )
  if (row === undefined) return null
  if (row.status === 'running') return 'asked'
  await queries.asSystem((system) => o.queue.remove(system, o.id))
  return 'cancelled'
}
