import type { CallOptions, ObjectInfo, Storage } from '../storage/storage.ts'
import { chunkNameOfKey, chunkPrefix, mendedPrefix } from './format/chunk-names.ts'

/** Every object that is stored as a chunk, then every copy that mends one. `chunkNameOfKey` tells of which chunk it is. */
export async function* listChunks(
  storage: Storage,
  options: CallOptions = {},
): AsyncGenerator<ObjectInfo, void> {
  yield* storage.list(chunkPrefix, options)
  yield* storage.list(mendedPrefix, options)
}

/** Keys of the copies that mend a chunk, in no order that means anything. */
export async function mendedCopies(
  storage: Storage,
  name: string,
  options: CallOptions = {},
): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(`${mendedPrefix}${name}/`, options)) keys.push(key)
  return keys
}

/** By the name of each chunk that was mended, the key of a copy that mends it. */
export async function mendedKeys(storage: Storage, options: CallOptions = {}): Promise<Map<string, string>> {
  const keys = new Map<string, string>()
  for await (const { key } of storage.list(mendedPrefix, options)) {
    const name = chunkNameOfKey(key)
    if (name !== null) keys.set(name, key)
  }
  return keys
}
