import { ident } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { LiveUnique } from './live.ts'
import { before, changesOf, liveOf, of, sameKey } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'
import { breakable, clashedOf, clashes, columnOf, writes } from './unique.ts'

/*
 * Rows that exchange unique values. Most unique keys are checked at each row that is written, in whatever order rows are: two that
 * exchange a value can't both be updated.
 *
 * Where a column of the key may hold any value of its type for a while, the row gives its value away first, for NULL or for one that no row
 * has, in a statement before. Nothing that could refuse that value, or follow it, may look at the column (`LiveColumn.free`): no check,
 * and no foreign key, which would take the rows that refer to it along.
 *
 * Else the row that takes the value of another one is deleted and made again, when all others are in place. Not where others refer to it by a key
 * that acts on its deletion: that is a conflict.
 */

/** The column of the unique key that steps aside, and SQL of what it takes for the change `c`; null: there is none. */
export function detourOf(
  unit: Unit,
  u: LiveUnique,
): { readonly column: string; readonly value: string } | null {
  const { live } = unit
  if (live.partitioned || live.above.length > 0) return null
  const own = new Set(unit.key?.map((k) => k.name))
  for (const { sql, operator } of u.parts) {
    const column = live.columns.find((c) => c.name === columnOf(u, sql))
    if (column === undefined || !column.free || own.has(column.name) || !unit.shared.includes(column.name))
      continue
    if (live.uniques.filter((other) => other.columns.includes(column.name)).length > 1) continue
    if (!column.notNull && !u.nullsNotDistinct) return { column: column.name, value: 'NULL' }
    const value = operator.endsWith('.=)') ? unusedValue(unit, column) : null
    if (value !== null) return { column: column.name, value }
  }
  return null
}

function unusedValue(unit: Unit, { name, type }: { name: string; type: string }): string | null {
  const least = { smallint: '-32768', integer: '-2147483648', bigint: '-9223372036854775808' }[type]
  if (least !== undefined) {
    const end = (which: string): string =>
      `(SELECT ${which}(${of('x')(name)})::pg_catalog.numeric FROM ${liveOf(unit.live)} x)`
    const most = `(SELECT max(n.id) FROM ${changesOf(unit)} n)`
    return `(CASE WHEN ${end('min')} - ${most} >= ${least} THEN ${end('min')} - c.id ELSE ${end('max')} + c.id END)::${type}`
  }
  const random = 'pg_catalog.gen_random_uuid()'
  return (
    { uuid: random, text: `${random}::pg_catalog.text`, 'character varying': `${random}::pg_catalog.text` }[
      type
    ] ?? null
  )
}

/** Lets rows step aside whose unique value another row is to take. `mode`: what comes before and after a statement that writes rows. */
export async function stepAside(
  wire: Wire,
  unit: Unit,
  mode: { readonly before: string; readonly after: string },
): Promise<void> {
  const { key } = unit
  if (key === null) return
  for (const u of breakable(unit).filter((one) => one.immediate)) {
    const detour = detourOf(unit, u)
    if (detour === null) continue
    const own = sameKey(key, (c) => `c.${before(unit, c)}`, of('l'))
    await wire.query(
      `${mode.before}UPDATE ${liveOf(unit.live)} l SET ${ident(detour.column)} = ${detour.value} FROM ${changesOf(unit)} c
       WHERE ${own} AND c.id IN (SELECT g.id FROM ${exchanged(unit, u)});
       ${mode.after}`,
    )
  }
}

/** Updates `m` that give a row a value which the row of another update, `g`, has until then: what follows FROM. */
function exchanged(unit: Unit, u: LiveUnique): string {
  const same = sameKey(unit.key ?? [], (c) => `g.${before(unit, c)}`, clashedOf(unit, 'm').column)
  return `${clashes(unit, u, `r.action = 'u' AND ${writes(unit, u.columns)}`)} m
    JOIN ${changesOf(unit)} g ON ${same} WHERE g.action = 'u' AND g.id <> m.id`
}

/** Whether `r` updates a row to a value that another row has until it is updated, too, and that can't step aside; null: nothing could be so. */
export function takesOver(unit: Unit): string | null {
  if (unit.key === null) return null
  // A list that is made once: as conditions of each row they would be asked row by row.
  const each = breakable(unit)
    .filter((u) => u.immediate && detourOf(unit, u) === null)
    .map((u) => `SELECT m.id FROM ${exchanged(unit, u)}`)
  return each.length === 0 ? null : `r.action = 'u' AND r.id IN (${each.join(' UNION ALL ')})`
}

/**
 * Marks the updates that are made by deleting the row and making it again, in a column `again`: also those that change a value of `fixed`
 * columns. Resolves to how many there are.
 */
export async function markAgain(wire: Wire, unit: Unit, fixed: readonly string[]): Promise<number> {
  const taking = takesOver(unit)
  const conditions = [
    ...(taking === null ? [] : [taking]),
    ...(fixed.length === 0 ? [] : [`r.action = 'u' AND ${writes(unit, fixed)}`]),
  ]
  if (conditions.length === 0) return 0
  await wire.query(
    quietly(`ALTER TABLE ${changesOf(unit)} ADD COLUMN again pg_catalog.bool NOT NULL DEFAULT false`),
  )
  const [row] = await wire.query(
    `WITH w AS (UPDATE ${changesOf(unit)} r SET again = true WHERE ${conditions.join(' OR ')} RETURNING 1) SELECT count(*) FROM w`,
  )
  return Number(row?.[0])
}
