import { ident } from './quote.ts'
import type { ColumnType } from './introspect/tables.ts'

/**
 * Built-in types whose extended hash depends on the value alone, equal on every server since 14. Not among them:
 * enums (hashed by object id), reg* (object ids), "char" (whose sign is the processor's), and types without a hash
 * function; these are hashed as text.
 */
const hashable = new Set(
  (
    'bool name int2 int4 int8 float4 float8 numeric text varchar bpchar bytea uuid date time timetz timestamp ' +
    'timestamptz interval inet cidr macaddr macaddr8 pg_lsn oid jsonb'
  ).split(' '),
)

/**
 * SQL expression over a row `t` whose sum over rows is the content hash: it does not depend on the order of rows,
 * and two rows that are equal by their types' own equality agree. Sessions that evaluate it need the settings of
 * settings.ts, since some columns are hashed as text.
 */
export function rowHash(columns: readonly ColumnType[]): string {
  if (columns.length === 0) return '0::pg_catalog.int8'
  return `pg_catalog.hash_record_extended(ROW(${columns.map(hashedColumn).join(', ')}), 0)`
}

function hashedColumn(column: ColumnType): string {
  const value = `t.${ident(column.name)}`
  const builtIn = column.baseKind === 'b' && column.base !== null
  // A cast of a user's type may be a function of the user's. And xml has two texts: the cast keeps the declaration of an
  // encoding, which output, and so every copy, leaves out. This takes the output function; NULL is told from 'NULL'.
  if (!builtIn || column.base === 'xml') return `pg_catalog.format('%L', ${value})`
  if (!hashable.has(column.base)) return `${value}::pg_catalog.text`
  // Under such a collation the hash is that of an ICU sort key, which changes with ICU's version.
  return column.deterministic ? value : `${value}::pg_catalog.text COLLATE "C"`
}
