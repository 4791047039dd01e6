import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { checkKey, checkPrefix } from './key.ts'
import { throwIfCancelled } from './signal.ts'
import { both } from './locks.ts'
import type { Lock, ObjectLocks, Storage } from './storage.ts'

interface Stored {
  readonly data: Uint8Array
  readonly modified: Date
  lock: Lock | null
}

/** Objects in this process's memory, for tests. With `locks` they can be locked, and what is locked is not deleted. */
export function openMemoryStorage({
  clock = { now: () => new Date(0) },
  locks = false,
}: { clock?: Clock; locks?: boolean } = {}): Storage {
  const objects = new Map<string, Stored>()

  return {
    address: 'memory:',
    ...(locks ? { locks: locksOf(objects) } : {}),

    async put(key, data, options) {
      checkKey(key)
      throwIfCancelled(options)
      if (objects.has(key)) return 'exists'
      objects.set(key, {
        data: Uint8Array.from(data),
        modified: clock.now(),
        lock: locks ? (options?.lock ?? null) : null,
      })
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
      const { lock = null } = objects.get(key) ?? {}
      if (lock !== null && lock.until > clock.now())
        throw new HoldfastError('storage_denied', `memory:${key} is locked`)
      objects.delete(key)
    },
  }
}

function locksOf(objects: ReadonlyMap<string, Stored>): ObjectLocks {
  return {
    async require() {},
    async of(key) {
      return objects.get(key)?.lock ?? null
    },
    async extend(key, lock) {
      const object = objects.get(key)
      if (object === undefined)
        throw new HoldfastError('storage_failed', `Cannot lock memory:${key}: no such object`)
      object.lock = both(object.lock, lock)
    },
    async keepsDeleted() {
      return false
    },
  }
}
