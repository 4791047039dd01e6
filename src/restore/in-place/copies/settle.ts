import { tableLabel } from '../../../postgres/introspect/tables.ts'
import type { Wire } from '../../../postgres/wire.ts'
import { sentence } from '../../sentences.ts'
import type { LiveForeignKey } from '../live.ts'
import { after, changesOf } from '../names.ts'
import { isStored, refers, shares } from '../keys.ts'
import { counts, has, leaveOut } from '../settled.ts'
import type { Unit } from '../types.ts'
import { anyRenewedIn, markOf, renewedIn } from './changes.ts'

export interface Copies {
  readonly wire: Wire
  readonly units: readonly Unit[]
  readonly foreignKeys: readonly LiveForeignKey[]
}

/*
 * What foreign keys say about rows that come under new keys. Rows still have the values of the backup here, so who refers to whom is
 * seen by them; which values will be new is marked.
 *
 * - A row follows what it refers to, if that comes as well.
 * - A row whose referenced row was to come under a new key, and is left out, is left out: under the old key the target may have another.
 */

/** Marks what follows, and leaves out what can't. True if anything changed. */
export async function settleCopies(o: Copies): Promise<boolean> {
  let moved = false
  for (let marking = true; marking;) {
    marking = false
    for (const one of links(o)) if (await markFollowing(o.wire, one)) marking = true
    if (marking) moved = true
  }
  for (const key of o.foreignKeys) {
    for (const child of childrenOf(o, key)) {
      if (!(await has(o.wire, child, 'c'))) continue
      if (await leaveBehind(o, key, child)) moved = true
    }
  }
  return moved
}

/** A foreign key between two units whose rows may come under new keys. */
export interface Link {
  readonly key: LiveForeignKey
  readonly child: Unit
  readonly parent: Unit
}

/** All of them. */
export function links(o: Pick<Copies, 'units' | 'foreignKeys'>): Link[] {
  return o.foreignKeys.flatMap((key) =>
    childrenOf(o, key).flatMap((child) => parentsOf(o, key).map((parent) => ({ key, child, parent }))),
  )
}

/** A foreign key of one partition holds for rows of it alone, and where rows of the whole table go only the server knows. */
function childrenOf({ units }: Pick<Copies, 'units'>, key: LiveForeignKey): Unit[] {
  return units.filter(
    (u) =>
      u.renewal !== null &&
      (u.live.oid === key.child || u.live.above.includes(key.child)) &&
      isStored(u, key.childColumns),
  )
}

function parentsOf({ units }: Pick<Copies, 'units'>, key: LiveForeignKey): Unit[] {
  return units.filter((u) => u.renewal !== null && shares(u, key.parent) && isStored(u, key.parentColumns))
}

async function markFollowing(wire: Wire, { key, child, parent }: Link): Promise<boolean> {
  const pairs = key.parentColumns.flatMap((column, n) => {
    const name = key.childColumns[n] ?? ''
    const [source, own] = [renewedIn(parent, column, 'p'), renewedIn(child, name, 'r')]
    return source === null || own === null ? [] : [{ source, own, mark: markOf(child, name) }]
  })
  if (pairs.length === 0) return false
  const set = pairs.map((p) => `${p.mark} = (${p.own}) OR (${p.source})`)
  const lacking = pairs.map((p) => `(${p.source}) AND NOT (${p.own})`)
  return await counts(
    wire,
    `UPDATE ${changesOf(child)} r SET ${set.join(', ')} FROM ${changesOf(parent)} p
     WHERE r.action = 'c' AND p.action = 'c' AND ${matches({ key, child, parent })} AND (${lacking.join(' OR ')})`,
  )
}

/**
 * Rows that are to follow what does not come: it was left out, or another foreign key makes a part of this one new, while what this one refers to
 * keeps its key.
 */
async function leaveBehind(o: Copies, key: LiveForeignKey, child: Unit): Promise<boolean> {
  const renewed = anyRenewedIn(child, key.childColumns, 'r')
  if (renewed === null) return false
  const parents = parentsOf(o, key)
  const meets = (parent: Unit, action: 'c' | 'x', more = ''): string =>
    `EXISTS (SELECT FROM ${changesOf(parent)} p WHERE p.action = '${action}' AND ${matches({ key, child, parent })}${more})`
  const together = parents.map((parent) => {
    const alike = key.parentColumns.map(
      (c, n) =>
        ` AND (${renewedIn(parent, c, 'p') ?? 'false'}) = (${renewedIn(child, key.childColumns[n] ?? '', 'r') ?? 'false'})`,
    )
    return `NOT ${meets(parent, 'c', alike.join(''))}`
  })
  const given = key.childColumns.map((c) => `r.${after(child, c)} IS NOT NULL`)
  const alone = [`r.action = 'c'`, renewed, ...given, ...together].join(' AND ')
  const table = tableLabel(key.parentTable)
  const behind = parents.map((parent) => meets(parent, 'x'))
  let moved = false
  if (behind.length > 0) {
    const why = sentence(
      'why_left_out',
      { table, key: key.name },
      `the row of ${table} that it refers to is left out (foreign key ${key.name})`,
    )
    moved = await leaveOut(o.wire, child, `${alone} AND (${behind.join(' OR ')})`, why)
  }
  const why = sentence(
    'why_renewed',
    { columns: key.childColumns, table, key: key.name },
    `${key.childColumns.join(', ')} will be new, and ${table} has no row under it (foreign key ${key.name})`,
  )
  return (await leaveOut(o.wire, child, alone, why)) || moved
}

/** Whether the change `r` refers to the change `p`. */
function matches({ key, child, parent }: Link): string {
  return refers(
    key,
    (c) => `p.${after(parent, c)}`,
    (n) => `r.${after(child, key.childColumns[n] ?? '')}`,
  )
}
