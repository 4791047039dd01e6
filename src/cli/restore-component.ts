import { HoldfastError } from '../lib/errors.ts'
import { applyComponents } from '../restore/component/apply.ts'
import { planComponents, type PlannedComponents } from '../restore/component/plan.ts'
import { undoScript } from '../restore/component/script.ts'
import type { Component, ComponentOptions } from '../restore/component/types.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { didText, summaryText, tellComponents } from './component-text.ts'
import { requireConfirmed } from './confirm.ts'
import { askedFor, readInPlaceOptions } from './in-place-options.ts'
import { openStoredBackup, readSchemaText } from './repository.ts'
import { storeReport, whoRestores } from './restore-report.ts'
import { writeSecretFile } from './secret-file.ts'
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
  // Before anything is changed: without this there would be no way back.
  if (input.save !== undefined) await writeSecretFile(input.save, undoScript({ planned, manifest }))
  const started = clock.now()
  await applyComponents({ ...request, planned })
  const finished = new Date(Math.max(started.getTime(), clock.now().getTime()))
  const warnings = [
    ...preview.warnings,
    'Parts of the schema were changed, and no rows: holdfast undo can not take that back.',
  ]
  const record = {
    format: 1 as const,
    kind: 'in place' as const,
    backup: manifest.id,
    moment: manifest.moment,
    undoes: null,
    target: preview.target,
    who: whoRestores(target),
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    scope: askedFor(input),
    tables: [],
    checks: checksOf(planned),
    warnings,
  }
  out.line([{ text: summaryText(preview, 'done'), style: 'strong' }])
  const id = await storeReport(context, opened, record)
  if (id !== null) out.line(`  report    holdfast restores ${id}`)
  if (input.save !== undefined)
    out.line(`  undo      psql -d ${printable(target.database)} -f ${printable(input.save)}`)
  out.result({ restore: { ...record, id }, preview, changed: true })
}

function checksOf({ preview }: PlannedComponents): { what: string; result: string }[] {
  const done = preview.changes.flatMap((c) =>
    c.action === null ? [] : [{ what: c.object, result: didText[c.action] }],
  )
  return [...done, { what: 'the schema, before it was committed', result: 'as planned' }]
}

/** Throws `usage` for options that are about rows. */
function readOptions(input: Input): ComponentOptions {
  const about: readonly (readonly [string, boolean])[] = [
    ['--where', input.where !== undefined],
    ['--new-ids', input.newIds],
    ['--keep-newer', input.keepNewer !== undefined],
    ['--references', input.references !== undefined],
    ['--skip-conflicts', input.skipConflicts],
    ['--html', input.html !== undefined],
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
