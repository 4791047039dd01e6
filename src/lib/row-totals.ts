/** Rows that a restore has changed, or, where it is not known to have ended, was about to. */
export interface RowTotals {
  readonly created: number
  readonly updated: number
  readonly deleted: number
  readonly unchanged: number
  /** Left alone, as they had changed since. */
  readonly conflicts: number
}

/** Of several tables all together; what a table does not say is none. */
export function sumRows(tables: readonly Partial<Record<keyof RowTotals, unknown>>[]): RowTotals {
  const sum = (name: keyof RowTotals): number =>
    tables.reduce((total, { [name]: rows }) => total + (typeof rows === 'number' ? rows : 0), 0)
  return {
    created: sum('created'),
    updated: sum('updated'),
    deleted: sum('deleted'),
    unchanged: sum('unchanged'),
    conflicts: sum('conflicts'),
  }
}
