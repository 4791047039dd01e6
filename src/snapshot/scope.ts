import { HoldfastError } from '../lib/errors.ts'
import { matchesSchema, matchesTable, parseSchemaPattern, parseTablePattern } from '../lib/patterns.ts'
import type { TableFacts } from '../postgres/introspect/tables.ts'
import type { BackupScope } from '../repository/format/contents.ts'

/** Everything. */
export const wholeDatabase: BackupScope = { schemas: [], tables: [], excludeTables: [], excludeData: [] }

/**
 * Which tables' rows a backup holds. The schema is always held whole: it is small, and it is what tells later which
 * types and functions a table needs. Throws `table_not_found` for a pattern that matches nothing: a misspelt name must not make an empty backup.
 */
export function chooseTables(
  tables: readonly TableFacts[],
  scope: BackupScope,
): { held: TableFacts[]; excluded: TableFacts[] } {
  const matchers = {
    tables: scope.tables.map((text) => matcher(text, tables)),
    schemas: scope.schemas.map((text) => schemaMatcher(text, tables)),
    excluded: [...scope.excludeTables, ...scope.excludeData].map((text) => matcher(text, tables)),
  }
  const all = matchers.tables.length + matchers.schemas.length === 0
  const chosen = (t: TableFacts): boolean =>
    (all || [...matchers.tables, ...matchers.schemas].some((matches) => matches(t))) &&
    !matchers.excluded.some((matches) => matches(t))
  return { held: tables.filter(chosen), excluded: tables.filter((t) => !chosen(t)) }
}

interface Named {
  readonly schema: string
  readonly name: string
}

/** Tells which tables the pattern means. Throws `table_not_found` if it means none of `tables`. */
export function matcher(text: string, tables: readonly Named[]): (table: Named) => boolean {
  const pattern = parseTablePattern(text)
  return required(text, tables, (table) => matchesTable(pattern, table))
}

/** The same for a pattern of schemas. */
export function schemaMatcher(text: string, tables: readonly Named[]): (table: Named) => boolean {
  const pattern = parseSchemaPattern(text)
  return required(text, tables, (table) => matchesSchema(pattern, table.schema))
}

function required(
  text: string,
  tables: readonly Named[],
  matches: (table: Named) => boolean,
): (table: Named) => boolean {
  if (tables.some(matches)) return matches
  throw new HoldfastError('table_not_found', `No table matches "${text}".`)
}
