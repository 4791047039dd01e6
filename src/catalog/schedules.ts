import type { Queries } from './database.ts'
import { iso } from './rows.ts'

type Json = Readonly<Record<string, unknown>>

/** What people decide of a schedule. What its parts mean: migrations/001-foundation.sql. */
export interface ScheduleSettings {
  readonly name: string
  readonly kind: string
  readonly sourceId: string | null
  readonly repositoryId: string | null
  readonly rule: Json
  readonly zone: string
  readonly jitterSeconds: number
  readonly enabled: boolean
  readonly overlap: 'skip' | 'queue'
  readonly params: Json
  readonly keep: Json | null
}

export interface ScheduleRecord extends ScheduleSettings {
  readonly id: string
  readonly nextRun: string | null
  readonly lastRun: string | null
  readonly lastSkipped: string | null
  readonly problem: string | null
  readonly createdAt: string
  readonly changedAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly source_id: string | null
  readonly repository_id: string | null
  readonly rule: Json
  readonly zone: string
  readonly jitter_seconds: number
  readonly enabled: boolean
  readonly overlap: 'skip' | 'queue'
  readonly params: Json
  readonly keep: Json | null
  readonly next_run: Date | null
  readonly last_run: Date | null
  readonly last_skipped: Date | null
  readonly problem: string | null
  readonly created_at: Date
  readonly changed_at: Date
}

const columns = `id, name, kind, source_id, repository_id, rule, zone, jitter_seconds, enabled, overlap, params, keep,
  CASE WHEN enabled THEN next_run END AS next_run, last_run, last_skipped, problem, created_at, changed_at`

function toRecord(row: Row): ScheduleRecord {
  const { id, name, kind, rule, zone, enabled, overlap, params, keep, problem } = row
  return {
    id,
    name,
    kind,
    sourceId: row.source_id,
    repositoryId: row.repository_id,
    rule,
    zone,
    jitterSeconds: row.jitter_seconds,
    enabled,
    overlap,
    params,
    keep,
    nextRun: iso(row.next_run),
    lastRun: iso(row.last_run),
    lastSkipped: iso(row.last_skipped),
    problem,
    createdAt: iso(row.created_at),
    changedAt: iso(row.changed_at),
  }
}

export async function listSchedules({ query }: Queries): Promise<ScheduleRecord[]> {
  return (await query<Row>(`SELECT ${columns} FROM holdfast.schedules ORDER BY name`)).map(toRecord)
}

export async function findSchedule({ query }: Queries, name: string): Promise<ScheduleRecord | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.schedules WHERE name = $1`, [name])
  return row === undefined ? null : toRecord(row)
}

/** When it runs next: what the rule says, and when that is begun. */
interface Times {
  readonly nextRun: Date | null
  readonly due: Date | null
}

function valuesOf(s: ScheduleSettings, { nextRun, due }: Times): unknown[] {
  const json = (value: Json | null) => (value === null ? null : JSON.stringify(value))
  return [
    s.kind,
    s.sourceId,
    s.repositoryId,
    json(s.rule),
    s.zone,
    s.jitterSeconds,
    s.enabled,
    s.overlap,
    json(s.params),
    json(s.keep),
    nextRun,
    due,
  ]
}

/** Throws `catalog_failed` if the name is taken: `isTaken`. */
export async function addSchedule(
  { query }: Queries,
  settings: ScheduleSettings,
  times: Times,
): Promise<ScheduleRecord> {
  const [row] = await query<Row>(
    `INSERT INTO holdfast.schedules (kind, source_id, repository_id, rule, zone, jitter_seconds, enabled, overlap, params, keep,
       next_run, due, name)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING ${columns}`,
    [...valuesOf(settings, times), settings.name],
  )
  if (row === undefined) throw new TypeError('INSERT returned no row')
  return toRecord(row)
}

/** Null: there is none that the caller may change. */
export async function changeSchedule(
  { query }: Queries,
  settings: ScheduleSettings,
  times: Times,
): Promise<ScheduleRecord | null> {
  const [row] = await query<Row>(
    `UPDATE holdfast.schedules SET kind = $1, source_id = $2, repository_id = $3, rule = $4, zone = $5, jitter_seconds = $6,
       enabled = $7, overlap = $8, params = $9, keep = $10, next_run = $11, due = $12, problem = NULL,
       changed_at = pg_catalog.now() WHERE name = $13 RETURNING ${columns}`,
    [...valuesOf(settings, times), settings.name],
  )
  return row === undefined ? null : toRecord(row)
}

/** False: there is none that the caller may remove. Its jobs stay. */
export async function removeSchedule({ query }: Queries, name: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.schedules WHERE name = $1 RETURNING id', [name])).length > 0
}
