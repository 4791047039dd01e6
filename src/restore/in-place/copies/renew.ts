import { HoldfastError } from '../../../lib/errors.ts'
import { tableLabel } from '../../../postgres/introspect/tables.ts'
import type { Wire } from '../../../postgres/wire.ts'
import { refused } from '../apply.ts'
import type { LiveForeignKey } from '../live.ts'
import { after, changesOf, imagesDiffer, storedOf } from '../names.ts'
import { quietly } from '../quiet.ts'
import { refers } from '../keys.ts'
import { counts } from '../settled.ts'
import type { RenewedKeys, Unit } from '../types.ts'
import { renewedIn } from './changes.ts'
import { readRenewal } from './renewal.ts'
import { links, type Link } from './settle.ts'

/** How many rows of a table are told with their old and their new key. */
const told = 5

/** The changes as they were before new values were drawn: their `id` and values. */
const oldOf = (unit: Unit): string => changesOf(unit).replace('changes', 'old')

export interface RenewRequest {
  readonly wire: Wire
  /** Those with changes. */
  readonly units: readonly Unit[]
  readonly foreignKeys: readonly LiveForeignKey[]
}

/**
 * Draws the new values of all rows that are created, and lets what refers to them follow, in the tables of changes: from here on they say what is
 * written. Under the locks, when nothing but the writing is left: values of a sequence that were drawn are used up, whatever becomes of the
 * transaction. Throws `restore_failed` if a default can't be had, and `preview_outdated` if it is another by now.
 */
export async function renewKeys(o: RenewRequest): Promise<void> {
  const { wire } = o
  const units = o.units.filter((u) => u.renewal !== null)
  for (const unit of units) {
    await requireSameDefaults(o, unit)
    const old = oldOf(unit)
    await wire.query(
      quietly(
        `DROP TABLE IF EXISTS ${old};
         CREATE TEMPORARY TABLE ${old.replace('pg_temp.', '')} AS SELECT ${['id', ...storedOf(unit).map((_, n) => `a${n + 1}`)].join(', ')} FROM ${changesOf(unit)} WHERE action = 'c';
         ANALYZE ${old}`,
      ),
    )
  }
  for (const unit of units) await draw(wire, unit)
  const all = links({ units, foreignKeys: o.foreignKeys })
  // A value is handed on from table to table, so as often as there are keys. Two keys that want another value of one column never agree: the server refuses what comes of it.
  for (let round = 0, moved = true; moved && round <= all.length; round++) {
    moved = false
    for (const link of all) if (await follow(wire, link)) moved = true
  }
}

async function requireSameDefaults(o: RenewRequest, unit: Unit): Promise<void> {
  if (unit.pulledIn) return
  const { renewal } = await readRenewal(o.wire, unit, o.foreignKeys)
  if (JSON.stringify(renewal) === JSON.stringify(unit.renewal)) return
  throw new HoldfastError(
    'preview_outdated',
    `What gives ${tableLabel(unit.live)} its keys has changed since the restore began. Nothing was changed.`,
  )
}

/** New values in the order of the old ones: who sorts by a number finds the copies in the same order. */
async function draw(wire: Wire, unit: Unit): Promise<void> {
  for (const { name, next } of unit.renewal?.fresh ?? []) {
    const column = after(unit, name)
    const sorted = unit.live.keys.some((k) => k.columns.some((c) => c.name === name)) ? column : 'id'
    await wire
      .query(
        `UPDATE ${changesOf(unit)} r SET ${column} = v.value
         FROM (SELECT o.id, ${next} AS value FROM (SELECT id FROM ${changesOf(unit)} WHERE action = 'c' ORDER BY ${sorted}, id) o) v WHERE v.id = r.id`,
      )
      .catch((error: unknown) => {
        throw refused(error)
      })
  }
}

/** Columns that follow take what the referenced row has got. True if any value is another now. */
async function follow(wire: Wire, { key, child, parent }: Link): Promise<boolean> {
  const pairs = key.parentColumns.flatMap((column, n) => {
    const renewed = renewedIn(parent, column, 'p')
    return renewed === null
      ? []
      : [{ n, renewed, to: after(child, key.childColumns[n] ?? ''), from: after(parent, column) }]
  })
  if (pairs.length === 0) return false
  const set = pairs.map((p) => `${p.to} = CASE WHEN ${p.renewed} THEN p.${p.from} ELSE r.${p.to} END`)
  // As the key compares them: the two columns may be of different types.
  const stale = pairs.map(
    (p) => `(${p.renewed}) AND NOT p.${p.from}${key.collate[p.n]} ${key.equals[p.n]} r.${p.to}`,
  )
  const matched = refers(
    key,
    (c) => `po.${after(parent, c)}`,
    (n) => `ro.${after(child, key.childColumns[n] ?? '')}`,
  )
  return await counts(
    wire,
    `UPDATE ${changesOf(child)} r SET ${set.join(', ')}
     FROM ${oldOf(child)} ro, ${changesOf(parent)} p, ${oldOf(parent)} po
     WHERE ro.id = r.id AND po.id = p.id AND ${matched} AND (${stale.join(' OR ')})`,
  ).catch((error: unknown) => {
    throw refused(error)
  })
}

/** Old and new keys of a few rows of each table. */
export async function readRenewed(wire: Wire, units: readonly Unit[]): Promise<RenewedKeys[]> {
  const found: RenewedKeys[] = []
  for (const unit of units) {
    const columns = unit.key?.map((k) => k.name) ?? []
    if (unit.renewal === null || unit.pulledIn || columns.length === 0) continue
    const values = columns.map((c) => after(unit, c))
    const rows = await wire.query(
      `SELECT ${['o', 'r'].flatMap((side) => values.map((v) => `pg_catalog.left(${side}.${v}::pg_catalog.text, 200)`)).join(', ')}
       FROM ${changesOf(unit)} r JOIN ${oldOf(unit)} o ON o.id = r.id WHERE ${imagesDiffer(
         values.map((v) => `o.${v}`),
         values.map((v) => `r.${v}`),
       )} ORDER BY r.id LIMIT ${told}`,
    )
    if (rows.length === 0) continue
    const { schema, name } = unit.live
    const sides = rows.map((row) => ({ old: row.slice(0, columns.length), new: row.slice(columns.length) }))
    found.push({ schema, name, columns, rows: sides })
  }
  return found
}
