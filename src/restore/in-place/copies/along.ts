import { throwIfCancelled } from '../../../lib/abort.ts'
import { tableLabel } from '../../../postgres/introspect/tables.ts'
import { ident } from '../../../postgres/quote.ts'
import type { Wire } from '../../../postgres/wire.ts'
import type { TableContents } from '../../../repository/format/contents.ts'
import type { LiveForeignKey } from '../live.ts'
import { of, stageOf } from '../names.ts'
import { quietly } from '../quiet.ts'
import { exists } from '../exists.ts'
import { refers, shares } from '../keys.ts'
import { counts } from '../settled.ts'
import type { Staging } from '../staging.ts'
import type { Unit } from '../types.ts'

/*
 * Rows of other tables that refer to chosen ones, directly or over more steps, come along: an order without its lines is worth nothing.
 * Who refers to whom the rows of the backup say, so their tables are staged whole, and then only these rows kept. Of a chosen table nothing
 * but the chosen rows comes.
 */

export interface AlongRequest {
  readonly wire: Wire
  /** Chosen, and staged. */
  readonly units: readonly Unit[]
  /** Foreign keys of the target. */
  readonly foreignKeys: readonly LiveForeignKey[]
  readonly staging: Pick<Staging, 'open'>
  /** The unit of a table that refers to others, of what the backup has of it beside the chosen tables; null: it has nothing, or is left out. */
  makeUnit(key: LiveForeignKey, index: number): Promise<Unit | null>
  readonly signal?: AbortSignal | undefined
}

/** Stages them. Resolves to one unit for each table that has any such row. */
export async function bringAlong(o: AlongRequest): Promise<Unit[]> {
  const chosen = new Set(o.units.map((u) => u.live.oid))
  const found = new Map<number, Unit | null>()
  const why = new Map<Unit, Set<string>>()
  const along = (): Unit[] => [...found.values()].filter((u) => u !== null)
  for (let moved = true; moved;) {
    moved = false
    for (const key of o.foreignKeys) {
      for (const parent of [...o.units, ...along()].filter(
        (u) => shares(u, key.parent) && has(u, key.parentColumns),
      )) {
        throwIfCancelled(o.signal)
        if (chosen.has(key.child) || found.get(key.child) === null) continue
        if (!(await exists(o.wire, `SELECT FROM ${keptOf(parent, chosen)} p`))) continue
        const child = found.get(key.child) ?? (await o.makeUnit(key, o.units.length + found.size))
        if (!found.has(key.child) && child !== null) await open(o, child)
        found.set(key.child, child)
        if (child === null || !has(child, key.childColumns)) continue
        if (!(await keepReferring(o.wire, { key, child, parent: keptOf(parent, chosen) }))) continue
        moved = true
        if (parent !== child) why.set(child, (why.get(child) ?? new Set()).add(tableLabel(parent.live)))
      }
    }
  }
  const kept = along().filter((u) => why.has(u))
  for (const unit of along()) {
    const places = placesOf(unit)
    if (kept.includes(unit)) await keepOnly(o.wire, unit, `s.ctid IN (SELECT place FROM ${places})`)
    else await o.wire.query(quietly(`DROP TABLE ${stageOf(unit)}`))
    await o.wire.query(quietly(`DROP TABLE ${places}`))
  }
  return kept.map((unit) => ({ ...unit, along: [...(why.get(unit) ?? [])].sort() }))
}

/** Keeps the staged rows (alias `s`) that meet a condition, in a table of their own: what is deleted would go on taking room. */
export async function keepOnly(wire: Wire, unit: Unit, condition: string): Promise<void> {
  const stage = stageOf(unit)
  const name = stage.replace('pg_temp.', '')
  await wire.query(
    quietly(
      `CREATE TEMPORARY TABLE ${name}_kept AS SELECT s.* FROM ${stage} s WHERE ${condition};
       DROP TABLE ${stage}; ALTER TABLE pg_temp.${name}_kept RENAME TO ${name}; ANALYZE ${stage}`,
    ),
  )
}

/** Where the staged rows lie that come along. */
const placesOf = (unit: Unit): string => `${stageOf(unit)}_places`

async function open(o: AlongRequest, unit: Unit): Promise<void> {
  await o.staging.open(unit)
  const name = placesOf(unit).replace('pg_temp.', '')
  await o.wire.query(quietly(`CREATE TEMPORARY TABLE ${name} (place pg_catalog.tid)`))
}

/** The rows that come of a unit, as a table expression. */
function keptOf(unit: Unit, chosen: ReadonlySet<number>): string {
  const stage = stageOf(unit)
  if (chosen.has(unit.live.oid)) return stage
  return `(SELECT k.* FROM ${stage} k JOIN ${placesOf(unit)} w ON w.place = k.ctid)`
}

/** Adds the rows of the child that refer to one that comes. True if there are any new ones. */
async function keepReferring(
  wire: Wire,
  { key, child, parent }: { key: LiveForeignKey; child: Unit; parent: string },
): Promise<boolean> {
  const places = placesOf(child)
  const refer = refers(key, of('p'), (n) => `s.${ident(key.childColumns[n] ?? '')}`)
  return await counts(
    wire,
    `INSERT INTO ${places} SELECT s.ctid FROM ${stageOf(child)} s
     WHERE NOT EXISTS (SELECT FROM ${places} w WHERE w.place = s.ctid) AND EXISTS (SELECT FROM ${parent} p WHERE ${refer})`,
  )
}

function has(unit: Unit, columns: readonly string[]): boolean {
  return columns.every((c) => unit.shared.includes(c))
}

/** Tables of the backup whose rows belong to one of the target: itself, or its partitions. */
export function rowsUnder(
  tables: readonly TableContents[],
  table: { readonly schema: string; readonly name: string },
): TableContents[] {
  const is = (t: { schema: string; name: string }): boolean =>
    t.schema === table.schema && t.name === table.name
  return tables.filter((t) => is(t) || t.parents.some(is))
}
