import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { readForeignKeys, readLiveTables, type LiveForeignKey, type LiveTable } from './live.ts'
import { fingerprintTables, isSame } from './made-fingerprint.ts'
import type { Unit } from './types.ts'
import { keyOf } from './units.ts'
import type { Workspace } from './workspace.ts'

/** What was staged and planned holds for the tables as they were then, and for the keys that lead to them and from them. Throws `preview_outdated`. */
export async function requireSameTables(workspace: Workspace, units: readonly Unit[]): Promise<void> {
  await requireSameDefinitions(
    workspace,
    units.map((u) => u.live),
  )
  await requireSameKeys(workspace, units)
}

/** What is dropped must be and hold what was told, of which it is known whether it can be brought back. Throws `preview_outdated`. */
export async function requireSameDropping(workspace: Workspace): Promise<void> {
  const { wire, dropping } = workspace
  await requireSameDefinitions(
    workspace,
    dropping.map((t) => t.live),
  )
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

async function requireSameDefinitions({ wire }: Workspace, tables: readonly LiveTable[]): Promise<void> {
  const now = new Map((await readLiveTables(wire, tables)).map((t) => [t.oid, JSON.stringify(t)]))
  const altered = tables.filter((t) => now.get(t.oid) !== JSON.stringify(t)).map(tableLabel)
  if (altered.length === 0) return
  throw new HoldfastError(
    'preview_outdated',
    `The definition of ${altered.join(', ')} has changed since the restore began. Nothing was changed.`,
  )
}

/**
 * A foreign key that is new since may act on rows that nobody was told of, and for one that is gone rows were brought or left out. Once the
 * tables are locked none can come or go: either takes a lock on both tables.
 */
async function requireSameKeys(
  { wire, foreignKeys, dropping }: Workspace,
  units: readonly Unit[],
): Promise<void> {
  const going = new Set(dropping.map(keyOf))
  const tables = new Set(units.flatMap(({ live }) => [live.oid, ...live.above, ...live.below]))
  const touching = (keys: readonly LiveForeignKey[]): Map<string, LiveForeignKey> =>
    new Map(
      keys
        .filter((k) => (tables.has(k.child) || tables.has(k.parent)) && !going.has(keyOf(k.childTable)))
        .map((k) => [JSON.stringify(k), k]),
    )
  const [known, now] = [touching(foreignKeys), touching(await readForeignKeys(wire))]
  const added = [...now].find(([text]) => !known.has(text))?.[1]
  const gone = [...known].find(([text]) => !now.has(text))?.[1]
  const other = added ?? gone
  if (other === undefined) return
  throw new HoldfastError(
    'preview_outdated',
    `${tableLabel(other.childTable)} has ${added === undefined ? 'lost' : 'got'} the foreign key ${other.name} since the restore began. Nothing was changed.`,
  )
}
