import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import { liveOf } from './names.ts'
import { makeStage, stageRanges, type Source } from './stage.ts'
import type { Unit } from './types.ts'
import { accountedFor, untouchedRanges, type Horizon } from './untouched.ts'

/** Which rows of the backup are in the units' temporary tables by now. */
export interface Staging {
  /** Makes a unit's temporary table, and brings what must be compared as far as can be told now. */
  open(unit: Unit): Promise<void>
  /**
   * Brings what must be compared besides, in the transaction that is open: rows may have been touched since. Resolves to the condition over
   * the live rows that need no comparison (alias `o`; null: all need it), and how many rows of the backup these are.
   */
  complete(unit: Unit): Promise<{ readonly condition: string | null; readonly rows: number }>
}

export function createStaging(o: {
  wire: Wire
  source: Source
  /** Null: everything is brought. */
  horizon: Horizon | null
  where: string | null
  signal?: AbortSignal | undefined
  onBytes: (bytes: number) => void
}): Staging {
  const { wire, horizon } = o
  const staged = new Map<Unit, Set<RowRange>>()

  /** Brings all ranges that are not untouched; resolves to those that were left out. */
  async function bring(unit: Unit): Promise<Set<RowRange>> {
    const there = staged.get(unit) ?? new Set()
    staged.set(unit, there)
    const left = new Set<RowRange>()
    const needed = new Map<TableContents, RowRange[]>()
    for (const table of unit.from) {
      const missing = table.ranges.filter((r) => !there.has(r))
      // What is pulled in is looked up row by row, wherever it lies.
      const skipped =
        horizon === null || unit.pulledIn || missing.length === 0
          ? new Set()
          : await untouchedRanges(wire, { horizon, table, live: unit.live })
      for (const range of missing) if (skipped.has(range)) left.add(range)
      const needs = missing.filter((r) => !skipped.has(r))
      if (needs.length > 0) needed.set(table, needs)
      for (const range of needs) there.add(range)
    }
    if (needed.size > 0) await stageRanges({ ...o, unit, ranges: needed })
    return left
  }

  return {
    async open(unit) {
      await makeStage(wire, unit)
      await bring(unit)
    },
    async complete(unit) {
      const left = await bring(unit)
      if (horizon === null || left.size === 0) return { condition: null, rows: 0 }
      const condition = accountedFor(horizon, left, 'o')
      if (o.where === null) return { condition, rows: [...left].reduce((sum, r) => sum + r.rows, 0) }
      const [row] = await wire.query(
        `SELECT count(*) FROM ${liveOf(unit.live)} o WHERE ${condition} AND (${o.where}\n)`,
      )
      return { condition, rows: Number(row?.[0]) }
    },
  }
}
