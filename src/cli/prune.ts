import { HoldfastError } from '../lib/errors.ts'
import { previewPrune, runPrune } from '../prune/prune.ts'
import type { BackupDecision, PrunePreview, PruneReport } from '../prune/types.ts'
import { describePolicy } from '../retention/policy.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddresses, sourceNamed } from './config.ts'
import { requireComplete, resultOf, type CopyResult } from './copies.ts'
import { askYesNo } from './confirm.ts'
import { formatBytes, formatCountOf, formatDuration, formatWhen } from './format.ts'
import { keepMeant, keepOptions } from './keep.ts'
import { openForListing } from './repository.ts'
import { retainedText } from './retained-text.ts'

type Input = Parameters<typeof openForListing>[1] &
  Parameters<typeof keepMeant>[0] & {
    readonly source: string | undefined
    readonly only: readonly string[]
    readonly despiteRefused: boolean
    readonly dryRun: boolean
    readonly yes: boolean
  }

const hour = 60 * 60 * 1000

/** `prune`: shows what stays and goes, and with consent carries out what was planned and plans anew. */
export async function pruneRepository(context: CommandContext, input: Input): Promise<void> {
  const addresses = await repositoryAddresses(context, input)
  const [only, ...more] = addresses
  if (only !== undefined && more.length === 0) {
    context.out.result(await pruneCopy(context, input))
    return
  }
  const copies: Record<string, unknown>[] = []
  const results: CopyResult[] = []
  const errors: HoldfastError[] = []
  for (const address of addresses) {
    context.out.line(`Copy ${address}`)
    const pruning = pruneCopy(context, { ...input, repo: [address] }).then((done) => copies.push({ address, ...done })) // prettier-ignore
    results.push(await resultOf(address, pruning, (error) => errors.push(error)))
  }
  const [first] = errors
  if (first !== undefined && copies.length === 0) throw first
  requireComplete('It was pruned', results, { copies }, 'Run it again when that is mended; each copy is pruned by itself.') // prettier-ignore
  context.out.result({ copies })
}

/** Prunes one copy, by its own clock and with its own plans. */
async function pruneCopy(context: CommandContext, input: Input): Promise<Record<string, unknown>> {
  const { out, signal, clock } = context
  const configured = input.source === undefined ? undefined : (await sourceNamed(context, input.source)).keep
  const { policy, restoresMs, graceMs, ofSource } = keepMeant(input, configured)
  if (graceMs < hour) throw new HoldfastError('usage', `${keepOptions.grace.flags} must be at least 1h.`)
  const { repository } = await openForListing(context, input)
  const sources = await sourcesMeant(context, { repository, only: input.only, ofSource })
  const request = {
    repository,
    policy,
    sources,
    restoresMs,
    graceMs,
    despiteRefused: input.despiteRefused,
    clock,
    signal,
    onProgress: out.progress,
  }
  const preview = await previewPrune(request)
  tellDecisions(context, preview.decisions)
  for (const { key, reason } of preview.refused) out.warn(`${key} is not accepted: ${reason}`)
  out.line(`Kept: ${describePolicy(policy)}.`)
  tellPreview(context, preview)
  if (input.dryRun) {
    return { policy, decisions: preview.decisions.map(decisionJson), restores: preview.oldRestores, frees: preview.frees, retained: preview.retained, keepsDeleted: preview.keepsDeleted, plans: preview.plans, refused: preview.refused } // prettier-ignore
  }
  if (!input.yes && (await askYesNo(context, 'Go on?')) !== true) {
    throw new HoldfastError(
      'confirmation_missing',
      'Nothing was removed or planned, since nobody has agreed to it.',
      {
        hint: 'Look at what goes; then run it with --yes, or on a terminal.',
      },
    )
  }
  const report = await runPrune(request)
  out.progressDone('done')
  tellReport(context, report)
  const { decisions, oldRestores, ...rest } = report
  return { policy, decisions: decisions.map(decisionJson), restores: oldRestores, ...rest }
}

/** Keyed hashes of the sources that are meant. Rules of one configured source must not be taken for those of another. */
async function sourcesMeant(
  { signal }: CommandContext,
  o: {
    repository: Awaited<ReturnType<typeof openForListing>>['repository']
    only: readonly string[]
    ofSource: boolean
  },
): Promise<string[] | null> {
  if (o.only.length === 0 && !o.ofSource) return null
  const { backups } = await o.repository.manifests({ signal })
  const known = [...new Set(backups.map(({ source }) => source))]
  if (o.only.length > 0) {
    return o.only.map((beginning) => {
      const [one, ...more] = known.filter((source) => source.startsWith(beginning))
      if (one !== undefined && more.length === 0) return one
      const what = one === undefined ? 'no source begins' : `${more.length + 1} sources begin`
      throw new HoldfastError('usage', `--only can't be "${beginning}": ${what} like this.`)
    })
  }
  if (known.length < 2) return null
  throw new HoldfastError(
    'usage',
    `The repository holds backups of ${known.length} sources, and these rules are those of one.`,
    {
      hint: 'Say which it is with --only, as holdfast stats shows it.',
      details: { sources: known },
    },
  )
}

function tellDecisions({ out, clock }: CommandContext, decisions: readonly BackupDecision[]): void {
  const several = new Set(decisions.map(({ backup }) => backup.source)).size > 1
  if (decisions.length === 0) {
    out.line('No backups yet.')
    return
  }
  out.table(
    [
      { title: 'BACKUP', min: 25 },
      { title: 'TAKEN', min: 16 },
      ...(several ? [{ title: 'SOURCE' }] : []),
      { title: '' },
      { title: 'WHY', min: 20 },
    ],
    decisions.map(({ backup, keep, reasons }) => [
      backup.id,
      formatWhen(new Date(backup.moment), clock.now()),
      ...(several ? [backup.source.slice(0, 8)] : []),
      keep ? 'kept' : 'goes',
      reasons.map(({ text }) => text).join('; '),
    ]),
  )
}

function tellPreview({ out, clock }: CommandContext, preview: PrunePreview): void {
  const { decisions, oldRestores, frees, plans } = preview
  const going = decisions.filter(({ keep }) => !keep).length
  const restores = oldRestores.length === 0 ? '' : ` and ${formatCountOf(oldRestores.length, 'safety backup')} of restores` // prettier-ignore
  out.line(`${formatCountOf(going, 'backup')}${restores} can go: ${formatBytes(frees.bytes)} in ${formatCountOf(frees.objects, 'chunk')} that nothing else needs.${retainedText(preview)}`) // prettier-ignore
  for (const { due, backups } of plans) {
    const left = due.getTime() - clock.now().getTime()
    out.line(`Planned before: ${formatCountOf(backups.length, 'backup')}, ${left > 0 ? `to be removed in ${formatDuration(left)}` : 'to be removed now'}.`) // prettier-ignore
  }
}

function tellReport({ out, clock }: CommandContext, report: PruneReport): void {
  const { removed, planned, waiting } = report
  const { backups, restores, chunks } = removed
  if (backups.length + restores.length + chunks.objects > 0) {
    out.line(`Removed ${formatCountOf(backups.length, 'backup')} and ${formatCountOf(chunks.objects, 'chunk')}: ${formatBytes(chunks.bytes)} ${report.keepsDeleted ? 'that the bucket keeps as old versions, until it clears them away' : 'are free'}.`) // prettier-ignore
  }
  if (planned !== null) {
    const { bytes } = planned.chunks
    out.line(`Planned: ${formatCountOf(planned.backups.length, 'backup')}, ${formatBytes(bytes)}. A prune after ${formatWhen(planned.due, clock.now())}, removes them.`) // prettier-ignore
  }
  for (const { writers } of waiting) {
    const oldest = writers.reduce((a, b) => (a < b ? a : b), clock.now())
    out.note(`A plan waits for ${formatCountOf(writers.length, 'backup or restore', 'backups or restores')} under way, since ${formatWhen(oldest, clock.now())}. One that died is given up a day after its last sign of life.`) // prettier-ignore
  }
  if (planned === null && waiting.length === 0 && backups.length + chunks.objects === 0)
    out.line('There is nothing to remove or plan by now.')
}

function decisionJson({ backup, keep, reasons }: BackupDecision): Record<string, unknown> {
  const { id, source, kind, moment, name } = backup
  return { id, source, kind, moment, name, keep, reasons }
}
