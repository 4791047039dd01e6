import { entryName, type SchemaEntry } from './entry.ts'

/** A table by its name. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface Selection {
  /** In dump order. What an entry depends on is part of it. */
  readonly entries: readonly SchemaEntry[]
  /** In dump order, with the reason in words. */
  readonly leftOut: readonly { readonly entry: SchemaEntry; readonly why: string }[]
  /** Tables whose definition is needed though they were not chosen: parents of partitions, tables used as types. */
  readonly neededTables: readonly TableName[]
}

const tableTypes = new Set(['TABLE', 'FOREIGN TABLE'])
const relationTypes = new Set([...tableTypes, 'VIEW', 'MATERIALIZED VIEW'])
const grantTypes = new Set(['ACL', 'DEFAULT ACL'])
/** Tagged `relation object`, and part of that relation. */
const partsByName = new Set([
  'CHECK CONSTRAINT',
  'CONSTRAINT',
  'DEFAULT',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'TRIGGER',
])
/** Named by themselves, and part of a relation they depend on. A sequence that depends on a table is its identity. */
const partsByDependency = new Set([
  'INDEX',
  'MATERIALIZED VIEW DATA',
  'SEQUENCE',
  'SEQUENCE OWNED BY',
  'STATISTICS',
])
/** They connect others, and make sense when all of these are there. */
const connections = new Set(['CAST', 'INDEX ATTACH', 'TABLE ATTACH', 'TRANSFORM', 'USER MAPPING'])
const remarks = new Set(['ACL', 'COMMENT', 'SECURITY LABEL'])

/**
 * Which entries are needed to restore chosen tables, or all objects of chosen schemas: these, all they depend on, and
 * all that is part of them. Foreign keys come only with both of their tables. Views, functions and what else only
 * uses a chosen table are left out, unless their schema is chosen and they need no table that is not.
 *
 * `tables` and `schemas` both null: everything. `noGrants` leaves out privileges. With `noOwner` the caller runs only
 * the first `lengthWithoutOwner` bytes of each entry; entries that are then empty are left out here.
 */
export function selectEntries({
  entries,
  tables,
  schemas = null,
  noOwner = false,
  noGrants = false,
}: {
  readonly entries: readonly SchemaEntry[]
  readonly tables: readonly TableName[] | null
  readonly schemas?: readonly string[] | null
  readonly noOwner?: boolean
  readonly noGrants?: boolean
}): Selection {
  const all = tables === null && schemas === null
  const chosen = { tables: new Set(tables?.map(nameKey)), schemas: new Set(schemas) }
  const isChosenTable = (entry: SchemaEntry): boolean =>
    tableTypes.has(entry.type) &&
    (chosen.schemas.has(entry.schema ?? '') ||
      chosen.tables.has(nameKey({ schema: entry.schema ?? '', name: entry.name })))
  const needed = all ? new Set(entries) : neededEntries(entries, isChosenTable, chosen.schemas)

  const kept: SchemaEntry[] = []
  const leftOut: { entry: SchemaEntry; why: string }[] = []
  const byId = index(entries)
  for (const entry of entries) {
    if (noGrants && grantTypes.has(entry.type)) leftOut.push({ entry, why: 'privileges are not restored' })
    else if (noOwner && entry.lengthWithoutOwner === 0)
      leftOut.push({ entry, why: 'owners are not restored' })
    else if (needed.has(entry)) kept.push(entry)
    else leftOut.push({ entry, why: whyNot(entry, needed, byId) })
  }
  const neededTables = all
    ? []
    : kept
        .filter((entry) => tableTypes.has(entry.type) && !isChosenTable(entry))
        .map(({ schema, name }) => ({ schema: schema ?? '', name }))
  return { entries: kept, leftOut, neededTables }
}

/** The smallest set that holds the chosen entries, and with an entry what it depends on and what is part of it. */
function neededEntries(
  entries: readonly SchemaEntry[],
  isChosenTable: (entry: SchemaEntry) => boolean,
  schemas: ReadonlySet<string>,
): Set<SchemaEntry> {
  const byId = index(entries)
  const schemaEntries = new Map(entries.filter((e) => e.type === 'SCHEMA').map((e) => [e.name, e]))
  const needed = new Set<SchemaEntry>()
  const usedSchemas = new Set(schemas)

  const requirements = (entry: SchemaEntry): SchemaEntry[] => {
    const home = entry.schema === null ? undefined : schemaEntries.get(entry.schema)
    return [...known(entry, byId), ...(home === undefined ? [] : [home])]
  }
  const need = (first: SchemaEntry): void => {
    const waiting = [first]
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      if (needed.has(entry)) continue
      needed.add(entry)
      if (entry.schema !== null) usedSchemas.add(entry.schema)
      waiting.push(...requirements(entry))
    }
  }

  for (const entry of entries) {
    if (isChosenTable(entry)) need(entry)
    else if (entry.type === 'SCHEMA' && schemas.has(entry.name)) need(entry)
  }
  for (let before = -1; before !== needed.size;) {
    before = needed.size
    for (const entry of entries) {
      if (!needed.has(entry) && isPart(entry, needed, usedSchemas, byId)) need(entry)
    }
    // Partitions need their parents: the entry that attaches them depends on both.
    for (const entry of entries) {
      if (entry.type === 'TABLE ATTACH' && isPartition(entry, needed, byId)) need(entry)
    }
  }
  for (const entry of entries) {
    if (
      isWhole(entry, schemas) &&
      !needs(entry, requirements, (e) => tableTypes.has(e.type) && !needed.has(e))
    )
      need(entry)
  }
  for (let before = -1; before !== needed.size;) {
    before = needed.size
    for (const entry of entries) {
      if (!needed.has(entry) && isPart(entry, needed, usedSchemas, byId)) need(entry)
    }
  }
  return needed
}

/** Whether an entry stands for itself and lives in one of the chosen schemas. */
function isWhole(entry: SchemaEntry, schemas: ReadonlySet<string>): boolean {
  if (!schemas.has(entry.schema ?? '') || entry.type === 'FK CONSTRAINT' || remarks.has(entry.type))
    return false
  return !partsByName.has(entry.type) && !connections.has(entry.type) && !entry.type.startsWith('PUBLICATION')
}

function isPart(
  entry: SchemaEntry,
  needed: ReadonlySet<SchemaEntry>,
  usedSchemas: ReadonlySet<string>,
  byId: ReadonlyMap<number, SchemaEntry>,
): boolean {
  const others = known(entry, byId)
  const relations = others.filter(({ type }) => relationTypes.has(type))
  if (partsByName.has(entry.type)) {
    return relations.some(
      (relation) =>
        needed.has(relation) &&
        relation.schema === entry.schema &&
        (entry.name === relation.name || entry.name.startsWith(`${relation.name} `)),
    )
  }
  if (partsByDependency.has(entry.type)) return relations.some((relation) => needed.has(relation))
  if (entry.type === 'FK CONSTRAINT') {
    return relations.length > 0 && relations.every((relation) => needed.has(relation))
  }
  if (connections.has(entry.type)) return others.length > 0 && others.every((other) => needed.has(other))
  if (!remarks.has(entry.type)) return false
  const subjects = others.filter(({ type }) => type !== 'ACL')
  if (subjects.length > 0) return subjects.every((subject) => needed.has(subject))
  // A schema that every database has is no entry itself.
  return entry.name.startsWith('SCHEMA ') && usedSchemas.has(entry.name.slice('SCHEMA '.length))
}

/** Of the two tables that are attached, the partition bears the entry's name. */
function isPartition(
  attach: SchemaEntry,
  needed: ReadonlySet<SchemaEntry>,
  byId: ReadonlyMap<number, SchemaEntry>,
): boolean {
  return known(attach, byId).some(
    (table) =>
      tableTypes.has(table.type) &&
      table.name === attach.name &&
      table.schema === attach.schema &&
      needed.has(table),
  )
}

/** Whether `entry`, or what it depends on at any distance, is such a one. */
function needs(
  entry: SchemaEntry,
  requirements: (entry: SchemaEntry) => SchemaEntry[],
  isSuch: (entry: SchemaEntry) => boolean,
): boolean {
  const seen = new Set<SchemaEntry>()
  const waiting = [entry]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (isSuch(next)) return true
    waiting.push(...requirements(next))
  }
  return false
}

function whyNot(
  entry: SchemaEntry,
  needed: ReadonlySet<SchemaEntry>,
  byId: ReadonlyMap<number, SchemaEntry>,
): string {
  if (tableTypes.has(entry.type) || known(entry, byId).length === 0) return 'not chosen'
  const others = known(entry, byId)
  const missing = others.find((other) => tableTypes.has(other.type) && !needed.has(other))
  if (missing !== undefined)
    return `needs ${missing.type.toLowerCase()} ${entryName(missing)}, which is not chosen`
  return others.some((other) => needed.has(other))
    ? 'uses what is chosen, but is no part of it'
    : 'not needed'
}

function known(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): SchemaEntry[] {
  return entry.dependsOn.flatMap((id) => byId.get(id) ?? [])
}

function index(entries: readonly SchemaEntry[]): ReadonlyMap<number, SchemaEntry> {
  return new Map(entries.map((entry) => [entry.id, entry]))
}

function nameKey({ schema, name }: TableName): string {
  return JSON.stringify([schema, name])
}
