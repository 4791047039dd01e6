import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../lib/errors.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import type { ObjectLocks, Storage } from './storage.ts'

/** One call of a storage that is about to happen. */
export interface StorageCall {
  readonly method: 'put' | 'get' | 'head' | 'list' | 'delete' | 'lock'
  /** The key, or the prefix of a `list`. */
  readonly key: string
  /** 1 for the first call of any method. */
  readonly number: number
  /** Size of what a `put` was given, else 0. */
  readonly bytes: number
}

/**
 * What goes wrong with a call.
 * `fail`: nothing is done. `lost`: it is done, and then its answer is lost. `truncate`: only the first `bytes` are
 * stored, or read, and nobody is told. `delay`: it is done after `ms`.
 */
export type Fault =
  | { readonly kind: 'fail'; readonly code?: ErrorCode }
  | { readonly kind: 'lost' }
  | { readonly kind: 'truncate'; readonly bytes: number }
  | { readonly kind: 'delay'; readonly ms: number }

/** A storage that misbehaves as `faults` says for each call (null: not at all). For tests. */
export function openFaultyStorage(inner: Storage, faults: (call: StorageCall) => Fault | null): Storage {
  let calls = 0

  function next(method: StorageCall['method'], key: string, bytes = 0): Fault | null {
    calls += 1
    return faults({ method, key, number: calls, bytes })
  }

  async function run<T>(fault: Fault | null, key: string, action: () => Promise<T>): Promise<T> {
    if (fault?.kind === 'fail') {
      throw new HoldfastError(fault.code ?? 'storage_failed', `Fault at ${inner.address}/${key}`)
    }
    if (fault?.kind === 'delay') await sleep(fault.ms)
    const result = await action()
    if (fault?.kind === 'lost')
      throw new HoldfastError('storage_failed', `Answer lost at ${inner.address}/${key}`)
    return result
  }

  function faultyLocks(locks: ObjectLocks): ObjectLocks {
    return {
      ...locks,
      of: (key, options) => run(next('head', key), key, () => locks.of(key, options)),
      extend: (key, lock, options) => run(next('lock', key), key, () => locks.extend(key, lock, options)),
    }
  }

  return {
    address: inner.address,
    put(key, data, options) {
      const fault = next('put', key, data.length)
      const kept = fault?.kind === 'truncate' ? data.subarray(0, fault.bytes) : data
      return run(fault, key, () => inner.put(key, kept, options))
    },
    get(key, options) {
      const fault = next('get', key)
      return run(fault, key, async () => {
        const data = await inner.get(key, options)
        return fault?.kind === 'truncate' ? data.slice(0, fault.bytes) : data
      })
    },
    head(key, options) {
      return run(next('head', key), key, () => inner.head(key, options))
    },
    async *list(prefix, options) {
      const fault = next('list', prefix)
      let left = fault?.kind === 'truncate' ? fault.bytes : Infinity
      await run(fault?.kind === 'lost' ? null : fault, prefix, async () => undefined)
      for await (const object of inner.list(prefix, options)) {
        left -= object.size
        if (left < 0) return
        yield object
      }
      if (fault?.kind === 'lost') await run(fault, prefix, async () => undefined)
    },
    delete(key, options) {
      return run(next('delete', key), key, () => inner.delete(key, options))
    },
    ...(inner.locks === undefined ? {} : { locks: faultyLocks(inner.locks) }),
  }
}

/** Fails call `number` (of `method`, if given, counting only those). */
export function failAt(number: number, method?: StorageCall['method'], fault: Fault = { kind: 'fail' }) {
  let seen = 0
  return (call: StorageCall): Fault | null => {
    if (method !== undefined && call.method !== method) return null
    seen += 1
    return seen === number ? fault : null
  }
}

/** A disk with room for `bytes` more: the put that does not fit, and every later one that does not, fails. */
export function fullAfter(bytes: number) {
  let left = bytes
  return (call: StorageCall): Fault | null => {
    if (call.method !== 'put') return null
    if (call.bytes > left) return { kind: 'fail', code: 'storage_full' }
    left -= call.bytes
    return null
  }
}
