import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import { bytesOf, stageMissing, stageRanges, type Source } from './stage.ts'
import type { Unit } from './types.ts'
import { countOlder, isSameFile, rowsWithin, type Found, type Horizon, type Leaf } from './untouched.ts'

/** What is known of one table of the backup and the live table that has had its rows ever since. */
export interface Survey {
  readonly table: TableContents
  readonly leaf: Leaf
  /** Counts the live rows anew. Resolves to how many bytes of the backup are to be looked through. */
  count(): Promise<number>
  /** Brings the rows that are gone, as counted last, and are not staged yet. Resolves to whether there were any. */
  bring(onBytes: (bytes: number) => void): Promise<boolean>
  /** Live rows that must be compared, as counted last: a query of `columns`, and `tableoid` and `ctid`. */
  compared(columns: string): string
  /** How many rows need no comparison; with `where`, how many of them meet it. */
  uncompared(where: string | null): Promise<number>
}

/** What is known of one range. */
interface RangeState {
  /** Places in the range of the rows that are staged. Null: all are, and all live rows of its pages are compared. */
  readonly staged: ReadonlySet<number> | null
  readonly found: Found
}

/** Ranges of more bytes hold values so large that they are better compared by the server alone. */
const mostBytes = 64 * 1024 * 1024

export function createSurvey(o: {
  wire: Wire
  source: Source
  horizon: Horizon
  unit: Unit
  table: TableContents
  leaf: Leaf
  signal?: AbortSignal | undefined
}): Survey {
  const { wire, horizon, table, leaf } = o
  const ranges = new Map<RowRange, RangeState>()
  let touched = new Map<RowRange, Found>()

  const stagedOf = (range: RowRange): ReadonlySet<number> => ranges.get(range)?.staged ?? new Set()
  const isWhole = (range: RowRange): boolean => ranges.get(range)?.staged === null
  const states = () =>
    [...ranges].map(([range, { found }]) => ({ ...range, ...found, known: !isWhole(range) }))

  return {
    table,
    leaf,
    async count() {
      const same = await isSameFile(wire, o)
      touched = new Map()
      for (const [range, found] of await countOlder(wire, { ...o, ranges: table.ranges })) {
        const staged = stagedOf(range)
        if (isWhole(range)) ranges.set(range, { staged: null, found })
        else if (!same) touched.set(range, { ...found, older: 0 })
        else if (found.older + staged.size === range.rows) ranges.set(range, { staged, found })
        else touched.set(range, found)
      }
      return bytesOf([...touched.keys()])
    },
    async bring(onBytes) {
      const whole: RowRange[] = []
      for (const [range, found] of touched) {
        const staged = stagedOf(range)
        const older = found.older > 0 && bytesOf([range]) <= mostBytes ? horizon.older : null
        // Rows that were brought one by one must not come again.
        const oneByOne = older !== null || staged.size > 0
        if (!oneByOne) whole.push(range)
        const missing = oneByOne ? await stageMissing({ ...o, onBytes, range, staged, older }) : null
        ranges.set(range, { staged: missing, found })
      }
      if (whole.length > 0) await stageRanges({ ...o, onBytes, ranges: new Map([[table, whole]]) })
      return touched.size > 0
    },
    compared: (columns) =>
      rowsWithin({
        leaf,
        columns,
        ranges: states().filter((s) => !s.known || s.younger > 0),
        condition: (s) => (s.known ? `NOT (${horizon.older('o')})` : 'true'),
      }),
    async uncompared(where) {
      const known = states().filter((s) => s.known)
      if (where === null) return known.reduce((sum, s) => sum + s.older, 0)
      const condition = (): string => `${horizon.older('o')} AND (${where}\n)`
      const [row] = await wire.query(
        `SELECT count(*) FROM (${rowsWithin({ leaf, columns: '', ranges: known, condition })}) k`,
      )
      return Number(row?.[0])
    },
  }
}
