import type { Queries } from '../../catalog/database.ts'
import { version } from '../../version.ts'
import type { FamilyName } from './families.ts'
import type { Sample } from './print.ts'

type Value = number | string | null

/**
 * All metrics, from the catalog as it is now: whichever process of a service is asked, they are those of the whole. Rows without a
 * value (no backup yet, no known capacity) are left out. `now` is the time that ages are taken at. Throws `catalog_unreachable`,
 * `catalog_failed`.
 */
export async function readMetrics(queries: Queries, now: Date): Promise<Sample[]> {
  const parts = [sources, schedules, jobs, queue, alarms, deliveries, storages]
  const samples: Sample[] = [{ name: 'holdfast_info', labels: [version], value: 1 }]
  // One after the other: a scrape takes one connection, and not all of them.
  for (const part of parts) samples.push(...(await part(queries, now)))
  return samples
}

function sample(name: FamilyName, labels: readonly string[], value: Value | undefined): Sample[] {
  return value === null || value === undefined ? [] : [{ name, labels, value: Number(value) }]
}

async function sources({ query }: Queries, now: Date): Promise<Sample[]> {
  const rows = await query<{ name: string } & Record<(typeof sourceColumns)[number][0], Value>>(
    `SELECT s.name, EXTRACT(epoch FROM w.ended)::float8 AS ended, EXTRACT(epoch FROM $1::timestamptz - coalesce(w.ended, s.created_at))::float8 AS age,
       (b.summary -> 'seconds')::text AS seconds, b.summary -> 'totals' ->> 'plainBytes' AS plain,
       b.summary -> 'totals' ->> 'storedBytes' AS stored, b.summary -> 'totals' ->> 'newStoredBytes' AS added,
       b.summary -> 'totals' ->> 'rows' AS rows, w.backups, w.drilled
     FROM holdfast.sources AS s
     CROSS JOIN LATERAL (SELECT greatest(
         (SELECT max(least(o.moment, o.seen_at)) FROM holdfast.backups AS o WHERE o.source_id = s.id),
         (SELECT max(j.ended_at) FROM holdfast.jobs AS j WHERE j.source_id = s.id AND j.kind = 'backup' AND j.status = 'completed')
       ) AS ended,
       (SELECT count(*)::float8 FROM holdfast.backups AS o WHERE o.source_id = s.id) AS backups,
       (SELECT EXTRACT(epoch FROM max(j.ended_at))::float8 FROM holdfast.jobs AS j
        WHERE j.source_id = s.id AND j.kind = 'drill' AND j.status = 'completed') AS drilled) AS w
     LEFT JOIN LATERAL (SELECT o.summary FROM holdfast.backups AS o WHERE o.source_id = s.id
       ORDER BY o.sequence DESC, o.moment DESC, o.id DESC LIMIT 1) AS b ON true
     ORDER BY s.name`,
    [now],
  )
  return rows.flatMap((row) =>
    sourceColumns.flatMap(([column, name]) => sample(name, [row.name], row[column])),
  )
}

const sourceColumns = [
  ['ended', 'holdfast_backup_last_success_timestamp_seconds'],
  ['age', 'holdfast_backup_last_success_age_seconds'],
  ['seconds', 'holdfast_backup_last_duration_seconds'],
  ['plain', 'holdfast_backup_last_plain_bytes'],
  ['stored', 'holdfast_backup_last_stored_bytes'],
  ['added', 'holdfast_backup_last_new_stored_bytes'],
  ['rows', 'holdfast_backup_last_rows'],
  ['backups', 'holdfast_backups'],
  ['drilled', 'holdfast_drill_last_success_timestamp_seconds'],
] as const satisfies readonly (readonly [string, FamilyName])[]

async function schedules({ query }: Queries): Promise<Sample[]> {
  const rows = await query<{ name: string; kind: string; due: Value }>(
    'SELECT name, kind, EXTRACT(epoch FROM due)::float8 AS due FROM holdfast.schedules WHERE enabled ORDER BY name',
  )
  return rows.flatMap(({ name, kind, due }) => sample('holdfast_schedule_due_timestamp_seconds', [name, kind], due)) // prettier-ignore
}

async function jobs({ query }: Queries): Promise<Sample[]> {
  const rows = await query<{ kind: string; status: string; count: Value }>(
    'SELECT kind, status, count(*) FROM holdfast.jobs GROUP BY kind, status ORDER BY kind, status',
  )
  return rows.flatMap(({ kind, status, count }) => sample('holdfast_jobs', [kind, status], count))
}

async function queue({ query }: Queries, now: Date): Promise<Sample[]> {
  const [row] = await query<{ depth: Value; age: Value }>(
    `SELECT count(*) AS depth, coalesce(max(EXTRACT(epoch FROM $1::timestamptz - greatest(created_at, not_before)))
       FILTER (WHERE greatest(created_at, not_before) <= $1), 0)::float8 AS age
     FROM holdfast.jobs WHERE status = 'pending'`,
    [now],
  )
  return [
    ...sample('holdfast_queue_depth', [], row?.depth),
    ...sample('holdfast_queue_oldest_age_seconds', [], row?.age),
  ]
}

async function alarms({ query }: Queries): Promise<Sample[]> {
  const rows = await query<{ event: string; severity: string; count: Value }>(
    `SELECT event, severity, count(*) FROM holdfast.alarms WHERE closed_at IS NULL
     GROUP BY event, severity ORDER BY event, severity`,
  )
  const [look] = await query<{ at: Value }>(
    'SELECT EXTRACT(epoch FROM at)::float8 AS at FROM holdfast.alarms_look',
  )
  return [
    ...sample('holdfast_alarms_last_look_timestamp_seconds', [], look?.at),
    ...rows.flatMap(({ event, severity, count }) => sample('holdfast_alarms_open', [event, severity], count)),
  ]
}

async function deliveries({ query }: Queries): Promise<Sample[]> {
  const rows = await query<{ name: string; kind: string; sent: Value; failures: Value; pending: Value }>(
    `SELECT d.name, d.kind, d.sent, d.failures,
       (SELECT count(*) FROM holdfast.deliveries AS o WHERE o.destination_id = d.id AND o.status = 'pending') AS pending
     FROM holdfast.destinations AS d ORDER BY d.name`,
  )
  return rows.flatMap(({ name, kind, sent, failures, pending }) => [
    ...sample('holdfast_deliveries_pending', [name], pending),
    ...sample('holdfast_deliveries_sent_total', [name, kind], sent),
    ...sample('holdfast_delivery_failures_total', [name, kind], failures),
  ])
}

async function storages({ query }: Queries): Promise<Sample[]> {
  const rows = await query<{ name: string; used: Value; capacity: Value }>(
    `SELECT DISTINCT ON (r.name) r.name, p.used_bytes AS used, p.capacity_bytes AS capacity
     FROM holdfast.storage_points AS p JOIN holdfast.repositories AS r ON r.id = p.repository_id
     ORDER BY r.name, p.at DESC`,
  )
  return rows.flatMap(({ name, used, capacity }) => [
    ...sample('holdfast_storage_used_bytes', [name], used),
    ...sample('holdfast_storage_capacity_bytes', [name], capacity),
  ])
}
