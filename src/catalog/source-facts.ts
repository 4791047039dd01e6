import type { CallerQueries } from './claims.ts'
import type { Queries } from './database.ts'

type Json = Readonly<Record<string, unknown>>

/** What the catalog knows of a source that says how safe it is; what the parts mean: src/state/facts.ts. */
export interface SourceFactsRow extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly repository_id: string
  readonly settings: Json
  readonly created_at: Date
  readonly newest: Date | null
  readonly newest_id: string | null
  readonly backups: number
  readonly late_since: Date | null
  readonly failed_count: number
  readonly failed_at: Date | null
  readonly failed_error: Json | null
  readonly damaged: boolean
  readonly verified: Json | null
  readonly verified_moment: Date | null
  readonly verified_totals: Json | null
  readonly drill_failed: Date | null
  readonly running: readonly {
    readonly id: string
    readonly kind: string
    readonly status: string
    readonly progress: Json | null
  }[]
  readonly next_run: Date | null
}

/**
 * Of all sources that the caller may see, or of the one of this name, in one statement. What is asked of them is asked as the owner: whoever may
 * see a source is told whether it is safe, also where that follows from an alarm of its repository, or from a schedule.
 */
export async function readSourceFacts(
  queries: CallerQueries,
  name: string | null,
): Promise<SourceFactsRow[]> {
  const seen = await queries.query<{ id: string }>(
    'SELECT id FROM holdfast.sources WHERE $1::text IS NULL OR name = $1',
    [name],
  )
  return await queries.asSystem((system) =>
    readFacts(
      system,
      seen.map(({ id }) => id),
    ),
  )
}

async function readFacts({ query }: Queries, ids: readonly string[]): Promise<SourceFactsRow[]> {
  return await query<SourceFactsRow>(
    `SELECT s.id, s.name, s.repository_id, s.settings, s.created_at, b.newest, b.id AS newest_id, n.backups, a.late_since,
       f.count AS failed_count, f.at AS failed_at, f.error AS failed_error, a.damaged,
       v.verified, v.moment AS verified_moment, v.totals AS verified_totals, d.failed AS drill_failed, r.running, c.next_run
     FROM holdfast.sources AS s
     LEFT JOIN LATERAL (
       SELECT o.id, least(o.moment, o.seen_at) AS newest FROM holdfast.backups AS o
       WHERE o.source_id = s.id ORDER BY o.moment DESC LIMIT 1
     ) AS b ON true
     CROSS JOIN LATERAL (SELECT pg_catalog.count(*)::int4 AS backups FROM holdfast.backups AS o WHERE o.source_id = s.id) AS n
     CROSS JOIN LATERAL (
       SELECT pg_catalog.min(l.since) AS late_since, coalesce(pg_catalog.bool_or(l.event = 'damage_found'), false) AS damaged
       FROM (SELECT o.event, CASE o.event WHEN 'backup_late' THEN coalesce((o.facts ->> 'since')::timestamptz, o.raised_at) END AS since
             FROM holdfast.alarms AS o WHERE o.closed_at IS NULL
               AND (o.event = 'backup_late' AND o.subject = 'source:' || s.id
                 OR o.event = 'damage_found' AND o.repository_id = s.repository_id AND (o.source_id IS NULL OR o.source_id = s.id))) AS l
     ) AS a
     CROSS JOIN LATERAL (
       SELECT pg_catalog.count(*)::int4 AS count, pg_catalog.max(j.ended_at) AS at,
         (pg_catalog.array_agg(j.error ORDER BY j.ended_at DESC))[1] AS error
       FROM holdfast.jobs AS j
       WHERE j.source_id = s.id AND j.kind = 'backup' AND j.status = 'failed' AND j.ended_at > coalesce(
         (SELECT pg_catalog.max(o.ended_at) FROM holdfast.jobs AS o
          WHERE o.source_id = s.id AND o.kind = 'backup' AND o.ended_at IS NOT NULL AND o.status = 'completed'), '-infinity')
     ) AS f
     LEFT JOIN LATERAL (
       SELECT o.summary -> 'verified' AS verified, o.moment, o.summary -> 'totals' AS totals FROM holdfast.backups AS o
       WHERE o.source_id = s.id AND o.summary ? 'verified' AND o.summary -> 'verified' <> 'null'
         AND o.summary #>> '{verified,result}' = 'passed' AND o.summary #>> '{verified,level}' = 'whole'
       ORDER BY o.summary #>> '{verified,when}' DESC LIMIT 1
     ) AS v ON true
     CROSS JOIN LATERAL (
       SELECT pg_catalog.max(j.ended_at) AS failed FROM holdfast.jobs AS j
       WHERE j.source_id = s.id AND j.kind = 'drill' AND j.status = 'failed' AND j.ended_at IS NOT NULL
         AND j.error ->> 'code' IN ('drill_failed', 'restore_differs', 'object_missing', 'object_damaged', 'manifest_forged')
         AND j.ended_at > coalesce((v.verified ->> 'when')::timestamptz, '-infinity')
     ) AS d
     CROSS JOIN LATERAL (
       SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', j.id, 'kind', j.kind, 'status', j.status, 'progress', j.progress)
         ORDER BY j.created_at), '[]') AS running
       FROM holdfast.jobs AS j WHERE j.source_id = s.id AND j.status IN ('pending', 'waiting', 'running')
     ) AS r
     CROSS JOIN LATERAL (
       SELECT pg_catalog.min(o.due) AS next_run FROM holdfast.schedules AS o
       WHERE o.source_id = s.id AND o.kind = 'backup' AND o.enabled
     ) AS c
     WHERE s.id = ANY ($1::uuid[])
     ORDER BY s.name`,
    [ids],
  )
}
