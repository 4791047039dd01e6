import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import { liveOf } from './names.ts'
import { analyzeStage, bytesOf, makeStage, stageMissing, stageRanges, type Source } from './stage.ts'
import type { Unit } from './types.ts'
import { countOlder, isSameFile, rowsWithin, type Found, type Horizon } from './untouched.ts'

/** Which rows of the backup are in the units' temporary tables by now. */
export interface Staging {
  /** Makes a unit's temporary table, and brings its rows, unless it can be told which of them nobody has touched. */
  open(unit: Unit): Promise<void>
  /** Brings what must be compared besides, in the transaction that is open: rows may have been touched since the last time. */
  complete(units: readonly Unit[]): Promise<void>
  /** What was found then. */
  uncompared(unit: Unit): Promise<Uncompared>
}

/** Rows that need no comparison. */
export interface Uncompared {
  /** The live rows besides them, of the alias `o`, to stand behind FROM. */
  readonly others: string
  /** How many they are, or how many of them meet the condition of `--where`. */
  readonly rows: number
}

/** What is known of one range. */
interface RangeState {
  /** Places in the range of the rows that are staged. Null: all are, and all live rows of its pages are compared. */
  readonly staged: ReadonlySet<number> | null
  readonly found: Found
}

/** What is known of the one table that a unit's rows are from. */
interface Survey {
  readonly table: TableContents
  readonly ranges: Map<RowRange, RangeState>
}

/** Ranges of more bytes hold values so large that they are better compared by the server alone. */
const mostBytes = 64 * 1024 * 1024

export function createStaging(o: {
  wire: Wire
  source: Source
  /** Null: everything is brought. */
  horizon: Horizon | null
  where: string | null
  signal?: AbortSignal | undefined
  /** `total`: of all that is to be brought, as far as it is known. */
  onBytes: (done: number, total: number) => void
}): Staging {
  const { wire, horizon, where } = o
  const surveys = new Map<Unit, Survey>()
  let [done, total] = [0, 0]
  const onBytes = (bytes: number): void => o.onBytes((done += bytes), total)

  async function survey(unit: Unit): Promise<Survey | null> {
    const [table] = unit.from
    // What is pulled in is looked up row by row, wherever it lies.
    if (horizon === null || table === undefined || unit.from.length > 1 || unit.pulledIn) return null
    if (!(await isSameFile(wire, { horizon, table, live: unit.live }))) return null
    return { table, ranges: new Map() }
  }

  /** Ranges of which something must be brought, with what lies in their pages now. */
  async function touched(unit: Unit, { table, ranges }: Survey): Promise<ReadonlyMap<RowRange, Found>> {
    if (horizon === null) return new Map()
    const same = await isSameFile(wire, { horizon, table, live: unit.live })
    const counted = await countOlder(wire, { horizon, ranges: table.ranges, live: unit.live })
    const touched = new Map<RowRange, Found>()
    for (const [range, found] of counted) {
      const state = ranges.get(range)
      if (state?.staged === null) continue
      const staged = state?.staged ?? new Set()
      if (!same) touched.set(range, { ...found, older: 0 })
      else if (found.older + staged.size === range.rows) ranges.set(range, { staged, found })
      else touched.set(range, found)
    }
    return touched
  }

  async function bring(unit: Unit, { table, ranges }: Survey, touched: ReadonlyMap<RowRange, Found>) {
    const whole: RowRange[] = []
    for (const [range, found] of touched) {
      const staged = ranges.get(range)?.staged ?? new Set()
      const sought = horizon !== null && found.older > 0 && bytesOf([range]) <= mostBytes
      // Rows that were brought one by one must not come again.
      if (!sought && staged.size === 0) whole.push(range)
      const missing =
        sought || staged.size > 0
          ? await stageMissing({
              ...o,
              onBytes,
              unit,
              table,
              range,
              staged,
              older: sought ? horizon.older : null,
            })
          : null
      ranges.set(range, { staged: missing, found })
    }
    if (whole.length > 0) await stageRanges({ ...o, onBytes, unit, ranges: new Map([[table, whole]]) })
    await analyzeStage(wire, unit)
  }

  return {
    async open(unit) {
      await makeStage(wire, unit)
      const surveyed = await survey(unit)
      if (surveyed !== null) {
        surveys.set(unit, surveyed)
        return
      }
      const ranges = new Map(unit.from.map((t) => [t, t.ranges]))
      total += bytesOf([...ranges.values()].flat())
      await stageRanges({ ...o, onBytes, unit, ranges })
      await analyzeStage(wire, unit)
    },
    async complete(units) {
      const found = new Map<Unit, ReadonlyMap<RowRange, Found>>()
      for (const unit of units) {
        const surveyed = surveys.get(unit)
        if (surveyed === undefined) continue
        const ranges = await touched(unit, surveyed)
        found.set(unit, ranges)
        total += bytesOf([...ranges.keys()])
      }
      for (const [unit, ranges] of found) {
        const surveyed = surveys.get(unit)
        if (surveyed !== undefined && ranges.size > 0) await bring(unit, surveyed, ranges)
      }
    },
    async uncompared(unit) {
      const ranges = surveys.get(unit)?.ranges
      if (horizon === null || ranges === undefined) return { others: `${liveOf(unit.live)} o`, rows: 0 }
      const parts = [...ranges].map(([range, { staged, found }]) => ({
        ...range,
        ...found,
        known: staged !== null,
      }))
      const others = rowsWithin(
        unit.live,
        parts.filter((p) => !p.known || p.younger > 0),
        (p) => (p.known ? `NOT (${horizon.older('o')})` : 'true'),
      )
      const known = parts.filter((p) => p.known)
      if (where === null) return { others, rows: known.reduce((sum, p) => sum + p.older, 0) }
      const [row] = await wire.query(
        `SELECT count(*) FROM ${rowsWithin(unit.live, known, () => `${horizon.older('o')} AND (${where}\n)`)}`,
      )
      return { others, rows: Number(row?.[0]) }
    },
  }
}
