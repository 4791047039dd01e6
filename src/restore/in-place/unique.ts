import { ident } from '../../postgres/quote.ts'
import type { LiveUnique } from './live.ts'
import { after, before, changesOf, imagesDiffer, liveOf, of, storedOf, type RowSide } from './names.ts'
import type { Unit } from './types.ts'

/* What unique keys, unique indexes and exclusion constraints have to say about the changes. */

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

/**
 * Changes `r` for which `which` holds, each with the live rows that the row it makes would clash with, as a query of `id` and what `clashedOf`
 * tells. It is made first, behind a fence: joined with what else is asked, rows would be sorted out before, and no index be left to look in.
 */
export function clashes(unit: Unit, u: LiveUnique, which: string): string {
  const key = (unit.key ?? []).map((k, n) => `${of('h')(k.name)} AS k${n + 1}`)
  const columns = ['r.id', 'h.tableoid AS part', 'h.ctid AS place', ...key]
  return `(SELECT ${columns.join(', ')} FROM ${clashing(unit, u)} WHERE ${which} OFFSET 0)`
}

/** The live row in a query of `clashes`, by its key. */
export const clashedOf = (unit: Unit, alias: string): RowSide => ({
  column: (name) => `${alias}.k${(unit.key ?? []).findIndex((k) => k.name === name) + 1}`,
  part: `${alias}.part`,
  place: `${alias}.place`,
})

/**
 * Changes `r` with the live rows `h` that the rows they make would clash with: what follows FROM. `made`: other rows in place of the changes, and
 * their columns. Expressions stand beside the rows, where the server sees through them to the index.
 */
export function clashing(
  unit: Unit,
  u: LiveUnique,
  made: { readonly rows: string; readonly column: (name: string) => string } = {
    rows: changesOf(unit),
    column: (name) => `r.${after(unit, name)}`,
  },
): string {
  const computed = (alias: string, side: (column: string) => string): string => {
    const columns = u.columns.map((c) => `${side(c)} AS ${ident(c)}`).join(', ')
    const values = [...u.parts.map((p) => p.sql), ...(u.predicate === null ? [] : [u.predicate])]
    return `LATERAL (SELECT ${values.map((sql, n) => `(${sql}) AS v${n + 1}`).join(', ')} FROM (SELECT ${columns}) v) ${alias}`
  }
  const parts = u.parts.map((p, n) => {
    const [h, r] = [`hv.v${n + 1}`, `rv.v${n + 1}`]
    const equal = `${h}${p.collate} ${p.operator} ${r}`
    return u.nullsNotDistinct ? `(${equal} OR ${h} IS NULL AND ${r} IS NULL)` : equal
  })
  const meant = u.predicate === null ? [] : ['rv', 'hv'].map((v) => `${v}.v${u.parts.length + 1}`)
  return `(${made.rows} r CROSS JOIN ${computed('rv', made.column)})
    JOIN (${liveOf(unit.live)} h CROSS JOIN ${computed('hv', of('h'))}) ON ${[...parts, ...meant].join(' AND ')}`
}

/** Whether the change `r` writes other values into the columns than the row had. */
export function writes(unit: Unit, columns: readonly string[]): string {
  const side = (of: typeof before): string[] => columns.map((c) => `r.${of(unit, c)}`)
  return `(r.action = 'c' OR r.action = 'u' AND ${imagesDiffer(side(before), side(after))})`
}
