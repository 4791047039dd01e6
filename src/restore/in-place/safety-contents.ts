import type {
  SafetyContents,
  SafetyDroppedTable,
  SafetyMadeTable,
  SafetyTable,
} from '../../repository/format/restore-contents.ts'
import type { Applied } from './apply.ts'
import { isKept } from './made.ts'
import { fingerprintTables } from './made-fingerprint.ts'
import { storeChanges } from './safety.ts'
import type { TargetFacts } from './target-facts.ts'
import type { Unit } from './types.ts'
import { keyOf } from './units.ts'
import type { Workspace } from './workspace.ts'

/** What undoing the changes will need, when they are all made and not committed yet. Stores their rows. */
export async function safetyContents(o: {
  workspace: Workspace
  facts: TargetFacts
  changed: readonly Unit[]
  planned: ReadonlyMap<Unit, Applied>
  /** Rows of tables that were dropped, stored already. */
  kept: readonly SafetyTable[]
  dropped: readonly SafetyDroppedTable[]
  store: (bytes: Uint8Array<ArrayBuffer>) => Promise<number>
}): Promise<SafetyContents> {
  const { facts, planned } = o
  const { wire, target, about } = o.workspace
  const tables: SafetyTable[] = [...o.kept]
  for (const unit of o.changed) {
    const stored = unit.live.columns.filter((c) => !c.generated)
    const counts = planned.get(unit) ?? { created: 0, updated: 0, deleted: 0 }
    tables.push({
      schema: unit.live.schema,
      name: unit.live.name,
      columns: stored.map(({ name, type }) => ({ name, type })),
      key: unit.key?.map((k) => k.name) ?? null,
      ...counts,
      pieces: await storeChanges({ wire, unit, encoding: facts.encoding, store: o.store }),
    })
  }
  return {
    format: 2,
    target: { ...facts.target, address: about.target, database: target.database },
    transaction: facts.transaction,
    tables,
    madeTables: await madeTables(o.workspace),
    droppedTables: o.dropped,
    schema: null,
  }
}

/** Partitioned ones too, which hold no rows themselves. */
async function madeTables({ wire, making }: Workspace): Promise<SafetyMadeTable[]> {
  const kept = new Set([...making.kept, ...making.tables.filter((t) => isKept(making, t))].map(keyOf))
  const tables = making.entries.filter((e) => e.type === 'TABLE')
  const names = tables.map(({ schema, name }) => ({ schema: schema ?? '', name }))
  const found = await fingerprintTables(wire, names)
  return found.map((table) => ({ ...table, keptRows: kept.has(keyOf(table)) }))
}
