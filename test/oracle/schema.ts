import { ident, literal, qualified } from '../../src/postgres/quote.ts'
import { decorations } from './decorations.ts'
import type { Random } from './random.ts'
import { arrayOf, builtIn, compositeOf, rangeOf, type TypeModel } from './types.ts'
import { oddName, text } from './values.ts'

/** A column that rows give a value. Generated ones are in the DDL only. */
export interface ColumnModel {
  readonly name: string
  readonly type: TypeModel
  readonly notNull: boolean
}

export interface TableModel {
  readonly schema: string
  readonly name: string
  /** Quoted. */
  readonly label: string
  /** Key columns first. */
  readonly columns: readonly ColumnModel[]
  /** How many of the columns are the key. */
  readonly keyColumns: number
  /** Values of the key columns, a row each: other tables may refer to them. */
  readonly keys: readonly (readonly string[])[]
  readonly rows: number
  /** Filled by one statement to several megabytes, then updated and thinned out. */
  readonly big: boolean
  readonly references: readonly ReferenceModel[]
  readonly partitioned: boolean
  readonly parent: TableModel | null
}

export interface ReferenceModel {
  /** Columns of the table that hold a key of the target. */
  readonly columns: readonly ColumnModel[]
  readonly target: TableModel
}

/** A random database. Any statement may fail: then the case does without it. */
export interface SchemaModel {
  /** How many schemas were drawn beside each other, each by itself. */
  readonly parts: number
  readonly roles: readonly string[]
  readonly schemas: readonly string[]
  readonly tables: readonly TableModel[]
  readonly beforeRows: readonly string[]
  readonly afterRows: readonly string[]
  /** A statement without characters that the database's encoding lacks; names stay different, since each has a number. */
  spell(sql: string): string
}

type Key = { readonly type: TypeModel; readonly value: (at: number) => string }

const typeNamed = (sql: string): TypeModel => {
  const found = builtIn.find((t) => t.sql === sql)
  if (found === undefined) throw new Error(sql)
  return found
}

const keyTypes: readonly Key[] = [
  { type: typeNamed('integer'), value: (at) => String(at + 1) },
  { type: typeNamed('integer'), value: (at) => String(at + 1) },
  { type: typeNamed('bigint'), value: (at) => String(at * 1_000_003 - 5e9) },
  { type: typeNamed('text'), value: (at) => `k"${at}\\` },
  { type: typeNamed('uuid'), value: (at) => at.toString(16).padStart(32, 'a') },
  { type: typeNamed('bytea'), value: (at) => `\\x${at.toString(16).padStart(8, '0')}` },
  { type: typeNamed('date'), value: (at) => new Date(at * 864e5).toISOString().slice(0, 10) },
]

/** The part of a case that DDL is drawn for. */
export interface Draft {
  readonly r: Random
  readonly major: number
  readonly roles: readonly string[]
  readonly schemas: readonly string[]
  readonly types: TypeModel[]
  readonly beforeRows: string[]
  name(): string
}

/**
 * Draws a database: random schemas beside each other, each with roles, types and tables of its own, since a backup of several costs
 * little more than that of one. `tag` keeps the names of roles apart from those of other cases on the same server.
 */
export function drawSchema(o: { r: Random; major: number; tag: string; latin1: boolean }): SchemaModel {
  let serial = 0
  const parts = Array.from({ length: o.r.pick([2, 8, 12, 16]) }, (_, at) => {
    const r = o.r.fork(`part ${at}`)
    return drawPart({ ...o, r, tag: `${o.tag} ${at}`, name: () => oddName(r, ++serial) })
  })
  return {
    parts: parts.length,
    roles: parts.flatMap((part) => part.roles),
    schemas: [...new Set(parts.flatMap((part) => part.schemas))],
    tables: parts.flatMap((part) => part.tables),
    beforeRows: parts.flatMap((part) => part.beforeRows),
    afterRows: parts.flatMap((part) => part.afterRows),
    spell: (sql) => (o.latin1 ? sql.replace(/[^\x00-\xff]+/g, 'ÿ') : sql),
  }
}

function drawPart(o: {
  r: Random
  major: number
  tag: string
  latin1: boolean
  name: () => string
}): Omit<SchemaModel, 'parts' | 'spell'> {
  const { r, name } = o
  // Names of roles belong to no encoding: outside of ASCII, databases of different encodings disagree about them.
  const roles = Array.from(
    { length: r.int(4) },
    (_, at) => `${o.tag} r${at}${r.pick(['', '"', o.latin1 ? '' : 'é', ' x'])}`,
  )
  const schemas = ['public', ...Array.from({ length: r.int(3) }, name)]
  const draft: Draft = { ...o, roles, schemas, types: [...builtIn], beforeRows: [] }
  draft.beforeRows.push(
    ...roles.map((role) => `CREATE ROLE ${ident(role)} ${r.pick(['', 'LOGIN', 'NOINHERIT', 'CREATEDB'])}`),
    ...schemas.slice(1).map((s) => `CREATE SCHEMA ${ident(s)}${roles.length > 0 && r.chance(0.4) ? ` AUTHORIZATION ${ident(r.pick(roles))}` : ''}`), // prettier-ignore
  )
  makeTypes(draft)
  const tables: TableModel[] = []
  const count = r.chance(0.2) ? r.between(4, 12) : 1 + r.skewed(8)
  while (tables.length < count) tables.push(drawTable(draft, tables, tables.length === 0 || r.chance(0.85)))
  return { roles, schemas, tables, beforeRows: draft.beforeRows, afterRows: decorations(draft, tables) }
}

function makeTypes(d: Draft): void {
  const { r } = d
  const add = (type: TypeModel): void => {
    // More than once, so that own types are not rare among so many built in.
    d.types.push(...Array.from({ length: 6 }, () => type))
  }
  const place = (): string => qualified(r.pick(d.schemas), d.name())
  for (let left = r.int(3); left > 0; left--) {
    const labels = Array.from(
      { length: 1 + r.int(6) },
      (_, at) => `${r.pick(['a', 'Z z', "q'", 'é', '"'])}${at}`,
    )
    const sql = place()
    d.beforeRows.push(`CREATE TYPE ${sql} AS ENUM (${r.shuffle(labels).map(literal).join(', ')})`)
    if (r.chance(0.3))
      d.beforeRows.push(`ALTER TYPE ${sql} ADD VALUE 'late' BEFORE ${literal(r.pick(labels))}`)
    add({ sql, value: (v) => v.pick(labels), ordered: true, made: 'enum' })
  }
  for (let left = r.int(3); left > 0; left--) {
    const base = r.pick(d.types)
    const sql = place()
    const check = r.pick(['', ' CHECK (VALUE IS NOT NULL OR true)', ` CONSTRAINT ${ident(d.name())} CHECK (octet_length(VALUE::text) < 100000)`]) // prettier-ignore
    d.beforeRows.push(`CREATE DOMAIN ${sql} AS ${base.sql}${check}`)
    add({ ...base, sql, made: 'domain' })
  }
  if (r.chance(0.3)) {
    const fields = Array.from({ length: 1 + r.int(4) }, () => r.pick(d.types))
    const sql = place()
    d.beforeRows.push(
      `CREATE TYPE ${sql} AS (${fields.map((f) => `${ident(d.name())} ${f.sql}`).join(', ')})`,
    )
    add(compositeOf(sql, fields))
  }
  if (r.chance(0.3)) {
    const [sql, many] = [place(), place()]
    d.beforeRows.push(`CREATE TYPE ${sql} AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = ${many})`) // prettier-ignore
    add({ sql, value: (v) => rangeOf(v, (n) => `${n}.25`), ordered: true, made: 'range' })
    add({ sql: many, value: (v) => `{${rangeOf(v, (n) => `${n}.25`)}}`, ordered: true, made: 'range' })
  }
  for (let left = 4; left > 0; left--) add(arrayOf(r.pick(d.types.filter((t) => t.made !== 'array'))))
}

function drawTable(d: Draft, earlier: readonly TableModel[], mayRefer: boolean): TableModel {
  const { r } = d
  const schema = r.pick(d.schemas)
  const name = d.name()
  const label = qualified(schema, name)
  const big = r.chance(0.035)
  const rows = big
    ? r.between(4000, 12_000)
    : r.pick([0, r.int(20), r.skewed(300), r.skewed(300), r.skewed(2500)])
  const keyTypesUsed = r.chance(0.12)
    ? []
    : r.chance(0.8)
      ? [r.pick(keyTypes)]
      : [r.pick(keyTypes), r.pick(keyTypes)]
  const key = keyTypesUsed.map((k) => ({ name: d.name(), type: k.type, notNull: true }))
  const keys = Array.from({ length: rows }, (_, at) => keyTypesUsed.map((k) => k.value(at)))
  const parents = earlier.filter((t) => !t.partitioned && t.keyColumns > 0)
  const parent = parents.length > 0 && r.chance(0.06) ? r.pick(parents) : null
  const plain = Array.from({ length: r.chance(0.03) ? 60 : r.int(10) }, () => ({
    name: d.name(),
    type: r.pick(d.types),
    notNull: r.chance(0.15),
  }))
  const targets = earlier.filter((t) => t.keyColumns > 0 && t.keys.length > 0 && t.parent === null)
  const references = (mayRefer && targets.length > 0 ? r.some([0, 1], 0.4) : []).map(() => {
    const target = r.pick(targets)
    const columns = target.columns
      .slice(0, target.keyColumns)
      .map((c) => ({ name: d.name(), type: c.type, notNull: r.chance(0.2) }))
    return { columns, target }
  })
  const partitioned = parent === null && !big && r.chance(0.15)
  const columns = [...key, ...plain, ...references.flatMap((ref) => ref.columns)]
  const table = { schema, name, label, columns, keyColumns: key.length, keys, rows, big, references, parent }
  if (partitioned && makePartitions(d, table)) return { ...table, partitioned: true }
  makeTable(d, table)
  // Rows of a table that inherits must fill the parent's columns that take no NULL.
  const inherited = parent === null ? [] : parent.columns.filter((c) => c.notNull)
  return { ...table, columns: [...columns, ...inherited], partitioned: false }
}

function makeTable(d: Draft, t: Omit<TableModel, 'partitioned'>): void {
  const { r } = d
  const { keyColumns } = t
  const lines = t.columns.map((c, at) => columnDefinition(d, c, at < keyColumns))
  const numbers = t.columns.filter((c) => ['integer', 'bigint', 'smallint'].includes(c.type.sql))
  if (r.chance(0.25)) lines.push(`${ident(d.name())} bigint GENERATED ${r.pick(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY${r.pick(['', ' (START 100 INCREMENT -3 MAXVALUE 1000)'])}`) // prettier-ignore
  if (numbers.length > 0 && r.chance(0.3)) {
    const kind = d.major >= 18 && r.chance(0.5) ? 'VIRTUAL' : 'STORED'
    lines.push(
      `${ident(d.name())} numeric GENERATED ALWAYS AS (${ident(r.pick(numbers).name)}::numeric * 2 + 1) ${kind}`,
    )
  }
  if (keyColumns > 0 && t.parent === null) {
    const names = t.columns.slice(0, keyColumns).map((c) => ident(c.name))
    const kind = r.pick(['PRIMARY KEY', 'PRIMARY KEY', 'UNIQUE', `CONSTRAINT ${ident(d.name())} PRIMARY KEY`])
    lines.push(`${kind} (${names.join(', ')})`)
  }
  for (const c of r.some(t.columns, 0.08)) {
    const name = r.chance(0.5) ? `CONSTRAINT ${ident(d.name())} ` : ''
    lines.push(`${name}CHECK (${ident(c.name)} IS NULL OR octet_length(${ident(c.name)}::text) >= 0)`)
  }
  const unlogged = r.chance(0.06) ? 'UNLOGGED ' : ''
  const inherits = t.parent ? ` INHERITS (${t.parent.label})` : ''
  const options = r.chance(0.15) ? ' WITH (fillfactor = 60, autovacuum_enabled = off)' : ''
  d.beforeRows.push(`CREATE ${unlogged}TABLE ${t.label} (${lines.join(', ')})${inherits}${options}`)
}

function columnDefinition(d: Draft, c: ColumnModel, isKey: boolean): string {
  const { r } = d
  const parts = [ident(c.name), c.type.sql]
  if (c.type.collatable && !isKey && r.chance(0.2)) parts.push(`COLLATE ${r.pick(['"C"', '"POSIX"', '"und-x-icu"', '"de-x-icu"'])}`) // prettier-ignore
  if (!isKey && r.chance(0.12)) parts.push(`DEFAULT ${literal(c.type.value(r))}`)
  if (c.notNull) parts.push('NOT NULL')
  return parts.join(' ')
}

/** Makes a partitioned table. False if it has no column that rows could be divided by. */
function makePartitions(d: Draft, t: Omit<TableModel, 'partitioned'>): boolean {
  const { r } = d
  const inKey = t.keyColumns > 0
  const usable = (inKey ? t.columns.slice(0, t.keyColumns) : t.columns).filter(
    (c) =>
      ['integer', 'text', 'boolean', 'uuid', 'date'].includes(c.type.sql) || (c.type.made && c.type.ordered),
  )
  if (usable.length === 0) return false
  const by = r.pick(usable)
  const column = ident(by.name)
  const lines = t.columns.map((c) => `${ident(c.name)} ${c.type.sql}${c.notNull ? ' NOT NULL' : ''}`)
  if (inKey) lines.push(`PRIMARY KEY (${t.columns.slice(0, t.keyColumns).map((c) => ident(c.name)).join(', ')})`) // prettier-ignore
  const method = by.type.sql === 'integer' || by.type.sql === 'date' ? r.pick(['RANGE', 'HASH']) : by.type.sql === 'uuid' || (by.type.made && by.type.made !== 'enum') ? 'HASH' : r.pick(['LIST', 'HASH']) // prettier-ignore
  d.beforeRows.push(`CREATE TABLE ${t.label} (${lines.join(', ')}) PARTITION BY ${method} (${column})`)
  const bounds: string[] = []
  if (method === 'HASH') {
    const modulus = 2 + r.int(3)
    for (let at = 0; at < modulus; at++) bounds.push(`FOR VALUES WITH (MODULUS ${modulus}, REMAINDER ${at})`)
  } else if (method === 'RANGE') {
    const [low, high] = by.type.sql === 'integer' ? ['10', '100'] : ["'1970-02-01'", "'1970-06-01'"]
    bounds.push(`FOR VALUES FROM (MINVALUE) TO (${low})`, `FOR VALUES FROM (${low}) TO (${high})`, 'DEFAULT')
  } else {
    bounds.push(`FOR VALUES IN (NULL, ${literal(by.type.value(r))})`, 'DEFAULT')
  }
  for (const bound of bounds) {
    const leaf = qualified(r.pick(d.schemas), d.name())
    if (r.chance(0.25) && !bound.startsWith('DEFAULT')) {
      // Made by itself: another order of columns, and a dropped one before them.
      const own = t.columns.map((c) => `${ident(c.name)} ${c.type.sql}${c.notNull ? ' NOT NULL' : ''}`)
      d.beforeRows.push(
        `CREATE TABLE ${leaf} (gone integer, ${r.shuffle(own).join(', ')})`,
        `ALTER TABLE ${leaf} DROP COLUMN gone`,
        `ALTER TABLE ${t.label} ATTACH PARTITION ${leaf} ${bound}`,
      )
    } else if (r.chance(0.15)) {
      const sub = qualified(r.pick(d.schemas), d.name())
      d.beforeRows.push(
        `CREATE TABLE ${leaf} PARTITION OF ${t.label} ${bound} PARTITION BY HASH (${column})`,
        `CREATE TABLE ${sub} PARTITION OF ${leaf} FOR VALUES WITH (MODULUS 1, REMAINDER 0)`,
      )
    } else d.beforeRows.push(`CREATE TABLE ${leaf} PARTITION OF ${t.label} ${bound}`)
  }
  return true
}

/** A comment that may hold anything. */
export function drawComment(r: Random): string {
  return literal(text(r).slice(0, 500).replaceAll('\0', ''))
}
