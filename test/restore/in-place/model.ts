import { qualified } from '../../../src/postgres/quote.ts'
import { oddName } from '../../oracle/values.ts'
import type { Random } from '../../oracle/random.ts'
import { decorate } from './decorate.ts'
import { drawKind, keyKinds, type ColumnKind, type KeyKind } from './columns.ts'

/** A column that rows give a value. */
export interface Column {
  readonly name: string
  /** As in CREATE TABLE, behind the name. */
  readonly definition: string
  /** SQL for row number `i` (SQL): with the same `salt` the same value. */
  value(i: string, salt: number): string
  /** What is it for: the primary key, another unique one, a reference, or nothing else than itself. */
  readonly role: 'key' | 'unique' | 'reference' | 'plain'
}

export interface Reference {
  readonly columns: readonly string[]
  readonly to: Table
  /** Refers to the unique `code`, not to the key. */
  readonly toCode: boolean
  /** Refers to the first leaf of a partitioned table, not to the whole. */
  readonly toLeaf: boolean
  /** What follows REFERENCES t (...). */
  readonly clauses: string
  readonly nullable: boolean
}

export interface Table {
  readonly schema: string
  readonly name: string
  /** Quoted. */
  readonly label: string
  /** Null: nothing tells its rows apart. */
  readonly key: KeyKind | null
  readonly keyColumns: readonly string[]
  readonly columns: Column[]
  readonly rows: number
  readonly partitioned: 'list' | 'range' | 'hash' | null
  /** Table that it inherits from. */
  readonly parent: Table | null
  readonly references: Reference[]
  /** Has a unique, not nullable column `code`. */
  readonly code: boolean
  /** More lines of CREATE TABLE. */
  readonly lines: string[]
  readonly afterRows: string[]
}

/** Its own columns and those that it inherits. */
export function columnsOf(t: Table): Column[] {
  return t.parent === null ? t.columns : [...t.columns, ...columnsOf(t.parent)]
}

export interface Model {
  readonly tables: readonly Table[]
}

/** Draws a database: tables whose foreign keys go anywhere, in circles too. */
export function drawModel(r: Random, count: number, major: number): Model {
  const names = { serial: 0 }
  const tables: Table[] = []
  while (tables.length < count) tables.push(drawTable(r, names, tables))
  const circle = r.shuffle(tables.filter(mayBeReferred)).slice(0, r.between(2, 3))
  for (const [n, table] of circle.entries()) refer(r, table, circle[(n + 1) % circle.length] ?? table, false)
  for (const table of tables) {
    const targets = tables.filter(mayBeReferred)
    for (let left = r.pick([0, 1, 1, 2]); left > 0 && targets.length > 0; left--)
      refer(r, table, r.chance(0.2) && mayBeReferred(table) ? table : r.pick(targets), true)
    decorate(r, table, major)
  }
  return { tables }
}

const mayBeReferred = (t: Table): boolean => t.key !== null && t.parent === null

function drawTable(r: Random, names: { serial: number }, earlier: readonly Table[]): Table {
  const serial = ++names.serial
  const schema = r.pick(['public', 'public', 'app', 'App two'])
  const name = r.chance(0.2) ? oddName(r, serial) : `t${serial}`
  const partitioned = r.chance(0.15) ? r.pick(['list', 'range', 'hash'] as const) : null
  const parents = earlier.filter((t) => t.partitioned === null && t.parent === null && t.lines.length === 0)
  const parent = partitioned === null && parents.length > 0 && r.chance(0.07) ? r.pick(parents) : null
  const key = r.chance(0.13) ? null : partitioned === 'range' ? (keyKinds[0] ?? null) : r.pick(keyKinds)
  const code = partitioned === null && parent === null && key !== null && r.chance(0.4)
  const keys = (key?.columns ?? []).map((c, n) => ({
    name: `k${n + 1}`,
    definition: `${c.sql} ${c.more ?? ''}`,
    value: c.value,
    role: 'key' as const,
  }))
  const columns: Column[] =
    parent === null ? keys : keys.map((c) => ({ ...c, name: `${c.name} of ${serial}` }))
  const keyColumns = columns.map((c) => c.name)
  if (partitioned !== null && key === null && partitioned === 'range')
    columns.push({ name: 'k1', definition: 'integer', value: (i) => i, role: 'plain' })
  if (partitioned !== null && partitioned !== 'range') {
    columns.push({
      name: 'part',
      definition: 'integer NOT NULL',
      value: (i) => `(${i}) % 3`,
      role: key ? 'key' : 'plain',
    })
    if (key !== null) keyColumns.push('part')
  }
  if (code)
    columns.push({ name: 'code', definition: 'text NOT NULL', value: (i) => `'c' || (${i})`, role: 'unique' })
  for (let n = r.between(1, 5); n > 0; n--)
    columns.push(
      plainColumn(
        r,
        `${r.chance(0.15) ? oddName(r, n) : `c${n}`}${parent ? ` of ${serial}` : ''}`,
        drawKind(r),
      ),
    )
  const label = qualified(schema, name)
  const rows = key === null ? r.between(0, 20) : r.between(3, 24)
  return {
    schema,
    name,
    label,
    key,
    keyColumns,
    columns,
    rows,
    partitioned,
    parent,
    references: [],
    code,
    lines: [],
    afterRows: [],
  }
}

function plainColumn(r: Random, name: string, kind: ColumnKind): Column {
  const notNull = kind.required === true || r.chance(0.25)
  const hash = (i: string, salt: number): string => `(((${i}) * 31 + ${salt}) % 97)`
  return {
    name,
    definition: `${kind.sql}${notNull ? ' NOT NULL' : ''}`,
    value: (i, salt) =>
      notNull
        ? kind.value(hash(i, salt))
        : `CASE WHEN (${hash(i, salt)}) % 5 > 0 THEN ${kind.value(hash(i, salt))} END`,
    role: 'plain',
  }
}

/** Gives a table columns that refer to another one. */
function refer(r: Random, from: Table, to: Table, mayBeNull: boolean): void {
  const toCode = to.code && r.chance(0.4)
  const nullable = mayBeNull && r.chance(0.5)
  const targets = toCode
    ? to.columns.filter((c) => c.name === 'code')
    : to.columns.filter((c) => to.keyColumns.includes(c.name))
  // Numbers below 8 are in the first leaf. The server makes no key from a table to its own leaf.
  const toLeaf = to.partitioned === 'range' && to !== from && r.chance(0.6)
  const rows = toLeaf ? Math.min(to.rows, 7) : to.rows
  const row = (i: string, salt: number): string => `(1 + ((${i}) * 7 + ${salt}) % ${rows})`
  const at = from.columns.length
  const names = targets.map((_, n) => `f${at + n}${from.parent ? ` of ${from.name}` : ''}`.slice(0, 40))
  for (const [n, target] of targets.entries()) {
    const type = (target.definition.split(/ NOT NULL| GENERATED/)[0] ?? '').replace('serial', 'integer')
    const collation = type.trim() === 'text' && r.chance(0.2) ? ' COLLATE "POSIX"' : ''
    from.columns.push({
      name: names[n] ?? '',
      definition: `${type}${collation}${nullable ? '' : ' NOT NULL'}`,
      value: (i, salt) => {
        const value = target.value(row(i, salt), 0)
        return nullable ? `CASE WHEN ((${i}) + ${salt}) % 4 > 0 THEN ${value} END` : value
      },
      role: 'reference',
    })
  }
  const onDelete = r.pick([
    '',
    ' ON DELETE CASCADE',
    ' ON DELETE RESTRICT',
    ' ON DELETE NO ACTION',
    ...(nullable ? [' ON DELETE SET NULL'] : []),
  ])
  const onUpdate = r.pick(['', '', ' ON UPDATE CASCADE', ...(nullable ? [' ON UPDATE SET NULL'] : [])])
  const match = names.length > 1 && r.chance(0.5) ? ' MATCH FULL' : ''
  // A circle that no constraint may look away from is the hardest.
  const when = mayBeNull ? r.pick(['', '', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED']) : ''
  from.references.push({
    columns: names,
    to,
    toCode,
    toLeaf,
    clauses: `${match}${onUpdate}${onDelete}${when}`,
    nullable,
  })
}
