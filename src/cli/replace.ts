import { HoldfastError } from '../lib/errors.ts'
import { describeAddress, type ServerAddress } from '../postgres/connect.ts'
import { recordOfRestore } from '../restore/record.ts'
import type { RestoreOptions, RestoreReport } from '../restore/types.ts'
import type { CommandContext } from './command.ts'
import { confirmDatabase } from './confirm.ts'
import { swapSummary, tellSwap, tellSwapPlan } from './swap-text.ts'
import { jobsOrDefault, type OpenedBackup } from './repository.ts'
import { storeReport, whoRestores } from './restore-report.ts'
import { printable } from './width.ts'

/** `restore --swap` of a whole database: shows the plan, asks, and lets the restored one take the live one's place. */
export async function replaceDatabase(
  context: CommandContext,
  input: {
    readonly plan: boolean
    readonly yes: boolean
    readonly confirm: string | undefined
    readonly jobs: number | undefined
    /** What was asked for, as options. */
    readonly scope: readonly string[]
  },
  o: {
    readonly backup: OpenedBackup
    readonly schemaText: Uint8Array
    readonly target: ServerAddress
    readonly options: Pick<RestoreOptions, 'noOwner' | 'noGrants' | 'roles' | 'restart' | 'quarantine'>
  },
): Promise<void> {
  const { planSwap } = await import('../restore/swap/plan.ts')
  const { runSwap } = await import('../restore/swap/run.ts')
  const { out, signal, clock } = context
  const request = { ...o.backup, schemaText: o.schemaText, target: o.target, signal }
  const plan = await planSwap({ ...request, options: o.options })
  const [problem] = plan.problems
  if (problem !== undefined) {
    if (input.plan) tellSwapPlan(out, plan)
    throw new HoldfastError(problem.code, plan.problems.map(({ message }) => message).join(' '), {
      details: { plan: swapSummary(plan) },
    })
  }
  tellSwapPlan(out, plan)
  if (input.plan) {
    out.result({ plan: swapSummary(plan) })
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
  await storeSwap(context, o, report.restore, input.scope)
  for (const warning of [...(report.restore?.warnings ?? []), ...report.warnings])
    if (!plan.warnings.includes(warning)) out.warn(printable(warning))
  tellSwap(out, report)
  out.result({ swap: report })
}

/** The report of the restore. Null: it was made by an earlier run, which was cut off before the names were exchanged. */
async function storeSwap(
  context: CommandContext,
  { backup, target }: { readonly backup: OpenedBackup; readonly target: ServerAddress },
  report: RestoreReport | null,
  scope: readonly string[],
): Promise<void> {
  if (report === null) return
  const who = whoRestores(target)
  const record = recordOfRestore({ report, kind: 'swap', moment: backup.manifest.moment, who, scope })
  await storeReport(context, backup, { ...record, target: describeAddress(target) })
}
