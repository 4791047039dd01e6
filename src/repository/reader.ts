import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { createOpener } from './crypto/opener.ts'
import { chunkKey, isChunkName } from './format/chunk-names.ts'
import { mendedCopies } from './stored-chunks.ts'
import type { ChunkReader } from './types.ts'

/**
 * Reads chunks of a repository with the private halves of its epochs (`AGE-SECRET-KEY-1...` by epoch id). Where
 * a chunk's own object is missing or damaged, a copy that mends it is read.
 */
export function openReader(options: {
  storage: Storage
  namingKey: Uint8Array
  epochs: ReadonlyMap<string, string>
  threads?: number | undefined
}): ChunkReader {
  const { storage } = options
  const opener = createOpener(options)

  return {
    async read(name, { signal } = {}) {
      if (!isChunkName(name)) {
        throw new HoldfastError('object_damaged', `Not the name of a chunk: ${JSON.stringify(name)}`)
      }
      const key = chunkKey(name)
      const read = async (from: string): Promise<Uint8Array<ArrayBuffer>> =>
        await opener.open(name, ownBuffer(await storage.get(from, { signal })))
      try {
        return await read(key)
      } catch (error) {
        const mended = isHurt(error) ? await firstWhole(storage, name, read, { signal }) : null
        if (mended !== null) return mended
        if (isHoldfastError(error, 'storage_not_found')) {
          throw new HoldfastError('object_missing', `${key} is missing in ${storage.address}.`, {
            cause: error,
            details: { key },
          })
        }
        if (isHoldfastError(error, 'object_damaged')) {
          throw new HoldfastError(
            'object_damaged',
            `${key} in ${storage.address} is damaged. ${error.message}`,
            {
              cause: error,
              details: { key },
            },
          )
        }
        throw error
      }
    },
    [Symbol.asyncDispose]: () => opener[Symbol.asyncDispose](),
  }
}

/** The first copy that mends the chunk and opens, null if there is none. */
async function firstWhole(
  storage: Storage,
  name: string,
  read: (key: string) => Promise<Uint8Array<ArrayBuffer>>,
  options: CallOptions,
): Promise<Uint8Array<ArrayBuffer> | null> {
  for (const key of await mendedCopies(storage, name, options)) {
    try {
      return await read(key)
    } catch (error) {
      if (!isHurt(error)) throw error
    }
  }
  return null
}

function isHurt(error: unknown): boolean {
  return isHoldfastError(error, 'storage_not_found') || isHoldfastError(error, 'object_damaged')
}

/** Bytes that can be moved to another thread: a storage may hand out a part of a larger buffer. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? new Uint8Array(buffer)
    : Uint8Array.from(bytes)
}
