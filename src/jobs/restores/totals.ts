type Json = Readonly<Record<string, unknown>>

/** Rows that a restore has changed, or left as they were. */
export interface RowTotals {
  readonly created: number
  readonly updated: number
  readonly deleted: number
  readonly unchanged: number
  /** Left alone, as they had changed since. */
  readonly conflicts: number
}

/** The rows of a report all together, before anything of it is cut; null: it is of no rows, such as that of a release. */
export function totalsOf({ tables, rows, restore }: Json): RowTotals | null {
  if (typeof rows === 'number') return { ...none, created: rows }
  if (typeof restore === 'object' && restore !== null) return totalsOf(restore as Json)
  if (!Array.isArray(tables)) return null
  const sum = (name: keyof RowTotals): number =>
    tables.reduce((total: number, table: Json) => total + numberIn(table[name]), 0)
  return {
    created: sum('created'),
    updated: sum('updated'),
    deleted: sum('deleted'),
    unchanged: sum('unchanged'),
    conflicts: sum('conflicts'),
  }
}

const none: RowTotals = { created: 0, updated: 0, deleted: 0, unchanged: 0, conflicts: 0 }

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
