import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { measuredStorage, type StorageMetrics } from './measured.ts'
import type { Storage } from './storage.ts'

/** What came of an attempt. Null: it was not made, because an earlier one failed. */
export type Outcome = { readonly failure: HoldfastError | null } | null

export interface ProbeFacts {
  readonly write: Outcome
  /** False: an object that was there was overwritten, or of several writers of one key more than one was told that it is stored. */
  readonly writesOnce: boolean | null
  readonly read: Outcome
  readonly list: Outcome
  readonly delete: Outcome
  /** What could not be deleted again. */
  readonly left: readonly string[]
  /** Of small objects, one after the other, in milliseconds; null where there was none. */
  readonly latency: { readonly writeMs: number; readonly readMs: number } | null
  /** Of one larger object, in bytes per second. */
  readonly rate: { readonly write: number; readonly read: number } | null
  readonly metrics: StorageMetrics
}

const smallObjects = 5
const smallBytes = 1000
/** Some servers keep one writer after the other from a key, and not two at once. */
const racers = 6
const largeBytes = 8_000_000

/**
 * Does once, with objects of its own under `probe/`, which no repository uses, what a repository asks of its storage: writes,
 * reads, lists and deletes. A step that fails is told, and those that need it are left out. Throws only what is no answer of
 * the storage, such as `usage` and `cancelled`.
 */
export async function probeStorage(o: {
  readonly storage: Storage
  /** One that is never set back. */
  readonly clock: Clock
  readonly signal: AbortSignal
}): Promise<ProbeFacts> {
  const { signal } = o
  const { storage, metrics } = measuredStorage(o.storage, o)
  const prefix = `probe/${randomBytes(8).toString('hex')}/`
  const names = Array.from({ length: smallObjects }, (_, index) => `${prefix}${index}`)
  const objects = new Map(names.map((key) => [key, randomBytes(smallBytes)]))
  const [first = ''] = names

  const write = await attempt(async () => {
    for (const [key, data] of objects) await storage.put(key, data, { signal })
  })
  const written = write.failure === null
  const contested = `${prefix}contested`
  const writesOnce = written
    ? (await refuses(storage, first, signal)) && (await oneWins(storage, contested, signal))
    : null
  const read = written ? await attempt(() => compare(storage, objects, signal)) : null
  const list = written ? await attempt(() => requireListed(storage, prefix, names, signal)) : null
  const small = metrics()
  const works = written && read?.failure === null
  const large = `${prefix}large`
  if (works) {
    const data = new Map([[large, randomBytes(largeBytes)]])
    const failed = (
      await attempt(async () => {
        for (const [key, bytes] of data) await storage.put(key, bytes, { signal })
        await compare(storage, data, signal)
      })
    ).failure
    if (failed !== null) throw failed
  }
  const all = metrics()
  const left: string[] = []
  const deletes = await attempt(async () => {
    left.push(...names, contested, ...(works ? [large] : []))
    while (left[0] !== undefined) {
      await storage.delete(left[0], { signal })
      left.shift()
    }
  })
  const perSecond = (method: 'put' | 'get'): number => {
    const ms = all[method].totalMs - small[method].totalMs
    return (largeBytes * 1000) / Math.max(ms, 0.001)
  }
  return {
    write,
    writesOnce,
    read,
    list,
    delete: written ? deletes : null,
    left: written ? left : [],
    latency: works
      ? { writeMs: small.put.totalMs / small.put.calls, readMs: small.get.totalMs / small.get.calls }
      : null,
    rate: works ? { write: perSecond('put'), read: perSecond('get') } : null,
    metrics: metrics(),
  }
}

async function attempt(work: () => Promise<void>): Promise<{ failure: HoldfastError | null }> {
  try {
    await work()
    return { failure: null }
  } catch (error) {
    if (!isHoldfastError(error) || !error.code.startsWith('storage_')) throw error
    return { failure: error }
  }
}

/** Another object under a key that is taken: must be refused, and leave the first one as it was. */
async function refuses(storage: Storage, key: string, signal: AbortSignal): Promise<boolean> {
  const other = randomBytes(smallBytes)
  if ((await storage.put(key, other, { signal })) === 'stored') return false
  return !other.equals(await storage.get(key, { signal }).catch(() => Buffer.alloc(0)))
}

/** Of several who write one key at once, one is told that it has. */
async function oneWins(storage: Storage, key: string, signal: AbortSignal): Promise<boolean> {
  const answers = await Promise.all(
    Array.from({ length: racers }, () => storage.put(key, randomBytes(smallBytes), { signal })),
  )
  return answers.filter((answer) => answer === 'stored').length === 1
}

async function compare(
  storage: Storage,
  objects: ReadonlyMap<string, Buffer>,
  signal: AbortSignal,
): Promise<void> {
  for (const [key, data] of objects) {
    if (data.equals(await storage.get(key, { signal }))) continue
    throw new HoldfastError('storage_failed', `${storage.address}/${key} is not what was written.`)
  }
}

async function requireListed(
  storage: Storage,
  prefix: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const found: string[] = []
  for await (const { key } of storage.list(prefix, { signal })) found.push(key)
  if (names.every((name) => found.includes(name))) return
  throw new HoldfastError('storage_failed', `${storage.address} does not list what was just written.`)
}
