import { ident, qualified } from '../../postgres/quote.ts'
import type { LiveTable } from './live.ts'
import type { KeyColumn, Unit } from './types.ts'

/*
 * Names of the temporary tables, which are gone with the session whatever happens to it, and of their columns: numbered,
 * since a column of the table may have any name, and `before` and `after` are two of each.
 */

/** The backup's rows: columns under their own names. */
export const stageOf = (unit: Unit): string => `pg_temp.holdfast_rows_${unit.index}`

/**
 * The difference: `id`, `action`, `why`, `becomes` (the `id` of the change whose row this one is made to), then the stored columns of the
 * target as they are (`b1` ...) and as they are to become (`a1` ...).
 */
export const changesOf = (unit: Unit): string => `pg_temp.holdfast_changes_${unit.index}`

/** The table itself: its own rows only, or all rows of a partitioned one. */
export const liveOf = (live: Pick<LiveTable, 'schema' | 'name' | 'partitioned'>): string =>
  `${live.partitioned ? '' : 'ONLY '}${qualified(live.schema, live.name)}`

/** Columns that the target stores, in its order: the ones that `b` and `a` number. */
export const storedOf = (unit: Pick<Unit, 'live'>): readonly string[] =>
  unit.live.columns.filter((c) => !c.generated).map((c) => c.name)

export function before(unit: Unit, column: string): string {
  return `b${storedOf(unit).indexOf(column) + 1}`
}

export function after(unit: Unit, column: string): string {
  return `a${storedOf(unit).indexOf(column) + 1}`
}

/** `l.k = r.k AND ...` over the key, by each type's own equality. */
export function sameKey(
  key: readonly KeyColumn[],
  left: (column: string) => string,
  right: (column: string) => string,
): string {
  return key.map((k) => `${left(k.name)} ${k.equals} ${right(k.name)}`).join(' AND ')
}

/** `alias."column"` */
export const of =
  (alias: string) =>
  (column: string): string =>
    `${alias}.${ident(column)}`

/** Where the values of a live row stand, and where the row itself lies. */
export interface RowSide {
  column(name: string): string
  readonly part: string
  readonly place: string
}

/** A row of the table itself, of an alias. */
export const rowOf = (alias: string): RowSide => ({
  column: of(alias),
  part: `${alias}.tableoid`,
  place: `${alias}.ctid`,
})

/**
 * A value under the type that its domain is made of, if its type is a domain: these may forbid NULL, which is what stands on
 * the side of a change that has no row.
 */
export const withoutDomain = (value: string): string => `CASE WHEN true THEN ${value} END`

/**
 * Whether two lists of values differ, bit by bit. As records: two ROW()s beside an operator would be compared column by
 * column, and these operators are for records alone.
 */
export function imagesDiffer(one: readonly string[], other: readonly string[]): string {
  const record = (list: readonly string[]): string => `ROW(${list.join(', ')})::pg_catalog.record`
  return `${record(one)} OPERATOR(pg_catalog.*<>) ${record(other)}`
}
