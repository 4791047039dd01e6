import { HoldfastError, messageOf } from '../lib/errors.ts'
import { newId } from '../repository/ids.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import { applyComponents } from '../restore/component/apply.ts'
import { planComponents } from '../restore/component/plan.ts'
import { undoScript } from '../restore/component/script.ts'
import type { Component, ComponentOptions } from '../restore/component/types.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { recordOf } from './component-record.ts'
import { componentHtml } from './component-html.ts'
import { tellComponents, tellDone } from './component-text.ts'
import { requireConfirmed } from './confirm.ts'
import { askedFor, readInPlaceOptions } from './in-place-options.ts'
import { openStoredBackup, readSchemaText } from './repository.ts'
import { storeReport } from './restore-report.ts'
import { requireNoFile, writePage, writeSecretFile } from './secret-file.ts'
import { printable } from './width.ts'

type Input = Parameters<typeof readInPlaceOptions>[0] &
  Parameters<typeof openStoredBackup>[1] & {
    readonly to: string
    readonly noOwner: boolean
    readonly noGrants: boolean
    readonly roles: 'needed' | 'all' | 'none'
    readonly module: readonly string[]
  }

/** `restore --in-place --component`: parts of the schema of a backup into a database in use. No row is touched. */
export async function restoreComponents(context: CommandContext, input: Input): Promise<void> {
  const { out, clock, signal } = context
  const options = readOptions(input)
  const target = await resolveAddress(context, input.to)
  await using opened = await openStoredBackup(context, input)
  const { manifest, contents } = opened
  const schemaText = await readSchemaText(opened, signal)
  const request = { manifest, contents, schemaText, target, options, signal }
  const planned = await planComponents(request)
  const { preview } = planned
  if (input.html !== undefined) await writePage(input.html, componentHtml(preview))
  tellComponents(out, preview)
  if (input.preview) {
    out.result({ preview })
    return
  }
  if (preview.problems.length > 0) {
    throw new HoldfastError('target_lacks', preview.problems.join(' '), {
      details: { problems: preview.problems },
    })
  }
  if (planned.steps.length === 0) {
    out.result({ preview, changed: false })
    return
  }
  const question = 'Change these objects?'
  await requireConfirmed(context, { ...input, database: target.database, question })
  const { save } = input
  if (save !== undefined) await requireNoFile(save)
  const started = clock.now()
  const restore = { id: newId(started), backup: manifest.id, undoes: null, started }
  await using writer = await openRestoreWriter({
    ...opened,
    id: restore.id,
    parts: ['safety'],
    threads: 1,
    signal,
  })
  await applyComponents({
    ...request,
    planned,
    commitSafety: (safety) => writer.putSafety(restore, safety),
  })
  const record = recordOf({ ...restore, preview, finished: clock.now(), target, scope: askedFor(input) })
  await storeReport(context, opened, record, restore.id)
  if (save !== undefined) {
    await writeSecretFile(save, undoScript({ planned, manifest })).catch((error: unknown) => {
      out.warn(`The SQL that takes it back could not be written: ${printable(messageOf(error))}`)
    })
  }
  tellDone(out, { preview, restore: restore.id })
  out.result({ restore: { ...record, id: restore.id }, preview, changed: true })
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
