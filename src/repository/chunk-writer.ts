import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { ChunkPlace } from './chunk-place.ts'
import { createSealer, type NamedChunk } from './crypto/sealer.ts'
import { decodeRecipient } from './format/age-keys.ts'
import type { ManifestChunk } from './format/manifest.ts'
import type { WrittenChunks } from './types.ts'

/** What storing chunks needs; nothing in it decrypts. */
export interface ChunkWriterOptions {
  readonly place: ChunkPlace
  /** The repository's naming key, 32 bytes. */
  readonly namingKey: Uint8Array
  /** The epoch whose public key (`age1...`) new chunks are sealed to. */
  readonly epoch: { readonly id: string; readonly publicKey: string }
  /** Names that must not be used, since a prune may delete these chunks at any moment. */
  readonly avoid: ReadonlySet<string>
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Stores the chunks that one document will name: in any order, and concurrently. */
export interface ChunkWriter extends WrittenChunks {
  /** Throws `cancelled`, and `internal` if a chunk is still under way or could not be stored. Call it before the document. */
  requireAllStored(): void
  /** Stops the workers. What was stored stays, for the next writer. */
  [Symbol.asyncDispose](): Promise<void>
}

const space = 0x20

/** Opens a writer. It asks nothing of the storage before the first chunk. */
export function openChunkWriter(options: ChunkWriterOptions): ChunkWriter {
  const { place, namingKey, epoch, avoid, signal } = options
  const epochPublicKey = decodeRecipient(epoch.publicKey)
  const sealer = createSealer({ namingKey, epochPublicKey, threads: options.threads })

  const chunks: ManifestChunk[] = []
  /** Index by name, of chunks that are durable or on their way. Equal chunks share one entry. */
  const indexes = new Map<string, Promise<number>>()
  const stats = { newChunks: 0, newStoredBytes: 0, reusedChunks: 0, storedBytes: 0, plainBytes: 0 }
  let unfinished = 0
  let closed = false

  /** Makes a chunk durable, if it is not, and adds it to the list. */
  async function keep(chunk: NamedChunk): Promise<number> {
    const { name, plainBytes } = chunk
    const { size, isNew } = await place.keep(chunk)
    stats.plainBytes += plainBytes
    stats.storedBytes += size
    stats.newChunks += isNew ? 1 : 0
    stats.newStoredBytes += isNew ? size : 0
    stats.reusedChunks += isNew ? 0 : 1
    return chunks.push([name, plainBytes, size]) - 1
  }

  /**
   * Names the bytes. A chunk whose name is to be avoided gets spaces at its end until it has another one: no piece refers to them, and
   * after JSON they mean nothing. As many each time, so that the next backup finds it stored.
   */
  async function nameOf(bytes: Uint8Array<ArrayBuffer>): Promise<NamedChunk> {
    if (avoid.size === 0) return await sealer.name(bytes)
    for (let copy = bytes; ;) {
      const longer = new Uint8Array(copy.length + 1).fill(space)
      longer.set(copy)
      const chunk = await sealer.name(copy)
      if (!avoid.has(chunk.name)) return chunk
      chunk.drop()
      copy = longer
    }
  }

  async function store(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    throwIfCancelled(signal)
    const chunk = await nameOf(bytes)
    if (closed) throw new HoldfastError('internal', 'A chunk was to be stored after the end of its writer.')
    const earlier = indexes.get(chunk.name)
    if (earlier !== undefined) {
      chunk.drop()
      return await earlier
    }
    const index = keep(chunk)
    indexes.set(chunk.name, index)
    // A chunk that could not be stored may be tried again.
    index.catch(() => indexes.delete(chunk.name))
    return await index
  }

  return {
    stats,

    async store(bytes) {
      unfinished += 1
      const index = await store(bytes)
      unfinished -= 1
      return index
    },

    chunks: () => [...chunks],

    requireAllStored() {
      throwIfCancelled(signal)
      // A call that has failed counts as unfinished for good.
      if (unfinished > 0) {
        throw new HoldfastError(
          'internal',
          'A document was to be stored before all the chunks that it names.',
        )
      }
    },

    async [Symbol.asyncDispose]() {
      // After a failure others may still be on their way: nothing is written any more once this resolves.
      closed = true
      await Promise.allSettled(indexes.values())
      await sealer[Symbol.asyncDispose]()
    },
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', `Storing was cancelled: ${messageOf(signal.reason)}`, {
    cause: signal.reason,
  })
}
