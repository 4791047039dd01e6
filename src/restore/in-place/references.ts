import type { Sentence } from '../../lib/sentence.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import { hanging, isChain, needed } from './chains.ts'
import { anyRenewedIn } from './copies/changes.ts'
import { settleCopies } from './copies/settle.ts'
import { takesOver } from './exchange.ts'
import { exists } from './exists.ts'
import { childEnd, isGiven, isOf, isStored, parentEnd, refers, shares } from './keys.ts'
import type { LiveForeignKey } from './live.ts'
import { becomes, markMoved } from './moved.ts'
import {
  after,
  before,
  changesOf,
  imagesDiffer,
  liveOf,
  of,
  rowOf,
  sameKey,
  stageOf,
  type RowSide,
} from './names.ts'
import { counts, has, leaveOut } from './settled.ts'
import type { Unit } from './types.ts'
import { breakable, clashedOf, clashes, writes } from './unique.ts'

/*
 * What foreign keys and unique keys have to say about the changes. They are settled until nothing moves: a row that is left
 * out may leave another one without what it refers to.
 *
 * - A row that would refer to nothing is left out, unless what it refers to can be brought from the backup.
 * - A row that others go on to refer to is not deleted: ON DELETE CASCADE would reach beyond what was asked for.
 * - A row whose unique value another row holds by now is left out.
 */

export interface References {
  readonly wire: Wire
  readonly units: Unit[]
  readonly foreignKeys: readonly LiveForeignKey[]
  /** Object ids of tables that go. */
  readonly going: readonly number[]
  /** Whether rows come under new keys. */
  readonly copies: boolean
  /** Null: what is missing is not to be brought. Else stages the backup's rows of a table of the target, or resolves to null if there are none. */
  readonly bring: ((key: LiveForeignKey) => Promise<Unit | null>) | null
}

/** A table whose rows were brought because others refer to them. */
export interface Brought {
  readonly schema: string
  readonly name: string
  /** The tables that need them. */
  readonly neededBy: readonly string[]
}

/** Settles all of it. Resolves to the tables that were pulled in. */
export async function settleReferences(o: References): Promise<Brought[]> {
  const brought = new Map<string, Set<string>>()
  for (const unit of o.units) await markMoved(o.wire, unit, o.foreignKeys)
  // Only what touches a table whose changes have moved is looked at again: else a chain of tables is gone through once for each of them.
  const open = new Set<LiveForeignKey | Unit>([...o.foreignKeys, ...o.units])
  const reopen = (moved: readonly Unit[]): void => {
    for (const unit of moved) {
      open.add(unit)
      for (const key of o.foreignKeys) if (shares(unit, key.child) || shares(unit, key.parent)) open.add(key)
    }
  }
  if (o.copies) await settleCopies(o)
  while (open.size > 0) {
    for (const key of o.foreignKeys) {
      if (!open.delete(key)) continue
      reopen(await settleMissing(o, key, brought))
      reopen(await keepReferenced(o, key))
    }
    for (const unit of o.units) if (open.delete(unit) && (await leaveTaken(o.wire, unit))) reopen([unit])
    if (o.copies && (await settleCopies(o))) reopen(o.units)
  }
  return o.units
    .filter((u) => u.pulledIn)
    .map((u) => ({
      schema: u.live.schema,
      name: u.live.name,
      neededBy: [...(brought.get(tableLabel(u.live)) ?? [])].sort(),
    }))
}

/** Rows that would refer to nothing. Resolves to the units whose changes are others now. */
async function settleMissing(
  o: References,
  key: LiveForeignKey,
  brought: Map<string, Set<string>>,
): Promise<Unit[]> {
  const moved: Unit[] = []
  for (const child of o.units.filter((u) => shares(u, key.child))) {
    if (!(await has(o.wire, child, 'cu')) || !isStored(child, key.childColumns)) continue
    const missing = (): string => missingSql(o, child, key)
    if (o.bring !== null && (await exists(o.wire, `SELECT FROM (${missing()}) m`))) {
      const parent = await o.bring(key)
      if (parent !== null && !o.units.includes(parent)) o.units.push(parent)
      if (parent !== null && (await pull(o.wire, parent, key, missing()))) {
        moved.push(parent)
        const needing = brought.get(tableLabel(parent.live)) ?? new Set()
        brought.set(tableLabel(parent.live), needing.add(tableLabel(child.live)))
      }
    }
    const table = tableLabel(key.parentTable)
    const why = sentence(
      'why_no_row',
      { table, columns: key.childColumns, key: key.name },
      `${table} has no row for ${key.childColumns.join(', ')} (foreign key ${key.name})`,
    )
    const alone = o.units.every((u) => u === child || !shares(u, key.parent))
    if (!(await exists(o.wire, `SELECT FROM (${missing()}) m`))) continue
    const chained = alone ? await hanging(o.wire, child, key, missing()) : null
    const lost = chained ?? `r.id IN (SELECT m.id FROM (${missing()}) m)`
    if (await leaveOut(o.wire, child, lost, why)) moved.push(child)
  }
  return moved
}

/** Rows that are created or changed, and refer to no row that is there or will be: their `id`, and what they refer to as `k1` ... */
function missingSql(o: References, child: Unit, key: LiveForeignKey): string {
  const a = key.childColumns.map((c) => `r.${after(child, c)}`)
  const b = key.childColumns.map((c) => `r.${before(child, c)}`)
  const parents = o.units.filter((u) => shares(u, key.parent))
  const matches = (parent: (column: string) => string): string => refers(key, parent, (n) => a[n] ?? '')
  const there = parents.map((p) => goes(p, rowOf('p'), key.parentColumns)).map((gone) => ` AND NOT (${gone})`)
  const coming = parents
    .filter((p) => isStored(p, key.parentColumns))
    .map(
      (p) =>
        ` AND NOT EXISTS (SELECT FROM ${changesOf(p)} n WHERE n.action IN ('c', 'u') AND ${matches((c) => `n.${after(p, c)}`)} AND ${isOf(p, parentEnd(key), 'n', after)})`,
    )
  const own = childEnd(key)
  return `SELECT r.id${a.map((c, n) => `, ${c} AS k${n + 1}`).join('')} FROM ${changesOf(child)} r
    WHERE r.action IN ('c', 'u') AND ${isGiven(key, a)} AND ${isOf(child, own, 'r', after)}
      AND (r.action = 'c' OR ${imagesDiffer(b, a)})
      AND NOT EXISTS (SELECT FROM ${liveOf(key.parentTable)} p WHERE ${matches(of('p'))}${there.join('')})${coming.join('')}`
}

/** Adds what is missing to the changes of a pulled in table, as far as the backup has it. True if it had anything. */
async function pull(wire: Wire, parent: Unit, key: LiveForeignKey, missing: string): Promise<boolean> {
  const matched = refers(key, of('s'), (n) => `m.k${n + 1}`)
  // Once, and not beside a row that has its key by now: the row that needs it is left out then.
  const known = (alias: string, from: string, side: (column: string) => string): string =>
    ` AND NOT EXISTS (SELECT FROM ${from} ${alias} WHERE ${
      parent.key === null
        ? `ROW(${parent.shared.map(side).join(', ')})::pg_catalog.text = ROW(${parent.shared.map(of('s')).join(', ')})::pg_catalog.text`
        : sameKey(parent.key, side, of('s'))
    })`
  const lacks = `true${known('x', changesOf(parent), (c) => `x.${after(parent, c)}`)}${known('l', liveOf(parent.live), of('l'))}`
  // What is brought may need another row of the same table, and would be left out for want of it.
  const wanted =
    isChain(parent, key) && key.childColumns.every((c) => parent.shared.includes(c))
      ? await needed(wire, parent, key, { missing, lacks })
      : `EXISTS (SELECT FROM (${missing}) m WHERE ${matched}) AND ${lacks}`
  const columns = parent.shared.map((c) => after(parent, c))
  const pulled = await counts(
    wire,
    `INSERT INTO ${changesOf(parent)} (${['id', 'action', ...columns].join(', ')})
     SELECT ${[`coalesce((SELECT max(x.id) FROM ${changesOf(parent)} x), 0) + pg_catalog.row_number() OVER ()`, `'c'`, ...parent.shared.map(of('s'))].join(', ')}
     FROM ${stageOf(parent)} s
     WHERE ${wanted}`,
  )
  if (pulled) await wire.query(`ANALYZE ${changesOf(parent)}`)
  return pulled
}

/** Rows that are to go, or to get another referenced value, while rows that stay refer to them. Resolves to the units whose changes are others now. */
async function keepReferenced(o: References, key: LiveForeignKey): Promise<Unit[]> {
  const moved: Unit[] = []
  const sharing = o.units.filter((u) => shares(u, key.parent))
  for (const parent of sharing) {
    if (!(await has(o.wire, parent, 'ud')) || !isStored(parent, key.parentColumns)) continue
    const end = parentEnd(key)
    const b = key.parentColumns.map((c) => `r.${before(parent, c)}`)
    const a = key.parentColumns.map((c) => `r.${after(parent, c)}`)
    const referred = (child: (n: number) => string): string =>
      refers(key, (c) => `r.${before(parent, c)}`, child)
    const children = o.units.filter((u) => shares(u, key.child))
    const stays = children.map((u) => ` AND NOT (${goes(u, rowOf('h'), key.childColumns)})`)
    if (o.going.length > 0) stays.push(` AND h.tableoid NOT IN (${o.going.join(', ')})`)
    const stay = `EXISTS (SELECT FROM ${liveOf(key.childTable)} h WHERE ${referred((n) => of('h')(key.childColumns[n] ?? ''))}${stays.join('')})`
    // NO ACTION looks at the end: another row may have the value then. What acts at once also reaches rows that get it.
    const taken = sharing
      .filter((p) => isStored(p, key.parentColumns))
      .map(
        (p) =>
          `EXISTS (SELECT FROM ${changesOf(p)} n WHERE n.action IN ('c', 'u') AND ${key.parentColumns.map((c, n) => `n.${after(p, c)} ${key.parentEquals[n]} ${b[n]}`).join(' AND ')} AND ${isOf(p, end, 'n', after)})`,
      )
    const coming = children
      .filter((u) => isStored(u, key.childColumns))
      .map(
        (u) =>
          `EXISTS (SELECT FROM ${changesOf(u)} n WHERE n.action IN ('c', 'u') AND ${referred((n) => `n.${after(u, key.childColumns[n] ?? '')}`)} AND ${isOf(u, childEnd(key), 'n', after)})`,
      )
    // One statement for each: EXISTS is joined as a whole, which an OR would forbid.
    const hindrances = (action: string): string[] =>
      action === 'a' ? [`${stay}${taken.map((t) => ` AND NOT ${t}`).join('')}`] : [stay, ...coming]
    const why = sentence(
      'why_referred',
      { table: tableLabel(key.childTable), key: key.name },
      `rows of ${tableLabel(key.childTable)} refer to it (foreign key ${key.name})`,
    )
    const leave = async (which: string, action: string, reason: Sentence): Promise<void> => {
      for (const hindrance of hindrances(action))
        if (
          await leaveOut(
            o.wire,
            parent,
            `${which} AND ${isOf(parent, end, 'r', before)} AND ${hindrance}`,
            reason,
          )
        )
          moved.push(parent)
    }
    if (await has(o.wire, parent, 'd')) {
      const made = key.parentColumns.map((c) => `n.${after(parent, c)}`)
      const [kept, moves] = ['NOT ', ''].map((not) => becomes(parent, `${not}(${imagesDiffer(b, made)})`))
      await leave(`r.action = 'd' AND NOT ${kept}`, key.onDelete, why)
      await leave(`r.action = 'd' AND ${moves}`, key.onUpdate, why)
    }
    if (!(await has(o.wire, parent, 'u'))) continue
    await leave(`r.action = 'u' AND ${imagesDiffer(b, a)}`, key.onUpdate, why)
    const exchanged = key.onDelete === 'a' ? null : takesOver(parent)
    if (exchanged === null) continue
    const both = `it is to exchange a unique value with another row, and ${why.text}`
    await leave(exchanged, key.onDelete, sentence('why_exchanged', { why }, both))
  }
  return moved
}

/** Rows that would hold a unique value which another row, that stays as it is, holds by now. */
async function leaveTaken(wire: Wire, unit: Unit): Promise<boolean> {
  let moved = false
  for (const unique of breakable(unit)) {
    if (!(await has(wire, unit, 'cu'))) continue
    const renewed = anyRenewedIn(unit, unique.columns, 'r')
    const kept = renewed === null ? '' : ` AND NOT ${renewed}`
    const clashed = clashes(unit, unique, `${writes(unit, unique.columns)}${kept}`)
    const stays = `NOT (${goes(unit, clashedOf(unit, 'm'), unique.columns)})`
    const condition = `r.id IN (SELECT m.id FROM ${clashed} m WHERE ${stays})`
    const why = sentence(
      'why_taken',
      { columns: unique.columns, key: unique.name },
      `another row holds its ${unique.columns.join(', ')} (unique ${unique.name})`,
    )
    if (await leaveOut(wire, unit, condition, why)) moved = true
  }
  return moved
}

/** Whether the live row is deleted by the unit's changes, or gets other values in `columns`. */
function goes(unit: Unit, row: RowSide, columns: readonly string[]): string {
  const same =
    unit.key === null
      ? `g.part = ${row.part} AND g.place = ${row.place}`
      : sameKey(unit.key, (c) => `g.${before(unit, c)}`, row.column)
  const side = (of: typeof before): string[] => columns.map((c) => `g.${of(unit, c)}`)
  const changed = isStored(unit, columns)
    ? ` OR g.action = 'u' AND ${imagesDiffer(side(before), side(after))}`
    : ''
  // Rows of other partitions may have the same key, if only the partition's own index is unique.
  const here =
    unit.live.above.length === 0
      ? ''
      : `${row.part} IN (${[unit.live.oid, ...unit.live.below].join(', ')}) AND `
  return `${here}EXISTS (SELECT FROM ${changesOf(unit)} g WHERE ${same} AND (g.action = 'd'${changed}))`
}
