/** ISO 8601 in UTC, as everything outside the catalog is told times. */
export function iso(time: Date): string
export function iso(time: Date | null): string | null
export function iso(time: Date | null): string | null {
  return time?.toISOString() ?? null
}

/** Where a list goes on: the time and id of the last row that was given. Opaque to whoever passes it. */
export interface Cursor {
  readonly at: string
  readonly id: string
}

export interface Page {
  /** How many at most. */
  readonly limit: number
  readonly after: Cursor | null
}

export interface Listed<T> {
  readonly items: readonly T[]
  /** Null: there are no more. */
  readonly next: Cursor | null
}

/** The page that these rows are, of which one more was asked for than it holds. */
export function pageOf<T>(rows: readonly T[], { limit }: Page, cursorOf: (row: T) => Cursor): Listed<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}
