import { qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents, RowRange, TableContents } from '../../repository/format/contents.ts'
import type { LiveTable } from './live.ts'
import { readSystemIdentifier } from './target-facts.ts'

/*
 * Which rows of a backup nobody has touched since, without reading them. A row that is changed is a new row, of a
 * younger transaction, so whatever row of a range is older than the backup's snapshot is a row that the backup holds of that range; and
 * where there are as many of them as the backup holds, they are all there.
 *
 * That holds for one run of one server only: in a cluster that was set back to an earlier state and went on from there, numbers of
 * transactions come a second time. And only while the table's file is the same, for a table that is rewritten moves its rows.
 */

/** Says of rows of the session's server whether they are older than the backup's snapshot. */
export interface Horizon {
  /** A condition over a row of `alias`, for the length of the session's transaction. */
  older(alias: string): string
}

/** More than that many ages apart numbers of transactions begin to repeat; with a wide margin. */
const furthest = 2 ** 31 - 100_000_000

/** Null if the target is not the very run of the server that the backup was made of, or the backup is too old. */
export async function readHorizon(wire: Wire, { server }: BackupContents): Promise<Horizon | null> {
  const { horizon, incarnation, systemIdentifier } = server
  if (horizon === null || incarnation === null || systemIdentifier === null) return null
  const [row] = await wire.query(
    `SELECT pg_catalog.pg_postmaster_start_time()::pg_catalog.text, pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text`,
  )
  const [started, inRecovery, next] = row ?? []
  if (started !== incarnation || inRecovery === 't' || Number(next) - Number(horizon) > furthest) return null
  if ((await readSystemIdentifier(wire)) !== systemIdentifier) return null
  // age() counts back from the next number; the 32 bits that rows have are enough within the bound above. In a query of its own
  // it is counted once, not for each row.
  const low = (BigInt(horizon) & 0xffffffffn).toString()
  return {
    older: (alias) => `pg_catalog.age(${alias}.xmin) > (SELECT pg_catalog.age('${low}'::pg_catalog.xid))`,
  }
}

/** A live table that has rows itself. */
export interface Leaf {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

/** The table itself, or the partitions that its rows are in. */
export async function leavesOf(wire: Wire, live: LiveTable): Promise<Leaf[]> {
  if (!live.partitioned) return [live]
  const rows = await wire.query(
    `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_partition_tree(${live.oid}) p
     JOIN pg_catalog.pg_class c ON c.oid = p.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE p.isleaf ORDER BY c.oid`,
  )
  return rows.map(([oid, schema, name]) => ({ oid: Number(oid), schema: schema ?? '', name: name ?? '' }))
}

/** Whether rows of the table can be told to be older: it is the same file, and its columns are older themselves. */
export async function isSameFile(
  wire: Wire,
  o: { readonly horizon: Horizon; readonly table: TableContents; readonly leaf: Leaf },
): Promise<boolean> {
  const { filenode, condition } = o.table
  if (filenode === null || condition !== null) return false
  // A column that was dropped and added again has lost its values, and no row was touched.
  const [row] = await wire.query(
    `SELECT pg_catalog.bool_and(${o.horizon.older('a')}) AND pg_catalog.pg_relation_filenode(${o.leaf.oid}) = ${filenode}
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${o.leaf.oid} AND a.attnum > 0`,
  )
  return row?.[0] === 't'
}

/** Live rows in the pages of a range. */
export interface Found {
  readonly older: number
  readonly younger: number
}

/** Counts the rows of all these ranges, in one pass over the table. */
export async function countOlder(
  wire: Wire,
  o: { readonly horizon: Horizon; readonly ranges: readonly RowRange[]; readonly leaf: Leaf },
): Promise<ReadonlyMap<RowRange, Found>> {
  if (o.ranges.length === 0) return new Map()
  const bounds = o.ranges.map((r, n) => `(${n}, ${tid(r.from)}, ${tid(r.to)})`)
  const rows = await wire.query(
    `SELECT r.n, f.older, f.every - f.older FROM (VALUES ${bounds.join(', ')}) AS r (n, low, high),
     LATERAL (SELECT count(*) AS every, count(*) FILTER (WHERE ${o.horizon.older('l')}) AS older
       FROM ${onlyOf(o.leaf)} l WHERE l.ctid >= r.low AND l.ctid < r.high) f ORDER BY r.n`,
  )
  return new Map(
    o.ranges.map((range, n) => [range, { older: Number(rows[n]?.[1]), younger: Number(rows[n]?.[2]) }]),
  )
}

/**
 * A query of the rows, of the alias `o`, that meet `condition` and lie in the pages of these ranges: no other page is read. It gives `columns`, and
 * `tableoid` and `ctid`. A name in a condition is a column of the table, since nothing else is as near.
 */
export function rowsWithin<Range extends Pick<RowRange, 'from' | 'to'>>(o: {
  readonly leaf: Leaf
  readonly columns: string
  readonly ranges: readonly Range[]
  readonly condition: (range: Range) => string
}): string {
  const list = `${o.columns}${o.columns === '' ? '' : ', '}o.tableoid, o.ctid`
  const parts = [...Map.groupBy(o.ranges, o.condition)].map(([sql, some]) => {
    const bounds = joined(some).map((r) => `(${tid(r.from)}, ${tid(r.to)})`)
    // Without OFFSET the server would join the two, and read the whole table for each.
    return `SELECT o.* FROM (VALUES ${bounds.join(', ')}) AS holdfast_range (low, high),
      LATERAL (SELECT ${list} FROM ${onlyOf(o.leaf)} o
        WHERE o.ctid >= holdfast_range.low AND o.ctid < holdfast_range.high AND ${sql} OFFSET 0) o`
  })
  return parts.length === 0
    ? `SELECT ${list} FROM ${onlyOf(o.leaf)} o WHERE false`
    : parts.join(' UNION ALL ')
}

const onlyOf = ({ schema, name }: Leaf): string => `ONLY ${qualified(schema, name)}`

/** A condition over rows of `alias`: those in the pages of a range. */
export function within({ from, to }: Pick<RowRange, 'from' | 'to'>, alias: string): string {
  return `${alias}.ctid >= ${tid(from)} AND ${alias}.ctid < ${tid(to)}`
}

/** The first row of a page; null: after the last one that a table can have. */
function tid(page: number | null): string {
  return `'(${page ?? 4294967295},0)'::pg_catalog.tid`
}

/** Neighbouring ranges as one. */
function joined(ranges: readonly Pick<RowRange, 'from' | 'to'>[]): Pick<RowRange, 'from' | 'to'>[] {
  const found: { from: number; to: number | null }[] = []
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last !== undefined && last.to === from) last.to = to
    else found.push({ from, to })
  }
  return found
}
