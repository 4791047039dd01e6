import { isHoldfastError } from '../lib/errors.ts'
import { previewPrune } from '../prune/prune.ts'
import { measureRepository } from '../prune/stats.ts'
import type { PrunePreview } from '../prune/types.ts'
import { localFacts } from '../storage/local-facts.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddresses, sourceNamed } from './config.ts'
import { formatBytes, formatCountOf } from './format.ts'
import { keepMeant, type Keep } from './keep.ts'
import { retainedText } from './retained-text.ts'
import { openForListing } from './repository.ts'
import { tellSizes } from './stats-text.ts'
import { openAnyAt } from './storage.ts'

type Input = Parameters<typeof openForListing>[1] &
  Parameters<typeof keepMeant>[0] & { readonly source: string | undefined }

/** `stats`: sizes of sources and backups, and what a prune would free. */
export async function tellStats(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  const { repository } = await openForListing(context, input)
  const stats = await measureRepository({ repository, signal })
  const { sources } = stats
  tellSizes(context, stats)
  const preview = await previewOf(context, { repository, input, sources: sources.length })
  if (preview !== null) {
    const going = preview.decisions.filter(({ keep }) => !keep).length
    out.line(
      `A prune by these rules would remove ${formatCountOf(going, 'backup')} and free ${formatBytes(preview.frees.bytes)}.${retainedText(preview)}`,
    )
  }
  for (const { key, reason } of stats.refused) out.warn(`${key} is not accepted: ${reason}`)
  const freeBytes = await freeAt(context, input)
  if (freeBytes !== null) out.line(`Free there: ${formatBytes(freeBytes)}.`)
  out.result({ stats, frees: preview?.frees ?? null, freeBytes })
}

/** What more could be stored, where the storage has an end that can be asked for; null: it has none. */
async function freeAt(context: CommandContext, input: Input): Promise<number | null> {
  const [main = ''] = await repositoryAddresses(context, input)
  const opened = openAnyAt(context, main)
  return opened.kind === 'local' ? (await localFacts(opened.directory)).freeBytes : null
}

/** What a prune would do, by the rules that were given or configured; null if there are none, or they are those of one source of several. */
async function previewOf(
  context: CommandContext,
  o: { repository: Parameters<typeof previewPrune>[0]['repository']; input: Input; sources: number },
): Promise<PrunePreview | null> {
  const { signal, clock } = context
  const { repository, input } = o
  const configured = input.source === undefined ? undefined : (await sourceNamed(context, input.source)).keep
  let keep: Keep
  try {
    keep = keepMeant(input, configured)
  } catch (error) {
    if (isHoldfastError(error, 'usage')) return null
    throw error
  }
  if (keep.ofSource && o.sources > 1) return null
  return await previewPrune({
    repository,
    ...keep,
    sources: null,
    // Told above.
    despiteRefused: true,
    clock,
    signal,
  })
}
