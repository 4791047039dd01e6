import { isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { Storage } from '../storage/storage.ts'
import { chunkNameOfKey, mendedPrefix } from './format/chunk-names.ts'
import type { DamagedChunk } from './format/damaged.ts'
import type { Manifest } from './format/manifest.ts'
import { listChunks } from './stored-chunks.ts'
import type { ChunkReader } from './types.ts'

/** The names of the chunks of a backup or restore that are not as they should be. */
export interface Faults {
  readonly missing: readonly string[]
  /** Opened, and not what was stored. */
  readonly damaged: readonly string[]
  /** Present with another size than was stored; if they are also damaged they are in both lists. */
  readonly sizeDiffers: readonly string[]
  /** Present, but the storage failed to hand them out. */
  readonly unreadable: readonly string[]
}

/** What is known of a chunk, held once for all that need it. */
export interface NeededChunk {
  readonly name: string
  /** As the first document that was read has them. */
  readonly plainBytes: number
  readonly storedBytes: number
  /** Its size in the storage; null if it is missing. Of one that was mended, that of the copy. */
  present: number | null
  /** There is a copy, in the place of an object that was damaged. */
  mended: boolean
  /** When it was stored, in milliseconds by the storage's clock; 0 if it is missing. */
  stored: number
  /** Plain bytes it was found to hold; null if it was not opened. */
  opened: number | null
  /** What was found when it was opened; of one that was not, whether it was damaged when it was opened last. */
  fault: 'damaged' | 'unreadable' | null
}

/** Writes down the sizes of the needed chunks that are stored. What else is stored as a chunk. */
export async function findStored(
  storage: Storage,
  needed: ReadonlyMap<string, NeededChunk>,
  signal: AbortSignal | undefined,
  onProgress: OnProgress | undefined,
): Promise<{ objects: number; bytes: number }> {
  const unreferenced = { objects: 0, bytes: 0 }
  let done = 0
  for await (const { key, size, modified } of listChunks(storage, { signal })) {
    const chunk = needed.get(chunkNameOfKey(key) ?? '')
    if (chunk !== undefined) {
      chunk.present = size
      chunk.mended = key.startsWith(mendedPrefix)
      chunk.stored = modified.getTime()
      done += 1
      onProgress?.({ phase: 'listing chunks', done, total: needed.size, unit: 'objects' })
    } else {
      unreferenced.objects += 1
      unreferenced.bytes += size
    }
  }
  return unreferenced
}

/** Opens a chunk and writes down what is wrong with it. */
export async function openChunk(
  reader: ChunkReader,
  chunk: NeededChunk,
  signal: AbortSignal | undefined,
): Promise<void> {
  chunk.fault = null
  try {
    chunk.opened = (await reader.read(chunk.name, { signal })).length
  } catch (error) {
    if (isHoldfastError(error, 'object_missing')) chunk.present = null
    else if (isHoldfastError(error, 'object_damaged')) chunk.fault = 'damaged'
    else if (isHoldfastError(error, 'storage_failed')) chunk.fault = 'unreadable'
    else throw error
  }
}

export function isWhole(chunk: NeededChunk): boolean {
  const { plainBytes, storedBytes, present, mended, opened, fault } = chunk
  return (present === storedBytes || mended) && fault === null && (opened === null || opened === plainBytes)
}

/** What is wrong with what needs these chunks. The names are those in `needed`, not copies of their own. */
export function faultsOf(chunks: Manifest['chunks'], needed: ReadonlyMap<string, NeededChunk>): Faults {
  const missing: string[] = []
  const damaged: string[] = []
  const sizeDiffers: string[] = []
  const unreadable: string[] = []
  for (const [called, plainBytes, storedBytes] of chunks) {
    const chunk = needed.get(called)
    const { name = called, present = null, mended = false, opened = null, fault = null } = chunk ?? {}
    if (present === null) missing.push(name)
    else if (present !== storedBytes && !mended) sizeDiffers.push(name)
    if (fault === 'damaged' || (opened !== null && opened !== plainBytes)) damaged.push(name)
    if (fault === 'unreadable') unreadable.push(name)
  }
  return { missing, damaged, sizeDiffers, unreadable }
}

/** Every chunk in these lists once, with what is wrong with it. One that could not be read this time is not known to be hurt. */
export function damageOf(parts: Iterable<Faults>): Omit<DamagedChunk, 'found'>[] {
  const faults = new Map<string, DamagedChunk['fault']>()
  for (const { missing, damaged, sizeDiffers } of parts) {
    for (const name of sizeDiffers) if (!faults.has(name)) faults.set(name, 'size')
    for (const name of damaged) faults.set(name, 'damaged')
    for (const name of missing) faults.set(name, 'missing')
  }
  return [...faults].map(([name, fault]) => ({ name, fault }))
}

/** True if anything in the lists is known to be hurt. */
export function isHurt({ missing, damaged, sizeDiffers }: Faults): boolean {
  return missing.length + damaged.length + sizeDiffers.length > 0
}
