import { findBackupRows, type BackupRecord } from './backups.ts'
import type { Queries } from './database.ts'
import { iso } from './rows.ts'

export interface BackupDetail extends BackupRecord {
  /** Tables, gaps and fingerprints, as `holdfast show` gives them; null: nobody has read them yet, or they are sealed. */
  readonly details: Readonly<Record<string, unknown>> | null
  readonly detailsAt: string | null
}

/** The backups of this id that the caller may see: one for each repository that has it. */
export async function findBackups(
  queries: Queries,
  o: { id: string; repositoryId: string | null },
): Promise<BackupDetail[]> {
  const records = await findBackupRows(queries, o)
  return await Promise.all(
    records.map(async (record) => {
      const [row] = await queries.query<{ details: Record<string, unknown>; read_at: Date }>(
        'SELECT details, read_at FROM holdfast.backup_details WHERE repository_id = $1 AND backup_id = $2',
        [record.repositoryId, record.id],
      )
      return { ...record, details: row?.details ?? null, detailsAt: iso(row?.read_at ?? null) }
    }),
  )
}

/** Keeps what is in a backup that the catalog knows. */
export async function rememberDetails(
  { query }: Queries,
  o: { repositoryId: string; backup: string; details: unknown },
): Promise<void> {
  await query(
    `INSERT INTO holdfast.backup_details (repository_id, backup_id, details)
     SELECT b.repository_id, b.id, $3 FROM holdfast.backups AS b WHERE b.repository_id = $1 AND b.id = $2
     ON CONFLICT (repository_id, backup_id) DO UPDATE SET details = excluded.details, read_at = pg_catalog.now()`,
    [o.repositoryId, o.backup, JSON.stringify(o.details)],
  )
}

/** Notes which pins a backup has now. `add`: one more; null: none. */
export async function rememberPins(
  { query }: Queries,
  o: { repositoryId: string; backup: string; add: unknown },
): Promise<void> {
  await query(
    `UPDATE holdfast.backups SET summary = summary || pg_catalog.jsonb_build_object('pins',
       CASE WHEN $3::jsonb IS NULL THEN '[]' ELSE coalesce(nullif(summary -> 'pins', 'null'), '[]') || $3::jsonb END)
     WHERE repository_id = $1 AND id = $2`,
    [o.repositoryId, o.backup, o.add === null ? null : JSON.stringify([o.add])],
  )
}

/** What the catalog knows that speaks against removing a backup. The repository has the last word. */
export async function knownAgainst(
  { query }: Queries,
  { repositoryId, id }: Pick<BackupRecord, 'repositoryId' | 'id'>,
): Promise<{ readonly pinned: boolean; readonly newest: boolean; readonly proved: boolean }> {
  const [row] = await query<{ pinned: boolean; newest: boolean; proved: boolean }>(
    `SELECT pg_catalog.jsonb_array_length(coalesce(nullif(b.summary -> 'pins', 'null'), '[]')) > 0 AS pinned,
       NOT EXISTS (SELECT FROM holdfast.backups AS o WHERE o.repository_id = b.repository_id AND o.source_hash = b.source_hash
         AND o.moment > b.moment) AS newest,
       coalesce(b.summary -> 'verified' ->> 'result' = 'passed', false) AND NOT EXISTS (SELECT FROM holdfast.backups AS o
         WHERE o.repository_id = b.repository_id AND o.source_hash = b.source_hash AND o.moment > b.moment
         AND o.summary -> 'verified' ->> 'result' = 'passed') AS proved
     FROM holdfast.backups AS b WHERE b.repository_id = $1 AND b.id = $2`,
    [repositoryId, id],
  )
  return row ?? { pinned: false, newest: false, proved: false }
}
