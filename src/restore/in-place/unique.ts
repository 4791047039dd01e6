import { ident } from '../../postgres/quote.ts'
import type { LiveUnique } from './live.ts'
import { after, before, imagesDiffer, of, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/* What unique keys, unique indexes and exclusion constraints have to say about the changes. */

/** Those that the changes can break; computed columns are left to the server. */
export function breakable(unit: Unit): LiveUnique[] {
  const stored = new Set(storedOf(unit))
  const own = unit.key?.map((k) => k.name).join('\0')
  const isOwn = (u: LiveUnique): boolean =>
    u.predicate === null && u.parts.map((p) => columnOf(u, p.sql)).join('\0') === own
  return unit.live.uniques.filter((u) => u.columns.every((c) => stored.has(c)) && !isOwn(u))
}

/** The column, if the expression is nothing else. */
export function columnOf(u: LiveUnique, sql: string): string | undefined {
  return u.columns.find((c) => ident(c) === sql || c === sql)
}

/** Whether the row that the change `r` makes, or the one that `made` gives the columns of, clashes with the live row `h`. */
export function clashes(
  unit: Unit,
  u: LiveUnique,
  made: (column: string) => string = (column) => `r.${after(unit, column)}`,
): string {
  const under = (sql: string, side: (column: string) => string): string => {
    const columns = u.columns.map((c) => `${side(c)} AS ${ident(c)}`).join(', ')
    return `(SELECT (${sql}) FROM (SELECT ${columns}) v)`
  }
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
