import { randomUUID } from 'node:crypto'
import type { Queries } from '../catalog/database.ts'
import { iso } from '../catalog/rows.ts'
import { HoldfastError } from '../lib/errors.ts'
import { eventNames, type EventName, type Severity } from './events.ts'

export interface NewSubscription {
  readonly destinationId: string
  /** Null: of all, and of what belongs to no source. */
  readonly sourceId: string | null
  /** Null: all events. */
  readonly events: readonly string[] | null
  readonly minSeverity: Severity
  readonly mode: 'each' | 'daily' | 'weekly'
  /** IANA name of the time zone in which a summary comes at `hour`. */
  readonly zone: string
  readonly hour: number
}

export interface SubscriptionRecord extends Omit<NewSubscription, 'events'> {
  readonly id: string
  readonly events: EventName[] | null
  readonly enabled: boolean
  /** When the next summary is sent, and the last one was. Null: not known yet, or none. */
  readonly nextDigest: string | null
  readonly lastDigest: string | null
  readonly createdAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly destination_id: string
  readonly source_id: string | null
  readonly events: EventName[] | null
  readonly min_severity: Severity
  readonly mode: SubscriptionRecord['mode']
  readonly zone: string
  readonly hour: number
  readonly enabled: boolean
  readonly next_digest: Date | null
  readonly last_digest: Date | null
  readonly created_at: Date
}

/** Oldest first; `id`: only that one. */
export async function listSubscriptions(
  { query }: Queries,
  o: { destinationId?: string; id?: string } = {},
): Promise<SubscriptionRecord[]> {
  const rows = await query<Row>(
    `SELECT id, destination_id, source_id, events, min_severity, mode, zone, hour, enabled, next_digest, last_digest, created_at
     FROM holdfast.subscriptions
     WHERE ($1::uuid IS NULL OR destination_id = $1) AND ($2::uuid IS NULL OR id = $2) ORDER BY created_at, id`,
    [o.destinationId ?? null, o.id ?? null],
  )
  return rows.map((row) => {
    const { id, events, mode, zone, hour, enabled } = row
    return {
      id,
      destinationId: row.destination_id,
      sourceId: row.source_id,
      events,
      minSeverity: row.min_severity,
      mode,
      zone,
      hour,
      enabled,
      nextDigest: iso(row.next_digest),
      lastDigest: iso(row.last_digest),
      createdAt: iso(row.created_at),
    }
  })
}

/** Subscribes a destination. Throws `destination_wrong`, `catalog_failed`. */
export async function subscribe({ query }: Queries, o: NewSubscription): Promise<{ id: string }> {
  requireSound(o)
  const id = randomUUID()
  await query(
    `INSERT INTO holdfast.subscriptions (id, destination_id, source_id, events, min_severity, mode, zone, hour)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, o.destinationId, o.sourceId, o.events, o.minSeverity, o.mode, o.zone, o.hour],
  )
  return { id }
}

/** Makes it what this says; when the next summary comes is found anew. False: there is none that the caller may change. Throws as `subscribe`. */
export async function changeSubscription(
  { query }: Queries,
  o: Omit<SubscriptionRecord, 'nextDigest' | 'lastDigest' | 'createdAt' | 'destinationId'>,
): Promise<boolean> {
  requireSound(o)
  const changed = await query(
    `UPDATE holdfast.subscriptions SET source_id = $2, events = $3, min_severity = $4, mode = $5, zone = $6, hour = $7,
       enabled = $8, next_digest = NULL WHERE id = $1 RETURNING id`,
    [o.id, o.sourceId, o.events, o.minSeverity, o.mode, o.zone, o.hour, o.enabled],
  )
  return changed.length > 0
}

/** False: there is none that the caller may remove. */
export async function unsubscribe({ query }: Queries, id: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.subscriptions WHERE id = $1 RETURNING id', [id])).length > 0
}

function requireSound({ events, zone }: Pick<NewSubscription, 'events' | 'zone'>): void {
  const unknown = (events ?? []).filter((event) => !eventNames.includes(event as EventName))
  if (unknown.length > 0)
    throw new HoldfastError('destination_wrong', `There is no event of this name. There are ${eventNames.join(', ')}.`) // prettier-ignore
  if (!isZone(zone)) throw new HoldfastError('destination_wrong', 'There is no time zone of this name.')
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
