import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import { entryLabel, runEntry, type EntrySql } from './entries.ts'
import { sentence } from './sentences.ts'

/** SQLSTATE of an index entry that is longer than a page of the index takes. */
const tooLong = '54000'

/**
 * Makes an index, or a constraint that is one. An index keeps the values that it was built from: those that were compressed then may be
 * too long for it since their column was told not to compress (SET STORAGE EXTERNAL). Where the source has such an index, it is built
 * as it was there: before the column is told so.
 */
export async function makeIndex(
  wire: Wire,
  entry: SchemaEntry,
  o: { tables: readonly SchemaEntry[]; sql: EntrySql; onWarning: (said: Sentence) => void },
): Promise<void> {
  try {
    await runEntry(wire, entry, o.sql)
  } catch (error) {
    if (!isHoldfastError(error, 'restore_failed') || error.details['sqlstate'] !== tooLong) throw error
    const columns = await uncompressed(wire, o.tables)
    if (columns.length === 0) throw error
    const what = entryLabel(entry)
    await makeCompressed(wire, entry, columns, o.sql).catch(() => {
      throw error
    })
    const names = columns.map((c) => c.label)
    o.onWarning(
      sentence(
        'index_compressed',
        { what, names },
        `The ${what} holds compressed values, as in the source, although ${names.join(', ')} compresses none any more: REINDEX would fail.`,
      ),
    )
  }
}

interface Column {
  readonly label: string
  /** What sets its storage, but for the word for it. */
  readonly set: string
  readonly storage: string
}

/** Columns that could be compressed, and are told not to be. */
async function uncompressed(wire: Wire, tables: readonly SchemaEntry[]): Promise<Column[]> {
  const found: Column[] = []
  for (const { schema, name } of tables) {
    if (schema === null) continue
    const table = qualified(schema, name)
    const rows = await wire.query(
      `SELECT a.attname, CASE a.attstorage WHEN 'e' THEN 'EXTERNAL' ELSE 'PLAIN' END
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
       WHERE a.attrelid = ${literal(table)}::pg_catalog.regclass AND a.attnum > 0 AND a.attstorage IN ('e', 'p') AND t.typstorage IN ('x', 'm')
       ORDER BY a.attnum`,
    )
    for (const [column, storage] of rows) {
      const set = `ALTER TABLE ONLY ${table} ALTER COLUMN ${ident(column ?? '')} SET STORAGE`
      found.push({ label: `${schema}.${name}.${column}`, set, storage: storage ?? '' })
    }
  }
  return found
}

async function makeCompressed(
  wire: Wire,
  entry: SchemaEntry,
  columns: readonly Column[],
  sql: EntrySql,
): Promise<void> {
  await wire.query('BEGIN')
  try {
    for (const { set } of columns) await wire.query(`${set} EXTENDED`)
    await runEntry(wire, entry, sql, true)
    for (const { set, storage } of columns) await wire.query(`${set} ${storage}`)
    await wire.query('COMMIT')
  } catch (error) {
    if (error instanceof HoldfastError) await wire.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
