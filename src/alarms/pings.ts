import type { Queries } from '../catalog/database.ts'

/** What an outside watcher is told of a job. */
export type PingKind = 'start' | 'success' | 'fail'

/**
 * Puts pings into the outbox for whoever follows this job's source or schedule. `how` null: a job that was cancelled pings nobody, and the
 * watcher notices by itself that nothing comes. That it has begun is no news when it has ended: what was not sent by then is dropped.
 */
export async function ping(
  { query }: Queries,
  o: {
    job: { readonly id: string; readonly kind: string; readonly source_id: string | null; readonly schedule_id: string | null } // prettier-ignore
    how: PingKind | null
    now: Date
  },
): Promise<void> {
  const { job, how, now } = o
  if (how !== 'start') {
    await query(
      `UPDATE holdfast.deliveries SET status = 'dropped', ended_at = $2, lease_until = NULL WHERE key = $1 AND status = 'pending'`,
      [keyOf(job.id, 'start'), now],
    )
  }
  if (how === null) return
  await query(
    `INSERT INTO holdfast.deliveries (destination_id, key, message, not_before, created_at)
     SELECT d.id, $1, $2, $3::timestamptz, $3::timestamptz FROM holdfast.destinations AS d
     WHERE d.kind = 'ping' AND d.enabled
       AND (d.schedule_id = $4 OR (d.source_id = $5 AND d.job_kind = $6))
     ON CONFLICT (destination_id, key) DO NOTHING`,
    [keyOf(job.id, how), JSON.stringify({ ping: how }), now, job.schedule_id, job.source_id, job.kind],
  )
}

function keyOf(job: string, how: PingKind): string {
  return `ping:${job}:${how}`
}
