import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import type { LiveForeignKey } from './live.ts'
import { changesOf, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/* What settling the changes is made of. A change is always the alias `r`. */

/** `parent = child AND ...` over the key's columns, as the server compares them. */
export function refers(
  key: LiveForeignKey,
  parent: (column: string) => string,
  child: (n: number) => string,
): string {
  return key.parentColumns
    .map((c, n) => `${parent(c)}${key.collate[n]} ${key.equals[n]} ${child(n)}`)
    .join(' AND ')
}

export async function leaveOut(wire: Wire, unit: Unit, condition: string, why: string): Promise<boolean> {
  return await counts(
    wire,
    `UPDATE ${changesOf(unit)} r SET action = 'x', why = ${literal(why)} WHERE ${condition}`,
  )
}

/** True if the statement wrote any row. */
export async function counts(wire: Wire, statement: string): Promise<boolean> {
  const [row] = await wire.query(`WITH w AS (${statement} RETURNING 1) SELECT EXISTS (SELECT FROM w)`)
  return row?.[0] === 't'
}

export async function has(wire: Wire, unit: Unit, actions: string): Promise<boolean> {
  const list = [...actions].map(literal).join(', ')
  return await exists(wire, `SELECT FROM ${changesOf(unit)} r WHERE r.action IN (${list})`)
}

export function isStored(unit: Unit, columns: readonly string[]): boolean {
  const stored = new Set(storedOf(unit))
  return columns.every((c) => stored.has(c))
}
