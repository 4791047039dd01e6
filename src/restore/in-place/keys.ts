import { ident } from '../../postgres/quote.ts'
import type { LiveForeignKey } from './live.ts'
import { storedOf, type after, type before } from './names.ts'
import type { Unit } from './types.ts'

/*
 * SQL about foreign keys. A key may be declared on one partition, or refer to one: then it holds for the rows of that alone, which
 * its bounds tell from other rows of the whole table. No change moves a row into another partition: what tells rows of a partitioned table
 * apart always holds its partition key.
 */

/** One end of a foreign key. */
export interface End {
  readonly oid: number
  /** SQL over the columns' names, if it is a partition. */
  readonly bounds: string | null
}

export const childEnd = (key: LiveForeignKey): End => ({ oid: key.child, bounds: key.childBounds })
export const parentEnd = (key: LiveForeignKey): End => ({ oid: key.parent, bounds: key.parentBounds })

/** Whether the unit's table has rows of this table: it is that, or a partition of it, or it is one of its partitions. */
export function shares({ live }: Unit, oid: number): boolean {
  return live.oid === oid || live.above.includes(oid) || live.below.includes(oid)
}

/** Whether all rows of the unit's table are rows of this one. */
function liesIn({ live }: Unit, oid: number): boolean {
  return live.oid === oid || live.above.includes(oid)
}

/** A condition: one side of the change `alias` is a row of the key's end. */
export function isOf(unit: Unit, end: End, alias: string, side: typeof before | typeof after): string {
  if (liesIn(unit, end.oid) || end.bounds === null) return 'true'
  const columns = storedOf(unit).map((c) => `${alias}.${side(unit, c)} AS ${ident(c)}`)
  // As a constraint is met: by anything but false.
  return `(SELECT ((${end.bounds}) IS NOT FALSE) FROM (SELECT ${columns.join(', ')}) v)`
}

/** `parent = child AND ...` over the key's columns, as the server compares them. */
export function refers(
  key: LiveForeignKey,
  parent: (column: string, n: number) => string,
  child: (n: number) => string,
): string {
  return key.parentColumns
    .map((c, n) => `${parent(c, n)}${key.collate[n]} ${key.equals[n]} ${child(n)}`)
    .join(' AND ')
}

/** A condition: these values of the child's columns are to be looked up at all. */
export function isGiven(key: LiveForeignKey, values: readonly string[]): string {
  return `(${values.map((v) => `${v} IS NOT NULL`).join(key.match === 'f' ? ' OR ' : ' AND ')})`
}

export function isStored(unit: Unit, columns: readonly string[]): boolean {
  const stored = new Set(storedOf(unit))
  return columns.every((c) => stored.has(c))
}
