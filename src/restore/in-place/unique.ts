import { ident } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { LiveUnique } from './live.ts'
import { after, before, changesOf, imagesDiffer, liveOf, of, sameKey, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/*
 * What unique keys, unique indexes and exclusion constraints have to say about the changes. Most are checked at each row that
 * is written, in whatever order rows are: two that exchange a value can't both be updated. One that takes the value of
 * another changed row is deleted and made again, when all others are in place.
 */

/** Those that the changes can break; computed columns are left to the server. */
export function breakable(unit: Unit): LiveUnique[] {
  const stored = new Set(storedOf(unit))
  const own = unit.key?.map((k) => k.name).join('\0')
  // Rows that come under new keys are not known by them: what keeps its key may meet it in another row.
  const isOwn = (u: LiveUnique): boolean =>
    unit.renewal === null && u.predicate === null && u.parts.map((p) => columnOf(u, p.sql)).join('\0') === own
  return unit.live.uniques.filter((u) => u.columns.every((c) => stored.has(c)) && !isOwn(u))
}

/** The column, if the expression is nothing else. */
export function columnOf(u: LiveUnique, sql: string): string | undefined {
  return u.columns.find((c) => ident(c) === sql || c === sql)
}

/** Whether the row that the change `r` makes clashes with the live row `h`. */
export function clashes(unit: Unit, u: LiveUnique): string {
  const under = (sql: string, side: (column: string) => string): string => {
    const columns = u.columns.map((c) => `${side(c)} AS ${ident(c)}`).join(', ')
    return `(SELECT (${sql}) FROM (SELECT ${columns}) v)`
  }
  const made = (column: string): string => `r.${after(unit, column)}`
  const value = (sql: string, side: (column: string) => string): string => {
    const plain = columnOf(u, sql)
    return plain === undefined ? under(sql, side) : side(plain)
  }
  const parts = u.parts.map((p) => {
    const [h, r] = [value(p.sql, of('h')), value(p.sql, made)]
    const equal = `${h}${p.collate} ${p.operator} ${r}`
    return u.nullsNotDistinct ? `(${equal} OR ${h} IS NULL AND ${r} IS NULL)` : equal
  })
  const meant = u.predicate === null ? [] : [under(u.predicate, made), under(u.predicate, of('h'))]
  return [...parts, ...meant].join(' AND ')
}

/** Whether the change `r` writes other values into the columns than the row had. */
export function writes(unit: Unit, columns: readonly string[]): string {
  const side = (of: typeof before): string[] => columns.map((c) => `r.${of(unit, c)}`)
  return `(r.action = 'c' OR r.action = 'u' AND ${imagesDiffer(side(before), side(after))})`
}

/** Whether `r` updates a row to a value that another row has until it is updated, too; null: nothing could be so. */
export function takesOver(unit: Unit): string | null {
  if (unit.key === null) return null
  const same = sameKey(unit.key, (c) => `g.${before(unit, c)}`, of('h'))
  const other = sameKey(unit.key, (c) => `r.${before(unit, c)}`, of('h'))
  // A list that is made once: as conditions of each row they would be asked row by row.
  const each = breakable(unit)
    .filter((u) => u.immediate)
    .map(
      (
        u,
      ) => `SELECT r.id FROM ${changesOf(unit)} r JOIN ${liveOf(unit.live)} h ON ${clashes(unit, u)} JOIN ${changesOf(unit)} g ON ${same}
        WHERE r.action = 'u' AND ${writes(unit, u.columns)} AND g.action = 'u' AND NOT (${other})`,
    )
  return each.length === 0 ? null : `r.action = 'u' AND r.id IN (${each.join(' UNION ALL ')})`
}

/** Marks the updates that are made by deleting the row and making it again, in a column `again`. Resolves to how many there are. */
export async function markAgain(wire: Wire, unit: Unit): Promise<number> {
  const condition = takesOver(unit)
  if (condition === null) return 0
  const [row] = await wire.query(
    `ALTER TABLE ${changesOf(unit)} ADD COLUMN again pg_catalog.bool NOT NULL DEFAULT false;
     WITH w AS (UPDATE ${changesOf(unit)} r SET again = true WHERE ${condition} RETURNING 1) SELECT count(*) FROM w`,
  )
  return Number(row?.[0])
}
