import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import type { RowRange, TableContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'

/** Which rows came from which range, for the ranges that the source hashed: a row's xmin tells the transaction that loaded it. */
export type SampleTransactions = ReadonlyMap<TableContents, ReadonlyMap<number, string>>

interface LoadTask {
  readonly table: TableContents
  readonly range: RowRange
  readonly index: number
  readonly sampled: boolean
}

/** Loads the tables' rows, one range per transaction, largest ranges first, over all wires. */
export async function loadTables(o: {
  wires: readonly Wire[]
  tables: readonly TableContents[]
  manifest: Manifest
  reader: ChunkReader
  cache: ChunkCache
  encoding: string
  signal?: AbortSignal | undefined
  onBytes: (bytes: number) => void
}): Promise<SampleTransactions> {
  const transactions = new Map<TableContents, Map<number, string>>(o.tables.map((t) => [t, new Map()]))
  const free = [...o.wires]
  await eachLimited(planLoads(o.tables), o.wires.length, async (task) => {
    const wire = free.pop()
    if (wire === undefined) throw new HoldfastError('internal', 'More loads than connections.')
    const transaction = await loadRange({ ...o, wire, task })
    if (transaction !== null) transactions.get(task.table)?.set(task.index, transaction)
    free.push(wire)
    o.onBytes(task.range.pieces.reduce((sum, p) => sum + p.length, 0))
  })
  return transactions
}

function planLoads(tables: readonly TableContents[]): LoadTask[] {
  return [...tables]
    .sort((a, b) => b.plainBytes - a.plainBytes)
    .flatMap((table) => {
      const sampled = new Set(table.fingerprint?.samples.map((s) => s.range))
      return table.ranges.map((range, index) => ({ table, range, index, sampled: sampled.has(index) }))
    })
    .filter((task) => task.range.rows > 0)
}

/** Resolves to the transaction's id if the range is one that will be compared by it. */
async function loadRange(o: {
  wire: Wire
  task: LoadTask
  manifest: Manifest
  reader: ChunkReader
  cache: ChunkCache
  encoding: string
  signal?: AbortSignal | undefined
}): Promise<string | null> {
  const { table, range, sampled } = o.task
  const rows = async (): Promise<number> =>
    o.wire.copyIn(copyInSql(table, o.encoding), readPieces({ ...o, pieces: range.pieces }))
  try {
    if (!sampled) {
      requireRows(table, range, await rows())
      return null
    }
    await o.wire.query('BEGIN')
    requireRows(table, range, await rows())
    const [row] = await o.wire.query('SELECT pg_catalog.pg_current_xact_id()::pg_catalog.xid')
    await o.wire.query('COMMIT')
    return row?.[0] ?? null
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError(
      'restore_failed',
      `Rows of ${tableLabel(table)} could not be loaded: ${messageOf(error)}`,
      {
        cause: error,
        details: error.details,
      },
    )
  }
}

function requireRows(table: TableContents, range: RowRange, loaded: number): void {
  if (loaded === range.rows) return
  throw new HoldfastError(
    'restore_differs',
    `${tableLabel(table)}: the server took ${loaded} rows of ${range.rows} that the backup holds from page ${range.from}.`,
  )
}

/** Triggers, rules and row level security do not exist yet when rows are loaded; generated columns are computed by the server. */
export function copyInSql(table: TableContents, encoding: string): string {
  const into = table.loadVia ?? table
  // A table whose columns are all generated, or that has none, takes empty lines; an empty list would be a syntax error.
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map((c) => ident(c.name)).join(', ')})`
  return `COPY ${qualified(into.schema, into.name)}${columns} FROM STDIN (FORMAT text, ENCODING ${literal(encoding)})`
}
