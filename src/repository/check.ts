import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { Storage } from '../storage/storage.ts'
import { chunkNameOfKey, chunkPrefix } from './format/chunk-names.ts'
import type { Manifest } from './format/manifest.ts'
import type { ChunkReader } from './types.ts'

/** What a check found. A backup is whole if its lists are empty; only chunks that were `read` are known to be undamaged. */
export interface CheckReport {
  readonly backups: readonly BackupCheck[]
  /** Distinct chunks that the backups need. */
  readonly objects: number
  /** Chunks that were opened and re-hashed, and their plain bytes. */
  readonly read: number
  readonly bytesRead: number
  /** Stored chunks that none of the backups needs: of backups that are running or were broken off. Not an error. */
  readonly unreferenced: { readonly objects: number; readonly bytes: number }
}

/** The names of a backup's chunks that are not as they should be. */
export interface BackupCheck {
  readonly id: string
  readonly missing: readonly string[]
  /** Opened, and not what was stored. */
  readonly damaged: readonly string[]
  /** Present with another size than was stored; if they are also damaged they are in both lists. */
  readonly sizeDiffers: readonly string[]
  /** Present, but the storage failed to hand them out. */
  readonly unreadable: readonly string[]
}

const readsAtOnce = 4

/**
 * Checks that every chunk the manifests name is present, by listing once, and with a `reader` opens and re-hashes a
 * `share` (0 to 1) of the distinct chunks. Which ones is decided by `pick`, a whole number: successive values go round
 * all chunks, so that a share of 0.05 has seen everything after 20 checks. Throws only if the check itself cannot be done.
 */
export async function checkRepository(options: {
  storage: Storage
  manifests: readonly Manifest[]
  reader: ChunkReader | null
  share: number
  pick: number
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}): Promise<CheckReport> {
  const { storage, manifests, reader, share, pick, signal, onProgress } = options
  const needed = new Set(manifests.flatMap(({ chunks }) => chunks.map(([name]) => name)))
  const { sizes, unreferenced } = await listStored(storage, needed, signal, onProgress)

  const chosen =
    reader === null
      ? []
      : choose(
          [...needed].filter((name) => sizes.has(name)),
          share,
          pick,
        )
  const plainSizes = new Map(manifests.flatMap(({ chunks }) => chunks.map(([name, plain]) => [name, plain])))
  const found = { missing: new Set<string>(), damaged: new Set<string>(), unreadable: new Set<string>() }
  let read = 0
  let bytesRead = 0
  await eachLimited(chosen, readsAtOnce, async (name) => {
    throwIfCancelled(signal)
    const bytes = await readChunk(name)
    read += 1
    bytesRead += bytes
    onProgress?.({ phase: 'reading chunks', done: read, total: chosen.length, unit: 'objects' })
  })

  /** Opens one chunk and files what is wrong with it. Plain bytes that were read. */
  async function readChunk(name: string): Promise<number> {
    if (reader === null) return 0
    try {
      const { length } = await reader.read(name, { signal })
      if (length !== plainSizes.get(name)) found.damaged.add(name)
      return length
    } catch (error) {
      if (isHoldfastError(error, 'object_missing')) found.missing.add(name)
      else if (isHoldfastError(error, 'object_damaged')) found.damaged.add(name)
      else if (isHoldfastError(error, 'storage_failed')) found.unreadable.add(name)
      else throw error
      return 0
    }
  }

  return {
    backups: manifests.map(({ id, chunks }) => {
      const names = chunks.map(([name]) => name)
      return {
        id,
        missing: names.filter((name) => !sizes.has(name) || found.missing.has(name)),
        damaged: names.filter((name) => found.damaged.has(name)),
        sizeDiffers: chunks
          .filter(([name, , size]) => sizes.has(name) && sizes.get(name) !== size)
          .map(([name]) => name),
        unreadable: names.filter((name) => found.unreadable.has(name)),
      }
    }),
    objects: needed.size,
    read,
    bytesRead,
    unreferenced,
  }
}

/** Stored sizes of the chunks that are needed and present, and what else is stored as a chunk. */
async function listStored(
  storage: Storage,
  needed: ReadonlySet<string>,
  signal: AbortSignal | undefined,
  onProgress: OnProgress | undefined,
): Promise<{ sizes: Map<string, number>; unreferenced: { objects: number; bytes: number } }> {
  const sizes = new Map<string, number>()
  const unreferenced = { objects: 0, bytes: 0 }
  for await (const { key, size } of storage.list(chunkPrefix, { signal })) {
    const name = chunkNameOfKey(key)
    if (name !== null && needed.has(name)) {
      sizes.set(name, size)
      onProgress?.({ phase: 'listing chunks', done: sizes.size, total: needed.size, unit: 'objects' })
    } else {
      unreferenced.objects += 1
      unreferenced.bytes += size
    }
  }
  return { sizes, unreferenced }
}

/**
 * The names in a window of width `share` that `pick` moves on round the circle of all names. Names are keyed hashes, so
 * they are spread evenly. At least one, if there are any: a check that was told to read must not pass having read nothing.
 */
export function choose(names: readonly string[], share: number, pick: number): string[] {
  if (share <= 0 || names.length === 0) return []
  if (share >= 1) return [...names]
  const windows = Math.ceil(1 / share)
  const start = (pick % windows) / windows
  const distance = (name: string) => (Number.parseInt(name.slice(0, 8), 16) / 2 ** 32 - start + 1) % 1
  const chosen = names.filter((name) => distance(name) < Math.max(share, 1 / windows))
  if (chosen.length > 0) return chosen
  return [names.reduce((nearest, name) => (distance(name) < distance(nearest) ? name : nearest))]
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', 'The check was cancelled.', { cause: signal.reason })
}
