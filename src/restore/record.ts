import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { heldBackRows } from '../repository/held-back.ts'
import type { RestoredTable, RestoreReport } from './types.ts'

/** How a table was compared, in words for people who read the record later. */
const comparisons: readonly (readonly [compared: RestoredTable['compared'], what: string, result: string])[] =
  [
    ['hashed', 'number and content of all rows', 'equal'],
    ['sampled', 'number of rows, content of a share', 'equal'],
    ['counted', 'number of rows', 'equal'],
    ['not held', 'rows that the backup does not hold', 'not compared'],
  ]

/** What a restore into a new or empty database, or one that was swapped in, leaves in the repository. `who`: the database role, and where from. */
export function recordOfRestore(o: {
  report: RestoreReport
  kind?: 'new database' | 'swap'
  /** Of the backup. */
  moment: string
  who: string
  /** What was asked for, as options. */
  scope: readonly string[]
}): RestoreRecord {
  const { backup, target, started, finished, seconds, tables, warnings } = o.report
  return {
    format: 1,
    kind: o.kind ?? 'new database',
    backup,
    moment: o.moment,
    undoes: null,
    target,
    who: o.who,
    started,
    finished,
    seconds,
    scope: o.scope,
    tables: tables.map(({ schema, name, rows }) => ({
      schema,
      name,
      created: rows,
      updated: 0,
      deleted: 0,
      unchanged: 0,
      conflicts: 0,
    })),
    checks: [
      ...comparisons.flatMap(([compared, what, result]) => {
        const count = tables.filter((table) => table.compared === compared).length
        return count === 0
          ? []
          : [{ what, result: `${count} ${count === 1 ? 'table' : 'tables'}: ${result}` }]
      }),
      ...o.report.heldBack.map((held) => ({
        what: 'rows that were erased',
        result: `${heldBackRows(held)} held back`,
      })),
    ],
    warnings,
  }
}
