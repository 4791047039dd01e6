import type { Random } from '../../oracle/random.ts'
import { ident, qualified } from '../../../src/postgres/quote.ts'
import { typesSql } from './columns.ts'
import { columnsOf, type Model, type Table } from './model.ts'

/** All statements that make the model's database, in order. Each must succeed. */
export function makeSql(r: Random, { tables }: Model): string[] {
  const own = (t: Table): boolean => t.parent === null
  return [
    ...typesSql,
    'CREATE TABLE app.log (what text, op text)',
    // Writes elsewhere, and says nothing.
    `CREATE FUNCTION app.noted() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN INSERT INTO app.log VALUES (tg_table_name, tg_op); RETURN coalesce(new, old); END $$`,
    ...[...tables.filter(own), ...tables.filter((t) => !own(t))].flatMap((t) => tableSql(r, t)),
    // The rows refer to each other in circles.
    'SET session_replication_role = replica',
    ...tables.map((t) => insertSql(t, `generate_series(1, ${t.rows}) i`, 0)),
    // Equal rows, which nothing tells apart.
    ...tables
      .filter((t) => t.key === null && !columnsOf(t).some((c) => c.role === 'unique') && r.chance(0.6))
      .map((t) => insertSql(t, `generate_series(1, ${t.rows}) i WHERE i % 3 = 0`, 0)),
    'RESET session_replication_role',
    ...tables.flatMap((t) => t.references.map((ref) => foreignKeySql(r, t, ref))),
    ...tables.flatMap((t) => t.afterRows),
    ...tables.flatMap((t) => moveSequences(t)),
    'TRUNCATE app.log',
    'ANALYZE',
  ]
}

function tableSql(r: Random, t: Table): string[] {
  const columns = t.columns.map((c) => `${ident(c.name)} ${c.definition}`)
  const key = t.key === null ? [] : [`PRIMARY KEY (${t.keyColumns.map(ident).join(', ')})`]
  const lines = [...columns, ...key, ...t.lines].join(', ')
  if (t.partitioned === null) {
    const unlogged =
      t.parent === null && t.references.length === 0 && !t.code && t.key === null && r.chance(0.3)
        ? 'UNLOGGED '
        : ''
    return [`CREATE ${unlogged}TABLE ${t.label} (${lines})${t.parent ? ` INHERITS (${t.parent.label})` : ''}`]
  }
  const by = t.partitioned === 'range' ? 'k1' : 'part'
  const bounds = {
    list: ['FOR VALUES IN (0)', 'FOR VALUES IN (1, 7)', 'DEFAULT'],
    range: ['FOR VALUES FROM (MINVALUE) TO (8)', 'FOR VALUES FROM (8) TO (16)', 'DEFAULT'],
    hash: [0, 1, 2].map((n) => `FOR VALUES WITH (MODULUS 3, REMAINDER ${n})`),
  }[t.partitioned]
  return [
    `CREATE TABLE ${t.label} (${lines}) PARTITION BY ${t.partitioned} (${by})`,
    ...bounds.map((bound, n) => `CREATE TABLE ${leafOf(t, n)} PARTITION OF ${t.label} ${bound}`),
  ]
}

/** `from`: rows with a number `i`. */
export function insertSql(t: Table, from: string, salt: number): string {
  const columns = columnsOf(t)
  const names = columns.map((c) => ident(c.name)).join(', ')
  return `INSERT INTO ${t.label} (${names}) OVERRIDING SYSTEM VALUE SELECT ${columns.map((c) => c.value('i', salt)).join(', ')} FROM ${from}`
}

/** Of a partitioned table the key may be of one leaf alone; one leaf alone is referred to where all rows can be there. */
function foreignKeySql(r: Random, t: Table, ref: Table['references'][number]): string {
  const target = ref.toCode ? ['code'] : ref.to.keyColumns
  const from = t.partitioned !== null && r.chance(0.4) ? leafOf(t, r.int(3)) : t.label
  const to = ref.toLeaf ? leafOf(ref.to, 0) : ref.to.label
  return `ALTER TABLE ${from} ADD FOREIGN KEY (${ref.columns.map(ident).join(', ')}) REFERENCES ${to} (${target.map(ident).join(', ')})${ref.clauses}`
}

const leafOf = (t: Table, n: number): string => qualified('app', `${t.name.slice(0, 20)} leaf ${n}`)

function moveSequences(t: Table): string[] {
  return t.columns
    .filter((c) => /serial|IDENTITY/.test(c.definition) && t.parent === null)
    .map(
      (c) =>
        `SELECT setval(pg_get_serial_sequence('${t.label.replaceAll("'", "''")}', '${c.name}'), ${t.rows + 150})`,
    )
}
