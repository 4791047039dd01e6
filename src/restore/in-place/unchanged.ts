import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { readForeignKeys, readLiveTables } from './live.ts'
import { fingerprintTables, isSame } from './made-fingerprint.ts'
import { keyOf } from './units.ts'
import type { Workspace } from './workspace.ts'

/** What was staged and planned holds for the tables as they were then. Throws `preview_outdated`. */
export async function requireSameTables(workspace: Workspace): Promise<void> {
  const tables = [...workspace.units, ...workspace.dropping].map((t) => t.live)
  const now = new Map((await readLiveTables(workspace.wire, tables)).map((t) => [t.oid, JSON.stringify(t)]))
  const altered = tables.filter((t) => now.get(t.oid) !== JSON.stringify(t)).map(tableLabel)
  if (altered.length === 0) {
    await requireSameRows(workspace)
    return await requireSameKeys(workspace)
  }
  throw new HoldfastError(
    'preview_outdated',
    `The definition of ${altered.join(', ')} has changed since the restore began. Nothing was changed.`,
  )
}

/** What is dropped must hold what was told, of which it is known whether it can be brought back. */
async function requireSameRows({ wire, dropping }: Workspace): Promise<void> {
  const now = await fingerprintTables(wire, dropping)
  const changed = dropping.filter((t, at) => {
    const one = now[at]
    return one === undefined || !isSame(one, t.now)
  })
  if (changed.length === 0) return
  throw new HoldfastError(
    'preview_outdated',
    `Rows of ${changed.map(tableLabel).join(', ')} have changed since the preview. Nothing was changed.`,
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
