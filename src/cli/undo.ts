import { holdBackUndo } from '../erasure/hold-back.ts'
import { HoldfastError } from '../lib/errors.ts'
import { erasuresInForce } from '../repository/erasures.ts'
import { readSafety } from '../repository/restore-reader.ts'
import { findRestore } from '../repository/restores.ts'
import { openUndoWorkspace } from '../restore/in-place/undo-workspace.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { openForReading, useStored } from './repository.ts'
import { changeInPlace } from './restore-in-place.ts'

type Input = Parameters<typeof openForReading>[1] & {
  readonly restore: string
  readonly to: string | undefined
  readonly overwrite: boolean
  readonly skipConflicts: boolean
  readonly preview: boolean
  readonly html: string | undefined
  readonly lockTimeout: number
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** `undo`: what a restore in place has changed, changed back. */
export async function undoRestore(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  const { repository, vault, reader: opened } = await openForReading(context, input)
  await using reader = opened
  const { id } = await findRestore(repository, input.restore, { signal })
  await using _use = await useStored(context, repository, id)
  const stored = await readSafety({ repository, reader, id, signal })
  if (stored === null) {
    throw new HoldfastError(
      'undo_nothing',
      `Restore ${id} has left no safety backup: it changed no rows in place.`,
    )
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
  await using workspace = await openUndoWorkspace({
    restore: id,
    backup: stored.document.backup,
    safety,
    heldBack,
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
    make: null,
    previewOnly: input.preview,
  })
}
