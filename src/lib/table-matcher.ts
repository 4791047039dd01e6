import { codes } from './error-codes.ts'
import { HoldfastError } from './errors.ts'
import { nearest } from './nearest.ts'
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
  const named = (table: MatchedTable): TableName[] => [table, ...(table.parents ?? [])]
  const whole = text.includes('.')
  return required({
    text,
    tables,
    names: (table) => named(table).map(({ schema, name }) => (whole ? `${schema}.${name}` : name)),
    matches: (table) => named(table).some((name) => matchesTable(pattern, name)),
  })
}

/** The same for a pattern of schemas. */
export function schemaMatcher(
  text: string,
  tables: readonly MatchedTable[],
): (table: MatchedTable) => boolean {
  const pattern = parseSchemaPattern(text)
  return required({
    text,
    tables,
    names: ({ schema }) => [schema],
    matches: ({ schema }) => matchesSchema(pattern, schema),
  })
}

function required(o: {
  text: string
  tables: readonly MatchedTable[]
  /** What the pattern could have been meant to say. */
  names: (table: MatchedTable) => readonly string[]
  matches: (table: MatchedTable) => boolean
}): (table: MatchedTable) => boolean {
  const { text, tables, matches } = o
  if (tables.some(matches)) return matches
  const meant = nearest(text, [...new Set(tables.flatMap(o.names))])
  throw new HoldfastError('table_not_found', `No table matches "${text}".`, {
    hint: `${meant === null ? '' : `Did you mean ${meant}? `}${codes.table_not_found.hint}`,
    details: { pattern: text },
  })
}
