import type { Queries } from './database.ts'

/*
 * How a reader of changes loses none. Numbers are drawn when a change is written and become visible when its transaction commits, in
 * another order: whoever reads "after number 7" misses a 6 that is committed later. So a reader does not remember a number but what it
 * could see: a snapshot, as the server prints it. What it reads next are the changes that this snapshot did not show. Nothing waits
 * for the longest transaction of the server, as it would if only what is older than all of them were read.
 */

/** The table in which something has changed. */
export type ChangeKind = 'jobs' | 'alarms' | 'backups'

export interface Change {
  readonly number: bigint
  readonly kind: ChangeKind
  readonly id: string
  /** Of a backup: where it is. */
  readonly repositoryId: string | null
  readonly sourceId: string | null
}

/** What a reader has had: all that `from` shows, and of what `to` shows all up to `number`. */
export interface Position {
  /** Snapshots, as pg_current_snapshot() prints them. */
  readonly from: string
  readonly to: string
  readonly number: bigint
}

/** That of a reader that has had all of it. */
export function allOf(snapshot: string): Position {
  return { from: snapshot, to: snapshot, number: 0n }
}

/** What everybody can see now. */
export async function currentSnapshot({ query }: Queries): Promise<string> {
  const [row] = await query<{ snapshot: string }>('SELECT pg_catalog.pg_current_snapshot()::text AS snapshot')
  if (row === undefined) throw new TypeError('pg_current_snapshot() has no row')
  return row.snapshot
}

/** The next changes that `upTo` shows and the reader has not had, as far as the caller may see them, in the order of their numbers. */
export async function readChanges(
  { query }: Queries,
  o: { position: Position; upTo: string; limit: number },
): Promise<Change[]> {
  const { from, to, number } = o.position
  const rows = await query<{
    number: string
    kind: ChangeKind
    id: string
    repository_id: string | null
    source_id: string | null
  }>(
    `SELECT number, kind, id, repository_id, source_id FROM holdfast.changes
     WHERE xid >= pg_catalog.pg_snapshot_xmin($1::pg_snapshot)
       AND NOT pg_catalog.pg_visible_in_snapshot(xid, $1::pg_snapshot)
       AND pg_catalog.pg_visible_in_snapshot(xid, $2::pg_snapshot)
       AND NOT (number <= $4 AND pg_catalog.pg_visible_in_snapshot(xid, $3::pg_snapshot))
     ORDER BY number LIMIT $5`,
    [from, o.upTo, to, number, o.limit],
  )
  return rows.map(({ number: n, kind, id, repository_id, source_id }) => {
    return { number: BigInt(n), kind, id, repositoryId: repository_id, sourceId: source_id }
  })
}

/** Of these numbers, those that the caller may see. */
export async function visibleChanges(
  { query }: Queries,
  numbers: readonly bigint[],
): Promise<ReadonlySet<bigint>> {
  const rows = await query<{ number: string }>(
    'SELECT number FROM holdfast.changes WHERE number = ANY ($1::bigint[])',
    [numbers],
  )
  return new Set(rows.map(({ number }) => BigInt(number)))
}

/**
 * Whether changes after this position may have been removed, or it is one of another catalog. As the owner. Asked after reading, it is
 * true of what was read. Throws `catalog_failed` if the position is none.
 */
export async function isLost({ query }: Queries, { from, to }: Position): Promise<boolean> {
  const [row] = await query<{ lost: boolean }>(
    `SELECT pg_catalog.pg_snapshot_xmin($1::pg_snapshot) <= xid
       OR pg_catalog.pg_snapshot_xmax($2::pg_snapshot) > pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS lost
     FROM holdfast.changes_removed`,
    [from, to],
  )
  return row?.lost ?? true
}

/** Removes changes that are older than a day: whoever was away for longer reads the lists. */
export async function tidyChanges({ query }: Queries): Promise<void> {
  await query(
    `WITH removed AS (
       DELETE FROM holdfast.changes WHERE at < pg_catalog.now() - interval '1 day' RETURNING xid
     ), newest AS (SELECT xid FROM removed ORDER BY xid DESC LIMIT 1)
     UPDATE holdfast.changes_removed AS r SET xid = greatest(r.xid, n.xid) FROM newest AS n`,
  )
}
