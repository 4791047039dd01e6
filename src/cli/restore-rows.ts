import { HoldfastError } from '../lib/errors.ts'
import { openBackupWorkspace } from '../restore/in-place/backup-workspace.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { modulesMeant, namingModules } from './config.ts'
import { askedFor, readInPlaceOptions } from './in-place-options.ts'
import { openBackup } from './repository.ts'
import { changeInPlace, madeFrom } from './restore-in-place.ts'

type Input = Parameters<typeof readInPlaceOptions>[0] &
  Parameters<typeof openBackup>[1] & {
    readonly to: string
    readonly noOwner: boolean
    readonly module: readonly string[]
    readonly id: string | undefined
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
  if (options.newIds && tables.length + options.schemas.length === 0)
    throw new HoldfastError('usage', '--new-ids brings rows a second time: of which tables?', {
      hint: 'Choose them with --table, --schema or --module.',
    })
  const target = await resolveAddress(context, input.to)
  await using backup = await openBackup(context, input)
  await using workspace = await namingModules(modules, () =>
    openBackupWorkspace({ ...backup, target, options, signal, onProgress: out.progress }),
  )
  await changeInPlace(context, {
    ...input,
    ...backup,
    workspace,
    kind: 'in place',
    scope: askedFor(input),
    make: workspace.making.entries.length === 0 ? null : await madeFrom({ ...backup, ...input, signal }),
    previewOnly: input.preview,
  })
}
