import { HoldfastError } from './errors.ts'
import { matchesSchema, matchesTable, parseSchemaPattern, parseTablePattern } from './patterns.ts'

interface TableName {
  readonly schema: string
  readonly name: string
}

/** A table that patterns are held against; who names a partitioned table means its partitions. */
export interface MatchedTable extends TableName {
  readonly parents?: readonly TableName[]
}

/** Tells which tables the pattern means. Throws `table_not_found` if it means none of `tables`: a misspelt name must not go unnoticed. */
export function tableMatcher(
  text: string,
  tables: readonly MatchedTable[],
): (table: MatchedTable) => boolean {
  const pattern = parseTablePattern(text)
  return required(text, tables, (table) =>
    [table, ...(table.parents ?? [])].some((name) => matchesTable(pattern, name)),
  )
}

/** The same for a pattern of schemas. */
export function schemaMatcher(
  text: string,
  tables: readonly MatchedTable[],
): (table: MatchedTable) => boolean {
  const pattern = parseSchemaPattern(text)
  return required(text, tables, (table) => matchesSchema(pattern, table.schema))
}

function required(
  text: string,
  tables: readonly MatchedTable[],
  matches: (table: MatchedTable) => boolean,
): (table: MatchedTable) => boolean {
  if (tables.some(matches)) return matches
  throw new HoldfastError('table_not_found', `No table matches "${text}".`, { details: { pattern: text } })
}
