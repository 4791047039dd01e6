import { ident } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { LiveUnique } from './live.ts'
import {
  after,
  before,
  changesOf,
  imagesDiffer,
  liveOf,
  of,
  sameKey,
  storedOf,
  type RowSide,
} from './names.ts'
import { quietly } from './quiet.ts'
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
  const isOwn = (u: LiveUnique): boolean =>
    u.predicate === null && u.parts.map((p) => columnOf(u, p.sql)).join('\0') === own
  return unit.live.uniques.filter((u) => u.columns.every((c) => stored.has(c)) && !isOwn(u))
}

/** The column, if the expression is nothing else. */
function columnOf(u: LiveUnique, sql: string): string | undefined {
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

/** What follows FROM. Expressions stand beside the rows, where the server sees through them to the index. */
function clashing(unit: Unit, u: LiveUnique): string {
  const made = (column: string): string => `r.${after(unit, column)}`
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
  return `(${changesOf(unit)} r CROSS JOIN ${computed('rv', made)})
    JOIN (${liveOf(unit.live)} h CROSS JOIN ${computed('hv', of('h'))}) ON ${[...parts, ...meant].join(' AND ')}`
}

/** Whether the change `r` writes other values into the columns than the row had. */
export function writes(unit: Unit, columns: readonly string[]): string {
  const side = (of: typeof before): string[] => columns.map((c) => `r.${of(unit, c)}`)
  return `(r.action = 'c' OR r.action = 'u' AND ${imagesDiffer(side(before), side(after))})`
}

/** Whether `r` updates a row to a value that another row has until it is updated, too; null: nothing could be so. */
export function takesOver(unit: Unit): string | null {
  if (unit.key === null) return null
  const { column } = clashedOf(unit, 'm')
  const same = sameKey(unit.key, (c) => `g.${before(unit, c)}`, column)
  // A list that is made once: as conditions of each row they would be asked row by row.
  const each = breakable(unit)
    .filter((u) => u.immediate)
    .map(
      (u) => `SELECT m.id FROM ${clashes(unit, u, `r.action = 'u' AND ${writes(unit, u.columns)}`)} m
        JOIN ${changesOf(unit)} g ON ${same} WHERE g.action = 'u' AND g.id <> m.id`,
    )
  return each.length === 0 ? null : `r.action = 'u' AND r.id IN (${each.join(' UNION ALL ')})`
}

/**
 * Marks the updates that are made by deleting the row and making it again, in a column `again`: also those that change a value of `fixed`
 * columns. Resolves to how many there are.
 */
export async function markAgain(wire: Wire, unit: Unit, fixed: readonly string[]): Promise<number> {
  const exchanged = takesOver(unit)
  const conditions = [
    ...(exchanged === null ? [] : [exchanged]),
    ...(fixed.length === 0 ? [] : [`r.action = 'u' AND ${writes(unit, fixed)}`]),
  ]
  if (conditions.length === 0) return 0
  await wire.query(
    quietly(`ALTER TABLE ${changesOf(unit)} ADD COLUMN again pg_catalog.bool NOT NULL DEFAULT false`),
  )
  const [row] = await wire.query(
    `WITH w AS (UPDATE ${changesOf(unit)} r SET again = true WHERE ${conditions.join(' OR ')} RETURNING 1) SELECT count(*) FROM w`,
  )
  return Number(row?.[0])
}
