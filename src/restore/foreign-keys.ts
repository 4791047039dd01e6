import { isHoldfastError, messageOf } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { literal } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import { heldBackOf, heldBackRows, type HeldBack } from '../repository/held-back.ts'
import { entryLabel, runEntry, type EntrySql } from './entries.ts'
import { sentence } from './sentences.ts'

/**
 * A foreign key that the source's own rows broke (written while triggers were off), or that leads to rows that were erased, can't
 * be made as it was. It is made for new rows only and told: the rows are what they were, and the restore must not be in vain.
 */
export async function makeForeignKey(
  wire: Wire,
  entry: SchemaEntry,
  o: {
    /** Of the tables that the key ties. */
    tables: readonly SchemaEntry[]
    heldBack: readonly HeldBack[]
    sql: EntrySql
    onWarning: (said: Sentence) => void
  },
): Promise<void> {
  try {
    await runEntry(wire, entry, o.sql)
  } catch (error) {
    if (!isHoldfastError(error, 'restore_failed') || error.details['sqlstate'] !== '23503') throw error
    const each = await runUnchecked(wire, entry, o.sql).catch(() => {
      throw error
    })
    const where = each
      ? ' and on each partition by itself, since the server can not have it on all of them so'
      : ''
    const what = entryLabel(entry)
    const why = `${messageOf(error.cause)}${erasedReason(o)}`
    o.onWarning(
      sentence(
        each ? 'key_not_valid_parts' : 'key_not_valid',
        { what, why },
        `The ${what} is NOT VALID${where}: it holds for new rows only, because restored ones break it. ${why}`,
      ),
    )
  }
}

/** Makes a foreign key for new rows only. True: of each partition, for before Postgres 18 a partitioned table can't have one. */
async function runUnchecked(wire: Wire, entry: SchemaEntry, sql: EntrySql): Promise<boolean> {
  const open = (one: SchemaEntry): string => {
    // One character per byte: whatever the encoding is, bytes come out as they went in.
    const text = Buffer.from(sql(one)).toString('latin1')
    return `${text.slice(0, text.lastIndexOf(';'))} NOT VALID`
  }
  try {
    await runEntry(wire, entry, (one) => Buffer.from(`${open(one)};\n`, 'latin1'))
    return false
  } catch {
    await runEntry(wire, entry, (one) => Buffer.from(onPartitions(open(one)), 'latin1'))
    return true
  }
}

/** Does to each partition what the statement does to a partitioned table. Fails where it is none. */
function onPartitions(statement: string): string {
  const [, table = '', what = ''] =
    /^ALTER TABLE (?:ONLY )?([^]+?)\s+(ADD CONSTRAINT [^]+)$/.exec(statement) ?? []
  const body = `DECLARE leaf pg_catalog.regclass;
BEGIN
  FOR leaf IN SELECT relid FROM pg_catalog.pg_partition_tree(${literal(table)}) WHERE isleaf AND level > 0 LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s %s', leaf, ${literal(what)});
  END LOOP;
  IF leaf IS NULL THEN RAISE EXCEPTION 'no partitions'; END IF;
END`
  return `DO ${literal(body)};\n`
}

/** Which of the tables of a foreign key have lost rows to erasures, so that nobody looks for damage. */
function erasedReason(o: { tables: readonly SchemaEntry[]; heldBack: readonly HeldBack[] }): string {
  const tables = o.tables.flatMap(({ schema, name }) => (schema === null ? [] : [{ schema, name }]))
  const lost = heldBackOf(o.heldBack, tables)
  return lost.length === 0 ? '' : ` Erased, and so held back: ${lost.map(heldBackRows).join(', ')}.`
}
