import { HoldfastError } from '../lib/errors.ts'
import { free } from '../lib/free.ts'
import type { Storage } from '../storage/storage.ts'
import type { NamedChunk } from './crypto/sealer.ts'
import { chunkKey } from './format/chunk-names.ts'

/** Where a writer keeps its chunks: a storage, or several copies of a repository at once. */
export interface ChunkPlace {
  /** Makes a chunk durable, unless it is. `isNew`: it was stored for this writer, and not taken over. */
  keep(chunk: NamedChunk): Promise<{ readonly size: number; readonly isNew: boolean }>
}

/** One storage as a writer sees it. */
export interface StoredChunks {
  readonly storage: Storage
  /** Stored size by name of chunks that are known to be there. Others are found by the storage's answer to `put`. */
  readonly stored: ReadonlyMap<string, number>
  /** Throws if a chunk that was there already must not be relied on. */
  readonly takeOver: (name: string, size: number) => Promise<void> | void
  readonly signal?: AbortSignal | undefined
}

/** One storage as the place of chunks. */
export function onePlace(place: StoredChunks): ChunkPlace {
  return {
    async keep(chunk) {
      const known = place.stored.get(chunk.name)
      if (known !== undefined) {
        chunk.drop()
        await place.takeOver(chunk.name, known)
        return { size: known, isNew: false }
      }
      const sealed = await chunk.seal()
      const kept = await putChunk(place, chunk.name, sealed)
      free(sealed)
      return kept
    },
  }
}

/** Puts a sealed chunk. Somebody may have stored it meanwhile, sealed with other randomness: then the size that counts is theirs. */
export async function putChunk(
  { storage, takeOver, signal }: StoredChunks,
  name: string,
  sealed: Uint8Array,
): Promise<{ size: number; isNew: boolean }> {
  const size = sealed.length
  if ((await storage.put(chunkKey(name), sealed, { signal })) === 'stored') return { size, isNew: true }
  const info = await storage.head(chunkKey(name), { signal })
  if (info === null) {
    throw new HoldfastError(
      'storage_failed',
      `${chunkKey(name)} was there and is gone again in ${storage.address}.`,
      {
        hint: 'Run it again. A prune does that to a run that showed no sign of life for a day; no other does.',
      },
    )
  }
  await takeOver(name, info.size)
  return { size: info.size, isNew: false }
}
