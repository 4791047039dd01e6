import { HoldfastError } from '../../lib/errors.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { entryLabel } from '../entries.ts'
import { grantsOf, keyOf, untouchedGrants, type GrantList } from './grants.ts'
import type { PlannedComponents } from './plan.ts'
import { keyOfEntry, type Side } from './side.ts'
import { broughtAlong, type Held } from './statements.ts'

/**
 * Throws `restore_failed` if the schema is not what it was but for what was planned, or what was planned has not come out as in the
 * backup. Texts of a backup of another major are not compared: each server writes them in its own way.
 */
export function requireAsPlanned({ planned, now }: { planned: PlannedComponents; now: Side }): void {
  const { target, changes } = planned
  const expected = new Map<string, Held | null>(
    target.entries.map((entry) => [keyOfEntry(entry), { entry, side: target }]),
  )
  const expect = (held: Held): unknown => expected.set(keyOfEntry(held.entry), held)
  const gone = (key: string): unknown => expected.set(key, null)
  for (const { before, after } of changes.objects) {
    if (before !== null) {
      gone(keyOfEntry(before.entry))
      // What hangs on it goes with it, unless it is made again.
      if (after === null) for (const e of hangingOn(before)) gone(keyOfEntry(e))
    }
  }
  for (const { after } of changes.objects) if (after !== null) expect(after)
  for (const held of broughtAlong(changes)) expect(held)
  const granted = new Set(changes.grants.map((g) => g.key))
  const extensionsMade = changes.objects.some((o) => o.after?.entry.type === 'EXTENSION')
  for (const key of new Set([...expected.keys(), ...now.byKey.keys()])) {
    const [want, is] = [expected.get(key) ?? null, now.byKey.get(key)]
    const entry = is ?? want?.entry
    if (entry === undefined) continue
    if (want === null && extensionsMade && entry.name.startsWith('EXTENSION ')) continue
    const held = is === undefined ? null : { entry: is, side: now }
    // These are compared right by right, below.
    if (granted.has(key)) continue
    if (entry.type.endsWith('ACL')) {
      if (want !== null && held !== null && sameGrants(want, held)) continue
    } else if (want !== null && held !== null && sameText(want, held)) continue
    if (want === null && is === undefined) continue
    throw new HoldfastError(
      'restore_failed',
      `${entryLabel(entry)} is not as planned, by something that the database does by itself or that others do meanwhile; nothing was changed.`,
    )
  }
  requireGrants(planned, now)
}

function hangingOn({ entry, side }: Held): SchemaEntry[] {
  return side.entries.filter((e) => e.dependsOn.includes(entry.id) && e.type !== 'VIEW')
}

function sameText(want: Held, is: Held): boolean {
  return want.side.major !== is.side.major || want.side.sql(want.entry) === is.side.sql(is.entry)
}

function sameGrants(want: Held, is: Held): boolean {
  const major = Math.min(want.side.major, is.side.major)
  return same(grantsOf(want.entry, want.side, major), grantsOf(is.entry, is.side, major))
}

function same(a: Pick<GrantList, 'grants'>, b: Pick<GrantList, 'grants'>): boolean {
  return a.grants.size === b.grants.size && [...a.grants.keys()].every((key) => b.grants.has(key))
}

/** What is granted is what was, without what was taken, and with what was given. */
function requireGrants({ changes }: PlannedComponents, now: Side): void {
  for (const { object, key, column, list, give, take } of changes.grants) {
    const entry = now.byKey.get(key)
    const taken = new Set(take.map(keyOf))
    const expected = new Set([...[...list.grants.keys()].filter((k) => !taken.has(k)), ...give.map(keyOf)])
    const grants =
      entry === undefined ? untouchedGrants(list, { ...list, column }) : grantsOf(entry, now, list.major)
    if (grants.grants.size === expected.size && [...expected].every((key) => grants.grants.has(key))) continue
    throw new HoldfastError('restore_failed', `The ${object} are not as planned; nothing was changed.`)
  }
}
