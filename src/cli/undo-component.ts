import { HoldfastError } from '../lib/errors.ts'
import type { StoredSafety } from '../repository/restore-reader.ts'
import { applySchemaUndo, planSchemaUndo } from '../restore/component/undo.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { changeComponents } from './component-change.ts'
import type { OpenedVault } from './repository.ts'
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
  const { signal } = context
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
  await changeComponents(context, input, {
    ...o,
    preview: planned.preview,
    digest: planned.digest,
    empty: planned.preview.changes.length === 0,
    target,
    scope: [],
    apply: async (commitSafety) => {
      await applySchemaUndo({ ...request, planned, commitSafety })
    },
  })
}
