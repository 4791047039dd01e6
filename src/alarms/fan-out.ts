import type { Queries } from '../catalog/database.ts'
import { eventInfo, severities } from './events.ts'
import { messageOf } from './message.ts'
import type { News } from './record.ts'

/**
 * Puts news into the outbox for each destination that is to hear of it at once, and on the list of those that get a summary: in the
 * transaction that makes it news, so that none is lost and none doubled.
 */
export async function fanOut(queries: Queries, news: readonly News[], now: Date): Promise<void> {
  for (const one of news) {
    const info = eventInfo[one.alarm.event]
    if (one.phase === 'over' && info.toldByAnother === true) continue
    await putOut(queries, one, now)
  }
}

async function putOut({ query }: Queries, news: News, now: Date): Promise<void> {
  const { alarm, phase } = news
  const listeners = await query<{ subscription: string; destination: string; mode: string }>(
    `SELECT s.id AS subscription, d.id AS destination, s.mode
     FROM holdfast.subscriptions AS s JOIN holdfast.destinations AS d ON d.id = s.destination_id
     WHERE s.enabled AND d.enabled AND d.kind <> 'ping'
       AND (s.source_id IS NULL OR s.source_id = $1)
       AND (s.events IS NULL OR $2 = ANY (s.events))
       AND pg_catalog.array_position($3::text[], s.min_severity) <= pg_catalog.array_position($3::text[], $4)
       -- That a destination is dead it can't be told itself.
       AND 'destination:' || d.id <> $5`,
    [
      alarm.sourceId,
      alarm.event,
      severities,
      eventInfo[alarm.event].heardAs ?? alarm.severity,
      alarm.subject,
    ],
  )
  const key = `${alarm.id}:${phase}:${alarm.keys}`
  const message = JSON.stringify(messageOf(news))
  const atOnce = listeners.filter(({ mode }) => mode === 'each').map(({ destination }) => destination)
  await query(
    `INSERT INTO holdfast.deliveries (destination_id, key, alarm_id, message, not_before, created_at)
     SELECT DISTINCT d, $2, $3::uuid, $4::jsonb, $5::timestamptz, $5::timestamptz FROM pg_catalog.unnest($1::uuid[]) AS d
     ON CONFLICT (destination_id, key) DO NOTHING`,
    [atOnce, key, alarm.id, message, now],
  )
  const later = listeners.filter(({ mode }) => mode !== 'each').map(({ subscription }) => subscription)
  await query(
    `INSERT INTO holdfast.digest_items (subscription_id, alarm_id, phase)
     SELECT s, $2, $3 FROM pg_catalog.unnest($1::uuid[]) AS s ON CONFLICT DO NOTHING`,
    [later, alarm.id, phase],
  )
}
