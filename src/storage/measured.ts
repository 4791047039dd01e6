import type { Clock } from '../lib/clock.ts'
import type { Storage } from './storage.ts'

export const methods = ['put', 'get', 'head', 'list', 'delete'] as const
export type Method = (typeof methods)[number]

/** What calls of one method came to. */
export interface MethodMetrics {
  /** Calls that have ended, failed ones too. */
  readonly calls: number
  readonly failures: number
  /** Bytes of objects: sent by `put`, received by `get`; 0 for the others. */
  readonly bytes: number
  /** How long they took, all together and the longest of them. */
  readonly totalMs: number
  readonly longestMs: number
}

export type StorageMetrics = Readonly<Record<Method, MethodMetrics>>

/** `inner`, and what its calls came to so far. A list takes from its beginning until its last object was taken. */
export function measuredStorage(
  inner: Storage,
  { clock }: { readonly clock: Clock },
): { readonly storage: Storage; metrics(): StorageMetrics } {
  const none: MethodMetrics = { calls: 0, failures: 0, bytes: 0, totalMs: 0, longestMs: 0 }
  const all = Object.fromEntries(methods.map((method) => [method, none])) as Record<Method, MethodMetrics>

  function count(method: Method, o: { began: number; failed: boolean; bytes?: number }): void {
    const { calls, failures, bytes, totalMs, longestMs } = all[method]
    const ms = clock.now().getTime() - o.began
    all[method] = {
      calls: calls + 1,
      failures: failures + (o.failed ? 1 : 0),
      bytes: bytes + (o.bytes ?? 0),
      totalMs: totalMs + ms,
      longestMs: Math.max(longestMs, ms),
    }
  }

  async function run<T>(method: Method, work: () => Promise<T>, bytes?: (result: T) => number): Promise<T> {
    const began = clock.now().getTime()
    let result: T
    try {
      result = await work()
    } catch (error) {
      count(method, { began, failed: true })
      throw error
    }
    count(method, { began, failed: false, bytes: bytes?.(result) ?? 0 })
    return result
  }

  const storage: Storage = {
    address: inner.address,
    put: (key, data, call) =>
      run(
        'put',
        () => inner.put(key, data, call),
        (result) => (result === 'stored' ? data.length : 0),
      ),
    get: (key, call) =>
      run(
        'get',
        () => inner.get(key, call),
        (data) => data.length,
      ),
    head: (key, call) => run('head', () => inner.head(key, call)),
    delete: (key, call) => run('delete', () => inner.delete(key, call)),
    locks: inner.locks,
    async *list(prefix, call) {
      const began = clock.now().getTime()
      let failed = true
      try {
        yield* inner.list(prefix, call)
        failed = false
      } finally {
        count('list', { began, failed })
      }
    },
  }
  return { storage, metrics: () => ({ ...all }) }
}
