import type { Database } from '../catalog/database.ts'
import type { Clock } from '../lib/clock.ts'

/** What is over is kept for so long. Alarms themselves stay: they are the history. */
const days = { deliveries: 90, storagePoints: 90 } as const

/** Removes messages that were sent and measurements that no rate is taken from any more. */
export async function tidy(o: { database: Database; clock: Clock }): Promise<void> {
  const now = o.clock.now()
  await o.database.query(
    'DELETE FROM holdfast.deliveries WHERE ended_at < $1::timestamptz - pg_catalog.make_interval(days => $2)',
    [now, days.deliveries],
  )
  await o.database.query(
    'DELETE FROM holdfast.storage_points WHERE at < $1::timestamptz - pg_catalog.make_interval(days => $2)',
    [now, days.storagePoints],
  )
}
