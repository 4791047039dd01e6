import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyTable } from '../../repository/format/restore-contents.ts'
import { readLiveTables } from './live.ts'
import type { KeptRows } from './made.ts'
import { liveOf, storedOf } from './names.ts'
import { raiseForAll } from './sequences.ts'
import type { Unit } from './types.ts'
import { recordOf } from './undo-diff.ts'
import { undoUnit } from './units.ts'

/** Rows that were stored when their table was dropped. `stage` brings the record of a table's changes. */
export function keptRowsOf(o: {
  table: SafetyTable
  /** Of those stored, how many may come back: some may have been erased since. */
  rows: number
  /** Numbers the temporary table. */
  index: number
  stage: (table: SafetyTable, unit: Unit) => Promise<void>
}): KeptRows {
  const { table, rows } = o
  return {
    schema: table.schema,
    name: table.name,
    rows,
    async load(wire: Wire) {
      const [live] = await readLiveTables(wire, [table])
      if (live === undefined)
        throw new HoldfastError('restore_failed', `${tableLabel(table)} was not made again.`)
      // Keys are made when all rows are there.
      const unit = undoUnit({ ...table, key: null }, live, o.index)
      await o.stage(table, unit)
      const columns = storedOf(unit)
      const list = columns.length === 0 ? '' : ` (${columns.map(ident).join(', ')})`
      const [written] = await wire.query(
        `WITH written AS (INSERT INTO ${liveOf(live).replace(/^ONLY /, '')}${list} OVERRIDING SYSTEM VALUE
           SELECT ${columns.map((_, n) => `b${n + 1}`).join(', ')} FROM ${recordOf(unit)} WHERE action = 'd' RETURNING 1)
         SELECT count(*) FROM written`,
      )
      if (Number(written?.[0]) !== rows)
        throw new HoldfastError(
          'restore_differs',
          `${tableLabel(table)}: ${written?.[0]} rows were created where ${rows} were planned.`,
        )
      await raiseForAll(wire, live)
    },
  }
}
