import { HoldfastError } from '../lib/errors.ts'
import { describeAddress } from '../postgres/connect.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { findKept } from '../restore/schemas/old.ts'
import { findReplaced } from '../restore/swap/old.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { giveBackThis, giveSchemasBack } from './replaced.ts'
import type { OpenedVault } from './repository.ts'
import { storeReport, whoRestores } from './restore-report.ts'
import { keptText, tellGivingSchemasBack } from './schemas-text.ts'
import { tellGivingBack } from './swap-text.ts'
import type { UndoInput } from './undo.ts'

/** `undo` of a restore that put a database, or schemas in it, in the place of others: the names are exchanged once more, as `release --swap-back` does. */
export async function undoSwap(
  context: CommandContext,
  input: UndoInput,
  o: Pick<OpenedVault, 'repository' | 'vault'> & { readonly restore: string; readonly record: RestoreRecord },
): Promise<void> {
  const { out, clock, signal } = context
  const { record, restore } = o
  if (input.overwrite || input.skipConflicts || input.html !== undefined || input.expect !== undefined)
    throw new HoldfastError(
      'usage',
      `--overwrite, --skip-conflicts, --html and --expect are about rows, and restore ${restore} was of a whole database.`,
    )
  const target = await resolveAddress(context, input.to ?? record.target)
  const sought = { target, backup: record.backup, since: record.started, signal }
  const schemas = await findKept(sought)
  const old = schemas ?? (await findReplaced(sought))
  const name = 'name' in old ? old.name : keptText(old.schemas.map((s) => ({ from: s.of, to: s.name })))
  if (input.preview) {
    if ('name' in old) tellGivingBack(out, old, clock.now())
    else tellGivingSchemasBack(out, old, clock.now())
    out.result({ preview: { undoes: restore, restores: name, target: describeAddress(target), old } })
    return
  }
  const started = clock.now()
  const { kept } =
    'name' in old
      ? await giveBackThis(context, input, target, old)
      : await giveSchemasBack(context, input, target, old)
  const finished = new Date(Math.max(started.getTime(), clock.now().getTime()))
  const report: RestoreRecord = {
    ...record,
    kind: 'undo',
    moment: null,
    undoes: restore,
    target: describeAddress(target),
    who: whoRestores(target),
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    scope: [],
    tables: [],
    checks: [
      { what: name, result: 'name' in old ? `is ${target.database} again` : 'have their names again' },
      ...(kept === null ? [] : [{ what: kept, result: 'is what it was until then, and kept' }]),
    ],
    warnings: [],
  }
  await storeReport(context, o, report, input.id)
}
