import type { Queries } from '../catalog/database.ts'
import { iso, pageOf, type Listed, type Page } from '../catalog/rows.ts'
import { HoldfastError } from '../lib/errors.ts'
import { eventInfo, severities, type EventName, type Severity } from './events.ts'
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
  readonly repositoryId: string | null
  readonly about: string
  readonly text: string
  readonly facts: Facts
  readonly times: number
  readonly raisedAt: string
  readonly lastAt: string
  /** Null: it is open. */
  readonly closedAt: string | null
  /** Null: it is open, or was over by itself. */
  readonly closedBy: string | null
  readonly closedText: string | null
  readonly seen: boolean
}

export interface AlarmFilter {
  readonly open?: boolean | undefined
  readonly unseen?: boolean | undefined
  readonly sourceId?: string | undefined
  readonly event?: EventName | undefined
  /** That or worse. */
  readonly minSeverity?: Severity | undefined
  /** Only these. */
  readonly ids?: readonly string[] | undefined
}

/**
 * Alarms, newest first, of those that the caller's claims let through. `person`: whose having seen them is meant; row level security lets
 * nobody read another's.
 */
export async function listAlarms(
  { query }: Queries,
  o: AlarmFilter & { readonly person: string; readonly page: Page },
): Promise<Listed<ListedAlarm>> {
  const { page } = o
  const rows = await query<Row>(
    `SELECT a.id, a.event, a.severity, a.subject, a.source_id, a.repository_id, a.about, a.text, a.facts, a.times, a.raised_at,
       a.last_at, a.closed_at, a.closed_by, a.closed_text, s.alarm_id IS NOT NULL AS seen, a.raised_at::text AS exactly
     FROM holdfast.alarms AS a LEFT JOIN holdfast.alarms_seen AS s ON s.alarm_id = a.id AND s.person = $1
     WHERE ($2::boolean IS NULL OR (a.closed_at IS NULL) = $2)
       AND ($3::boolean IS NULL OR (s.alarm_id IS NULL) = $3)
       AND ($4::uuid IS NULL OR a.source_id = $4)
       AND ($5::text IS NULL OR a.event = $5)
       AND ($6::text[] IS NULL OR a.severity = ANY ($6))
       AND ($7::uuid[] IS NULL OR a.id = ANY ($7))
       AND ($8::timestamptz IS NULL OR (a.raised_at, a.id) < ($8, $9::uuid))
     ORDER BY a.raised_at DESC, a.id DESC LIMIT $10`,
    [
      o.person,
      o.open ?? null,
      o.unseen ?? null,
      o.sourceId ?? null,
      o.event ?? null,
      o.minSeverity === undefined ? null : severities.slice(severities.indexOf(o.minSeverity)),
      o.ids ?? null,
      page.after?.at ?? null,
      page.after?.id ?? null,
      page.limit + 1,
    ],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  return { items: listed.items.map(toListed), next: listed.next }
}

/** Null: there is none that the caller may see. */
export async function findAlarm(
  queries: Queries,
  { id, person }: { id: string; person: string },
): Promise<ListedAlarm | null> {
  const { items } = await listAlarms(queries, { ids: [id], person, page: { limit: 1, after: null } })
  return items[0] ?? null
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly event: EventName
  readonly severity: Severity
  readonly subject: string
  readonly source_id: string | null
  readonly repository_id: string | null
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
  /** With the microseconds that a Date does not have. */
  readonly exactly: string
}

function toListed(row: Row): ListedAlarm {
  const { id, event, severity, subject, about, text, facts, times, seen } = row
  return {
    id,
    event,
    title: eventInfo[event].title,
    severity,
    subject,
    sourceId: row.source_id,
    repositoryId: row.repository_id,
    about,
    text,
    facts,
    times,
    raisedAt: iso(row.raised_at),
    lastAt: iso(row.last_at),
    closedAt: iso(row.closed_at),
    closedBy: row.closed_by,
    closedText: row.closed_text,
    seen,
  }
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
