import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents, RowRange, TableContents } from '../../repository/format/contents.ts'
import type { LiveTable } from './live.ts'
import { liveOf } from './names.ts'
import { readSystemIdentifier } from './target-facts.ts'

/*
 * Which ranges of a backup nobody has touched since, without reading a row of it. A row that is changed is a new row, of a
 * younger transaction, so if as many rows of a range are older than the backup's snapshot as the backup holds of it, they
 * are the very same ones.
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
  // age() counts back from the next number; the 32 bits that rows have are enough within the bound above.
  const low = (BigInt(horizon) & 0xffffffffn).toString()
  return {
    older: (alias) => `pg_catalog.age(${alias}.xmin) > pg_catalog.age('${low}'::pg_catalog.xid)`,
  }
}

/**
 * The ranges of `table` that hold the same rows as then. Empty if that can't be told: another file, a table whose rows may lie
 * elsewhere, or so few pages that reading them is as quick.
 */
export async function untouchedRanges(
  wire: Wire,
  o: { readonly horizon: Horizon; readonly table: TableContents; readonly live: LiveTable },
): Promise<ReadonlySet<RowRange>> {
  const { horizon, table, live } = o
  const ranges = table.ranges.filter((r) => r.rows > 0)
  if (
    live.partitioned ||
    live.filenode === null ||
    live.filenode !== table.filenode ||
    table.condition !== null
  )
    return new Set()
  if (ranges.length === 0 || !(await columnsAreOlder(wire, horizon, live))) return new Set()
  const bounds = ranges.map(
    (r, n) => `(${n}, '(${r.from},0)'::pg_catalog.tid, '(${r.to ?? lastPage},0)'::pg_catalog.tid)`,
  )
  const rows = await wire.query(
    `SELECT r.n, (SELECT count(*) FROM ${liveOf(live)} l WHERE l.ctid >= r.low AND l.ctid < r.high AND ${horizon.older('l')})
     FROM (VALUES ${bounds.join(', ')}) AS r (n, low, high)`,
  )
  const counted = new Map(rows.map(([n, count]) => [Number(n), Number(count)]))
  const untouched = ranges.filter((r, n) => counted.get(n) === r.rows)
  return new Set(joined(untouched).length > mostRuns ? [] : untouched)
}

/** More runs of ranges than that are too many for a condition: then all rows are compared. */
const mostRuns = 200

/** A column that was dropped and added again has lost its values, and no row was touched. */
async function columnsAreOlder(wire: Wire, horizon: Horizon, live: LiveTable): Promise<boolean> {
  const [row] = await wire.query(
    `SELECT pg_catalog.bool_and(${horizon.older('a')}) FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${live.oid} AND a.attnum > 0`,
  )
  return row?.[0] === 't'
}

const lastPage = 4294967295

/** A condition over rows of `alias`: those that an untouched range accounts for. */
export function accountedFor(horizon: Horizon, untouched: ReadonlySet<RowRange>, alias: string): string {
  const within = joined([...untouched]).map(
    ([from, to]) =>
      `${alias}.ctid >= '(${from},0)'::pg_catalog.tid AND ${alias}.ctid < '(${to ?? lastPage},0)'::pg_catalog.tid`,
  )
  return within.length === 0 ? 'false' : `${horizon.older(alias)} AND (${within.join(' OR ')})`
}

/** Neighbouring ranges as one. */
function joined(ranges: readonly RowRange[]): [number, number | null][] {
  const found: [number, number | null][] = []
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last !== undefined && last[1] === from) last[1] = to
    else found.push([from, to])
  }
  return found
}
