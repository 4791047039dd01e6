import type { Clock } from '../lib/clock.ts'
import { isHoldfastError } from '../lib/errors.ts'
import { matchesTable, parseTablePattern } from '../lib/patterns.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { listTables, type TableFacts } from '../postgres/introspect/tables.ts'
import { ident } from '../postgres/quote.ts'

/** `exact`: counted now; `estimate`: as the server's statistics have it; `unknown`: neither could be had, and `rows` is null. */
export type HowCounted = 'exact' | 'estimate' | 'unknown'

export interface LiveTable {
  readonly schema: string
  readonly name: string
  readonly rows: number | null
  readonly how: HowCounted
}

export interface LiveModule {
  readonly name: string
  /** Those that are there: a pattern that means none is no mistake here. */
  readonly tables: readonly LiveTable[]
  /** The sum of those that are known; null: of none is. */
  readonly rows: number | null
  /** That of its least sure table. */
  readonly how: HowCounted
}

/** Rows up to which a table is counted: some milliseconds. */
const countedRows = 200_000
/** Of counting one table. A table that the statistics do not know yet may be of any size. */
const tableMs = 1500
/** Nobody's lock is waited for longer. */
const lockMs = 300
/** After so long what is left is not counted but estimated; which tables there are is known before. */
const allMs = 8000

/**
 * How many rows each module has in the live database, for somebody who waits: small tables are counted, large ones told by the server's
 * statistics. The database is only read. Throws as `connect`, and `connection_lost`, `cancelled`.
 */
export async function countModules(o: {
  readonly address: ServerAddress
  readonly modules: readonly { readonly name: string; readonly tables: readonly string[] }[]
  /** One that is never set back, to stop in time. */
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}): Promise<LiveModule[]> {
  const settings = {
    default_transaction_read_only: 'on',
    statement_timeout: String(allMs),
    lock_timeout: String(lockMs),
  }
  await using connection = await connect({ address: o.address, signal: o.signal, settings })
  const tables = (await listTables(connection)).filter(({ kind }) => kind === 'table')
  const members = o.modules.map(({ name, tables: texts }) => {
    const patterns = texts.map(parseTablePattern)
    const isOwn = (table: TableFacts): boolean =>
      patterns.some((pattern) => [table, ...table.parents].some((one) => matchesTable(pattern, one)))
    return { name, tables: tables.filter(isOwn) }
  })
  const wanted = new Set(members.flatMap((module) => module.tables))
  const estimates = await readEstimates(connection, [...wanted])
  await connection.query(`SELECT pg_catalog.set_config('statement_timeout', $1, false)`, [String(tableMs)])
  const counted = new Map<TableFacts, LiveTable>()
  const until = o.clock.now().getTime() + allMs
  for (const table of wanted) {
    const estimate = estimates.get(table.oid) ?? null
    const large = (estimate ?? 0) > countedRows || o.clock.now().getTime() > until
    const exact = large ? null : await countRows(connection, table)
    const rows = exact ?? estimate
    const how = exact !== null ? 'exact' : rows === null ? 'unknown' : 'estimate'
    counted.set(table, { schema: table.schema, name: table.name, rows, how })
  }
  return members.map((module) =>
    summed(
      module.name,
      module.tables.flatMap((one) => counted.get(one) ?? []),
    ),
  )
}

/** Rows as the last VACUUM or ANALYZE left them, by oid; null: there was none. */
async function readEstimates(
  connection: Connection,
  tables: readonly TableFacts[],
): Promise<ReadonlyMap<number, number | null>> {
  const rows = await connection.query<{ oid: string; rows: number | null }>(
    `SELECT c.oid::pg_catalog.int8 AS oid, CASE WHEN c.reltuples > 0 OR c.relpages > 0 THEN nullif(c.reltuples, -1) END::pg_catalog.float8 AS rows
     FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[])`,
    [tables.map(({ oid }) => oid)],
  )
  return new Map(rows.map(({ oid, rows: known }) => [Number(oid), known]))
}

/** Null: it takes too long, is locked, or may not be read. */
async function countRows(connection: Connection, table: TableFacts): Promise<number | null> {
  const { schema, name, extensionCondition } = table
  const sql = `SELECT pg_catalog.count(*) AS rows FROM ONLY ${ident(schema)}.${ident(name)} ${extensionCondition ?? ''}`
  try {
    const [row] = await connection.query<{ rows: string }>(sql)
    return Number(row?.rows)
  } catch (error) {
    if (isHoldfastError(error, 'query_failed') || isHoldfastError(error, 'lock_timeout')) return null
    throw error
  }
}

const sureness: readonly HowCounted[] = ['exact', 'estimate', 'unknown']

function summed(name: string, tables: readonly LiveTable[]): LiveModule {
  const known = tables.flatMap(({ rows }) => (rows === null ? [] : [rows]))
  const least = Math.max(0, ...tables.map(({ how }) => sureness.indexOf(how)))
  const none = known.length === 0 && tables.length > 0
  return {
    name,
    tables,
    rows: none ? null : known.reduce((sum, rows) => sum + rows, 0),
    how: sureness[least] ?? 'unknown',
  }
}
