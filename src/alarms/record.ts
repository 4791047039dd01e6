import type { Queries } from '../catalog/database.ts'
import type { EventName, Severity } from './events.ts'
import type { Change, Close, Facts, OpenAlarm, OpenAlarms, Raise, Subject, Tell } from './types.ts'

/** An alarm as the catalog has it. */
export interface StoredAlarm {
  readonly id: string
  readonly event: EventName
  readonly subject: string
  readonly sourceId: string | null
  readonly about: string
  readonly severity: Severity
  readonly text: string
  readonly facts: Facts
  readonly times: number
  /** How much of it was told: with what is new it grows. */
  readonly keys: number
  readonly raisedAt: Date
  readonly closedAt: Date | null
  readonly closedText: string | null
}

/** What people are to hear of. `raised`: it is there, or there is more of it. `over`: it is closed. */
export interface News {
  readonly phase: 'raised' | 'over'
  readonly alarm: StoredAlarm
}

/** What keeps two processes from judging at once, in one database: any number that nobody else uses. */
const judgingLock = 4_846_170_306

/**
 * All that changes alarms takes this first and holds it until its transaction ends: alarms are judged from what is open, in the order in
 * which jobs have ended.
 */
export async function lockAlarms({ query }: Queries): Promise<void> {
  await query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [judgingLock])
}

/** The key of a subject in the catalog. */
export function subjectKey({ kind, id }: Pick<Subject, 'kind' | 'id'>): string {
  return `${kind}:${id}`
}

/** The open alarms of these subjects together. */
export async function openAlarmsOf(
  { query }: Queries,
  subjects: readonly (Subject | null)[],
): Promise<OpenAlarms> {
  const keys = subjects.flatMap((subject) => (subject === null ? [] : [subjectKey(subject)]))
  const rows = await query<{ event: EventName; facts: Facts; times: number; raised_at: Date }>(
    'SELECT event, facts, times, raised_at FROM holdfast.alarms WHERE subject = ANY ($1) AND closed_at IS NULL',
    [keys],
  )
  return new Map(
    rows.map(({ event, facts, times, raised_at: raisedAt }): [EventName, OpenAlarm] => [
      event,
      { event, facts, times, raisedAt },
    ]),
  )
}

/**
 * Carries out changes in the caller's transaction, which has `lockAlarms`, and resolves to what of it is news. Doing the same again is
 * none: an open alarm is raised once, an occurrence told once, and what is closed stays so.
 */
export async function record(queries: Queries, changes: readonly Change[], now: Date): Promise<News[]> {
  const news: News[] = []
  for (const change of changes) {
    const one = await carryOut(queries, change, now)
    if (one !== null) news.push(one)
  }
  return news
}

async function carryOut(queries: Queries, change: Change, now: Date): Promise<News | null> {
  switch (change.do) {
    case 'raise':
      return await raise(queries, change, now)
    case 'close':
      return await close(queries, change, now)
    case 'tell':
      return await tell(queries, change, now)
  }
}

async function raise({ query }: Queries, change: Raise, now: Date): Promise<News | null> {
  const { event, subject, severity, text, facts, keys, counts } = change
  const [open] = await query<{ id: string; keys: string[] }>(
    'SELECT id, keys FROM holdfast.alarms WHERE event = $1 AND subject = $2 AND closed_at IS NULL',
    [event, subjectKey(subject)],
  )
  if (open === undefined) {
    const [made] = await query<Row>(
      `INSERT INTO holdfast.alarms (event, subject, source_id, repository_id, about, severity, text, facts, keys, raised_at, last_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING ${columns}`,
      [
        event,
        subjectKey(subject),
        subject.sourceId,
        subject.repositoryId,
        subject.name,
        severity,
        text,
        JSON.stringify(facts),
        keys,
        now,
      ],
    )
    return newsOf('raised', made)
  }
  const fresh = keys.filter((key) => !open.keys.includes(key))
  const [changed] = await query<Row>(
    `UPDATE holdfast.alarms SET about = $2, severity = $3, text = $4, facts = $5, keys = $6, last_at = $7, times = times + $8
     WHERE id = $1 RETURNING ${columns}`,
    [
      open.id,
      subject.name,
      severity,
      text,
      JSON.stringify(facts),
      [...open.keys, ...fresh],
      now,
      counts ? 1 : 0,
    ],
  )
  return fresh.length === 0 ? null : newsOf('raised', changed)
}

async function close({ query }: Queries, change: Close, now: Date): Promise<News | null> {
  const [closed] = await query<Row>(
    `UPDATE holdfast.alarms SET closed_at = $3, closed_text = $4 WHERE event = $1 AND subject = $2 AND closed_at IS NULL
     RETURNING ${columns}`,
    [change.event, subjectKey(change.subject), now, change.text],
  )
  return newsOf('over', closed)
}

async function tell({ query }: Queries, change: Tell, now: Date): Promise<News | null> {
  const { event, subject, severity, text, facts, occurrence } = change
  const [made] = await query<Row>(
    `INSERT INTO holdfast.alarms (event, subject, occurrence, source_id, repository_id, about, severity, text, facts, keys,
       raised_at, last_at, closed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ARRAY[$3], $10, $10, $10)
     ON CONFLICT (event, subject, occurrence) WHERE occurrence IS NOT NULL DO NOTHING RETURNING ${columns}`,
    [
      event,
      subjectKey(subject),
      occurrence,
      subject.sourceId,
      subject.repositoryId,
      subject.name,
      severity,
      text,
      JSON.stringify(facts),
      now,
    ],
  )
  return newsOf('raised', made)
}

const columns =
  'id, event, subject, source_id, about, severity, text, facts, times, pg_catalog.cardinality(keys) AS keys, raised_at, closed_at, closed_text'

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly event: EventName
  readonly subject: string
  readonly source_id: string | null
  readonly about: string
  readonly severity: Severity
  readonly text: string
  readonly facts: Facts
  readonly times: number
  readonly keys: number
  readonly raised_at: Date
  readonly closed_at: Date | null
  readonly closed_text: string | null
}

function newsOf(phase: News['phase'], row: Row | undefined): News | null {
  if (row === undefined) return null
  const {
    source_id: sourceId,
    raised_at: raisedAt,
    closed_at: closedAt,
    closed_text: closedText,
    ...rest
  } = row
  return { phase, alarm: { ...rest, sourceId, raisedAt, closedAt, closedText } }
}
