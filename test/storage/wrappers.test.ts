import assert from 'node:assert/strict'
import { test } from 'node:test'
import { steadyClock } from '../../src/lib/clock.ts'
import { HoldfastError } from '../../src/lib/errors.ts'
import type { ErrorCode } from '../../src/lib/error-codes.ts'
import { openFaultyStorage } from '../../src/storage/faulty.ts'
import { limitedStorage } from '../../src/storage/limited.ts'
import { measuredStorage } from '../../src/storage/measured.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { createRetry, retryingStorage } from '../../src/storage/retry.ts'
import { listed, storageConformance } from './conformance.ts'

/** A clock that goes on only by the pauses that are made, and notes them. */
function timeOfPauses() {
  const pauses: number[] = []
  let now = 0
  return {
    pauses,
    clock: { now: () => new Date(now) },
    pause: async (ms: number) => {
      pauses.push(ms)
      now += ms
    },
    pass: (ms: number) => void (now += ms),
  }
}

const still = { now: () => new Date(0) }
const passedOn = { manyKeys: 1000, largest: 1_000_000 }
storageConformance(
  'retrying',
  async () => retryingStorage(openMemoryStorage(), createRetry({ clock: still, random: () => 0 })),
  passedOn,
)
storageConformance(
  'limited',
  async () => limitedStorage(openMemoryStorage(), { requests: 3, bytesPerSecond: 1e12, clock: steadyClock }),
  passedOn,
)
storageConformance(
  'measured',
  async () => measuredStorage(openMemoryStorage(), { clock: still }).storage,
  passedOn,
)

test('only what may pass is tried again', async () => {
  const attempts = async (code: ErrorCode): Promise<number> => {
    const retry = createRetry({ ...timeOfPauses(), random: () => 0.5 })
    let made = 0
    const failing = openFaultyStorage(openMemoryStorage(), () => (++made, { kind: 'fail', code }))
    await assert.rejects(retryingStorage(failing, retry).get('a'), { code })
    return made
  }
  for (const code of ['storage_timeout', 'storage_unreachable'] as const)
    assert.equal(await attempts(code), 3, code)
  assert.ok((await attempts('storage_busy')) > 5)
  const final: ErrorCode[] = ['storage_not_found', 'storage_denied', 'storage_failed', 'storage_full', 'storage_login_failed', 'storage_certificate', 'cancelled'] // prettier-ignore
  for (const code of final) assert.equal(await attempts(code), 1, code)
})

test('pauses are random parts of a time that doubles, to a limit, within a budget', async () => {
  const run = async (random: () => number): Promise<number[]> => {
    const time = timeOfPauses()
    const retry = createRetry({ ...time, random, budgetMs: 100_000 })
    const busy = async () => Promise.reject(new HoldfastError('storage_busy', 'Busy.'))
    await assert.rejects(retry(busy), { code: 'storage_busy', message: /^Busy, after \d+ attempts\.$/ })
    return time.pauses
  }
  const most = await run(() => 0.999_999)
  assert.deepEqual(most.slice(0, 8).map(Math.round), [400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000])
  assert.ok(most.reduce((sum, ms) => sum + ms, 0) <= 100_000)
  const half = await run(() => 0.5)
  assert.deepEqual(half.slice(0, 3), [200, 400, 800])
})

test('a server that asks for more than the budget has left is not waited for', async () => {
  const time = timeOfPauses()
  const retry = createRetry({ ...time, random: () => 0, budgetMs: 60_000 })
  const asks = (retryAfterSeconds: number) => async () =>
    Promise.reject(new HoldfastError('storage_busy', 'Busy.', { details: { retryAfterSeconds } }))
  await assert.rejects(retry(asks(61)), { code: 'storage_busy' })
  assert.deepEqual(time.pauses, [])
  await assert.rejects(retry(asks(25)), { code: 'storage_busy' })
  assert.deepEqual(time.pauses, [25_000, 25_000])
})

test('a pause between attempts ends when the call is cancelled', async () => {
  const retry = createRetry({ clock: still, random: () => 0 })
  const controller = new AbortController()
  const busy = async () => {
    controller.abort()
    throw new HoldfastError('storage_busy', 'Busy.', { details: { retryAfterSeconds: 100 } })
  }
  await assert.rejects(retry(busy, { signal: controller.signal }), { code: 'cancelled' })
})

test('a put that was stored although its answer was lost finds its own object', async () => {
  let calls = 0
  const inner = openMemoryStorage()
  const lossy: typeof inner = {
    ...inner,
    async put(key, data) {
      const result = await inner.put(key, data)
      calls += 1
      if (calls === 1) throw new HoldfastError('storage_unreachable', 'Lost.')
      return result
    },
  }
  const storage = retryingStorage(lossy, createRetry({ ...timeOfPauses(), random: () => 0 }))
  assert.equal(await storage.put('a', Buffer.from('x')), 'exists')
  assert.equal(Buffer.from(await storage.get('a')).toString(), 'x')
})

test('no more calls are under way than the limit says, and all are made in their order', async () => {
  let running = 0
  let most = 0
  const order: string[] = []
  const inner = openMemoryStorage()
  const watched: typeof inner = {
    ...inner,
    async put(key, data) {
      running += 1
      most = Math.max(most, running)
      order.push(key)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return await inner.put(key, data)
    },
  }
  const storage = limitedStorage(watched, { requests: 3, bytesPerSecond: null, clock: still })
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
  const controller = new AbortController()
  const all = keys.map((key, i) =>
    storage.put(key, Buffer.from('x'), i === 10 ? { signal: controller.signal } : {}),
  )
  controller.abort()
  const settled = await Promise.allSettled(all)
  assert.deepEqual([most, running], [3, 0])
  assert.deepEqual(
    order,
    keys.filter((_, i) => i !== 10),
  )
  assert.equal(settled.filter(({ status }) => status === 'rejected').length, 1)
  assert.equal((await listed(storage, '')).length, 19)
})

test('bytes are held to their rate, both ways together', async () => {
  const time = timeOfPauses()
  const storage = limitedStorage(openMemoryStorage(), { requests: null, bytesPerSecond: 1_000_000, ...time })
  await storage.put('a', Buffer.alloc(500_000))
  await storage.put('b', Buffer.alloc(250_000))
  await storage.get('a')
  await storage.head('a')
  assert.deepEqual(time.pauses, [500, 250])
  await storage.put('c', Buffer.alloc(1))
  assert.deepEqual(time.pauses, [500, 250, 500])
  // Time that nobody used is not saved up.
  time.pass(60_000)
  await storage.put('d', Buffer.alloc(1_000_000))
  await storage.put('e', Buffer.alloc(1))
  assert.deepEqual(time.pauses.slice(3), [1000])
})

test('a pause for the rate ends when all is cancelled, and marks of the end wait for none', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const inner = openMemoryStorage()
  const limits = { requests: null, bytesPerSecond: 1000, clock: steadyClock }
  const storage = limitedStorage(inner, { ...limits, cancelled: signal })
  // Takes two hours at this rate.
  await storage.put('a', Buffer.alloc(8_000_000))
  const waits = storage.put('b', Buffer.alloc(1), { signal })
  const mark = storage.put('ended', Buffer.alloc(1))
  controller.abort()
  await assert.rejects(waits, { code: 'cancelled' })
  assert.equal(await mark, 'stored')
  assert.equal(await storage.put('later', Buffer.alloc(1)), 'stored')
  assert.deepEqual((await listed(inner, '')).length, 3)
})

test('calls, failures, bytes and times are counted by method', async () => {
  const time = timeOfPauses()
  const inner = openFaultyStorage(openMemoryStorage(), ({ key }) => {
    time.pass(10)
    return key === 'bad' ? { kind: 'fail' } : null
  })
  const { storage, metrics } = measuredStorage(inner, time)
  await storage.put('a', Buffer.alloc(100))
  await storage.put('a', Buffer.alloc(100))
  await assert.rejects(storage.put('bad', Buffer.alloc(7)))
  await storage.get('a', { length: 30 })
  await listed(storage, '')
  const { put, get, list, head } = metrics()
  assert.deepEqual(put, { calls: 3, failures: 1, bytes: 100, totalMs: 30, longestMs: 10 })
  assert.deepEqual(get, { calls: 1, failures: 0, bytes: 30, totalMs: 10, longestMs: 10 })
  assert.deepEqual([list.calls, list.failures, head.calls], [1, 0, 0])
})
