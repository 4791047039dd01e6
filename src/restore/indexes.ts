import { isHoldfastError } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { literal, qualified } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import { entryLabel, runEntry, type EntrySql } from './entries.ts'
import { sentence } from './sentences.ts'

/** An index entry is longer than a page of the index takes. */
const isTooLong = (error: unknown): boolean =>
  isHoldfastError(error, 'restore_failed') && error.details['sqlstate'] === '54000'

/**
 * Makes an index, or a constraint that is one. An index keeps the values that it was built from: those that were compressed then may be
 * too long for it since their column was told not to compress (SET STORAGE EXTERNAL). Where the source has such an index, it is built
 * as it was there: before the column is told so.
 */
export async function makeIndex(
  wire: Wire,
  entry: SchemaEntry,
  o: {
    /** Undefined: it is of nothing that has rows. */
    table: SchemaEntry | undefined
    sql: EntrySql
    onWarning: (said: Sentence) => void
  },
): Promise<void> {
  try {
    await runEntry(wire, entry, o.sql)
  } catch (error) {
    const columns = isTooLong(error) && o.table ? await uncompressed(wire, o.table) : []
    if (columns.length === 0) throw error
    await makeCompressed(wire, entry, columns, o.sql)
    const what = entryLabel(entry)
    const text = `The ${what} holds compressed values, as in the source, although a column of it does not compress them any more: REINDEX would fail.`
    o.onWarning(sentence('index_compressed', { what }, text))
  }
}

/** Known by number: their names may be in an encoding that is not ours. */
interface Column {
  readonly table: string
  readonly number: string
  readonly storage: string
}

/** Columns that could be compressed, and are told not to be. */
async function uncompressed(wire: Wire, { schema, name }: SchemaEntry): Promise<Column[]> {
  const rows = await wire.query(
    `SELECT a.attrelid::pg_catalog.oid, a.attnum, CASE a.attstorage WHEN 'e' THEN 'EXTERNAL' ELSE 'PLAIN' END
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = ${literal(qualified(schema ?? '', name))}::pg_catalog.regclass AND a.attnum > 0
       AND a.attstorage IN ('e', 'p') AND t.typstorage IN ('x', 'm')`,
  )
  return rows.map(([table, number, storage]) => ({
    table: table ?? '',
    number: number ?? '',
    storage: storage ?? '',
  }))
}

async function makeCompressed(
  wire: Wire,
  entry: SchemaEntry,
  columns: readonly Column[],
  sql: EntrySql,
): Promise<void> {
  await wire.query('BEGIN')
  try {
    for (const column of columns) await wire.query(storageSql(column, 'EXTENDED'))
    await runEntry(wire, entry, sql, true)
    for (const column of columns) await wire.query(storageSql(column, column.storage))
    await wire.query('COMMIT')
  } catch (error) {
    await wire.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

function storageSql({ table, number }: Column, storage: string): string {
  const body = `BEGIN EXECUTE (SELECT pg_catalog.format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE ${storage}', attrelid::pg_catalog.regclass, attname)
    FROM pg_catalog.pg_attribute WHERE attrelid = ${table} AND attnum = ${number}); END`
  return `DO ${literal(body)}`
}
