import type { Sentence } from '../../lib/sentence.ts'
import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import { changesOf } from './names.ts'
import type { Unit } from './types.ts'

/* The questions that are asked of the changes, and the answers that are written there, while keys are settled. */

/** Makes the changes `r` that meet the condition conflicts. True if there are any. */
export async function leaveOut(wire: Wire, unit: Unit, condition: string, why: Sentence): Promise<boolean> {
  return await counts(
    wire,
    `UPDATE ${changesOf(unit)} r SET action = 'x', why = ${reasonSql(why)} WHERE ${condition}`,
  )
}

/** The reason as changes hold it: whole, so that a preview can say it in other languages. */
export function reasonSql(why: Sentence): string {
  return literal(JSON.stringify(why))
}

/** True if the statement wrote any row. */
export async function counts(wire: Wire, statement: string): Promise<boolean> {
  const [row] = await wire.query(`WITH w AS (${statement} RETURNING 1) SELECT EXISTS (SELECT FROM w)`)
  return row?.[0] === 't'
}

/** Whether there is a change of one of these actions, each a letter. */
export async function has(wire: Wire, unit: Unit, actions: string): Promise<boolean> {
  const list = [...actions].map(literal).join(', ')
  return await exists(wire, `SELECT FROM ${changesOf(unit)} r WHERE r.action IN (${list})`)
}
