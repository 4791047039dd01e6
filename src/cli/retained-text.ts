import type { PrunePreview } from '../prune/types.ts'
import { formatBytes, formatCountOf } from './format.ts'

/** What locks keep, and what the storage keeps of what is deleted: a sentence after what a prune does; nothing where there is no such thing. */
export function retainedText({
  retained,
  keepsDeleted,
}: Pick<PrunePreview, 'retained' | 'keepsDeleted'>): string {
  const { objects, bytes, until } = retained
  const locked =
    until === null
      ? ''
      : ` Retained by locks: ${formatBytes(bytes)} in ${formatCountOf(objects, 'chunk')}, the last until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC.`
  return keepsDeleted
    ? `${locked} The bucket keeps versions: what is deleted takes room until it clears old ones away.`
    : locked
}
