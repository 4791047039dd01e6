import type { Queries } from './database.ts'
import { iso, pageOf, type Listed, type Page } from './rows.ts'

/** What the catalog keeps of a backup: the manifest without its list of chunks, of which it must know these. */
export interface BackupSummary extends Readonly<Record<string, unknown>> {
  readonly id: string
  /** Keyed hash that tells the backups of one source from others in a repository. */
  readonly source: string
  readonly sequence: number
  readonly moment: string
}

/** A value as a summary; null if it is none. */
export function asSummary(value: unknown): BackupSummary | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, source, sequence, moment } = value as Record<string, unknown>
  const is =
    typeof id === 'string' &&
    typeof source === 'string' &&
    typeof sequence === 'number' &&
    typeof moment === 'string' &&
    !Number.isNaN(Date.parse(moment))
  return is ? (value as BackupSummary) : null
}

/**
 * Takes backups of a repository into the cache. `sourceId` null: which source they are of is found by those that are known already.
 * Once it is known of one, it is of all that have its hash.
 */
export async function rememberBackups(
  { query }: Queries,
  o: { repositoryId: string; sourceId: string | null; backups: readonly BackupSummary[] },
): Promise<void> {
  for (const summary of o.backups) {
    await query(
      `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
       VALUES ($1, $2, coalesce($3, (SELECT b.source_id FROM holdfast.backups AS b
         WHERE b.repository_id = $1 AND b.source_hash = $4 AND b.source_id IS NOT NULL LIMIT 1)), $4, $5, $6, $7)
       ON CONFLICT (repository_id, id) DO UPDATE SET summary = excluded.summary, seen_at = pg_catalog.now(),
         source_id = coalesce(excluded.source_id, backups.source_id)`,
      [
        o.repositoryId,
        summary.id,
        o.sourceId,
        summary.source,
        summary.sequence,
        summary.moment,
        JSON.stringify(summary),
      ],
    )
    if (o.sourceId === null) continue
    await query(
      `UPDATE holdfast.backups SET source_id = $3 WHERE repository_id = $1 AND source_hash = $2 AND source_id IS NULL`,
      [o.repositoryId, summary.source, o.sourceId],
    )
  }
}

/** Makes the cache what the repository lists: all of it, and nothing else. Resolves to how many backups there are. */
export async function refreshBackups(
  queries: Queries,
  o: { repositoryId: string; listed: readonly unknown[] },
): Promise<number> {
  const { repositoryId } = o
  const backups = o.listed.map(asSummary).filter((one) => one !== null)
  await rememberBackups(queries, { repositoryId, sourceId: null, backups })
  const ids = backups.map(({ id }) => id)
  await queries.query('DELETE FROM holdfast.backups WHERE repository_id = $1 AND id <> ALL ($2)', [
    repositoryId,
    ids,
  ])
  return backups.length
}

/** Notes the mark that a drill of a whole backup has left. */
export async function rememberDrill(
  { query }: Queries,
  o: { repositoryId: string; mark: unknown },
): Promise<void> {
  if (typeof o.mark !== 'object' || o.mark === null) return
  const { backup, level } = o.mark as Record<string, unknown>
  if (typeof backup !== 'string' || level !== 'whole') return
  await query(
    `UPDATE holdfast.backups SET summary = summary || pg_catalog.jsonb_build_object('verified', $3::jsonb)
     WHERE repository_id = $1 AND id = $2`,
    [o.repositoryId, backup, JSON.stringify(o.mark)],
  )
}

/** Takes these out of the cache. */
export async function forgetBackups(
  { query }: Queries,
  o: { repositoryId: string; ids: readonly string[] },
): Promise<void> {
  await query('DELETE FROM holdfast.backups WHERE repository_id = $1 AND id = ANY ($2)', [
    o.repositoryId,
    o.ids,
  ])
}

/** The id of a backup of the source that the catalog knows, by its id or, `id` null, the newest; null: it knows none. */
export async function findBackup(
  { query }: Queries,
  o: { repositoryId: string; sourceId: string; id: string | null },
): Promise<string | null> {
  const [row] = await query<{ id: string }>(
    `SELECT id FROM holdfast.backups WHERE repository_id = $1 AND source_id = $2 AND ($3::text IS NULL OR id = $3)
     ORDER BY sequence DESC, moment DESC LIMIT 1`,
    [o.repositoryId, o.sourceId, o.id],
  )
  return row?.id ?? null
}

export interface BackupRecord {
  readonly id: string
  readonly repositoryId: string
  readonly sourceId: string | null
  readonly moment: string
  readonly summary: Readonly<Record<string, unknown>>
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly repository_id: string
  readonly source_id: string | null
  readonly moment: Date
  readonly summary: Readonly<Record<string, unknown>>
  readonly exactly: string
}

/** Newest first, of all repositories or of what is named. */
export async function listBackups(
  { query }: Queries,
  filter: { repositoryId: string | null; sourceId: string | null },
  page: Page,
): Promise<Listed<BackupRecord>> {
  const rows = await query<Row>(
    `SELECT id, repository_id, source_id, moment, summary, moment::text AS exactly FROM holdfast.backups
     WHERE ($1::uuid IS NULL OR repository_id = $1) AND ($2::uuid IS NULL OR source_id = $2)
       AND ($3::timestamptz IS NULL OR (moment, id) < ($3, $4))
     ORDER BY moment DESC, id DESC LIMIT $5`,
    [filter.repositoryId, filter.sourceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  return { items: listed.items.map(toRecord), next: listed.next }
}

/** Those of these backups that the caller may see, of any repository, in any order. */
export async function findBackups({ query }: Queries, ids: readonly string[]): Promise<BackupRecord[]> {
  const rows = await query<Row>(
    `SELECT id, repository_id, source_id, moment, summary, moment::text AS exactly FROM holdfast.backups WHERE id = ANY ($1)`,
    [ids],
  )
  return rows.map(toRecord)
}

function toRecord({ id, repository_id, source_id, moment, summary }: Row): BackupRecord {
  return { id, repositoryId: repository_id, sourceId: source_id, moment: iso(moment), summary }
}

/** Those of this id, of which each repository has one at most. */
export async function findBackupRows(
  { query }: Queries,
  o: { id: string; repositoryId: string | null },
): Promise<BackupRecord[]> {
  const rows = await query<Row>(
    `SELECT id, repository_id, source_id, moment, summary, moment::text AS exactly FROM holdfast.backups
     WHERE id = $1 AND ($2::uuid IS NULL OR repository_id = $2) ORDER BY seen_at, repository_id`,
    [o.id, o.repositoryId],
  )
  return rows.map(toRecord)
}
