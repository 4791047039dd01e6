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
