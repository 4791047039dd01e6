import { schemaMatcher, tableMatcher, type MatchedTable } from '../lib/table-matcher.ts'
import { entryName, type SchemaEntry } from '../postgres/schema/entry.ts'
import { selectEntries } from '../postgres/schema/select.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import { entryLabel } from './entries.ts'
import type { RestoreOptions, RestorePlan } from './types.ts'

export interface RestoreScope {
  readonly entries: readonly SchemaEntry[]
  /** Tables whose rows are restored. */
  readonly tables: readonly TableContents[]
  readonly leftOut: RestorePlan['leftOut']
  /** Of what was wanted, what can't be without something that is left out. */
  readonly missed: readonly string[]
  /** Tables that are made and stay empty: the backup does not hold their rows. */
  readonly empty: readonly TableContents[]
  /** True if nothing was chosen: everything, or everything but what is excluded. */
  readonly all: boolean
  /** True if nothing was chosen or excluded. */
  readonly whole: boolean
}

/** Which objects and rows a restore brings: what was chosen, and what that needs. Throws `table_not_found`. */
export function chooseScope(contents: BackupContents, options: RestoreOptions): RestoreScope {
  const candidates = [...contents.tables, ...partitionedTables(contents)]
  const wanted = options.tables.map((text) => tableMatcher(text, candidates))
  const schemas = options.schemas.map((text) => schemaMatcher(text, candidates))
  const excluded = options.excludeTables.map((text) => tableMatcher(text, candidates))
  const isExcluded = (t: MatchedTable): boolean => excluded.some((matches) => matches(t))
  const all = wanted.length + schemas.length === 0
  const isWanted = (t: MatchedTable): boolean =>
    (all || [...wanted, ...schemas].some((matches) => matches(t))) && !isExcluded(t)

  const chosenSchemas = new Set(
    candidates.filter((t) => schemas.some((matches) => matches(t))).map((t) => t.schema),
  )
  const selection = selectEntries({
    entries: contents.schema.entries,
    tables: all ? null : candidates.filter(isWanted),
    schemas: all ? null : [...chosenSchemas],
    noOwner: options.noOwner,
    noGrants: options.noGrants,
  })
  const kept = withoutDependents(selection.entries, leftOutBy(candidates.filter(isExcluded), options))
  const defined = new Set(
    kept.entries.filter((e) => e.type === 'TABLE').map((e) => key(e.schema ?? '', e.name)),
  )
  // Tables of extensions have no entry of their own: they come with the extension.
  const ofExtension = (t: TableContents): boolean =>
    !tableEntry(contents, t) && options.withoutExtensions.length === 0
  const tablesOut = candidates.filter(isExcluded)
  const made = contents.tables.filter(
    (t) => isWanted(t) && (defined.has(key(t.schema, t.name)) || (all && ofExtension(t))),
  )
  const ids = new Set(kept.entries.map((e) => e.id))
  // Of what was not chosen, a foreign key of a chosen table is what people expect all the same.
  const cutKeys = selection.leftOut
    .map(({ entry }) => entry)
    .filter((e) => e.type === 'FK CONSTRAINT' && e.dependsOn.some((id) => ids.has(id)))
  // Indexes, triggers and the like of an excluded table go with it, and are missed by nobody.
  const dependents = kept.gone.filter(
    (e) => standing.has(e.type) && !tablesOut.some((t) => e.schema === t.schema && isOfTable(e, t.name)),
  )
  return {
    entries: kept.entries,
    tables: made.filter((t) => t.data === 'held'),
    empty: made.filter((t) => t.data !== 'held'),
    missed: [...cutKeys, ...dependents].map(entryLabel),
    all,
    leftOut: [
      ...selection.leftOut.map(({ entry, why }) => ({ type: entry.type, name: entryName(entry), why })),
      ...kept.leftOut,
    ],
    whole: all && excluded.length === 0,
  }
}

/** What people know as a thing of its own. A foreign key is one between two tables. */
const standing = new Set([
  'AGGREGATE',
  'DOMAIN',
  'FK CONSTRAINT',
  'FOREIGN TABLE',
  'FUNCTION',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'TABLE',
  'TYPE',
  'VIEW',
])

/** The table itself, or what pg_dump tags with the table's name first. */
function isOfTable(entry: SchemaEntry, table: string): boolean {
  return entry.name === table || (entry.type === 'FK CONSTRAINT' && entry.name.startsWith(`${table} `))
}

function partitionedTables(contents: BackupContents): MatchedTable[] {
  const parents = contents.tables.flatMap((t) => t.parents)
  return [...new Map(parents.map((p) => [key(p.schema, p.name), p])).values()]
}

function tableEntry(contents: BackupContents, table: TableContents): boolean {
  return contents.schema.entries.some(
    (e) => e.type === 'TABLE' && e.schema === table.schema && e.name === table.name,
  )
}

/** Why an entry itself is left out, if it is. */
function leftOutBy(
  tables: readonly MatchedTable[],
  options: RestoreOptions,
): (entry: SchemaEntry) => string | undefined {
  const names = new Set(tables.map((t) => key(t.schema, t.name)))
  const extensions = new Set(options.withoutExtensions)
  return (entry) => {
    if (entry.type === 'TABLE' && names.has(key(entry.schema ?? '', entry.name))) return 'it was excluded'
    if (entry.type === 'EXTENSION' && extensions.has(entry.name)) return 'the server does not have it'
    return undefined
  }
}

/** Leaves out entries and whatever can't be without them. Entries come in dump order, so what depends comes after. */
function withoutDependents(
  entries: readonly SchemaEntry[],
  whyOut: (entry: SchemaEntry) => string | undefined,
): { entries: SchemaEntry[]; leftOut: RestorePlan['leftOut']; gone: SchemaEntry[] } {
  const gone = new Map<number, string>()
  const leftOut: { type: string; name: string; why: string }[] = []
  const kept = entries.filter((entry) => {
    const own = whyOut(entry)
    const needs = entry.dependsOn.map((id) => gone.get(id)).find((label) => label !== undefined)
    if (own === undefined && needs === undefined) return true
    gone.set(entry.id, own === undefined ? (needs ?? '') : entryLabel(entry))
    leftOut.push({
      type: entry.type,
      name: entryName(entry),
      why: own ?? `it needs ${needs}, which was left out`,
    })
    return false
  })
  return { entries: kept, leftOut, gone: entries.filter((e) => gone.has(e.id)) }
}

function key(schema: string, name: string): string {
  return `${schema}\0${name}`
}
