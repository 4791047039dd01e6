import { connectWire, type ServerAddress } from '../../postgres/connect.ts'
import { dumpSchema } from '../../postgres/schema/dump.ts'
import { entryKey, type SchemaEntry } from '../../postgres/schema/entry.ts'
import { selectEntries } from '../../postgres/schema/select.ts'
import type { BackupContents, TableContents } from '../../repository/format/contents.ts'

/** Objects that are made because the target lacks tables: these, what they need, and what went with them when they were dropped. */
export interface Making {
  readonly tables: readonly TableContents[]
  /** In the order of the dump. */
  readonly entries: readonly SchemaEntry[]
}

export const nothingToMake: Making = { tables: [], entries: [] }

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
  const made = new Set(entries.filter((e) => selected.has(e) && lacking(e)))
  // What hangs on a table is after it in the dump, and may bring what it needs itself.
  for (const entry of entries) {
    if (!lacking(entry) || made.has(entry)) continue
    const parents = entry.dependsOn.flatMap((id) => byId.get(id) ?? [])
    if (!parents.some((p) => made.has(p) && hangs(p))) continue
    for (const needed of withNeeds(entry, byId)) if (lacking(needed)) made.add(needed)
  }
  return { tables: o.missing, entries: entries.filter((e) => made.has(e)) }
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
