import { holdBackUndo } from '../erasure/hold-back.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { erasuresInForce } from '../repository/erasures.ts'
import { heldBackOf } from '../repository/held-back.ts'
import { readReport, readSafety } from '../repository/restore-reader.ts'
import { findRestore } from '../repository/restores.ts'
import { openUndoWorkspace } from '../restore/in-place/undo-workspace.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { openAnyBackup, openForReading, useStored } from './repository.ts'
import { changeInPlace, madeFrom } from './restore-in-place.ts'
import { undoSwap } from './undo-swap.ts'
import { undoComponents } from './undo-component.ts'

export type UndoInput = Parameters<typeof openForReading>[1] & {
  readonly restore: string
  readonly to: string | undefined
  readonly overwrite: boolean
  readonly skipConflicts: boolean
  readonly preview: boolean
  readonly html: string | undefined
  readonly lockTimeout: number
  readonly id: string | undefined
  readonly expect: string | undefined
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** `undo`: what a restore in place has changed, changed back. */
export async function undoRestore(context: CommandContext, input: UndoInput): Promise<void> {
  const { out, signal } = context
  const opened = await openForReading(context, input)
  const { repository, vault } = opened
  await using reader = opened.reader
  const { id } = await findRestore(repository, input.restore, { signal })
  await using _use = await useStored(context, repository, id)
  const stored = await readSafety({ repository, reader, id, signal })
  if (stored === null) {
    const record = (await readReport({ repository, reader, id, signal }))?.record
    if (record?.kind === 'swap')
      return await undoSwap(context, input, { repository, vault, restore: id, record })
    throw new HoldfastError('undo_nothing', `Restore ${id} has left no safety backup. ${whyNone(record)}`)
  }
  const { schema } = stored.contents
  if (schema !== null) {
    await undoComponents(context, input, { repository, vault, restore: id, stored, schema })
    return
  }
  const target = await resolveAddress(context, input.to ?? stored.contents.target.address)
  const { safety, heldBack } = await holdBackUndo({
    safety: stored.contents,
    manifest: stored.document,
    reader,
    erasures: await erasuresInForce({ repository, reader, signal }),
    namingKey: vault.namingKey,
    signal,
  })
  const { backup: backupId } = stored.document
  // Rows need no backup; tables that the restore has made, or its undoing dropped, do.
  const needed = safety.madeTables.length + safety.droppedTables.length > 0
  const named = needed ? backupId : null
  await using _used = named === null ? null : await useStored(context, repository, named)
  const backup = named === null ? null : await openAnyBackup(context, opened, named)
  const fromBackup = safety.droppedTables.filter((t) => !t.keptRows)
  await using workspace = await openUndoWorkspace({
    restore: id,
    backup: backupId === null ? null : { id: backupId, contents: backup?.contents ?? null },
    safety,
    heldBack: [...heldBack, ...heldBackOf(backup?.heldBack ?? [], fromBackup)],
    chunks: stored.document.chunks,
    reader,
    target,
    overwrite: input.overwrite,
    lockTimeoutMs: input.lockTimeout * 1000,
    signal,
    onProgress: out.progress,
  })
  await changeInPlace(context, {
    ...input,
    workspace,
    repository,
    vault,
    kind: 'undo',
    scope: input.overwrite ? ['--overwrite'] : [],
    make:
      backup === null || workspace.making.entries.length === 0
        ? null
        : await madeFrom({ ...backup, noOwner: safety.droppedTables.some((t) => t.noOwner), signal }),
    previewOnly: input.preview,
  })
}

/** What to do in place of an undo. */
function whyNone(record: RestoreRecord | undefined): string {
  switch (record?.kind) {
    case 'new database':
      return 'It was into a new or empty database: drop it, if it is to go.'
    case 'undo':
      return 'It gave a database its name back; holdfast release --swap-back exchanges the two once more.'
    default:
      return 'It changed nothing in place.'
  }
}
