import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { freeColumn } from './free-column.ts'

/** A table of the target as it is now. */
export interface LiveTable {
  readonly oid: number
  /** Of its file; null for a partitioned one. */
  readonly filenode: number | null
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
  /** Object ids of the partitioned tables that it is a partition of, and of its own partitions. */
  readonly above: readonly number[]
  readonly below: readonly number[]
  /** One of its partitions, at any distance, takes whatever fits no other. */
  readonly takesAll: boolean
  /** Whether the role has the rights of the table's owner: only an owner may switch triggers. */
  readonly owned: boolean
  /** Row level security applies to this role, which would see a part of the rows. */
  readonly restricted: boolean
  /** Policies exist, whoever they apply to. */
  readonly rowSecurity: boolean
  readonly rights: {
    /** USAGE of its schema. */
    readonly schema: boolean
    readonly select: boolean
    readonly insert: boolean
    readonly update: boolean
    readonly delete: boolean
  }
  readonly columns: readonly LiveColumn[]
  /** Usable for telling rows apart: unique, complete, over plain columns. The primary key first. */
  readonly keys: readonly LiveKey[]
  /** Whatever forbids two rows of the table: also over expressions or a part of the rows, and exclusion constraints. */
  readonly uniques: readonly LiveUnique[]
  /** User triggers that are on, of the table and its partitions. */
  readonly triggers: readonly LiveTrigger[]
  readonly rules: readonly LiveRule[]
  /** Sequences that belong to a column, of the table or of what it is a partition of, or are all of its default. */
  readonly sequences: readonly { readonly schema: string; readonly name: string; readonly column: string }[]
}

export interface LiveColumn {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  readonly hasDefault: boolean
  /** `a` always, `d` by default, empty: no identity. */
  readonly identity: string
  readonly generated: boolean
  /** Of a type of numbers, or a domain over one. */
  readonly numeric: boolean
  /** No check, foreign key, computed column or expression of an index looks at it. */
  readonly free: boolean
}

export interface LiveKey {
  readonly name: string
  readonly primary: boolean
  /** Every column is NOT NULL: the key can tell all rows apart. */
  readonly complete: boolean
  readonly columns: readonly { readonly name: string; readonly equals: string }[]
}

export interface LiveUnique {
  readonly name: string
  /** All columns that it depends on. */
  readonly columns: readonly string[]
  /** SQL over the columns' names, its collation, and the operator by which values clash. */
  readonly parts: readonly { readonly sql: string; readonly collate: string; readonly operator: string }[]
  /** SQL over the columns' names; null: it is about all rows. */
  readonly predicate: string | null
  readonly nullsNotDistinct: boolean
  /** Checked at each row, and not when a statement or the transaction ends. */
  readonly immediate: boolean
}

export interface LiveRule {
  readonly name: string
  readonly enabled: string
  /** Of the statement that it is about. */
  readonly event: 'insert' | 'update' | 'delete'
}

export interface LiveTrigger {
  readonly schema: string
  readonly table: string
  readonly name: string
  /** pg_trigger.tgenabled: `O` origin, `R` replica, `A` always. */
  readonly enabled: string
  /** Or once for each statement. */
  readonly forEachRow: boolean
  /** Whether the role has the rights of the owner of `table`, which may be a partition. */
  readonly owned: boolean
}

interface ReferredTable {
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
}

export interface LiveForeignKey {
  readonly oid: number
  readonly name: string
  /** Object ids of the referencing and the referenced table; of a partitioned one the root. */
  readonly child: number
  readonly parent: number
  readonly childTable: ReferredTable
  readonly parentTable: ReferredTable
  /** Of a partition: SQL over the columns' names, which rows of it meet. Null for any other table. */
  readonly childBounds: string | null
  readonly parentBounds: string | null
  readonly childColumns: readonly string[]
  readonly parentColumns: readonly string[]
  /** Per column, parent = child, with schema. */
  readonly equals: readonly string[]
  /** Per column, parent = parent. */
  readonly parentEquals: readonly string[]
  /** Per column, what follows the parent's value where texts are compared; the child's collation may be another. */
  readonly collate: readonly string[]
  readonly deferrable: boolean
  readonly validated: boolean
  /** pg_constraint.confmatchtype: `s` simple, `f` full. */
  readonly match: string
  /** pg_constraint.confdeltype and confupdtype: `a` no action, `r` restrict, `c` cascade, `n` null, `d` default. */
  readonly onDelete: string
  readonly onUpdate: string
}

const operatorName = (oid: string): string =>
  `(SELECT 'OPERATOR(' || pg_catalog.quote_ident(on_.nspname) || '.' || o.oprname || ')' FROM pg_catalog.pg_operator o
     JOIN pg_catalog.pg_namespace on_ ON on_.oid = o.oprnamespace WHERE o.oid = ${oid})`

const collateOf = (oid: string): string =>
  `coalesce((SELECT ' COLLATE ' || pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname) FROM pg_catalog.pg_collation l
     JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = ${oid}), '')`

const equalityOf = (opclass: string): string =>
  operatorName(`(SELECT m.amopopr FROM pg_catalog.pg_opclass oc JOIN pg_catalog.pg_amop m ON m.amopfamily = oc.opcfamily
     AND m.amoplefttype = oc.opcintype AND m.amoprighttype = oc.opcintype AND m.amopstrategy = 3
     WHERE oc.oid = ${opclass} LIMIT 1)`)

const tablesSql = (names: string): string => `
WITH wanted AS (
  SELECT c.* , n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.json_array_elements(${names}::pg_catalog.json) w ON n.nspname = w->>0 AND c.relname = w->>1
  WHERE c.relkind IN ('r', 'p')
)
SELECT pg_catalog.json_build_object(
  'oid', c.oid::pg_catalog.int8, 'filenode', pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.int8, 'schema', c.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p',
  'above', (SELECT coalesce(pg_catalog.json_agg(p.relid::pg_catalog.oid::pg_catalog.int8 ORDER BY p.relid), '[]')
    FROM pg_catalog.pg_partition_ancestors(c.oid) p WHERE p.relid <> c.oid),
  'below', (SELECT coalesce(pg_catalog.json_agg(p.relid::pg_catalog.oid::pg_catalog.int8 ORDER BY p.relid), '[]')
    FROM pg_catalog.pg_partition_tree(c.oid) p WHERE p.relid <> c.oid),
  'takesAll', EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_partitioned_table d ON d.partrelid = p.relid WHERE d.partdefid <> 0),
  'owned', pg_catalog.pg_has_role(c.relowner, 'USAGE'),
  'restricted', pg_catalog.row_security_active(c.oid), 'rowSecurity', c.relrowsecurity,
  'rights', pg_catalog.json_build_object('schema', pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE'),
    'select', pg_catalog.has_table_privilege(c.oid, 'SELECT'), 'insert', pg_catalog.has_table_privilege(c.oid, 'INSERT'),
    'update', pg_catalog.has_table_privilege(c.oid, 'UPDATE'), 'delete', pg_catalog.has_table_privilege(c.oid, 'DELETE')),
  'columns', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull, 'hasDefault', a.atthasdef OR a.attidentity <> '',
      'identity', a.attidentity, 'generated', a.attgenerated <> '', 'free', ${freeColumn},
      'numeric', t.typcategory = 'N' AND t.typname !~ '^(reg|oid$|money$)') ORDER BY a.attnum), '[]')
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'keys', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', x.relname, 'primary', i.indisprimary,
      'complete', NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]) k JOIN pg_catalog.pg_attribute a
        ON a.attrelid = c.oid AND a.attnum = k WHERE NOT a.attnotnull),
      'columns', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'equals',
          ${equalityOf('i.indclass[k.n - 1]')}) ORDER BY k.n)
        FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY k (attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum)) ORDER BY i.indisprimary DESC, x.relname), '[]')
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = x.relam
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND am.amname = 'btree'),
  'uniques', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', x.relname,
      'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND (a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) OR a.attnum IN (SELECT d.refobjsubid FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = x.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND d.refobjsubid > 0))),
      'parts', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('sql', pg_catalog.pg_get_indexdef(x.oid, n, false),
          'collate', ${collateOf('i.indcollation[n - 1]')},
          'operator', coalesce(${operatorName('(SELECT e.conexclop[n] FROM pg_catalog.pg_constraint e WHERE e.conindid = x.oid AND e.conrelid = c.oid AND e.conexclop IS NOT NULL)')},
            ${equalityOf('i.indclass[n - 1]')})) ORDER BY n) FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) n),
      'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
      'nullsNotDistinct', i.indnullsnotdistinct, 'immediate', i.indimmediate) ORDER BY x.relname), '[]')
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion) AND i.indisready),
  'triggers', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', tn.nspname, 'table', tc.relname, 'name', t.tgname,
      'enabled', t.tgenabled, 'forEachRow', t.tgtype & 1 = 1, 'owned', pg_catalog.pg_has_role(tc.relowner, 'USAGE')) ORDER BY tc.oid, t.tgname), '[]')
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class tc ON tc.oid = t.tgrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
    WHERE (t.tgrelid = c.oid OR t.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) p))
      AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
  'rules', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', r.rulename, 'enabled', r.ev_enabled,
      'event', CASE r.ev_type WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END) ORDER BY r.rulename), '[]')
    FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND r.ev_enabled <> 'D'),
  'sequences', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', sn.nspname, 'name', s.relname, 'column', a.attname)
      ORDER BY s.oid, a.attnum), '[]')
    FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL (
      SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute o ON o.attrelid = d.refobjid AND o.attnum = d.refobjsubid
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.deptype IN ('a', 'i') AND o.attname = a.attname AND (o.attrelid = c.oid OR o.attrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_ancestors(c.oid) p))
      UNION SELECT d.refobjid FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_depend d ON d.objid = f.oid
      WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND f.adrelid = c.oid AND f.adnum = a.attnum AND pg_catalog.pg_get_expr(f.adbin, f.adrelid) ~ '^nextval[(]''([^'']|'''')+''::regclass[)]$') q
    JOIN pg_catalog.pg_class s ON s.oid = q.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM wanted c ORDER BY c.nspname, c.relname`

/** Reads the tables of these names that exist. */
export async function readLiveTables(
  wire: Wire,
  names: readonly { readonly schema: string; readonly name: string }[],
): Promise<LiveTable[]> {
  if (names.length === 0) return []
  const list = literal(JSON.stringify(names.map(({ schema, name }) => [schema, name])))
  const rows = await wire.query(tablesSql(list))
  return rows.map(([json]) => JSON.parse(json ?? '') as LiveTable)
}

/** Of a partitioned table's foreign keys only those of the root count: the others are its copies. */
const foreignKeysSql = `
SELECT pg_catalog.json_build_object('oid', f.oid::pg_catalog.int8, 'name', f.conname, 'child', f.conrelid::pg_catalog.int8, 'parent', f.confrelid::pg_catalog.int8,
  'childTable', pg_catalog.json_build_object('schema', cn.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p'),
  'parentTable', pg_catalog.json_build_object('schema', pn.nspname, 'name', p.relname, 'partitioned', p.relkind = 'p'),
  'childBounds', pg_catalog.pg_get_partition_constraintdef(f.conrelid), 'parentBounds', pg_catalog.pg_get_partition_constraintdef(f.confrelid),
  'childColumns', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.n) FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k (attnum, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum),
  'parentColumns', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.n) FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY k (attnum, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum),
  'equals', (SELECT pg_catalog.json_agg(${operatorName('e.oid')} ORDER BY e.n)
    FROM pg_catalog.unnest(f.conpfeqop) WITH ORDINALITY e (oid, n)),
  'parentEquals', (SELECT pg_catalog.json_agg(${operatorName('e.oid')} ORDER BY e.n)
    FROM pg_catalog.unnest(f.conppeqop) WITH ORDINALITY e (oid, n)),
  'collate', (SELECT pg_catalog.json_agg(${collateOf('a.attcollation')} ORDER BY k.n) FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY k (attnum, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum),
  'deferrable', f.condeferrable, 'validated', f.convalidated, 'match', f.confmatchtype, 'onDelete', f.confdeltype, 'onUpdate', f.confupdtype)
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = f.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0
  -- Of later majors: keys that are not enforced, and those over periods, which no equality decides: these the server checks alone.
  AND coalesce(pg_catalog.to_jsonb(f)->>'conenforced', 'true') = 'true' AND coalesce(pg_catalog.to_jsonb(f)->>'conperiod', 'false') = 'false'
ORDER BY f.oid`

/** All foreign keys of the database. */
export async function readForeignKeys(wire: Wire): Promise<LiveForeignKey[]> {
  const rows = await wire.query(foreignKeysSql)
  return rows.map(([json]) => JSON.parse(json ?? '') as LiveForeignKey)
}
