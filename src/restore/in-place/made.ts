import { connectWire, type ServerAddress } from '../../postgres/connect.ts'
import { dumpSchema } from '../../postgres/schema/dump.ts'
import { entryKey, type SchemaEntry } from '../../postgres/schema/entry.ts'
import { selectEntries } from '../../postgres/schema/select.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents, TableContents } from '../../repository/format/contents.ts'
import type { MadeTable } from './types.ts'
import { keyOf } from './units.ts'

/** Objects that are made because the target lacks tables: these, what they need, and what went with them when they were dropped. */
export interface Making {
  readonly tables: readonly TableContents[]
  /** In the order of the dump. */
  readonly entries: readonly SchemaEntry[]
  /** Of the tables, those whose rows are not the backup's. */
  readonly kept: readonly KeptRows[]
}

/** A table whose rows were stored when it was dropped. */
export interface KeptRows extends MadeTable {
  /** Puts them into the table, which has been made. */
  load(wire: Wire): Promise<void>
}

export const nothingToMake: Making = { tables: [], entries: [], kept: [] }

/** Whether the rows of a table, or of one that it is a partition of, were kept. */
export function isKept({ kept }: Making, table: TableContents): boolean {
  return kept.some((k) => [table, ...table.parents].some((t) => keyOf(t) === keyOf(k)))
}

/** The tables that are made, with their rows. */
export function madeTablesOf(making: Making): MadeTable[] {
  const ofBackup = making.tables.filter((t) => !isKept(making, t))
  return [...ofBackup, ...making.kept].map(({ schema, name, rows }) => ({ schema, name, rows }))
}

/**
 * What must be made so that these tables are there again: DROP TABLE ... CASCADE took foreign keys of other tables and views
 * with it, so whatever the backup has that depends on a table, and the target lacks, comes back too.
 */
export async function planMaking(o: {
  contents: BackupContents
  missing: readonly TableContents[]
  target: ServerAddress
  signal?: AbortSignal | undefined
}): Promise<Making> {
  if (o.missing.length === 0) return nothingToMake
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  const there = new Set((await dumpSchema({ wire, signal: o.signal })).entries.map(entryKey))
  const { entries } = o.contents.schema
  const names = o.missing.flatMap((t) => [t, ...t.parents])
  const selected = new Set(selectEntries({ entries, tables: names }).entries)
  const byId = new Map(entries.map((e) => [e.id, e]))
  const lacking = (e: SchemaEntry): boolean => !there.has(entryKey(e))
  const made = new Set<SchemaEntry>()
  for (const entry of entries) {
    if (!selected.has(entry) || !lacking(entry)) continue
    // A partitioned table that is there may have lost something since, too: that is not what is missing.
    const on = partsOf(entry, byId)
    if (on.length === 0 || (on.some((e) => made.has(e)) && on.every((e) => made.has(e) || !lacking(e))))
      made.add(entry)
  }
  const above = new Set(o.missing.flatMap((t) => t.parents).map(keyOf))
  // What hangs on a table may bring what it needs itself, and something else that is before it in the dump may hang on that.
  for (let before = -1; before !== made.size;) {
    before = made.size
    for (const entry of entries) {
      if (!lacking(entry) || made.has(entry) || entry.type === 'INDEX ATTACH') continue
      const parents = entry.dependsOn.flatMap((id) => byId.get(id) ?? [])
      if (!parents.some((p) => (made.has(p) && hangs(p)) || refersTo(entry, p, above))) continue
      for (const needed of withNeeds(entry, byId)) if (lacking(needed)) made.add(needed)
    }
  }
  return { tables: o.missing, entries: inOrder(made, byId), kept: [] }
}

const relationTypes = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'])
const partTypes = new Set([
  'ACL',
  'CHECK CONSTRAINT',
  'COMMENT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'SECURITY LABEL',
  'STATISTICS',
  'TRIGGER',
])

/** Tables and the like that the entry is a part of, or that it connects; empty for what stands for itself. */
function partsOf(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): SchemaEntry[] {
  if (!partTypes.has(entry.type)) return []
  const found = entry.dependsOn.flatMap((id) => byId.get(id) ?? [])
  return found.filter((e) => entry.type === 'INDEX ATTACH' || relationTypes.has(e.type))
}

/**
 * In the order of the dump, but for what makes a table a partition of one that is there. That comes when its rows are in, and its indexes are made: the ones of
 * the table above, which has them already, are met by these, and would be made beside them otherwise.
 */
function inOrder(made: ReadonlySet<SchemaEntry>, byId: ReadonlyMap<number, SchemaEntry>): SchemaEntry[] {
  const entries = [...byId.values()].filter((e) => made.has(e))
  const within = (e: SchemaEntry): boolean =>
    e.dependsOn.every((id) => byId.get(id)?.type !== 'TABLE' || made.has(byId.get(id) ?? e))
  const late = entries.filter((e) => e.type === 'TABLE ATTACH' && !within(e))
  if (late.length === 0) return entries
  const isIndex = (e: SchemaEntry): boolean =>
    ['CONSTRAINT', 'INDEX'].includes(e.type) || (e.type === 'INDEX ATTACH' && within(e))
  const rest = entries.filter((e) => !late.includes(e))
  return [
    ...rest.filter(isIndex),
    ...late.map((e) => ({ ...e, phase: 'post' as const })),
    ...rest.filter((e) => !isIndex(e)),
  ]
}

/** Whether tables that are made become partitions when they are filled. */
export function isFilledFirst({ entries }: Making): boolean {
  return entries.some((e) => e.type === 'TABLE ATTACH' && e.phase === 'post')
}

/** Whether it is a foreign key to one of the tables, which CASCADE drops as a whole with a partition of it. */
function refersTo(entry: SchemaEntry, on: SchemaEntry, tables: ReadonlySet<string>): boolean {
  const own = on.schema === entry.schema && entry.name.startsWith(`${on.name} `)
  return (
    entry.type === 'FK CONSTRAINT' &&
    on.type === 'TABLE' &&
    !own &&
    tables.has(keyOf({ ...on, schema: on.schema ?? '' }))
  )
}

/** Objects that others go down with. */
function hangs(entry: SchemaEntry): boolean {
  return ['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'CONSTRAINT', 'INDEX'].includes(entry.type)
}

function withNeeds(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): Set<SchemaEntry> {
  const found = new Set([entry])
  for (const one of found) {
    for (const id of one.dependsOn) {
      const needed = byId.get(id)
      if (needed !== undefined) found.add(needed)
    }
  }
  return found
}
