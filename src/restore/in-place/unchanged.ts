import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { Wire } from '../../postgres/wire.ts'
import { readForeignKeys, readLiveTables, type LiveTable } from './live.ts'
import { keyOf } from './units.ts'
import type { Workspace } from './workspace.ts'

/** What was staged and planned holds for the tables as they were then. Throws `preview_outdated`. */
export async function requireSameTables(workspace: Workspace): Promise<void> {
  await requireSameDefinitions(
    workspace.wire,
    workspace.units.map((u) => u.live),
  )
  await requireSameKeys(workspace)
}

/** Throws `preview_outdated` if a table is not what it was when it was read. */
export async function requireSameDefinitions(wire: Wire, tables: readonly LiveTable[]): Promise<void> {
  const now = new Map((await readLiveTables(wire, tables)).map((t) => [t.oid, JSON.stringify(t)]))
  const altered = tables.filter((t) => now.get(t.oid) !== JSON.stringify(t)).map(tableLabel)
  if (altered.length === 0) return
  throw new HoldfastError(
    'preview_outdated',
    `The definition of ${altered.join(', ')} has changed since the restore began. Nothing was changed.`,
  )
}

/** A foreign key that is new since may act on rows that nobody was told of. None can come any more: making one takes a lock on both tables. */
async function requireSameKeys({ wire, units, foreignKeys, dropping }: Workspace): Promise<void> {
  const known = new Set(foreignKeys.map((k) => JSON.stringify(k)))
  const going = new Set(dropping.map(keyOf))
  const tables = new Set(units.flatMap(({ live }) => [live.oid, ...live.above, ...live.below]))
  const added = (await readForeignKeys(wire)).find(
    (k) =>
      (tables.has(k.child) || tables.has(k.parent)) &&
      !known.has(JSON.stringify(k)) &&
      !going.has(keyOf(k.childTable)),
  )
  if (added === undefined) return
  throw new HoldfastError(
    'preview_outdated',
    `${tableLabel(added.childTable)} has got the foreign key ${added.name} since the restore began. Nothing was changed.`,
  )
}
