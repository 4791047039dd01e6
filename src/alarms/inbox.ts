import type { Queries } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'
import { eventInfo, type EventName, type Severity } from './events.ts'
import { lockAlarms } from './record.ts'
import type { Facts } from './types.ts'

/** An alarm as one person sees it. */
export interface ListedAlarm {
  readonly id: string
  readonly event: EventName
  readonly title: string
  readonly severity: Severity
  readonly subject: string
  readonly sourceId: string | null
  readonly about: string
  readonly text: string
  readonly facts: Facts
  readonly times: number
  readonly raisedAt: Date
  readonly lastAt: Date
  /** Null: it is open. */
  readonly closedAt: Date | null
  /** Null: it is open, or was over by itself. */
  readonly closedBy: string | null
  readonly closedText: string | null
  readonly seen: boolean
}

/**
 * Alarms, newest first, of those that the caller's claims let through. `person`: whose having seen them is meant; row level security lets
 * nobody read another's. `before`: the last one of the page before.
 */
export async function listAlarms(
  { query }: Queries,
  o: {
    person: string
    open?: boolean
    unseen?: boolean
    sourceId?: string
    limit: number
    before?: Pick<ListedAlarm, 'raisedAt' | 'id'>
  },
): Promise<ListedAlarm[]> {
  const rows = await query<Row>(
    `SELECT a.id, a.event, a.severity, a.subject, a.source_id, a.about, a.text, a.facts, a.times, a.raised_at, a.last_at,
       a.closed_at, a.closed_by, a.closed_text, s.alarm_id IS NOT NULL AS seen
     FROM holdfast.alarms AS a LEFT JOIN holdfast.alarms_seen AS s ON s.alarm_id = a.id AND s.person = $1
     WHERE ($2::boolean IS NULL OR (a.closed_at IS NULL) = $2)
       AND ($3::boolean IS NULL OR (s.alarm_id IS NULL) = $3)
       AND ($4::uuid IS NULL OR a.source_id = $4)
       AND ($5::timestamptz IS NULL OR (a.raised_at, a.id) < ($5, $6::uuid))
     ORDER BY a.raised_at DESC, a.id DESC LIMIT $7`,
    [
      o.person,
      o.open ?? null,
      o.unseen ?? null,
      o.sourceId ?? null,
      o.before?.raisedAt ?? null,
      o.before?.id ?? null,
      o.limit,
    ],
  )
  return rows.map((row) => ({
    id: row.id,
    event: row.event,
    title: eventInfo[row.event].title,
    severity: row.severity,
    subject: row.subject,
    sourceId: row.source_id,
    about: row.about,
    text: row.text,
    facts: row.facts,
    times: row.times,
    raisedAt: row.raised_at,
    lastAt: row.last_at,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    closedText: row.closed_text,
    seen: row.seen,
  }))
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly event: EventName
  readonly severity: Severity
  readonly subject: string
  readonly source_id: string | null
  readonly about: string
  readonly text: string
  readonly facts: Facts
  readonly times: number
  readonly raised_at: Date
  readonly last_at: Date
  readonly closed_at: Date | null
  readonly closed_by: string | null
  readonly closed_text: string | null
  readonly seen: boolean
}

/** Writes that this person has seen these. Those that they may not see, or that are not there, are left out. */
export async function markSeen(
  { query }: Queries,
  o: { person: string; ids: readonly string[] },
): Promise<void> {
  await query(
    `INSERT INTO holdfast.alarms_seen (alarm_id, person) SELECT a.id, $1 FROM holdfast.alarms AS a WHERE a.id = ANY ($2::uuid[])
     ON CONFLICT DO NOTHING`,
    [o.person, o.ids],
  )
}

/**
 * Closes an alarm because a person says so: it is done with, or is how things are now. What is so whatever anybody says can't be closed.
 * `queries` are of one transaction. Throws `alarm_not_found`, `alarm_lasts`.
 */
export async function closeAlarm(
  queries: Queries,
  o: { id: string; person: string; text: string | null; now: Date },
): Promise<void> {
  await lockAlarms(queries)
  const [open] = await queries.query<{ event: EventName }>(
    'SELECT event FROM holdfast.alarms WHERE id = $1 AND closed_at IS NULL',
    [o.id],
  )
  if (open === undefined) throw new HoldfastError('alarm_not_found', `There is no open alarm ${o.id}.`)
  if (eventInfo[open.event].lasts === 'state') {
    const text = `The alarm "${eventInfo[open.event].title}" ends when it is over: ${eventInfo[open.event].over ?? ''}`
    throw new HoldfastError('alarm_lasts', text)
  }
  const closed = await queries.query(
    'UPDATE holdfast.alarms SET closed_at = $2, closed_by = $3, closed_text = $4 WHERE id = $1 RETURNING id',
    [o.id, o.now, o.person, o.text],
  )
  if (closed.length === 0)
    throw new HoldfastError('alarm_not_found', `The alarm ${o.id} may not be closed by this caller.`)
}
