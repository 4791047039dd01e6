import { sumRows, type RowTotals } from '../../lib/row-totals.ts'

type Json = Readonly<Record<string, unknown>>

/** The rows of a report all together, before anything of it is cut; null: it is of no rows, such as that of a release. */
export function totalsOf({ tables, rows, restore }: Json): RowTotals | null {
  if (typeof rows === 'number') return { ...sumRows([]), created: rows }
  if (typeof restore === 'object' && restore !== null) return totalsOf(restore as Json)
  return Array.isArray(tables) ? sumRows(tables as Json[]) : null
}
