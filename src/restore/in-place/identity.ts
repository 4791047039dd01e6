import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { exists } from './exists.ts'
import type { LiveForeignKey } from './live.ts'
import { after, before, changesOf, imagesDiffer } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'
import { shares } from './units.ts'

/*
 * A column GENERATED ALWAYS AS IDENTITY takes no value in an UPDATE. Where it is not the key, and a row is to get back another value, the row
 * is deleted and made again; if that would act on rows that refer to it, the column is BY DEFAULT for the length of the transaction, which
 * keeps others from reading.
 */

/** Columns that an UPDATE can give no value, and that are no key. */
export function fixedColumns(unit: Unit): string[] {
  const key = new Set(unit.key?.map((k) => k.name))
  const shared = new Set(unit.shared)
  return unit.live.columns
    .filter((c) => c.identity === 'a' && !key.has(c.name) && shared.has(c.name))
    .map((c) => c.name)
}

/** Whether a row may be deleted and made again within a statement, and nobody is the worse for it. */
export function mayMakeAgain(unit: Unit, foreignKeys: readonly LiveForeignKey[]): boolean {
  const acts = foreignKeys.some((k) => k.onDelete !== 'a' && shares(unit, k.parent))
  const { rights } = unit.live
  return rights.insert && rights.delete && !acts
}

/** The columns of the unit that must be opened for its changes. */
export async function identitiesToOpen(
  wire: Wire,
  unit: Unit,
  foreignKeys: readonly LiveForeignKey[],
): Promise<string[]> {
  const found: string[] = []
  if (mayMakeAgain(unit, foreignKeys)) return found
  for (const column of fixedColumns(unit)) {
    const [b, a] = [before(unit, column), after(unit, column)]
    if (await exists(wire, `SELECT FROM ${changesOf(unit)} WHERE action = 'u' AND ${imagesDiffer([b], [a])}`))
      found.push(column)
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
