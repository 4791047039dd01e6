import { HoldfastError } from '../lib/errors.ts'
import { tableMatcher } from '../lib/table-matcher.ts'
import { connectWire, type ServerAddress } from '../postgres/connect.ts'
import { asUtf8, parseRows } from '../postgres/copy-text.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { ident, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import { requireCondition } from '../restore/in-place/condition.ts'

/** Keys of rows, as texts that COPY prints, and what they are keys of. */
export interface RowKeys {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly keys: readonly (readonly string[])[]
  /** Rows that have a null in their key: nothing can tell them apart. */
  readonly withoutKey: number
}

interface LiveTable {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
}

/** One erasure is one chunk of the repository, and is held in memory by every restore. */
export const mostKeys = 1_000_000

/**
 * Reads the keys of the rows that meet a condition from a live database, in a transaction that can't write. Throws `usage`,
 * `table_not_found`, and what the server says.
 */
export async function readLiveKeys(o: {
  address: ServerAddress
  /** Pattern that must mean one table. */
  table: string
  where: string
  /** Null: the primary key. */
  columns: readonly string[] | null
  signal?: AbortSignal | undefined
}): Promise<RowKeys> {
  requireCondition(o.where)
  await using wire = await connectWire({ address: o.address, signal: o.signal })
  await wire.query("SET client_encoding = 'UTF8'")
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const table = onlyTable(o.table, await readTables(wire))
  const columns = o.columns ?? (await primaryKey(wire, table))
  await requireColumns(wire, table, columns)
  const from = `${table.partitioned ? '' : 'ONLY '}${qualified(table.schema, table.name)}`
  const list = columns.map(ident).join(', ')
  const rows = await copyRows(
    wire,
    `COPY (SELECT ${list} FROM ${from} WHERE (${o.where}\n) LIMIT ${mostKeys + 1}) TO STDOUT`,
    columns.length,
  )
  if (rows.length > mostKeys) {
    throw new HoldfastError('usage', `More than ${mostKeys} rows meet the condition: erase them in parts.`)
  }
  const keys = rows.filter((row): row is string[] => row.every((value) => value !== null))
  const root = await rootOf(wire, table)
  return { ...root, columns, keys, withoutKey: rows.length - keys.length }
}

/** The one table that the pattern means. */
export function onlyTable<T extends { readonly schema: string; readonly name: string }>(
  text: string,
  tables: readonly T[],
): T {
  const [only, second] = tables.filter(tableMatcher(text, tables))
  if (only !== undefined && second === undefined) return only
  throw new HoldfastError(
    'usage',
    `"${text}" means more than one table: ${tableLabel(only ?? { schema: '', name: text })} and others.`,
    {
      hint: 'Rows are erased from one table at a time: name it with its schema.',
    },
  )
}

async function readTables(wire: Wire): Promise<LiveTable[]> {
  const rows = await wire.query(
    `SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  )
  return rows.map(([oid, schema, name, partitioned]) => ({
    oid: oid ?? '',
    schema: schema ?? '',
    name: name ?? '',
    partitioned: partitioned === 't',
  }))
}

async function primaryKey(wire: Wire, table: LiveTable): Promise<string[]> {
  const rows = await wire.query(
    `SELECT a.attname FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
     JOIN pg_catalog.pg_attribute a ON a.attnum = k.attnum
     WHERE i.indrelid = ${table.oid} AND a.attrelid = i.indrelid AND i.indisprimary AND k.n <= i.indnkeyatts ORDER BY k.n`,
  )
  if (rows.length > 0) return rows.map(([name]) => name ?? '')
  throw noPrimaryKey(table)
}

export function noPrimaryKey(table: { readonly schema: string; readonly name: string }): HoldfastError {
  return new HoldfastError('usage', `${tableLabel(table)} has no primary key.`, {
    hint: 'Say with --column which columns tell its rows apart.',
  })
}

/** Columns that are computed are not stored, so no backup has them. */
async function requireColumns(wire: Wire, table: LiveTable, columns: readonly string[]): Promise<void> {
  const rows = await wire.query(
    `SELECT attname FROM pg_catalog.pg_attribute
     WHERE attrelid = ${table.oid} AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
  )
  requireAmong(
    columns,
    rows.map(([name]) => name ?? ''),
    table,
  )
}

/** Throws `usage` for a column that is not there, or is named twice. */
export function requireAmong(
  columns: readonly string[],
  there: readonly string[],
  table: { readonly schema: string; readonly name: string },
): void {
  const missing = columns.find((column) => !there.includes(column))
  if (missing !== undefined) {
    throw new HoldfastError('usage', `${tableLabel(table)} stores no column "${missing}".`)
  }
  if (new Set(columns).size !== columns.length) {
    throw new HoldfastError('usage', 'A column can be part of a key once only.')
  }
}

/** Rows may lie in another partition in an older backup, so what is erased is said of the whole table. */
async function rootOf(
  wire: Wire,
  { oid, schema, name }: LiveTable,
): Promise<{ schema: string; name: string }> {
  const [root] = await wire.query(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = pg_catalog.pg_partition_root(${oid})`,
  )
  return { schema: root?.[0] ?? schema, name: root?.[1] ?? name }
}

async function copyRows(wire: Wire, sql: string, columns: number): Promise<(string | null)[][]> {
  const slabs: Uint8Array[] = []
  await wire.copyOut(sql, {
    write: (bytes) => {
      slabs.push(new Uint8Array(bytes))
    },
  })
  const rows: (string | null)[][] = []
  const all = async function* () {
    yield* slabs
  }
  for await (const some of parseRows({ slabs: all(), columns, decode: asUtf8 })) {
    for (const row of some) rows.push([...row])
  }
  return rows
}
