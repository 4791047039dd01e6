import type { Queries } from './database.ts'

/** How full a storage was. */
export interface StoragePointRow {
  readonly repositoryId: string
  readonly repository: string
  readonly at: Date
  readonly usedBytes: number
  /** Null: there is no known end. */
  readonly capacityBytes: number | null
}

/** Notes how full a storage is. What was measured at the same moment already is left. */
export async function noteStorage(
  { query }: Queries,
  o: { repositoryId: string; at: Date | null; usedBytes: number; capacityBytes: number | null },
): Promise<void> {
  await query(
    `INSERT INTO holdfast.storage_points (repository_id, at, used_bytes, capacity_bytes)
     VALUES ($1, coalesce($2, pg_catalog.now()), $3, $4) ON CONFLICT (repository_id, at) DO NOTHING`,
    [o.repositoryId, o.at, o.usedBytes, o.capacityBytes],
  )
}

/** How the last measurement went; null: there was none. */
export async function readMeasuring(
  { query }: Queries,
  repositoryId: string,
): Promise<{
  readonly at: Date
  readonly ok: boolean
  readonly error: Readonly<Record<string, unknown>> | null
} | null> {
  const [row] = await query<{ at: Date; ok: boolean; error: Record<string, unknown> | null }>(
    `SELECT ended_at AS at, status = 'completed' AS ok, error FROM holdfast.jobs
     WHERE repository_id = $1 AND kind = 'measure' AND status IN ('completed', 'failed') ORDER BY created_at DESC LIMIT 1`,
    [repositoryId],
  )
  return row ?? null
}

/** Of each day the last measurement, of repositories that the caller may see, or of one; oldest first. */
export async function readStoragePoints(
  { query }: Queries,
  o: { repositoryId: string | null; days: number },
): Promise<StoragePointRow[]> {
  const rows = await query<{ id: string; name: string; at: Date; used: string; capacity: string | null }>(
    `SELECT DISTINCT ON (r.name, pg_catalog.date_trunc('day', p.at)) r.id, r.name, p.at, p.used_bytes AS used, p.capacity_bytes AS capacity
     FROM holdfast.storage_points AS p JOIN holdfast.repositories AS r ON r.id = p.repository_id
     WHERE p.at > pg_catalog.now() - pg_catalog.make_interval(days => $2) AND ($1::uuid IS NULL OR r.id = $1)
     ORDER BY r.name, pg_catalog.date_trunc('day', p.at), p.at DESC`,
    [o.repositoryId, o.days],
  )
  return rows.map(({ id, name, at, used, capacity }) => ({
    repositoryId: id,
    repository: name,
    at,
    usedBytes: Number(used),
    capacityBytes: capacity === null ? null : Number(capacity),
  }))
}
