import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { createOpener } from './crypto/opener.ts'
import { chunkKey, isChunkName } from './format/chunk-names.ts'
import { isOfCopy } from './several-places.ts'
import type { ChunkReader, Copies, CopyFault } from './types.ts'

/**
 * Reads chunks of a repository with the private halves of its epochs (`AGE-SECRET-KEY-1...` by epoch id). A chunk that one of several
 * `copies` lacks, has damaged or can't hand out is taken from the next; if none has it, what is wrong in the first is thrown.
 */
export function openReader(options: {
  storage: Storage
  copies?: Copies | undefined
  namingKey: Uint8Array
  epochs: ReadonlyMap<string, string>
  threads?: number | undefined
}): ChunkReader {
  const { storage, copies } = options
  const opener = createOpener(options)

  return {
    async read(name, { signal } = {}) {
      if (!isChunkName(name)) {
        throw new HoldfastError('object_damaged', `Not the name of a chunk: ${JSON.stringify(name)}`)
      }
      if (copies === undefined) return await readFrom(storage, name, signal)
      const faults: CopyFault[] = []
      const errors: HoldfastError[] = []
      for (const copy of copies.all()) {
        try {
          const bytes = await readFrom(copy, name, signal)
          for (const fault of faults) copies.onFault(fault)
          return bytes
        } catch (error) {
          if (!isOfCopy(error)) throw error
          errors.push(error)
          faults.push({ address: copy.address, key: chunkKey(name), what: whatIsWrong(error), reason: error.message }) // prettier-ignore
        }
      }
      // One that fails may have what the others lack.
      throw errors.find((error) => whatIsWrong(error) === 'failed') ?? errors[0] ?? new HoldfastError('internal', 'There is no copy.') // prettier-ignore
    },
    [Symbol.asyncDispose]: () => opener[Symbol.asyncDispose](),
  }

  async function readFrom(
    from: Storage,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const key = chunkKey(name)
    try {
      return await opener.open(name, ownBuffer(await from.get(key, { signal })))
    } catch (error) {
      if (isHoldfastError(error, 'storage_not_found')) {
        throw new HoldfastError('object_missing', `${key} is missing in ${from.address}.`, {
          cause: error,
          details: { key },
        })
      }
      if (isHoldfastError(error, 'object_damaged')) {
        throw new HoldfastError('object_damaged', `${key} in ${from.address} is damaged. ${error.message}`, {
          cause: error,
          details: { key },
        })
      }
      throw error
    }
  }
}

/** What an error of reading says of the object. */
export function whatIsWrong({ code }: HoldfastError): CopyFault['what'] {
  if (code === 'object_missing' || code === 'storage_not_found') return 'missing'
  return code.startsWith('storage_') ? 'failed' : 'damaged'
}

/** Bytes that can be moved to another thread: a storage may hand out a part of a larger buffer. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? new Uint8Array(buffer)
    : Uint8Array.from(bytes)
}
