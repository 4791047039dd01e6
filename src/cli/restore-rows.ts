import { HoldfastError } from '../lib/errors.ts'
import { openBackupWorkspace } from '../restore/in-place/backup-workspace.ts'
import { createChunkCache, readAllPieces } from '../repository/pieces.ts'
import { readContents } from '../repository/session.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { modulesMeant, namingModules } from './config.ts'
import { readInPlaceOptions } from './in-place-options.ts'
import { openForReading, withoutErased } from './repository.ts'
import { changeInPlace } from './restore-in-place.ts'

type Input = Parameters<typeof readInPlaceOptions>[0] &
  Parameters<typeof openForReading>[1] & {
    readonly backup: string
    readonly to: string
    readonly noOwner: boolean
    readonly module: readonly string[]
    readonly source: string | undefined
  }

/** `restore --in-place`: rows of a backup into a database in use. */
export async function restoreInPlace(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  if (input.save !== undefined)
    throw new HoldfastError(
      'usage',
      '--save is about --component: rows are stored by themselves, for holdfast undo.',
    )
  const modules = await modulesMeant(context, input.module, input.source)
  const tables = [...input.table, ...modules.flatMap((m) => m.tables)]
  const options = readInPlaceOptions({ ...input, table: tables })
  const target = await resolveAddress(context, input.to)
  const opened = await openForReading(context, input)
  await using reader = opened.reader
  const manifest = await opened.repository.find(input.backup, { signal })
  const stored = await readContents(reader, manifest)
  const { contents, heldBack } = await withoutErased(context, { ...opened, manifest, contents: stored })
  await using workspace = await namingModules(modules, () =>
    openBackupWorkspace({
      manifest,
      contents,
      heldBack,
      reader,
      target,
      options,
      signal,
      onProgress: out.progress,
    }),
  )
  const makes = workspace.making.entries.length > 0
  await changeInPlace(context, {
    ...input,
    workspace,
    repository: opened.repository,
    vault: opened.vault,
    kind: 'in place',
    scope: scopeOf(input),
    make: makes
      ? {
          source: {
            manifest,
            reader,
            cache: createChunkCache({ reader, signal }),
            encoding: contents.server.encoding,
          },
          text: await readAllPieces({ manifest, reader, pieces: contents.schema.pieces, signal }),
          noOwner: input.noOwner,
          sequences: contents.sequences,
        }
      : null,
    previewOnly: input.preview,
  })
}

/** What was asked for, as options, for the report. */
function scopeOf(input: Input): string[] {
  const { actions } = readInPlaceOptions(input)
  const list = (name: string, values: readonly string[]): string[] => values.map((v) => `${name} ${v}`)
  return [
    ...list('--schema', input.schema),
    ...list('--table', input.table),
    ...list('--module', input.module),
    ...list('--exclude-table', input.excludeTable),
    ...(input.where === undefined ? [] : [`--where ${input.where}`]),
    ...(actions.create ? ['--create-missing'] : []),
    ...(actions.update ? ['--update-changed'] : []),
    ...(actions.delete ? ['--delete-extra'] : []),
    ...(input.keepNewer === undefined ? [] : [`--keep-newer ${input.keepNewer}`]),
  ]
}
