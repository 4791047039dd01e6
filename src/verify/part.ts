import { createHash } from 'node:crypto'
import { quotePattern } from '../lib/patterns.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import { chooseScope } from '../restore/scope.ts'
import type { RestoreOptions } from '../restore/types.ts'
import type { DrillPart } from './types.ts'

/** The options of a restore of this part. Throws `table_not_found`. */
export function choosePart(
  contents: BackupContents,
  options: RestoreOptions,
  part: DrillPart,
): RestoreOptions {
  const chosen: RestoreOptions = {
    ...options,
    schemas: part.schemas,
    tables: part.tables,
    excludeTables: part.excludeTables,
  }
  if (part.sample === null) return chosen
  const { tables } = chooseScope(contents, chosen)
  const names = sampleTables(tables, part.sample).map(
    (t) => `${quotePattern(t.schema)}.${quotePattern(t.name)}`,
  )
  // Of nothing, nothing is chosen: no name would mean all.
  return names.length === 0 ? chosen : { ...chosen, schemas: [], tables: names }
}

/**
 * Tables in an order that only the seed and their names decide, up to the percentage of the bytes; at least one. The tables that
 * foreign keys lead to are not added: with them a sample would soon be everything. Such keys are left open.
 */
export function sampleTables(
  tables: readonly SampledTable[],
  { percent, seed }: NonNullable<DrillPart['sample']>,
): TableName[] {
  const units = unitsOf(tables, seed).sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const wanted = (units.reduce((sum, unit) => sum + unit.plainBytes, 0) * percent) / 100
  const taken: Unit[] = []
  let bytes = 0
  for (const unit of units) {
    if (taken.length > 0 && bytes >= wanted) break
    taken.push(unit)
    bytes += unit.plainBytes
  }
  return taken.flatMap((unit) => unit.names)
}

type TableName = Pick<TableContents, 'schema' | 'name'>
type SampledTable = TableName & Pick<TableContents, 'plainBytes' | 'parents'>

interface Unit {
  readonly rank: string
  readonly plainBytes: number
  readonly names: readonly TableName[]
}

/** A tree of partitions goes together: rows that are loaded through its root may lie in any of them. */
function unitsOf(tables: readonly SampledTable[], seed: number): Unit[] {
  const trees = new Map<string, SampledTable[]>()
  for (const table of tables) {
    const { schema, name } = table.parents.at(-1) ?? table
    const key = JSON.stringify([schema, name])
    const tree = trees.get(key) ?? []
    if (tree.push(table) === 1) trees.set(key, tree)
  }
  return [...trees].map(([key, tree]) => ({
    rank: createHash('sha256').update(`${seed}${key}`).digest('hex'),
    plainBytes: tree.reduce((sum, t) => sum + t.plainBytes, 0),
    names: tree.map(({ schema, name }) => ({ schema, name })),
  }))
}
