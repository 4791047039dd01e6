import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import { after, before, changesOf, imagesDiffer } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'

/*
 * A column GENERATED ALWAYS AS IDENTITY takes no value in an UPDATE. Where it is not the key, and a row is to get back
 * another value, it is BY DEFAULT for the length of the transaction.
 */

/** The columns of the unit that must be opened for its changes. */
export async function identitiesToOpen(wire: Wire, unit: Unit): Promise<string[]> {
  const key = new Set(unit.key?.map((k) => k.name))
  const found: string[] = []
  for (const column of unit.live.columns) {
    if (column.identity !== 'a' || key.has(column.name) || !unit.shared.includes(column.name)) continue
    const [b, a] = [before(unit, column.name), after(unit, column.name)]
    const changed = `SELECT FROM ${changesOf(unit)} WHERE action = 'u' AND ${imagesDiffer([b], [a])}`
    if (await exists(wire, changed)) found.push(column.name)
  }
  return found
}

export async function setIdentities(
  wire: Wire,
  unit: Unit,
  columns: readonly string[],
  generated: 'ALWAYS' | 'BY DEFAULT',
): Promise<void> {
  const { schema, name } = unit.live
  for (const column of columns)
    await wire.query(
      quietly(
        `ALTER TABLE ${qualified(schema, name)} ALTER COLUMN ${ident(column)} SET GENERATED ${generated}`,
      ),
    )
}
