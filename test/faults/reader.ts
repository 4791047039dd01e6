import { HoldfastError, isHoldfastError } from '../../src/lib/errors.ts'
import { decodeIdentity } from '../../src/repository/format/age-keys.ts'
import { openChunk } from '../../src/repository/format/chunk.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { mendedCopies } from '../../src/repository/stored-chunks.ts'
import type { ChunkReader, Vault } from '../../src/repository/types.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Reads chunks as docs/FORMAT.md has it, in this thread: to start another for a few small ones takes longer than all the rest. */
export function readerHere(storage: Storage, vault: Vault): ChunkReader {
  const identities = [...vault.epochs.values()].map(decodeIdentity)
  const openAt = async (key: string, name: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    for (const identity of identities) {
      try {
        return openChunk(await storage.get(key), { name, namingKey: vault.namingKey, identity })
      } catch (error) {
        const isNot = ['identity_wrong', 'object_damaged', 'storage_not_found']
        if (!isHoldfastError(error) || !isNot.includes(error.code)) throw error
      }
    }
    return null
  }
  return {
    async read(name) {
      const bytes = await openAt(chunkKey(name), name)
      if (bytes !== null) return bytes
      for (const key of await mendedCopies(storage, name)) {
        const mended = await openAt(key, name)
        if (mended !== null) return mended
      }
      throw new HoldfastError('object_damaged', `No object of ${name} opens.`)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
