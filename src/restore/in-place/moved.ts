import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import type { LiveForeignKey } from './live.ts'
import { after, before, changesOf, imagesDiffer, sameKey, storedOf } from './names.ts'
import { isStored } from './settled.ts'
import type { Unit } from './types.ts'
import { breakable, clashedOf, clashes } from './unique.ts'

/*
 * A row whose key was changed in the target is one to be deleted and one to be created. Where other rows refer to a further unique value that
 * both have, by a key that acts on a deletion, it can't be deleted: it becomes the other one by an update, in which the value stays.
 */

/**
 * Notes for such rows which one they become, in `becomes`: the `id` of the one to be created. Only where no third row holds a unique
 * value of that one, since updates may come before what would set the value free.
 */
export async function markMoved(
  wire: Wire,
  unit: Unit,
  foreignKeys: readonly LiveForeignKey[],
): Promise<void> {
  const { key: own, live } = unit
  // A row that goes to another partition is deleted and made again by the server itself.
  if (own === null || live.partitioned || !live.rights.update) return
  const stored = new Set(storedOf(unit))
  const numbers = live.columns.filter((c) => c.identity === 'a' && stored.has(c.name)).map((c) => c.name)
  const given = imagesDiffer(
    numbers.map((c) => `d.${before(unit, c)}`),
    numbers.map((c) => `r.${after(unit, c)}`),
  )
  for (const key of foreignKeys) {
    if (key.parent !== live.oid || key.onDelete === 'a' || !isStored(unit, key.parentColumns)) continue
    const same = key.parentColumns
      .map((c, n) => `d.${before(unit, c)} ${key.parentEquals[n]} r.${after(unit, c)}`)
      .join(' AND ')
    const pair = `d.action = 'd' AND r.action = 'c' AND ${same}${numbers.length === 0 ? '' : ` AND NOT (${given})`}`
    if (!(await exists(wire, `SELECT FROM ${changesOf(unit)} d JOIN ${changesOf(unit)} r ON ${pair}`)))
      continue
    const held = breakable(unit).map(
      (
        u,
      ) => ` AND r.id NOT IN (SELECT m.id FROM ${clashes(unit, u, "r.action = 'c'")} m JOIN ${changesOf(unit)} r ON r.id = m.id WHERE NOT EXISTS (
          SELECT FROM ${changesOf(unit)} d WHERE ${sameKey(own, (c) => `d.${before(unit, c)}`, clashedOf(unit, 'm').column)} AND ${pair}))`,
    )
    await wire.query(
      `UPDATE ${changesOf(unit)} d SET becomes = r.id FROM ${changesOf(unit)} r WHERE ${pair} AND d.becomes IS NULL${held.join('')}`,
    )
  }
}

/** Whether the change `r` is a row that becomes another, which still comes: `n`, for which `more` holds too. */
export function becomes(unit: Unit, more = 'true'): string {
  return `EXISTS (SELECT FROM ${changesOf(unit)} n WHERE n.id = r.becomes AND n.action = 'c' AND ${more})`
}

/** Forgets what does not come to it, since one of the two was left out. Resolves to how many rows become others. */
export async function countMoved(wire: Wire, unit: Unit): Promise<number> {
  const [row] = await wire.query(
    `WITH w AS (UPDATE ${changesOf(unit)} r SET becomes = NULL WHERE r.becomes IS NOT NULL AND NOT (r.action = 'd' AND ${becomes(unit)}) RETURNING 1)
     SELECT (SELECT count(becomes) FROM ${changesOf(unit)}) - (SELECT count(*) FROM w)`,
  )
  return Number(row?.[0])
}
