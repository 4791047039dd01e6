import { schemaMatcher, tableMatcher } from '../lib/table-matcher.ts'
import type { TableFacts } from '../postgres/introspect/tables.ts'
import type { BackupScope } from '../repository/format/contents.ts'

/** Everything. */
export const wholeDatabase: BackupScope = { schemas: [], tables: [], excludeTables: [], excludeData: [] }

/**
 * Which tables' rows a backup holds. The schema is always held whole: it is small, and it is what tells later which
 * types and functions a table needs. Throws `table_not_found` for a pattern that matches nothing: a misspelt name must not make an empty backup.
 */
export function chooseTables<Table extends TableFacts>(
  tables: readonly Table[],
  scope: BackupScope,
): { held: Table[]; excluded: Table[] } {
  const matchers = {
    tables: scope.tables.map((text) => tableMatcher(text, tables)),
    schemas: scope.schemas.map((text) => schemaMatcher(text, tables)),
    excluded: [...scope.excludeTables, ...scope.excludeData].map((text) => tableMatcher(text, tables)),
  }
  const all = matchers.tables.length + matchers.schemas.length === 0
  const chosen = (t: Table): boolean =>
    (all || [...matchers.tables, ...matchers.schemas].some((matches) => matches(t))) &&
    !matchers.excluded.some((matches) => matches(t))
  return { held: tables.filter(chosen), excluded: tables.filter((t) => !chosen(t)) }
}
