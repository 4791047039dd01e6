import type { CallOptions, Storage } from '../storage/storage.ts'

/** Who has shown no sign of life for so long, by the storage's clock, is taken for dead. */
export const deadAfterMs = 24 * 60 * 60 * 1000

const everyMs = 60 * 60 * 1000

/**
 * Writes `<prefix>alive-1`, `alive-2`, ... each hour, until it is stopped, so that who looks at the storage sees that somebody is still
 * there. Objects are never changed, so each is another one. What can't be written is left out: the next one may succeed.
 */
export function keepAlive(storage: Storage, prefix: string): Disposable {
  let count = 0
  const timer = setInterval(() => {
    count += 1
    storage.put(`${prefix}alive-${count}`, new Uint8Array()).catch(() => undefined)
  }, everyMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Somebody's objects under a common prefix: by the last part of their keys, when each was written. */
export interface Trace {
  readonly parts: ReadonlyMap<string, Date>
  /** The newest of them. */
  readonly seen: Date
}

/** What lies under `prefix`, by all parts of the keys but the last, joined by slashes and without the prefix. */
export async function readTraces(
  storage: Storage,
  prefix: string,
  { signal }: CallOptions,
): Promise<Map<string, Trace>> {
  const found = new Map<string, { parts: Map<string, Date>; seen: Date }>()
  for await (const { key, modified } of storage.list(prefix, { signal })) {
    const cut = key.lastIndexOf('/')
    const whose = key.slice(prefix.length, cut)
    const trace = found.get(whose) ?? { parts: new Map<string, Date>(), seen: modified }
    trace.parts.set(key.slice(cut + 1), modified)
    if (modified > trace.seen) trace.seen = modified
    found.set(whose, trace)
  }
  return found
}
