import { HoldfastError } from '../lib/errors.ts'
import { describeAddress, type ServerAddress } from '../postgres/connect.ts'
import { recordOfRestore } from '../restore/record.ts'
import type { RestoreOptions, RestoreProblem, RestoreReport } from '../restore/types.ts'
import type { CommandContext } from './command.ts'
import { confirmDatabase } from './confirm.ts'
import { schemasSummary, tellSchemas, tellSchemasPlan } from './schemas-text.ts'
import { swapSummary, tellSwap, tellSwapPlan } from './swap-text.ts'
import { jobsOrDefault, type OpenedBackup } from './repository.ts'
import { storeReport, whoRestores } from './restore-report.ts'
import { printable } from './width.ts'
import { partsOf } from '../restore/problems.ts'

interface ReplaceInput {
  readonly plan: boolean
  readonly yes: boolean
  readonly confirm: string | undefined
  readonly jobs: number | undefined
  /** What was asked for, as options. */
  readonly scope: readonly string[]
  readonly id: string | undefined
}

interface Replacement {
  readonly backup: OpenedBackup
  readonly schemaText: Uint8Array
  readonly target: ServerAddress
  readonly options: Pick<RestoreOptions, 'noOwner' | 'noGrants' | 'roles' | 'restart' | 'quarantine'>
}

/**
 * `restore --swap` of a whole database: shows the plan, asks, and lets the restored one take the live one's place.
 * Where the database can't be renamed, its schemas are replaced instead.
 */
export async function replaceDatabase(
  context: CommandContext,
  input: ReplaceInput,
  o: Replacement,
): Promise<void> {
  const { planSwap } = await import('../restore/swap/plan.ts')
  const { runSwap } = await import('../restore/swap/run.ts')
  const { out, signal, clock } = context
  const request = { ...o.backup, schemaText: o.schemaText, target: o.target, signal }
  const plan = await planSwap({ ...request, options: o.options })
  if (plan.live.unrenamable.length > 0) {
    await replaceSchemas(context, input, o, plan.live.unrenamable)
    return
  }
  const [problem] = plan.problems
  const summary = swapSummary(plan)
  if (problem === undefined || input.plan) tellSwapPlan(out, summary)
  if (problem !== undefined) {
    throw new HoldfastError(problem.code, plan.problems.map(({ message }) => message).join(' '), {
      details: { plan: summary, parts: partsOf(plan.problems) },
    })
  }
  if (input.plan) {
    out.result({ plan: summary })
    return
  }
  await confirmDatabase(context, input, o.target.database)
  const report = await runSwap({
    ...request,
    plan,
    jobs: jobsOrDefault(input.jobs),
    clock,
    onProgress: out.progress,
  })
  out.progressDone('done')
  await storeSwap(context, o, report.restore, input)
  for (const warning of [...(report.restore?.warnings ?? []), ...report.warnings])
    if (!plan.warnings.includes(warning)) out.warn(printable(warning))
  tellSwap(out, report)
  out.result({ swap: report })
}

/**
 * `restore --swap-schemas`, or `--swap` of a database that can't be renamed, for the reasons given: shows the plan, asks, and replaces the
 * schemas inside of it.
 */
export async function replaceSchemas(
  context: CommandContext,
  input: ReplaceInput,
  o: Replacement,
  unrenamable: readonly RestoreProblem[] = [],
): Promise<void> {
  const { planSchemas } = await import('../restore/schemas/plan.ts')
  const { runSchemas } = await import('../restore/schemas/run.ts')
  const { out, signal, clock } = context
  const request = { ...o.backup, schemaText: o.schemaText, target: o.target, signal }
  const plan = await planSchemas({ ...request, options: o.options })
  const why = unrenamable.map(({ message }) => message)
  const [problem] = plan.problems
  const summary = schemasSummary(plan, why)
  if (problem === undefined || input.plan) tellSchemasPlan(out, summary)
  if (problem !== undefined) {
    throw new HoldfastError(problem.code, [...why, ...plan.problems.map((p) => p.message)].join(' '), {
      details: { plan: summary, parts: partsOf([...unrenamable, ...plan.problems]) },
    })
  }
  if (input.plan) {
    out.result({ plan: summary })
    return
  }
  await confirmDatabase(context, input, o.target.database)
  const report = await runSchemas({ ...request, plan, clock, onProgress: out.progress })
  out.progressDone('done')
  await storeSwap(context, o, report.restore, input)
  for (const warning of report.restore.warnings)
    if (!plan.warnings.includes(warning)) out.warn(printable(warning))
  tellSchemas(out, report)
  out.result({ swap: report })
}

/** The report of the restore. Null: it was made by an earlier run, which was cut off before the names were exchanged. */
async function storeSwap(
  context: CommandContext,
  { backup, target }: { readonly backup: OpenedBackup; readonly target: ServerAddress },
  report: RestoreReport | null,
  { scope, id }: Pick<ReplaceInput, 'scope' | 'id'>,
): Promise<void> {
  if (report === null) return
  const who = whoRestores(target)
  const record = recordOfRestore({ report, kind: 'swap', moment: backup.manifest.moment, who, scope })
  await storeReport(context, backup, { ...record, target: describeAddress(target) }, id)
}
