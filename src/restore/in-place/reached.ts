import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import { readLiveTables, type LiveForeignKey, type LiveTable } from './live.ts'
import { after, before, changesOf, imagesDiffer, storedOf } from './names.ts'
import type { Unit } from './types.ts'
import { shares } from './units.ts'

/**
 * Tables outside of the changes whose triggers and rules a foreign key would set off: ON DELETE CASCADE and the like run a statement on the
 * referring table, and though no row of it is left to be changed, what fires once per statement fires. With these triggers alone.
 */
export async function reachedTables(
  wire: Wire,
  units: readonly Unit[],
  foreignKeys: readonly LiveForeignKey[],
): Promise<LiveTable[]> {
  const known = new Set(units.map((u) => u.live.oid))
  const names: LiveForeignKey['childTable'][] = []
  for (const key of foreignKeys) {
    if (known.has(key.child)) continue
    for (const unit of units) if (await acts(wire, unit, key)) names.push(key.childTable)
  }
  const tables = await readLiveTables(wire, names)
  return tables
    .map((t) => ({
      ...t,
      triggers: t.triggers.filter((g) => !g.forEachRow && g.schema === t.schema && g.table === t.name),
    }))
    .filter((t) => t.triggers.length + t.rules.length > 0)
}

/** Whether the unit's changes make the server run a statement on the table of the foreign key. */
async function acts(wire: Wire, unit: Unit, key: LiveForeignKey): Promise<boolean> {
  if (!shares(unit, key.parent)) return false
  const stored = storedOf(unit)
  const columns = key.parentColumns.filter((c) => stored.includes(c))
  const side = (of: typeof before): string[] => columns.map((c) => of(unit, c))
  const moments = [
    ...(['c', 'n', 'd'].includes(key.onDelete) ? [`action = 'd'`] : []),
    ...(['c', 'n', 'd'].includes(key.onUpdate)
      ? [`action = 'u' AND ${imagesDiffer(side(before), side(after))}`]
      : []),
  ]
  if (moments.length === 0) return false
  return await exists(wire, `SELECT FROM ${changesOf(unit)} WHERE ${moments.join(' OR ')}`)
}
