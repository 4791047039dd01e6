import { HoldfastError, messageOf } from '../lib/errors.ts'
import { applyComponents } from '../restore/component/apply.ts'
import { planComponents } from '../restore/component/plan.ts'
import { undoScript } from '../restore/component/script.ts'
import type { Component, ComponentOptions } from '../restore/component/types.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { changeComponents } from './component-change.ts'
import { askedFor, readInPlaceOptions } from './in-place-options.ts'
import { openStoredBackup, readSchemaText } from './repository.ts'
import { requireNoFile, writeSecretFile } from './secret-file.ts'
import { printable } from './width.ts'

type Input = Parameters<typeof readInPlaceOptions>[0] &
  Parameters<typeof openStoredBackup>[1] & {
    readonly to: string
    readonly noOwner: boolean
    readonly noGrants: boolean
    readonly roles: 'needed' | 'all' | 'none'
    readonly module: readonly string[]
    readonly id: string | undefined
  }

/** `restore --in-place --component`: parts of the schema of a backup into a database in use. No row is touched. */
export async function restoreComponents(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  const options = readOptions(input)
  const target = await resolveAddress(context, input.to)
  await using opened = await openStoredBackup(context, input)
  const { manifest, contents } = opened
  const schemaText = await readSchemaText(opened, signal)
  const request = { manifest, contents, schemaText, target, options, signal }
  const planned = await planComponents(request)
  const { save } = input
  await changeComponents(context, input, {
    ...opened,
    preview: planned.preview,
    digest: planned.digest,
    empty: planned.steps.length === 0,
    target,
    scope: askedFor(input),
    onAgreed: async () => {
      if (save !== undefined) await requireNoFile(save)
    },
    apply: async (commitSafety) => {
      await applyComponents({ ...request, planned, commitSafety })
    },
    onDone: async () => {
      if (save === undefined) return
      await writeSecretFile(save, undoScript({ planned, manifest })).catch((error: unknown) => {
        out.warn(`The SQL that takes it back could not be written: ${printable(messageOf(error))}`)
      })
    },
  })
}

/** Throws `usage` for options that are about rows. */
function readOptions(input: Input): ComponentOptions {
  const about: readonly (readonly [string, boolean])[] = [
    ['--where', input.where !== undefined],
    ['--new-ids', input.newIds],
    ['--keep-newer', input.keepNewer !== undefined],
    ['--references', input.references !== undefined],
    ['--skip-conflicts', input.skipConflicts],
    ['--module', input.module.length > 0],
  ]
  const wrong = about.find(([, given]) => given)?.[0]
  if (wrong !== undefined)
    throw new HoldfastError('usage', `${wrong} is about rows, and --component is about the schema.`)
  if (input.roles === 'none' && input.component.includes('roles'))
    throw new HoldfastError('usage', '--roles none leaves nothing for --component roles to do.')
  const { tables, schemas, excludeTables, actions, lockTimeoutMs } = readInPlaceOptions(input)
  return {
    components: [...new Set(input.component)] as Component[],
    tables,
    schemas,
    excludeTables,
    actions,
    noOwner: input.noOwner,
    noGrants: input.noGrants,
    roles: input.roles === 'none' ? 'needed' : input.roles,
    lockTimeoutMs,
  }
}
