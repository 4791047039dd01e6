import { HoldfastError } from '../lib/errors.ts'
import { newId } from '../repository/ids.ts'
import type { StoredSafety } from '../repository/restore-reader.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import { applySchemaUndo, planSchemaUndo } from '../restore/component/undo.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { recordOf } from './component-record.ts'
import { componentHtml } from './component-html.ts'
import { tellComponents, tellDone } from './component-text.ts'
import { requireConfirmed } from './confirm.ts'
import type { OpenedVault } from './repository.ts'
import { storeReport } from './restore-report.ts'
import { writePage } from './secret-file.ts'
import type { UndoInput } from './undo.ts'

/** `undo` of a restore of components: the statements that it left are run, if what it changed is still as it made it. */
export async function undoComponents(
  context: CommandContext,
  input: UndoInput,
  o: Pick<OpenedVault, 'repository' | 'vault'> & {
    readonly restore: string
    readonly stored: StoredSafety
    readonly schema: NonNullable<StoredSafety['contents']['schema']>
  },
): Promise<void> {
  const { out, clock, signal } = context
  if (input.overwrite || input.skipConflicts)
    throw new HoldfastError(
      'usage',
      `${input.overwrite ? '--overwrite' : '--skip-conflicts'} is about rows, and the restore was of parts of the schema.`,
    )
  const { backup } = o.stored.document
  const safety = o.stored.contents
  const target = await resolveAddress(context, input.to ?? safety.target.address)
  const request = { ...o, backup, safety, target, lockTimeoutMs: input.lockTimeout * 1000, signal }
  const planned = await planSchemaUndo(request)
  const { preview } = planned
  if (input.html !== undefined) await writePage(input.html, componentHtml(preview))
  tellComponents(out, preview)
  if (input.preview) {
    out.result({ preview })
    return
  }
  if (preview.problems.length > 0)
    throw new HoldfastError('target_lacks', preview.problems.join(' '), {
      details: { problems: preview.problems },
    })
  if (preview.changes.length === 0) {
    out.result({ preview, changed: false })
    return
  }
  const question = 'Change these objects?'
  await requireConfirmed(context, { ...input, database: target.database, question })
  const started = clock.now()
  const undoing = { id: newId(started), backup, undoes: o.restore, started }
  await using writer = await openRestoreWriter({
    ...o,
    id: undoing.id,
    parts: ['safety'],
    threads: 1,
    signal,
  })
  await applySchemaUndo({
    ...request,
    planned,
    commitSafety: (contents) => writer.putSafety(undoing, contents),
  })
  const record = recordOf({ ...undoing, preview, finished: clock.now(), target, scope: [] })
  await storeReport(context, o, record, undoing.id)
  tellDone(out, { preview, restore: undoing.id })
  out.result({ restore: { ...record, id: undoing.id }, preview, changed: true })
}
