import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { liveOf } from './names.ts'
import { analyzeStage, bytesOf, makeStage, stageRanges, type Source } from './stage.ts'
import { createSurvey, type Survey } from './survey.ts'
import type { Unit } from './types.ts'
import { isSameFile, leavesOf, type Horizon, type Leaf } from './untouched.ts'
import { keyOf } from './units.ts'

/** Which rows of the backup are in the units' temporary tables by now. */
export interface Staging {
  /** Makes a unit's temporary table, and brings its rows, unless it can be told which of them nobody has touched. */
  open(unit: Unit): Promise<void>
  /** Finds what must be compared besides, in the transaction that is open: rows may have been touched since the last time. Resolves to how many bytes it is. */
  survey(units: readonly Unit[]): Promise<number>
  /** Brings that. */
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

/** Tables of the backup whose rows can be told to be older, and the other live ones. */
interface Surveyed {
  readonly surveys: readonly Survey[]
  readonly others: readonly Leaf[]
}

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
  const { wire, horizon } = o
  const surveyed = new Map<Unit, Surveyed>()
  let [done, total] = [0, 0]
  const onBytes = (bytes: number): void => o.onBytes((done += bytes), total)

  async function surveyUnit(unit: Unit): Promise<Surveyed> {
    // What is pulled in is looked up row by row, wherever it lies.
    if (horizon === null || unit.pulledIn) return { surveys: [], others: [] }
    const leaves = new Map((await leavesOf(wire, unit.live)).map((leaf) => [keyOf(leaf), leaf]))
    const surveys: Survey[] = []
    for (const table of unit.from) {
      const leaf = leaves.get(keyOf(table))
      if (leaf === undefined || !(await isSameFile(wire, { horizon, table, leaf }))) continue
      surveys.push(createSurvey({ ...o, horizon, unit, table, leaf }))
      leaves.delete(keyOf(table))
    }
    return { surveys, others: [...leaves.values()] }
  }

  return {
    async open(unit) {
      await makeStage(wire, unit)
      const found = await surveyUnit(unit)
      if (found.surveys.length > 0) surveyed.set(unit, found)
      const told = new Set(found.surveys.map((s) => s.table))
      const ranges = new Map(unit.from.filter((t) => !told.has(t)).map((t) => [t, t.ranges]))
      total += bytesOf([...ranges.values()].flat())
      await stageRanges({ ...o, onBytes, unit, ranges })
      await analyzeStage(wire, unit)
    },
    async survey(units) {
      let bytes = 0
      for (const one of units.flatMap((unit) => surveyed.get(unit)?.surveys ?? [])) bytes += await one.count()
      total = done + bytes
      return bytes
    },
    async complete(units) {
      for (const unit of units) {
        let brought = false
        for (const one of surveyed.get(unit)?.surveys ?? []) brought = (await one.bring(onBytes)) || brought
        if (brought) await analyzeStage(wire, unit)
      }
    },
    async uncompared(unit) {
      const found = surveyed.get(unit)
      if (found === undefined) return { others: `${liveOf(unit.live)} o`, rows: 0 }
      // Of a partition they may be in another order.
      const columns = unit.live.columns.map((c) => `o.${ident(c.name)}`).join(', ')
      const selects = [
        ...found.surveys.map((s) => s.compared(columns)),
        ...found.others.map(
          (leaf) =>
            `SELECT ${[columns, 'o.tableoid', 'o.ctid'].filter((c) => c !== '').join(', ')} FROM ONLY ${qualified(leaf.schema, leaf.name)} o`,
        ),
      ]
      let rows = 0
      for (const one of found.surveys) rows += await one.uncompared(o.where)
      return { others: `(${selects.join(' UNION ALL ')}) o`, rows }
    },
  }
}
