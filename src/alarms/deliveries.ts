import type { Queries } from '../catalog/database.ts'
import { iso, pageOf, type Listed, type Page } from '../catalog/rows.ts'

/** `given_up`: it failed too often. `dropped`: it was not news any more. */
export const deliveryStatuses = ['pending', 'sent', 'given_up', 'dropped'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** A message on its way to a destination, or one that was. */
export interface DeliveryRecord {
  readonly id: string
  readonly destinationId: string
  readonly alarmId: string | null
  /** What it says, in one line; of a ping, which one it is. */
  readonly title: string
  readonly status: DeliveryStatus
  readonly attempt: number
  /** It is not sent before. */
  readonly notBefore: string
  /** Why the last attempt failed. */
  readonly error: string | null
  readonly createdAt: string
  readonly endedAt: string | null
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly destination_id: string
  readonly alarm_id: string | null
  readonly title: string
  readonly status: DeliveryStatus
  readonly attempt: number
  readonly not_before: Date
  readonly error: string | null
  readonly created_at: Date
  readonly ended_at: Date | null
  readonly exactly: string
}

/** Newest first. */
export async function listDeliveries(
  { query }: Queries,
  filter: { destinationId: string | null; status: DeliveryStatus | null },
  page: Page,
): Promise<Listed<DeliveryRecord>> {
  const rows = await query<Row>(
    `SELECT id, destination_id, alarm_id, coalesce(message ->> 'title', 'ping: ' || (message ->> 'ping'), '') AS title, status,
       attempt, not_before, error, created_at, ended_at, created_at::text AS exactly
     FROM holdfast.deliveries
     WHERE ($1::uuid IS NULL OR destination_id = $1) AND ($2::text IS NULL OR status = $2)
       AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [filter.destinationId, filter.status, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  const items = listed.items.map((row) => ({
    id: row.id,
    destinationId: row.destination_id,
    alarmId: row.alarm_id,
    title: row.title,
    status: row.status,
    attempt: row.attempt,
    notBefore: iso(row.not_before),
    error: row.error,
    createdAt: iso(row.created_at),
    endedAt: iso(row.ended_at),
  }))
  return { items, next: listed.next }
}
