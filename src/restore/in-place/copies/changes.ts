import type { Wire } from '../../../postgres/wire.ts'
import { changesOf, liveOf, of, stageOf, storedOf } from '../names.ts'
import { quietly } from '../quiet.ts'
import type { Unit } from '../types.ts'

/**
 * Fills the unit's table of changes where rows come under new keys: every staged row is created, whatever the target has, and stands
 * there with the values of the backup until new ones are drawn. Columns `n1` ... say of those that may follow whether they do. Of a table that
 * is pulled in the changes are empty at first.
 */
export async function findCopies(wire: Wire, unit: Unit): Promise<null> {
  const table = changesOf(unit)
  const stored = storedOf(unit)
  const shared = new Set(unit.shared)
  // Of the type that the table has, but for domains, which may forbid NULL.
  const value = (column: string, when: boolean): string => {
    const from = when && shared.has(column) ? of('s')(column) : of('l')(column)
    return `CASE WHEN ${when && shared.has(column)} THEN ${from} END`
  }
  const columns = [
    'pg_catalog.row_number() OVER () AS id',
    `'c'::pg_catalog."char" AS action`,
    'NULL::pg_catalog.text AS why',
    'NULL::pg_catalog.int8 AS becomes',
    'NULL::pg_catalog.oid AS part',
    'NULL::pg_catalog.tid AS place',
    ...stored.map((c, n) => `${value(c, false)} AS b${n + 1}`),
    ...stored.map((c, n) => `${value(c, true)} AS a${n + 1}`),
    ...followingOf(unit).map((c) => `false AS ${markOf(unit, c)}`),
  ]
  await wire.query(
    quietly(
      `DROP TABLE IF EXISTS ${table};
       CREATE TEMPORARY TABLE ${table.replace('pg_temp.', '')} AS SELECT ${columns.join(', ')}
         FROM ${stageOf(unit)} s LEFT JOIN (SELECT o.* FROM ${liveOf(unit.live)} o LIMIT 0) l ON true${unit.pulledIn ? ' WITH NO DATA' : ''};
       ANALYZE ${table}`,
    ),
  )
  return null
}

/** The column of a change that says whether this one gets a new value by following. */
export function markOf(unit: Unit, column: string): string {
  return `n${storedOf(unit).indexOf(column) + 1}`
}

function followingOf(unit: Unit): string[] {
  const stored = new Set(storedOf(unit))
  return (unit.renewal?.following ?? []).filter((c) => stored.has(c))
}

/** Whether the column gets a new value in the change `alias`, as SQL; null: in no row. */
export function renewedIn(unit: Unit, column: string, alias: string): string | null {
  if (unit.renewal === null) return null
  if (unit.renewal.fresh.some((f) => f.name === column)) return 'true'
  return followingOf(unit).includes(column) ? `${alias}.${markOf(unit, column)} IS TRUE` : null
}

/** Whether any of the columns does; null: in no row. */
export function anyRenewedIn(unit: Unit, columns: readonly string[], alias: string): string | null {
  const each = columns.flatMap((c) => renewedIn(unit, c, alias) ?? [])
  return each.length === 0 ? null : `(${each.join(' OR ')})`
}
