import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import { readPieces } from '../../repository/pieces.ts'
import { copyInSql, requireRows, type LoadRequest, type SampleTransactions } from '../load.ts'

/**
 * Loads tables that were made in the transaction that is open on the wire, one after the other, as rows that are frozen: also who looks with a
 * snapshot from before the commit sees them, and does not find the new tables empty. For that a table must be made, or emptied, in the very
 * subtransaction that loads it. Partitioned tables can't be loaded so, and tables of extensions, which hold rows of their own, are not emptied.
 *
 * Sampled ranges are loaded first, and compared before anything else is there: by what transaction a row came can't be told here.
 */
export async function loadFrozen(o: LoadRequest): Promise<SampleTransactions> {
  const [wire] = o.wires
  if (wire === undefined) throw new HoldfastError('internal', 'No connection to load over.')
  for (const table of o.tables) {
    throwIfCancelled(o.signal)
    const load = (): Promise<void> => loadTable(o, wire, table)
    await load().catch((first: unknown) =>
      o.rescue.load({ wire, table: table.loadVia ?? table, first, load }),
    )
    o.onBytes(table.plainBytes)
  }
  return new Map(o.tables.map((table) => [table, 'compared']))
}

async function loadTable(o: LoadRequest, wire: Wire, table: TableContents): Promise<void> {
  const frozen = table.loadVia === null && table.condition === null
  const sampled = new Set(table.fingerprint?.samples.map((s) => s.range))
  const isSampled = (_: RowRange, index: number): boolean => sampled.has(index)
  await wire.query('BEGIN')
  try {
    if (frozen) await wire.query(`TRUNCATE ONLY ${qualified(table.schema, table.name)}`)
    const copy = (ranges: readonly RowRange[]): Promise<void> => copyRanges(o, wire, table, ranges, frozen)
    await copy(table.ranges.filter(isSampled))
    if (table.loadVia === null) await compareSampled(wire, table)
    await copy(table.ranges.filter((range, index) => !isSampled(range, index)))
    await wire.query('COMMIT')
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError(
      'restore_failed',
      `Rows of ${tableLabel(table)} could not be loaded: ${messageOf(error)}`,
      { cause: error, details: error.details },
    )
  }
}

async function copyRanges(
  o: LoadRequest,
  wire: Wire,
  table: TableContents,
  ranges: readonly RowRange[],
  frozen: boolean,
): Promise<void> {
  const expected = ranges.reduce((sum, r) => sum + r.rows, 0)
  if (expected === 0) return
  const sql = copyInSql(table, o.encoding, { frozen })
  const pieces = ranges.flatMap((r) => r.pieces)
  requireRows(table, expected, await wire.copyIn(sql, readPieces({ ...o, pieces, release: true })))
}

/** Throws `restore_differs` if the sampled ranges, and nothing else, are not in the table as the source hashed them. */
async function compareSampled(wire: Wire, table: TableContents): Promise<void> {
  const samples = (table.fingerprint?.samples ?? []).filter((s) => s.rows > 0)
  if (samples.length === 0) return
  const [row] = await wire.query(
    `SELECT count(*), sum(${table.fingerprint?.expression ?? '0'})::pg_catalog.text FROM ONLY ${qualified(table.schema, table.name)} AS t`,
  )
  const rows = samples.reduce((sum, s) => sum + s.rows, 0)
  const hash = samples.reduce((sum, s) => sum + BigInt(s.hash), 0n)
  if (Number(row?.[0]) === rows && row?.[1] === String(hash)) return
  throw new HoldfastError(
    'restore_differs',
    `${tableLabel(table)}: the contents of the sampled ranges hash differently from the source.`,
  )
}
