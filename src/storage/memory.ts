import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { checkKey, checkPrefix } from './key.ts'
import { throwIfCancelled } from './signal.ts'
import type { Storage } from './storage.ts'

/** Objects in this process's memory, for tests. */
export function openMemoryStorage({ clock = { now: () => new Date(0) } }: { clock?: Clock } = {}): Storage {
  const objects = new Map<string, { readonly data: Uint8Array; readonly modified: Date }>()

  return {
    address: 'memory:',

    async put(key, data, options) {
      checkKey(key)
      throwIfCancelled(options)
      if (objects.has(key)) return 'exists'
      objects.set(key, { data: Uint8Array.from(data), modified: clock.now() })
      return 'stored'
    },

    async get(key, options) {
      checkKey(key)
      throwIfCancelled(options)
      const object = objects.get(key)
      if (object === undefined)
        throw new HoldfastError('storage_not_found', `Cannot read memory:${key}: no such object`)
      const offset = options?.offset ?? 0
      return object.data.slice(offset, offset + (options?.length ?? object.data.length))
    },

    async head(key, options) {
      checkKey(key)
      throwIfCancelled(options)
      const object = objects.get(key)
      return object === undefined ? null : { key, size: object.data.length, modified: object.modified }
    },

    async *list(prefix, options) {
      checkPrefix(prefix)
      for (const [key, { data, modified }] of objects) {
        throwIfCancelled(options)
        if (key.startsWith(prefix)) yield { key, size: data.length, modified }
      }
    },

    async delete(key, options) {
      checkKey(key)
      throwIfCancelled(options)
      objects.delete(key)
    },
  }
}
