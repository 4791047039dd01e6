import { tableLabel } from '../../postgres/introspect/tables.ts'
import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import type { LiveForeignKey } from './live.ts'
import { after, before, changesOf, imagesDiffer, liveOf, of, sameKey, stageOf, storedOf } from './names.ts'
import type { Unit } from './types.ts'
import { breakable, clashes, takesOver, writes } from './unique.ts'
import { shares } from './units.ts'

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
  for (let moved = true; moved;) {
    moved = false
    for (const key of o.foreignKeys) {
      if (await settleMissing(o, key, brought)) moved = true
      if (await keepReferenced(o, key)) moved = true
    }
    for (const unit of o.units) if (await leaveTaken(o.wire, unit)) moved = true
  }
  return o.units
    .filter((u) => u.pulledIn)
    .map((u) => ({
      schema: u.live.schema,
      name: u.live.name,
      neededBy: [...(brought.get(tableLabel(u.live)) ?? [])].sort(),
    }))
}

/** Rows that would refer to nothing. True if anything changed. */
async function settleMissing(
  o: References,
  key: LiveForeignKey,
  brought: Map<string, Set<string>>,
): Promise<boolean> {
  let moved = false
  // A foreign key of one partition holds for rows of it alone, and where rows of the whole table go only the server knows.
  for (const child of o.units.filter((u) => u.live.oid === key.child || u.live.above.includes(key.child))) {
    if (!(await has(o.wire, child, 'cu')) || !isStored(child, key.childColumns)) continue
    const missing = (): string => missingSql(o, child, key)
    if (o.bring !== null && (await exists(o.wire, `SELECT FROM (${missing()}) m`))) {
      const parent = await o.bring(key)
      if (parent !== null && !o.units.includes(parent)) o.units.push(parent)
      if (parent !== null && (await pull(o.wire, parent, key, missing()))) {
        moved = true
        const needing = brought.get(tableLabel(parent.live)) ?? new Set()
        brought.set(tableLabel(parent.live), needing.add(tableLabel(child.live)))
      }
    }
    const why = `${tableLabel(key.parentTable)} has no row for ${key.childColumns.join(', ')} (foreign key ${key.name})`
    if (await leaveOut(o.wire, child, `r.id IN (SELECT m.id FROM (${missing()}) m)`, why)) moved = true
  }
  return moved
}

/** Rows that are created or changed, and refer to no row that is there or will be: their `id`, and what they refer to as `k1` ... */
function missingSql(o: References, child: Unit, key: LiveForeignKey): string {
  const a = key.childColumns.map((c) => `r.${after(child, c)}`)
  const b = key.childColumns.map((c) => `r.${before(child, c)}`)
  const parents = o.units.filter((u) => shares(u, key.parent))
  const matches = (parent: (column: string) => string): string => refers(key, parent, (n) => a[n] ?? '')
  const there = parents.map((p) => goes(p, 'p', key.parentColumns)).map((gone) => ` AND NOT (${gone})`)
  const coming = parents
    .filter((p) => isStored(p, key.parentColumns))
    .map(
      (p) =>
        ` AND NOT EXISTS (SELECT FROM ${changesOf(p)} n WHERE n.action IN ('c', 'u') AND ${matches((c) => `n.${after(p, c)}`)})`,
    )
  const given =
    key.match === 'f'
      ? a.map((c) => `${c} IS NOT NULL`).join(' OR ')
      : a.map((c) => `${c} IS NOT NULL`).join(' AND ')
  return `SELECT r.id${a.map((c, n) => `, ${c} AS k${n + 1}`).join('')} FROM ${changesOf(child)} r
    WHERE r.action IN ('c', 'u') AND (${given})
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
  const columns = parent.shared.map((c) => after(parent, c))
  return await counts(
    wire,
    `INSERT INTO ${changesOf(parent)} (${['id', 'action', ...columns].join(', ')})
     SELECT ${[`coalesce((SELECT max(x.id) FROM ${changesOf(parent)} x), 0) + pg_catalog.row_number() OVER ()`, `'c'`, ...parent.shared.map(of('s'))].join(', ')}
     FROM ${stageOf(parent)} s
     WHERE EXISTS (SELECT FROM (${missing}) m WHERE ${matched})
       ${known('x', changesOf(parent), (c) => `x.${after(parent, c)}`)}${known('l', liveOf(parent.live), of('l'))}`,
  )
}

/** Rows that are to go, or to get another referenced value, while rows that stay refer to them. */
async function keepReferenced(o: References, key: LiveForeignKey): Promise<boolean> {
  let moved = false
  for (const parent of o.units.filter((u) => shares(u, key.parent))) {
    if (!(await has(o.wire, parent, 'ud')) || !isStored(parent, key.parentColumns)) continue
    const b = key.parentColumns.map((c) => `r.${before(parent, c)}`)
    const a = key.parentColumns.map((c) => `r.${after(parent, c)}`)
    const referred = (child: (n: number) => string): string =>
      refers(key, (c) => `r.${before(parent, c)}`, child)
    const children = o.units.filter((u) => shares(u, key.child))
    const stays = children.map((u) => ` AND NOT (${goes(u, 'h', key.childColumns)})`)
    const stay = `EXISTS (SELECT FROM ${liveOf(key.childTable)} h WHERE ${referred((n) => of('h')(key.childColumns[n] ?? ''))}${stays.join('')})`
    // NO ACTION looks at the end: another row may have the value then. What acts at once also reaches rows that get it.
    const taken = o.units
      .filter((u) => shares(u, key.parent))
      .filter((p) => isStored(p, key.parentColumns))
      .map(
        (p) =>
          `EXISTS (SELECT FROM ${changesOf(p)} n WHERE n.action IN ('c', 'u') AND ${key.parentColumns.map((c, n) => `n.${after(p, c)} ${key.parentEquals[n]} ${b[n]}`).join(' AND ')})`,
      )
    const coming = children
      .filter((u) => isStored(u, key.childColumns))
      .map(
        (u) =>
          `EXISTS (SELECT FROM ${changesOf(u)} n WHERE n.action IN ('c', 'u') AND ${referred((n) => `n.${after(u, key.childColumns[n] ?? '')}`)})`,
      )
    // One statement for each: EXISTS is joined as a whole, which an OR would forbid.
    const hindrances = (action: string): string[] =>
      action === 'a' ? [`${stay}${taken.map((t) => ` AND NOT ${t}`).join('')}`] : [stay, ...coming]
    const why = `rows of ${tableLabel(key.childTable)} refer to it (foreign key ${key.name})`
    const leave = async (which: string, action: string, reason: string): Promise<void> => {
      for (const hindrance of hindrances(action))
        if (await leaveOut(o.wire, parent, `${which} AND ${hindrance}`, reason)) moved = true
    }
    if (await has(o.wire, parent, 'd')) await leave("r.action = 'd'", key.onDelete, why)
    if (!(await has(o.wire, parent, 'u'))) continue
    await leave(`r.action = 'u' AND ${imagesDiffer(b, a)}`, key.onUpdate, why)
    const exchanged = key.onDelete === 'a' ? null : takesOver(parent)
    if (exchanged === null) continue
    await leave(exchanged, key.onDelete, `it is to exchange a unique value with another row, and ${why}`)
  }
  return moved
}

/** Rows that would hold a unique value which another row, that stays as it is, holds by now. */
async function leaveTaken(wire: Wire, unit: Unit): Promise<boolean> {
  let moved = false
  for (const unique of breakable(unit)) {
    if (!(await has(wire, unit, 'cu'))) continue
    const condition = `${writes(unit, unique.columns)}
      AND EXISTS (SELECT FROM ${liveOf(unit.live)} h WHERE ${clashes(unit, unique)} AND NOT (${goes(unit, 'h', unique.columns)}))`
    const why = `another row holds its ${unique.columns.join(', ')} (unique ${unique.name})`
    if (await leaveOut(wire, unit, condition, why)) moved = true
  }
  return moved
}

/** Whether the live row `alias` is deleted by the unit's changes, or gets other values in `columns`. */
function goes(unit: Unit, alias: string, columns: readonly string[]): string {
  const same =
    unit.key === null
      ? `g.part = ${alias}.tableoid AND g.place = ${alias}.ctid`
      : sameKey(unit.key, (c) => `g.${before(unit, c)}`, of(alias))
  const side = (of: typeof before): string[] => columns.map((c) => `g.${of(unit, c)}`)
  const changed = isStored(unit, columns)
    ? ` OR g.action = 'u' AND ${imagesDiffer(side(before), side(after))}`
    : ''
  // Rows of other partitions may have the same key, if only the partition's own index is unique.
  const here =
    unit.live.above.length === 0
      ? ''
      : `${alias}.tableoid IN (${[unit.live.oid, ...unit.live.below].join(', ')}) AND `
  return `${here}EXISTS (SELECT FROM ${changesOf(unit)} g WHERE ${same} AND (g.action = 'd'${changed}))`
}

/** `parent = child AND ...` over the key's columns, as the server compares them. */
function refers(
  key: LiveForeignKey,
  parent: (column: string) => string,
  child: (n: number) => string,
): string {
  return key.parentColumns
    .map((c, n) => `${parent(c)}${key.collate[n]} ${key.equals[n]} ${child(n)}`)
    .join(' AND ')
}

async function leaveOut(wire: Wire, unit: Unit, condition: string, why: string): Promise<boolean> {
  return await counts(
    wire,
    `UPDATE ${changesOf(unit)} r SET action = 'x', why = ${literal(why)} WHERE ${condition}`,
  )
}

/** True if the statement wrote any row. */
async function counts(wire: Wire, statement: string): Promise<boolean> {
  const [row] = await wire.query(`WITH w AS (${statement} RETURNING 1) SELECT EXISTS (SELECT FROM w)`)
  return row?.[0] === 't'
}

async function has(wire: Wire, unit: Unit, actions: string): Promise<boolean> {
  const list = [...actions].map(literal).join(', ')
  return await exists(wire, `SELECT FROM ${changesOf(unit)} r WHERE r.action IN (${list})`)
}

function isStored(unit: Unit, columns: readonly string[]): boolean {
  const stored = new Set(storedOf(unit))
  return columns.every((c) => stored.has(c))
}
