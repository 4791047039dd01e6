import { throwIfCancelled } from '../lib/abort.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import type { RowRange, TableContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'
import type { Rescue } from './rescue.ts'

/**
 * Which rows came from which range, for the ranges that the source hashed: a row's xmin tells the transaction that loaded it. `compared`:
 * those ranges were compared when they were loaded.
 */
export type SampleTransactions = ReadonlyMap<TableContents, ReadonlyMap<number, string> | 'compared'>

export interface LoadRequest {
  readonly wires: readonly Wire[]
  readonly tables: readonly TableContents[]
  readonly manifest: Manifest
  readonly reader: ChunkReader
  readonly cache: ChunkCache
  readonly encoding: string
  readonly rescue: Rescue
  readonly signal?: AbortSignal | undefined
  readonly onBytes: (bytes: number) => void
}

/** Ranges that follow each other in a table, loaded by one COPY. A sampled range is alone in its transaction. */
interface LoadTask {
  readonly table: TableContents
  readonly ranges: readonly RowRange[]
  /** Index of the range if it is a sampled one. */
  readonly sample: number | null
}

/** A COPY takes about so much: long enough to keep reading chunks ahead, short enough that no connection is left alone at the end. */
const copyBytes = 16 * 1024 * 1024

/** Loads the tables' rows over all wires. Each wire stays with a table of its own while there are enough of them. */
export async function loadTables(o: LoadRequest): Promise<SampleTransactions> {
  const transactions = new Map<TableContents, Map<number, string>>(o.tables.map((t) => [t, new Map()]))
  const queue = createQueue(o.tables)
  let failed = false
  await eachLimited(o.wires, o.wires.length, async (wire) => {
    for (let task = queue.next(null); task !== null && !failed; task = queue.next(task)) {
      throwIfCancelled(o.signal)
      const load = (): Promise<string | null> => loadTask({ ...o, wire, task })
      const transaction = await load()
        .catch((first: unknown) =>
          o.rescue.load({ wire, table: task.table.loadVia ?? task.table, first, load }),
        )
        .catch((error: unknown) => {
          // The others stop where they are: hours of loading would be for nothing.
          failed = true
          throw error
        })
      if (task.sample !== null) transactions.get(task.table)?.set(task.sample, transaction ?? '0')
      o.onBytes(bytesOf(task.ranges))
    }
  })
  return transactions
}

/**
 * Hands out tasks, largest tables first. Connections that load the same table wait for each other to extend its file, and mix
 * its rows' order, so one goes on with its own table, else takes one that nobody loads, and only then joins another.
 */
function createQueue(tables: readonly TableContents[]): { next(done: LoadTask | null): LoadTask | null } {
  const waiting = [...tables]
    .sort((a, b) => b.plainBytes - a.plainBytes)
    .map((table) => ({ tasks: planTable(table), loaders: 0 }))
  const queueOf = new Map(waiting.flatMap((queue) => queue.tasks.map((task) => [task, queue])))
  return {
    next(done) {
      const own = done === null ? undefined : queueOf.get(done)
      if (own) own.loaders--
      while (waiting[0] !== undefined && waiting[0].tasks.length === 0) waiting.shift()
      const left = (queue: (typeof waiting)[number]): boolean => queue.tasks.length > 0
      const chosen =
        own && left(own) ? own : (waiting.find((q) => left(q) && q.loaders === 0) ?? waiting.find(left))
      if (chosen === undefined) return null
      chosen.loaders++
      return chosen.tasks.shift() ?? null
    },
  }
}

function planTable(table: TableContents): LoadTask[] {
  const sampled = new Set(table.fingerprint?.samples.map((s) => s.range))
  const tasks: LoadTask[] = []
  let open: RowRange[] = []
  const close = (): void => {
    if (open.length > 0) tasks.push({ table, ranges: open, sample: null })
    open = []
  }
  for (const [index, range] of table.ranges.entries()) {
    if (range.rows === 0) continue
    if (sampled.has(index)) {
      close()
      tasks.push({ table, ranges: [range], sample: index })
    } else {
      open.push(range)
      if (bytesOf(open) >= copyBytes) close()
    }
  }
  close()
  return tasks
}

function bytesOf(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, r) => sum + r.pieces.reduce((bytes, p) => bytes + p.length, 0), 0)
}

/** Resolves to the transaction's id if the range is one that will be compared by it. */
async function loadTask(o: {
  wire: Wire
  task: LoadTask
  manifest: Manifest
  reader: ChunkReader
  cache: ChunkCache
  encoding: string
  signal?: AbortSignal | undefined
}): Promise<string | null> {
  const { table, ranges, sample } = o.task
  const pieces = ranges.flatMap((r) => r.pieces)
  const expected = ranges.reduce((sum, r) => sum + r.rows, 0)
  const rows = async (): Promise<number> =>
    o.wire.copyIn(copyInSql(table, o.encoding), readPieces({ ...o, pieces, release: true }))
  try {
    if (sample === null) {
      requireRows(table, expected, await rows())
      return null
    }
    await o.wire.query('BEGIN')
    requireRows(table, expected, await rows())
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

/** Throws `restore_differs` if a COPY took another number of rows than were sent. */
export function requireRows(table: TableContents, expected: number, loaded: number): void {
  if (loaded === expected) return
  throw new HoldfastError(
    'restore_differs',
    `${tableLabel(table)}: the server took ${loaded} of ${expected} rows that were sent.`,
  )
}

/** Triggers, rules and row level security do not exist yet when rows are loaded; generated columns are computed by the server. */
export function copyInSql(
  table: TableContents,
  encoding: string,
  { frozen = false }: { readonly frozen?: boolean } = {},
): string {
  const into = table.loadVia ?? table
  // A table whose columns are all generated, or that has none, takes empty lines; an empty list would be a syntax error.
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map((c) => ident(c.name)).join(', ')})`
  return `COPY ${qualified(into.schema, into.name)}${columns} FROM STDIN (FORMAT text, ENCODING ${literal(encoding)}${frozen ? ', FREEZE' : ''})`
}
