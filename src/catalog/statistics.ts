import type { Queries } from './database.ts'
import { iso } from './rows.ts'

/** Backups of a period. Bytes are of what was made in it, whether or not it is there still. */
export interface Statistics {
  readonly total: number
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  /** Rows as COPY text, and what they have added to the storage. */
  readonly plainBytes: number
  readonly storedBytes: number
  /** Of those that were completed; null: none was. */
  readonly averageSeconds: number | null
  /** Share of those that were completed among those that were not cancelled, 0 to 1; null: there were none. */
  readonly successRate: number | null
  /** When one was last completed, in the period or not. */
  readonly last: string | null
  /** When the next one is to be begun; null: none is scheduled, or the caller may not see that. */
  readonly next: string | null
  readonly days: readonly Day[]
}

export interface Day {
  /** `2026-11-28`, in the zone that was asked for. */
  readonly day: string
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly averageSeconds: number | null
}

interface Row extends Record<string, unknown> {
  readonly day: string | null
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  readonly plain: string
  readonly stored: string
  readonly seconds: number | null
}

/** Of the backups that the caller may see, of one source or of all, that have ended from `from` to before `to`. */
export async function readStatistics(
  { query }: Queries,
  o: { sourceId: string | null; from: Date; to: Date; zone: string },
): Promise<Statistics> {
  const rows = await query<Row>(
    `WITH ended AS (
       SELECT (j.ended_at AT TIME ZONE $4)::date AS day, j.status, j.plain_bytes, j.stored_bytes, j.started_at, j.ended_at
       FROM holdfast.jobs AS j
       WHERE j.kind = 'backup' AND j.ended_at IS NOT NULL AND j.ended_at >= $2 AND j.ended_at < $3
         AND ($1::uuid IS NULL OR j.source_id = $1)
     )
     SELECT e.day::text,
       pg_catalog.count(*) FILTER (WHERE e.status = 'completed')::int4 AS successful,
       pg_catalog.count(*) FILTER (WHERE e.status = 'failed')::int4 AS failed,
       pg_catalog.count(*) FILTER (WHERE e.status = 'cancelled')::int4 AS cancelled,
       coalesce(pg_catalog.sum(e.plain_bytes), 0)::text AS plain, coalesce(pg_catalog.sum(e.stored_bytes), 0)::text AS stored,
       pg_catalog.avg(EXTRACT(epoch FROM e.ended_at - e.started_at)) FILTER (WHERE e.status = 'completed')::float8 AS seconds
     FROM ended AS e GROUP BY GROUPING SETS ((e.day), ()) ORDER BY e.day`,
    [o.sourceId, o.from, o.to, o.zone],
  )
  const [times] = await query<{ last: Date | null; next: Date | null }>(
    `SELECT (SELECT pg_catalog.max(j.ended_at) FROM holdfast.jobs AS j
       WHERE j.kind = 'backup' AND j.ended_at IS NOT NULL AND j.status = 'completed' AND ($1::uuid IS NULL OR j.source_id = $1)) AS last,
       (SELECT pg_catalog.min(c.due) FROM holdfast.schedules AS c
       WHERE c.kind = 'backup' AND c.enabled AND ($1::uuid IS NULL OR c.source_id = $1)) AS next`,
    [o.sourceId],
  )
  const byDay = new Map(rows.map((row) => [row.day, row]))
  const all = byDay.get(null)
  const { successful = 0, failed = 0, cancelled = 0 } = all ?? {}
  return {
    total: successful + failed + cancelled,
    successful,
    failed,
    cancelled,
    plainBytes: Number(all?.plain ?? 0),
    storedBytes: Number(all?.stored ?? 0),
    averageSeconds: all?.seconds ?? null,
    successRate: successful + failed === 0 ? null : successful / (successful + failed),
    last: iso(times?.last ?? null),
    next: iso(times?.next ?? null),
    days: daysBetween(o).map((day) => dayOf(day, byDay.get(day))),
  }
}

function dayOf(day: string, row: Row | undefined): Day {
  return {
    day,
    successful: row?.successful ?? 0,
    failed: row?.failed ?? 0,
    cancelled: row?.cancelled ?? 0,
    plainBytes: Number(row?.plain ?? 0),
    storedBytes: Number(row?.stored ?? 0),
    averageSeconds: row?.seconds ?? null,
  }
}

/** Every day that the period touches, in its zone. */
function daysBetween({ from, to, zone }: { from: Date; to: Date; zone: string }): string[] {
  // The one locale that writes dates as ISO 8601 does.
  const dates = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
  const last = dates.format(new Date(Math.max(from.getTime(), to.getTime() - 1)))
  const days: string[] = []
  // Dates themselves have no daylight saving.
  for (
    let day = dates.format(from);
    day <= last;
    day = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
  )
    // prettier-ignore
    days.push(day)
  return days
}
