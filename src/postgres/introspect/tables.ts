import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { Connection } from '../connect.ts'
import { literal } from '../quote.ts'
import type { Wire } from '../wire.ts'

/** A table with storage of its own, or a partitioned table (which has none), as the catalogs describe it. */
export interface TableFacts {
  readonly oid: number
  /** Of its file; null where it has none. */
  readonly filenode: number | null
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'partitioned'
  readonly persistence: 'permanent' | 'unlogged'
  /** Whether the role may read, and so lock, the table. Null: it was dropped since the transaction's snapshot. */
  readonly readable: boolean | null
  readonly accessMethod: string | null
  /** For configuration tables of extensions: the condition of rows that belong to a dump, '' for all. Null: no extension's table. */
  readonly extensionCondition: string | null
  /** The partitioned table above that rows must be loaded through, if there is one: every leaf below it has it. */
  readonly loadVia: { readonly schema: string; readonly name: string } | null
  /** Partitioned tables that this is a partition of, nearest first. */
  readonly parents: readonly { readonly schema: string; readonly name: string }[]
  /** Stored, not generated columns in order. */
  readonly columns: readonly ColumnType[]
}

/** A table and how large it is. */
export interface SizedTable extends TableFacts {
  /** Pages of the main fork. */
  readonly pages: number
  /** Bytes with TOAST, without indexes. */
  readonly bytes: number
}

export interface ColumnType {
  readonly name: string
  /** As format_type() gives it, domains by their own name. */
  readonly type: string
  /** Name of the type in pg_catalog under all domains and for an array its element's; null if it is not a built-in type. */
  readonly base: string | null
  /** `b` base, `e` enum, `c` composite, `r` range, `m` multirange, of the type under domains and arrays. */
  readonly baseKind: string
  /** False under a collation in which different texts can be equal. */
  readonly deterministic: boolean
}

/**
 * Every permanent or unlogged table that a dump holds rows of, and every partitioned one. Tables that belong to an
 * extension are left out unless the extension declares them configuration (pg_extension_config_dump).
 *
 * "moving" are partitions by a hash that another database computes otherwise: of enums, which are hashed by object id, of what
 * may hold enums, and of texts under a nondeterministic collation, whose sort keys change with ICU's version. Their
 * rows find their partition anew, below the topmost table that is divided so: what lies above or beside it stays in place.
 */
const sql = `
WITH RECURSIVE chosen AS (
  SELECT c.oid, c.relkind, c.relpersistence, c.relname, c.relam, n.nspname, n.oid AS nspoid, x.condition, x.member
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT true AS member, e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)] AS condition
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
  ) x ON true
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence IN ('p', 'u')
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (x.member IS NULL OR x.condition IS NOT NULL)
), up AS (
  SELECT i.inhrelid AS leaf, i.inhparent AS parent, 1 AS level FROM pg_catalog.pg_inherits i JOIN chosen c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
  UNION ALL
  SELECT u.leaf, i.inhparent, u.level + 1 FROM up u JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.parent
), moving AS (
  SELECT DISTINCT ON (u.leaf) u.leaf, u.parent AS top FROM up u
  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.parent AND p.partstrat = 'h'
  WHERE EXISTS (SELECT FROM pg_catalog.pg_opclass o WHERE o.oid = ANY (p.partclass::pg_catalog.oid[])
      AND o.opcintype::pg_catalog.regtype::pg_catalog.text IN ('anyenum', 'anyarray', 'record', 'anyrange', 'anymultirange'))
    OR EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.oid = ANY (p.partcollation::pg_catalog.oid[])
      AND NOT l.collisdeterministic)
  ORDER BY u.leaf, u.level DESC
), attributes AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation
  FROM chosen c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  WHERE NOT a.attisdropped AND a.attgenerated = ''
), types AS (
  SELECT DISTINCT a.atttypid AS oid, a.atttypid AS at FROM attributes a
  UNION ALL
  SELECT x.oid, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
  FROM types x JOIN pg_catalog.pg_type t ON t.oid = x.at
  WHERE t.typtype = 'd' OR EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
), bases AS (
  SELECT x.oid, t.typtype, CASE WHEN n.nspname = 'pg_catalog' THEN t.typname END AS base
  FROM types x JOIN pg_catalog.pg_type t ON t.oid = x.at JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE NOT (t.typtype = 'd' OR EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid))
), columns AS (
  SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'base', b.base, 'baseKind', b.typtype,
      'deterministic', coalesce(l.collisdeterministic, true)) ORDER BY a.attnum) AS columns
  FROM attributes a JOIN bases b ON b.oid = a.atttypid LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
  GROUP BY a.attrelid
)
SELECT c.oid::pg_catalog.int8, pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.int8 AS filenode, c.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
  pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(c.nspoid, 'USAGE') AS readable,
  m.amname AS am, CASE WHEN c.member THEN c.condition END AS condition,
  (SELECT pg_catalog.json_build_object('schema', rn.nspname, 'name', r.relname)
     FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
     WHERE r.oid = (SELECT m.top FROM moving m WHERE m.leaf = c.oid)) AS via,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', pn.nspname, 'name', p.relname) ORDER BY u.level)
     FROM up u JOIN pg_catalog.pg_class p ON p.oid = u.parent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
     WHERE u.leaf = c.oid) AS parents,
  k.columns
FROM chosen c LEFT JOIN columns k ON k.attrelid = c.oid LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
ORDER BY c.nspname, c.relname`

interface Row extends Record<string, unknown> {
  oid: string
  filenode: string | null
  schema: string
  name: string
  kind: string
  persistence: string
  readable: boolean | null
  am: string | null
  condition: string | null
  via: { schema: string; name: string } | null
  parents: { schema: string; name: string }[] | null
  columns: ColumnType[] | null
}

/** Lists the tables as the connection's transaction sees them, ordered by schema and name. Waits for no lock. */
export async function listTables(connection: Connection): Promise<TableFacts[]> {
  const rows = await connection.query<Row>(sql).catch((error: unknown) => {
    throw notText(error) ?? error
  })
  return rows.map((row) => ({
    oid: Number(row.oid),
    filenode: row.filenode === null ? null : Number(row.filenode),
    schema: row.schema,
    name: row.name,
    kind: row.kind === 'p' ? 'partitioned' : 'table',
    persistence: row.persistence === 'u' ? 'unlogged' : 'permanent',
    readable: row.readable,
    accessMethod: row.am,
    extensionCondition: row.condition,
    loadVia: row.via,
    parents: row.parents ?? [],
    columns: row.columns ?? [],
  }))
}

/** A database of encoding SQL_ASCII takes any bytes as a name, and the server sends none that are not UTF-8 to us. */
function notText(error: unknown): HoldfastError | undefined {
  if (!isHoldfastError(error, 'query_failed') || error.details['sqlstate'] !== '22021') return undefined
  return new HoldfastError(
    'source_name_unreadable',
    `A name in the database is not valid UTF-8: ${error.message}.`,
    {
      cause: error,
    },
  )
}

/** Pages and bytes by the table's oid. Takes a lock on each table: for a connection that has it, and so never waits. */
export async function readSizes(
  wire: Wire,
  tables: readonly TableFacts[],
): Promise<ReadonlyMap<number, { pages: number; bytes: number }>> {
  const oids = tables.filter((t) => t.kind === 'table').map((t) => t.oid)
  const rows = await wire.query(
    `SELECT oid, pg_catalog.pg_relation_size(oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8, pg_catalog.pg_table_size(oid)
     FROM pg_catalog.unnest(${literal(`{${oids.join(',')}}`)}::pg_catalog.oid[]) t (oid)`,
  )
  return new Map(
    rows.map(([oid, pages, bytes]) => [Number(oid), { pages: Number(pages), bytes: Number(bytes) }]),
  )
}

/** `schema.table`, for messages. */
export function tableLabel(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`
}
