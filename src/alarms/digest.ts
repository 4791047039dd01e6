import { CronExpressionParser } from 'cron-parser'
import type { Database, Queries } from '../catalog/database.ts'
import type { Clock } from '../lib/clock.ts'
import { atLeast, eventInfo, type EventName, type Severity } from './events.ts'
import type { Message } from './message.ts'
import { lockAlarms } from './record.ts'
import { countText, plainText, timeText } from './words.ts'

interface DueRow extends Record<string, unknown> {
  readonly id: string
  readonly destination_id: string
  readonly source_id: string | null
  readonly mode: 'daily' | 'weekly'
  readonly zone: string
  readonly hour: number
  readonly next_digest: Date | null
  readonly last_digest: Date | null
}

/** The next time after `after` at which a summary is due: at its hour in its zone, a weekly one on Mondays. */
export function nextDigest(o: { mode: 'daily' | 'weekly'; zone: string; hour: number; after: Date }): Date {
  const days = o.mode === 'weekly' ? '1' : '*'
  const cron = CronExpressionParser.parse(`0 ${o.hour} * * ${days}`, { currentDate: o.after, tz: o.zone })
  return cron.next().toDate()
}

/**
 * Puts summaries that are due into the outbox. What they tell is taken off their lists in the same transaction, so each piece of news is in
 * one of them. One that has nothing to tell is sent all the same: that all is well is news, too, and silence would not be.
 */
export async function sendDigests(o: { database: Database; clock: Clock }): Promise<void> {
  await o.database.transaction(async (queries) => {
    await lockAlarms(queries)
    const now = o.clock.now()
    const due = await queries.query<DueRow>(
      `SELECT s.id, s.destination_id, s.source_id, s.mode, s.zone, s.hour, s.next_digest, s.last_digest
       FROM holdfast.subscriptions AS s JOIN holdfast.destinations AS d ON d.id = s.destination_id
       WHERE s.enabled AND d.enabled AND s.mode <> 'each' AND (s.next_digest IS NULL OR s.next_digest <= $1)`,
      [now],
    )
    for (const subscription of due) {
      if (subscription.next_digest !== null) await putOut(queries, subscription, now)
      const next = nextOf(subscription, now)
      await queries.query(
        'UPDATE holdfast.subscriptions SET next_digest = $2, last_digest = $3 WHERE id = $1',
        [subscription.id, next, now],
      )
    }
  })
}

/** A zone that nobody knows any more must not keep all other summaries from coming: better at another hour than never. */
function nextOf({ mode, zone, hour }: DueRow, after: Date): Date {
  try {
    return nextDigest({ mode, zone, hour, after })
  } catch {
    return nextDigest({ mode, zone: 'UTC', hour, after })
  }
}

async function putOut(queries: Queries, subscription: DueRow, now: Date): Promise<void> {
  const message = await summarize(queries, subscription, now)
  await queries.query(
    `INSERT INTO holdfast.deliveries (destination_id, key, message, not_before, created_at) VALUES ($1, $2, $3, $4, $4)
     ON CONFLICT (destination_id, key) DO NOTHING`,
    [
      subscription.destination_id,
      `digest:${subscription.id}:${(subscription.next_digest ?? now).toISOString()}`,
      JSON.stringify(message),
      now,
    ],
  )
}

interface ItemRow extends Record<string, unknown> {
  readonly phase: 'raised' | 'over'
  readonly event: EventName
  readonly severity: Severity
  readonly about: string
  readonly text: string
  readonly closed_text: string | null
  readonly raised_at: Date
  readonly closed_at: Date | null
}

/** So many are listed. */
const listed = 50

async function summarize({ query }: Queries, subscription: DueRow, now: Date): Promise<Message> {
  const { source_id: sourceId, mode } = subscription
  const since = subscription.last_digest ?? now
  const items = await query<ItemRow>(
    `WITH gone AS (DELETE FROM holdfast.digest_items WHERE subscription_id = $1 RETURNING alarm_id, phase)
     SELECT g.phase, a.event, a.severity, a.about, a.text, a.closed_text, a.raised_at, a.closed_at
     FROM gone AS g JOIN holdfast.alarms AS a ON a.id = g.alarm_id
     ORDER BY CASE g.phase WHEN 'raised' THEN a.raised_at ELSE a.closed_at END, a.id`,
    [subscription.id],
  )
  const [counts] = await query<{ completed: number; failed: number; open: number }>(
    `SELECT (SELECT count(*)::int4 FROM holdfast.jobs AS j WHERE j.kind = 'backup' AND j.status = 'completed'
         AND j.ended_at >= $1 AND j.ended_at < $3 AND ($2::uuid IS NULL OR j.source_id = $2)) AS completed,
       (SELECT count(*)::int4 FROM holdfast.jobs AS j WHERE j.kind = 'backup' AND j.status = 'failed'
         AND j.ended_at >= $1 AND j.ended_at < $3 AND ($2::uuid IS NULL OR j.source_id = $2)) AS failed,
       (SELECT count(*)::int4 FROM holdfast.alarms AS a WHERE a.closed_at IS NULL AND ($2::uuid IS NULL OR a.source_id = $2)) AS open`,
    [since, sourceId, now],
  )
  const { completed = 0, failed = 0, open = 0 } = counts ?? {}
  const more = items.length > listed ? [`and ${countText(items.length - listed)} more`] : []
  const worst = items.reduce<Severity>(
    (most, { phase, severity }) => (phase === 'raised' && atLeast(severity, most) ? severity : most),
    'info',
  )
  const news = items.filter(({ phase }) => phase === 'raised').length
  return {
    kind: 'digest',
    event: null,
    severity: worst,
    title: `Holdfast, ${mode} summary: ${news === 0 ? 'nothing new' : `${countText(news)} new`}, ${countText(open)} open`,
    text: `Since ${timeText(since)}: ${countText(completed)} backups completed, ${countText(failed)} failed; ${countText(open)} alarms are open.`,
    lines: [...items.slice(0, listed).map(lineOf), ...more],
    about: null,
    alarm: null,
    at: now.toISOString(),
    facts: { completed, failed, open, since: since.toISOString() },
  }
}

function lineOf(item: ItemRow): string {
  const over = item.phase === 'over'
  const at = timeText(over ? (item.closed_at ?? item.raised_at) : item.raised_at)
  const text = plainText(over ? (item.closed_text ?? '') : item.text, 300)
  return `${at} ${over ? 'over' : item.severity}: ${eventInfo[item.event].title}: ${plainText(item.about, 100)}. ${text}`
}
