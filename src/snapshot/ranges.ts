import { createHash } from 'node:crypto'
import type { SizedTable } from '../postgres/introspect/tables.ts'

/** Pages of a range of a table that is not huge: 2 MiB of heap. Small enough that a change re-stores little. */
export const smallestRange = 256
/** A table is cut into about this many ranges at most, so that a manifest's size does not follow the table's. */
const mostRanges = 4096

/** Tables up to this size are copied whole and share chunks with their neighbours. */
export const smallTableBytes = 256 * 1024
/** A bundle ends after tables of this size together, or earlier at a table whose name says so. */
const bundleBytes = 1024 * 1024
const bundleEvery = 32

/** Work for one connection: one range of a large table, or several whole small tables whose rows share chunks. */
export type ReadTask =
  | {
      readonly kind: 'range'
      readonly table: SizedTable
      readonly range: number
      readonly from: number
      readonly to: number | null
      readonly bytes: number
    }
  | { readonly kind: 'bundle'; readonly tables: readonly SizedTable[]; readonly bytes: number }

/**
 * Cuts tables into tasks, largest tables first. Ranges are aligned to a power of two of pages that changes only when
 * the table doubles, and bundles end where a table's name says so, so that the next backup cuts at the same places
 * and finds its chunks stored already.
 */
export function planReads(tables: readonly SizedTable[]): ReadTask[] {
  const large = tables.filter((t) => !isSmall(t)).sort((a, b) => b.bytes - a.bytes)
  return [...large.flatMap(cutTable), ...bundle(tables.filter(isSmall))]
}

function isSmall(table: SizedTable): boolean {
  return table.bytes <= smallTableBytes && table.loadVia === null
}

function cutTable(table: SizedTable): ReadTask[] {
  const size = rangePages(table)
  const count = Math.max(1, Math.ceil(table.pages / size))
  const bytes = table.bytes / count
  return Array.from({ length: count }, (_, range) => ({
    kind: 'range',
    table,
    range,
    from: range * size,
    // The last range is open: should the page count be stale, rows are still not missed.
    to: range === count - 1 ? null : (range + 1) * size,
    bytes,
  }))
}

/** Pages per range. Tables of other access methods than heap may have no page numbers to cut by. */
export function rangePages(table: SizedTable): number {
  if (table.accessMethod !== 'heap' || table.extensionCondition) return Number.MAX_SAFE_INTEGER
  let size = smallestRange
  while (table.pages > size * mostRanges) size *= 2
  return size
}

function bundle(tables: readonly SizedTable[]): ReadTask[] {
  const tasks: ReadTask[] = []
  let open: SizedTable[] = []
  let bytes = 0
  const close = (): void => {
    if (open.length > 0) tasks.push({ kind: 'bundle', tables: open, bytes })
    open = []
    bytes = 0
  }
  for (const table of tables) {
    open.push(table)
    bytes += table.bytes
    if (bytes >= bundleBytes || endsBundle(table)) close()
  }
  close()
  return tasks
}

function endsBundle(table: SizedTable): boolean {
  const digest = createHash('sha256').update(`${table.schema}\0${table.name}`).digest()
  return digest.readUInt32BE(0) % bundleEvery === 0
}
