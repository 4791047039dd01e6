import { chunkPrefix } from '../../src/repository/format/chunk-names.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A storage whose puts of chunks wait until `gate`, called at the first of them, has resolved: a moment in the middle of a backup. */
export function heldStorage(storage: Storage, gate: () => Promise<void>): Storage {
  let opening: Promise<void> | undefined
  return {
    ...storage,
    async put(key, data, options) {
      if (key.startsWith(chunkPrefix)) await (opening ??= gate())
      return storage.put(key, data, options)
    },
  }
}
