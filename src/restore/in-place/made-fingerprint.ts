import { qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyMadeTable } from '../../repository/format/restore-contents.ts'

/** Of a whole row as text. A later version may take another; what it does not know it takes for changed. */
const expression = 'pg_catalog.hashtextextended(ROW(t.*)::pg_catalog.text, 0)'

/** Of what a table holds. */
export type MadeFingerprint = Omit<SafetyMadeTable, 'keptRows'>

/** What the tables hold, which the restore has just made: undoing it drops them, and must know whether anybody has used them since. */
export async function fingerprintTables(
  wire: Wire,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<MadeFingerprint[]> {
  const made: MadeFingerprint[] = []
  for (const { schema, name } of tables) {
    const [row] = await wire.query(
      `SELECT count(*), coalesce(sum(${expression}), 0) FROM ${qualified(schema, name)} AS t`,
    )
    made.push({ schema, name, rows: Number(row?.[0]), expression, hash: row?.[1] ?? '' })
  }
  return made
}

/** Whether a table holds what it was made with. */
export function isSame(now: MadeFingerprint, then: MadeFingerprint): boolean {
  return then.expression === now.expression && now.rows === then.rows && now.hash === then.hash
}
