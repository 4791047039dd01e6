import type { Queries } from './database.ts'
import { iso } from './rows.ts'

/** How the catalog and the queue stand. */
export interface SystemState {
  /** `17.2` */
  readonly postgres: string
  readonly catalogBytes: number
  readonly now: string
  readonly queue: {
    readonly pending: number
    readonly running: number
    /** Since when the first of those that may run waits; null: none does. */
    readonly oldestPendingAt: string | null
  }
  /** Jobs that ended in the last 24 hours. */
  readonly lastDay: { readonly completed: number; readonly failed: number; readonly cancelled: number }
  readonly workers: { readonly name: string; readonly running: number; readonly lastSeenAt: string }[]
}

interface Row extends Record<string, unknown> {
  readonly postgres: string
  readonly bytes: string
  readonly now: Date
  readonly pending: number
  readonly running: number
  readonly oldest: Date | null
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
}

/** Reads it as the owner: it counts the jobs of everybody. A worker that is idle has no row, and is known by what it did last. */
export async function readSystem({ query }: Queries): Promise<SystemState> {
  const [row] = await query<Row>(
    `SELECT pg_catalog.current_setting('server_version') AS postgres,
       pg_catalog.pg_database_size(pg_catalog.current_database())::text AS bytes, pg_catalog.now() AS now,
       pg_catalog.count(*) FILTER (WHERE status = 'pending')::int AS pending,
       pg_catalog.count(*) FILTER (WHERE status = 'running')::int AS running,
       pg_catalog.min(GREATEST(created_at, not_before)) FILTER (WHERE status = 'pending' AND (not_before IS NULL OR not_before <= pg_catalog.now())) AS oldest,
       pg_catalog.count(*) FILTER (WHERE status = 'completed')::int AS completed,
       pg_catalog.count(*) FILTER (WHERE status = 'failed')::int AS failed,
       pg_catalog.count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled
     FROM holdfast.jobs WHERE ended_at IS NULL OR ended_at > pg_catalog.now() - interval '24 hours'`,
  )
  if (row === undefined) throw new TypeError('SELECT of an aggregate has no row')
  const workers = await query<{ name: string; running: number; seen: Date }>(
    `SELECT worker AS name, pg_catalog.count(*) FILTER (WHERE status = 'running')::int AS running,
       pg_catalog.max(CASE WHEN status = 'running' THEN pg_catalog.now() ELSE ended_at END) AS seen
     FROM holdfast.jobs
     WHERE worker IS NOT NULL AND (status = 'running' OR ended_at > pg_catalog.now() - interval '7 days')
     GROUP BY worker ORDER BY seen DESC, worker LIMIT 50`,
  )
  const { postgres, bytes, now, pending, running, oldest, completed, failed, cancelled } = row
  return {
    postgres,
    catalogBytes: Number(bytes),
    now: iso(now),
    queue: { pending, running, oldestPendingAt: iso(oldest) },
    lastDay: { completed, failed, cancelled },
    workers: workers.map(({ name, running: busy, seen }) => ({ name, running: busy, lastSeenAt: iso(seen) })),
  }
}
