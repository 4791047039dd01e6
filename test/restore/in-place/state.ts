import type pg from 'pg'
import { ident, qualified } from '../../../src/postgres/quote.ts'

export interface Row {
  /** As text, in the table's order, without computed ones. */
  readonly values: readonly (string | null)[]
  /** ctid: a row that was written again is elsewhere. */
  readonly place: string
}

/** A table or leaf of a partitioned one. */
export interface TableState {
  readonly label: string
  /** The partitioned table at the top; itself for others. */
  readonly root: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** All rows of a database, and all that stands about them in the catalogs: by queries that Holdfast has no part in. */
export interface State {
  readonly tables: ReadonlyMap<string, TableState>
  readonly catalog: readonly string[]
  readonly sequences: ReadonlyMap<string, { readonly value: bigint; readonly up: boolean }>
}

/** What two states must have in common to be the same, whatever order rows are in. */
export const rowsOf = (state: State): unknown => [
  state.catalog,
  [...state.tables.values()].map((t) => [t.label, t.rows.map((r) => JSON.stringify(r.values)).sort()]),
]

export async function readState(client: pg.Client): Promise<State> {
  const { rows: found } = await client.query<{
    schema: string
    name: string
    root: [string, string] | null
    columns: string[] | null
  }>(
    `SELECT n.nspname AS schema, c.relname AS name,
       (SELECT json_build_array(rn.nspname, rc.relname) FROM pg_class rc JOIN pg_namespace rn ON rn.oid = rc.relnamespace
        WHERE rc.oid = pg_partition_root(c.oid)) AS root,
       (SELECT array_agg(a.attname::text ORDER BY attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`,
  )
  const tables = new Map<string, TableState>()
  const filled: Row[][] = found.map(() => [])
  const select = (n: number, label: string, columns: readonly string[]): string =>
    `SELECT ${n} AS n, ctid::text AS place, ARRAY[${columns.map((c) => `${ident(c)}::text`).join(', ')}]::text[] AS values FROM ONLY ${label}`
  for (let at = 0; at < found.length; at += 60) {
    const part = found
      .slice(at, at + 60)
      .map((t, n) => select(at + n, qualified(t.schema, t.name), t.columns ?? []))
    const { rows } = await client.query<{ n: number; place: string; values: (string | null)[] }>(
      part.join(' UNION ALL '),
    )
    for (const { n, place, values } of rows) filled[n]?.push({ place, values })
  }
  for (const [n, t] of found.entries()) {
    const label = qualified(t.schema, t.name)
    tables.set(label, {
      label,
      root: t.root === null ? label : qualified(...t.root),
      columns: t.columns ?? [],
      rows: filled[n] ?? [],
    })
  }
  return { tables, catalog: await readCatalog(client), sequences: await readSequences(client) }
}

/** A line for each thing that a restore must leave as it is. */
async function readCatalog(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    WITH t AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'S', 'v', 'm'))
    SELECT format('%s %s', t.oid::regclass, to_jsonb(ARRAY[relkind::text, relpersistence::text, relowner::text, relacl::text, relrowsecurity::text,
        relforcerowsecurity::text, reloptions::text])) AS line FROM t
    UNION ALL SELECT format('%s.%s %s %s', t.oid::regclass, attname, format_type(atttypid, atttypmod), to_jsonb(ARRAY[attnotnull::text, attidentity::text,
        attgenerated::text, pg_get_expr(adbin, adrelid)])) FROM t JOIN pg_attribute a ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ON adrelid = t.oid AND adnum = attnum
    UNION ALL SELECT format('%s constraint %s %s %s', t.oid::regclass, conname, pg_get_constraintdef(k.oid), convalidated) FROM t JOIN pg_constraint k ON conrelid = t.oid
    UNION ALL SELECT format('%s index %s %s', t.oid::regclass, pg_get_indexdef(indexrelid), indisvalid) FROM t JOIN pg_index ON indrelid = t.oid
    UNION ALL SELECT format('%s trigger %s %s', t.oid::regclass, regexp_replace(pg_get_triggerdef(g.oid), '\\d{5,}', 'n', 'g'), tgenabled) FROM t JOIN pg_trigger g ON tgrelid = t.oid
    UNION ALL SELECT format('%s rule %s %s', t.oid::regclass, pg_get_ruledef(w.oid), ev_enabled) FROM t JOIN pg_rewrite w ON ev_class = t.oid
    UNION ALL SELECT format('%s policy %s', t.oid::regclass, polname) FROM t JOIN pg_policy ON polrelid = t.oid`)
  return rows.map((r) => r.line).sort()
}

async function readSequences(client: pg.Client): Promise<State['sequences']> {
  const { rows } = await client.query<{ name: string; up: boolean }>(
    `SELECT seqrelid::regclass::text AS name, seqincrement > 0 AS up FROM pg_sequence`,
  )
  const found = new Map<string, { value: bigint; up: boolean }>()
  for (const { name, up } of rows) {
    // What nextval() would give.
    const { rows: now } = await client.query<{ value: string }>(
      `SELECT last_value + is_called::int AS value FROM ${name}`,
    )
    found.set(name, { value: BigInt(now[0]?.value ?? 0), up })
  }
  return found
}

/** Rows whose foreign key holds nothing, over all valid foreign keys; null where there are none. */
export async function brokenReferences(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; sql: string }>(
    `SELECT conrelid::regclass || ' ' || conname AS name,
       format('SELECT FROM %s %s c WHERE %s AND NOT EXISTS (SELECT FROM %s %s p WHERE %s)', CASE WHEN cc.relkind = 'p' THEN '' ELSE 'ONLY' END, conrelid::regclass,
         CASE confmatchtype WHEN 'f' THEN format('num_nonnulls(%s) > 0', string_agg(format('c.%I', ca.attname), ', '))
           ELSE string_agg(format('c.%I IS NOT NULL', ca.attname), ' AND ') END,
         CASE WHEN pc.relkind = 'p' THEN '' ELSE 'ONLY' END, confrelid::regclass,
         string_agg(format('p.%I = c.%I%s', pa.attname, ca.attname, CASE WHEN pa.attcollation <> 0 THEN format(' COLLATE %s', pa.attcollation::regcollation) ELSE '' END), ' AND ')) AS sql
     FROM pg_constraint f JOIN pg_class cc ON cc.oid = conrelid JOIN pg_class pc ON pc.oid = confrelid, unnest(conkey, confkey) AS k (c, p)
     JOIN pg_attribute ca ON true JOIN pg_attribute pa ON true
     WHERE contype = 'f' AND conparentid = 0 AND convalidated AND ca.attrelid = conrelid AND ca.attnum = k.c AND pa.attrelid = confrelid AND pa.attnum = k.p
     GROUP BY f.oid, conrelid, conname, confrelid, confmatchtype, cc.relkind, pc.relkind`,
  )
  const broken: string[] = []
  await client.query('SET search_path = ext, app, public')
  for (const { name, sql } of rows) if ((await client.query(`${sql} LIMIT 1`)).rowCount) broken.push(name)
  await client.query('RESET search_path')
  return broken
}
