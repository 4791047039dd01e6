import { ident, literal, qualified } from '../../src/postgres/quote.ts'
import type { Random } from './random.ts'
import type { Draft, TableModel } from './schema.ts'
import { text } from './values.ts'

/** What is made once the rows are there: constraints, indexes, code, views, rights, comments. Any statement may fail. */
export function decorations(d: Draft, tables: readonly TableModel[]): string[] {
  const { r } = d
  const made: string[] = []
  for (const table of tables) {
    made.push(...foreignKeys(d, table), ...(r.chance(0.25) ? lateReference(d, table, r.pick(tables)) : []))
    made.push(...indexes(d, table), ...changes(d, table))
  }
  const functions = makeFunctions(d, made)
  const views = makeViews(d, tables, made)
  for (const table of tables) {
    made.push(...triggers(d, table, functions), ...security(d, table))
    if (d.roles.length > 0) made.push(...rights(d, table.label, 'TABLE', table))
    if (r.chance(0.2)) made.push(`COMMENT ON TABLE ${table.label} IS ${comment(r)}`)
    for (const c of r.some(table.columns, 0.05)) {
      made.push(`COMMENT ON COLUMN ${table.label}.${ident(c.name)} IS ${comment(r)}`)
    }
  }
  for (const view of views) if (d.roles.length > 0) made.push(...rights(d, view, 'TABLE', null))
  made.push(...sequences(d), ...databaseWide(d, tables), ...largeObjects(d))
  return made
}

function comment(r: Random): string {
  return literal(text(r).slice(0, 300))
}

function names(columns: readonly { readonly name: string }[]): string {
  return columns.map((c) => ident(c.name)).join(', ')
}

function foreignKeys(d: Draft, t: TableModel): string[] {
  const { r } = d
  return t.references.map(({ columns, target }) => {
    const key = target.columns.slice(0, target.keyColumns)
    const action = r.pick(['', ' ON DELETE CASCADE', ' ON UPDATE CASCADE ON DELETE SET NULL', ' MATCH FULL'])
    const when = r.pick(['', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED'])
    const valid = t.partitioned ? '' : r.pick(['', '', '', ' NOT VALID'])
    return `ALTER TABLE ${t.label} ADD CONSTRAINT ${ident(d.name())} FOREIGN KEY (${names(columns)}) REFERENCES ${target.label} (${names(key)})${action}${when}${valid}`
  })
}

/** A reference in any direction, so that there are cycles, and tables that refer to themselves. */
function lateReference(d: Draft, from: TableModel, to: TableModel): string[] {
  const [key] = to.columns
  if (to.keyColumns !== 1 || key === undefined || to.parent !== null) return []
  const column = ident(d.name())
  return [
    `ALTER TABLE ${from.label} ADD COLUMN ${column} ${key.type.sql}`,
    `UPDATE ${from.label} SET ${column} = (SELECT min(k::text) FROM (SELECT ${ident(key.name)} AS k FROM ${to.label}) s)::${key.type.sql}`,
    `ALTER TABLE ${from.label} ADD FOREIGN KEY (${column}) REFERENCES ${to.label} (${ident(key.name)}) DEFERRABLE INITIALLY DEFERRED`,
  ]
}

function indexes(d: Draft, t: TableModel): string[] {
  const { r } = d
  const ordered = t.columns.filter((c) => c.type.ordered)
  return Array.from({ length: t.columns.length === 0 ? 0 : r.int(4) }, () => {
    const c = r.pick(t.columns)
    const o = ordered.length > 0 ? r.pick(ordered) : c
    const [column, orderedColumn, name] = [ident(c.name), ident(o.name), ident(d.name())]
    return r.pick([
      `CREATE INDEX ${name} ON ${t.label} (${orderedColumn})`,
      `CREATE INDEX ${name} ON ${t.label} (${orderedColumn} DESC NULLS LAST) WHERE ${column} IS NOT NULL`,
      `CREATE INDEX ${name} ON ${t.label} (md5(coalesce(${column}::text, '')))`,
      `CREATE INDEX ${name} ON ${t.label} USING hash (${orderedColumn})`,
      `CREATE INDEX ${name} ON ${t.label} USING brin (${orderedColumn})`,
      `CREATE INDEX ${name} ON ${t.label} USING gin (${column})`,
      `CREATE INDEX ${name} ON ${t.label} USING gist (${column})`,
      `CREATE UNIQUE INDEX ${name} ON ${t.label} (${orderedColumn}) NULLS NOT DISTINCT`,
      `CREATE UNIQUE INDEX ${name} ON ${t.label} (${orderedColumn})`,
      `ALTER TABLE ${t.label} ADD CONSTRAINT ${name} UNIQUE (${orderedColumn}) DEFERRABLE`,
      `ALTER TABLE ${t.label} ADD CONSTRAINT ${name} EXCLUDE USING gist (${column} WITH &&)`,
      `CREATE INDEX ON ${t.label} (${orderedColumn}) INCLUDE (${column}) WITH (fillfactor = 70)`,
      `CREATE STATISTICS ${qualified(r.pick(d.schemas), d.name())} ON ${names(ordered.slice(0, 3))} FROM ${t.label}`,
    ])
  })
}

/** Columns that go, come and change, so that what is stored is not what the catalog says at first sight. */
function changes(d: Draft, t: TableModel): string[] {
  const { r } = d
  const plain = t.columns.slice(t.keyColumns)
  const made: string[] = []
  if (plain.length > 0 && r.chance(0.25))
    made.push(`ALTER TABLE ${t.label} DROP COLUMN ${ident(r.pick(plain).name)}`)
  if (r.chance(0.25)) {
    const type = r.pick(d.types)
    const value = r.chance(0.5) ? ` NOT NULL DEFAULT ${literal(type.value(r))}` : ''
    made.push(`ALTER TABLE ${t.label} ADD COLUMN ${ident(d.name())} ${type.sql}${value}`)
  }
  const texts = t.columns.filter((c) => c.type.sql === 'text')
  if (texts.length > 0 && r.chance(0.3)) {
    const column = ident(r.pick(texts).name)
    made.push(
      `ALTER TABLE ${t.label} ALTER COLUMN ${column} SET STORAGE ${r.pick(['EXTERNAL', 'MAIN', 'EXTENDED'])}`,
    )
    made.push(`ALTER TABLE ${t.label} ALTER COLUMN ${column} SET STATISTICS 7`)
  }
  if (r.chance(0.1)) made.push(`ALTER TABLE ${t.label} REPLICA IDENTITY FULL`)
  if (r.chance(0.1) && t.columns.length > 0) {
    made.push(
      `UPDATE ${t.label} SET ${ident(r.pick(t.columns).name)} = DEFAULT WHERE ctid IN (SELECT ctid FROM ${t.label} LIMIT 2)`,
    )
  }
  if (r.chance(0.15)) made.push(`VACUUM${r.pick(['', ' FULL', ' FREEZE', ' ANALYZE'])} ${t.label}`)
  return made
}

function makeFunctions(d: Draft, made: string[]): string[] {
  const { r } = d
  const triggers: string[] = []
  for (let left = r.int(4); left > 0; left--) {
    const name = qualified(r.pick(d.schemas), d.name())
    const kind = r.int(4)
    if (kind === 0) {
      // A NULL would undo deletions that foreign keys ask for, and break these.
      made.push(
        `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $odd$ BEGIN -- ;\n RETURN coalesce(NEW, OLD); END $odd$`,
      )
      triggers.push(name)
    } else if (kind === 1) {
      made.push(
        `CREATE FUNCTION ${name}(a integer DEFAULT 1, VARIADIC b text[] DEFAULT '{}') RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a'`,
      )
    } else if (kind === 2) {
      made.push(
        `CREATE FUNCTION ${name}(a bigint) RETURNS TABLE (x bigint, y text) LANGUAGE sql STABLE BEGIN ATOMIC SELECT a, 'é'::text; END`,
      )
    } else
      made.push(
        `CREATE PROCEDURE ${name}(INOUT a text) LANGUAGE plpgsql AS 'BEGIN NULL; END' SET work_mem = '1MB'`,
      )
    if (kind !== 3 && d.roles.length > 0 && r.chance(0.4)) {
      made.push(
        `REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`,
        `GRANT EXECUTE ON FUNCTION ${name} TO ${ident(r.pick(d.roles))}`,
      )
    }
    if (r.chance(0.3)) made.push(`COMMENT ON ROUTINE ${name} IS ${comment(r)}`)
  }
  return triggers
}

/** The names of those that aren't materialized. */
function makeViews(d: Draft, tables: readonly TableModel[], made: string[]): string[] {
  const { r } = d
  const views: string[] = []
  const plain: string[] = []
  for (let left = r.int(5); left > 0; left--) {
    const label = qualified(r.pick(d.schemas), d.name())
    const kind = r.int(5)
    // A materialized one whose owner can't read what it is made of can't be refreshed: they stand on tables alone.
    const from = views.length > 0 && kind < 3 && r.chance(0.4) ? r.pick(views) : r.pick(tables).label
    const options = r.pick(['', ' WITH (security_barrier)', ' WITH (security_invoker = true)'])
    if (kind < 2) made.push(`CREATE VIEW ${label}${options} AS SELECT * FROM ${from}`)
    else if (kind === 2)
      made.push(
        `CREATE VIEW ${label} (n) AS WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c`,
      )
    else {
      made.push(
        `CREATE MATERIALIZED VIEW ${label} (n, content) AS SELECT row_number() OVER (ORDER BY x COLLATE "C"), x FROM (SELECT to_jsonb(s)::text AS x FROM ${from} s) y${r.chance(0.2) ? ' WITH NO DATA' : ''}`,
      )
      if (r.chance(0.6)) made.push(`CREATE UNIQUE INDEX ${ident(d.name())} ON ${label} (n)`)
    }
    views.push(label)
    if (kind < 3) plain.push(label)
  }
  return plain
}

function triggers(d: Draft, t: TableModel, functions: readonly string[]): string[] {
  const { r } = d
  if (functions.length === 0 || !r.chance(0.3)) return []
  const name = ident(d.name())
  const column = t.columns[0]
  const on = r.pick([
    'BEFORE INSERT',
    'AFTER UPDATE',
    'BEFORE DELETE',
    column ? `BEFORE UPDATE OF ${ident(column.name)}` : 'AFTER DELETE',
  ])
  return [
    `CREATE TRIGGER ${name} ${on} ON ${t.label} FOR EACH ROW ${r.pick(['', 'WHEN (pg_trigger_depth() < 5) '])}EXECUTE FUNCTION ${r.pick(functions)}('it''s', 'arg')`,
    ...(r.chance(0.5)
      ? [`ALTER TABLE ${t.label} ${r.pick(['DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} TRIGGER ${name}`]
      : []),
  ]
}

function security(d: Draft, t: TableModel): string[] {
  const { r } = d
  if (!r.chance(0.15)) return []
  const role = d.roles.length > 0 && r.chance(0.7) ? ident(r.pick(d.roles)) : 'PUBLIC'
  const made = [
    `ALTER TABLE ${t.label} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY ${ident(d.name())} ON ${t.label} AS ${r.pick(['PERMISSIVE', 'RESTRICTIVE'])} FOR ${r.pick(['ALL', 'SELECT', 'UPDATE'])} TO ${role} USING (current_user = 'nobody')`,
  ]
  if (r.chance(0.5)) made.push(`ALTER TABLE ${t.label} FORCE ROW LEVEL SECURITY`)
  if (r.chance(0.2))
    made.push(`CREATE RULE ${ident(d.name())} AS ON UPDATE TO ${t.label} WHERE false DO ALSO NOTHING`)
  return made
}

function rights(d: Draft, label: string, kind: string, t: TableModel | null): string[] {
  const { r } = d
  const made: string[] = []
  if (r.chance(0.3)) made.push(`ALTER TABLE ${label} OWNER TO ${ident(r.pick(d.roles))}`)
  if (r.chance(0.4)) {
    const what = r.pick(['ALL', 'SELECT', 'INSERT, UPDATE', 'TRIGGER, REFERENCES', 'SELECT, TRUNCATE'])
    made.push(`GRANT ${what} ON ${kind} ${label} TO ${r.pick(['PUBLIC', ident(r.pick(d.roles))])}`)
  }
  if (r.chance(0.1))
    made.push(`GRANT SELECT ON ${kind} ${label} TO ${ident(r.pick(d.roles))} WITH GRANT OPTION`)
  if (r.chance(0.05)) made.push(`REVOKE ALL ON ${kind} ${label} FROM CURRENT_USER, PUBLIC`)
  const column = t?.columns[0]
  if (column && r.chance(0.15))
    made.push(`GRANT SELECT (${ident(column.name)}) ON ${label} TO ${ident(r.pick(d.roles))}`)
  return made
}

function sequences(d: Draft): string[] {
  const { r } = d
  return Array.from({ length: r.int(3) }, () => {
    const label = qualified(r.pick(d.schemas), d.name())
    const options = r.pick([
      '',
      'AS smallint CYCLE',
      'INCREMENT -7 MINVALUE -1000000 MAXVALUE 70 START 7',
      'CACHE 20 MAXVALUE 9223372036854775807',
    ])
    const moved = r.pick([
      [],
      [`SELECT nextval(${literal(label)})`],
      [`SELECT setval(${literal(label)}, ${1 + r.int(60)}, false)`],
    ])
    return [`CREATE SEQUENCE ${label} ${options}`, ...moved]
  }).flat()
}

function databaseWide(d: Draft, tables: readonly TableModel[]): string[] {
  const { r } = d
  const made: string[] = []
  const [schema, table] = [r.pick(d.schemas), r.pick(tables)]
  if (r.chance(0.15)) made.push(`CREATE PUBLICATION ${ident(d.name())} FOR TABLE ${table.label}`)
  if (r.chance(0.2)) made.push(`COMMENT ON SCHEMA ${ident(schema)} IS ${comment(r)}`)
  if (r.chance(0.1)) {
    const name = qualified(schema, d.name())
    made.push(`CREATE FUNCTION ${name}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'`)
    made.push(`CREATE EVENT TRIGGER ${ident(d.name())} ON ddl_command_end EXECUTE FUNCTION ${name}()`)
  }
  if (r.chance(0.15)) {
    const extension = r.pick(['citext', 'hstore', 'ltree', 'pg_trgm', 'btree_gist', 'intarray'])
    made.push(`CREATE EXTENSION ${extension} SCHEMA ${ident(schema)}`)
    if (extension === 'citext') made.push(`CREATE TABLE ${ident(schema)}.cased (c ${ident(schema)}.citext PRIMARY KEY)`, `INSERT INTO ${ident(schema)}.cased VALUES ('A'), ('b')`) // prettier-ignore
  }
  if (r.chance(0.1))
    made.push(
      `CREATE COLLATION ${qualified(schema, d.name())} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    )
  if (d.roles.length > 0) {
    const role = ident(r.pick(d.roles))
    made.push(`GRANT USAGE ON SCHEMA ${ident(schema)} TO ${role}`)
    if (r.chance(0.2)) made.push('REVOKE ALL ON SCHEMA public FROM PUBLIC')
    if (r.chance(0.3))
      made.push(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${ident(schema)} GRANT SELECT ON TABLES TO ${role}`)
    if (r.chance(0.3))
      made.push(`ALTER DEFAULT PRIVILEGES FOR ROLE ${role} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`)
    if (d.roles.length > 1 && r.chance(0.5))
      made.push(`GRANT ${ident(d.roles[0] ?? '')} TO ${ident(d.roles[1] ?? '')}`)
  }
  return made
}

function largeObjects(d: Draft): string[] {
  const { r } = d
  if (!r.chance(0.15)) return []
  return Array.from({ length: r.between(1, 6) }, (_, at) => {
    const oid = 70_000 + at * 3
    const bytes = r.pick([0, 1, 2047, 2048, 2049, r.skewed(100_000)])
    return [
      `SELECT lo_from_bytea(${oid}, decode(left(repeat(md5('${oid}'), ${Math.ceil(bytes / 16)}), ${bytes * 2}), 'hex'))`,
      ...(r.chance(0.3) ? [`COMMENT ON LARGE OBJECT ${oid} IS ${comment(r)}`] : []),
      // A hole, which is not stored.
      ...(r.chance(0.2) ? [`SELECT lo_put(${oid}, ${bytes + 10_000}, 'end')`] : []),
      ...(d.roles.length > 0 && r.chance(0.5)
        ? [`GRANT SELECT ON LARGE OBJECT ${oid} TO ${ident(r.pick(d.roles))}`]
        : []),
      ...(d.roles.length > 0 && r.chance(0.3)
        ? [`ALTER LARGE OBJECT ${oid} OWNER TO ${ident(r.pick(d.roles))}`]
        : []),
    ]
  }).flat()
}
