import { HoldfastError } from '../lib/errors.ts'
import { previewPrune, runPrune } from '../prune/prune.ts'
import type { BackupDecision } from '../prune/types.ts'
import { describePolicy } from '../retention/policy.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddresses, sourceNamed } from './config.ts'
import { requireComplete, resultOf, type CopyResult } from './copies.ts'
import { askYesNo } from './confirm.ts'
import { keepMeant, keepOptions } from './keep.ts'
import { tellDecisions, tellPreview, tellReport } from './prune-text.ts'
import { openForListing } from './repository.ts'

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

function decisionJson({ backup, keep, reasons }: BackupDecision): Record<string, unknown> {
  const { id, source, kind, moment, name } = backup
  return { id, source, kind, moment, name, keep, reasons }
}
