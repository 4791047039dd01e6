import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { ErrorCode } from '../../../src/lib/error-codes.ts'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { retryingStorage } from '../../../src/storage/retry.ts'
import type { GcsFault, GcsOperation } from '../../support/gcs-server.ts'
import { freshGoogleAddress, gcsServer, googleAt } from '../../support/google.ts'
import { notedRetry } from '../../support/noted-retry.ts'
import { listed } from '../conformance.ts'

/* What a server and a network do to one call, and what is left of it. Nothing waits: pauses between attempts are only noted. */

const piece = 512 * 1024

/** A server, and a storage on it that tries again. `once`: what goes wrong with the first request of an operation. */
async function faulty(
  once: Partial<Record<GcsOperation, GcsFault>> = {},
  o: { silentMs?: number; page?: number; keeps?: number } = {},
) {
  const server = await gcsServer(o)
  server.faults = ({ operation, number }) => (number === 1 ? (once[operation] ?? null) : null)
  const { retry, waits } = notedRetry()
  const plain = googleAt(server, freshGoogleAddress(server), {
    retry,
    timeouts: { connectMs: 5000, silentMs: o.silentMs ?? 60_000 },
    parts: { from: 2 * piece, size: piece },
  })
  const count = (operation: GcsOperation): number =>
    server.requests.filter((one) => one.operation === operation).length
  return { server, plain, storage: retryingStorage(plain, retry), waits, count }
}

const passing: [string, GcsFault][] = [
  ['a connection that breaks before', { kind: 'cut' }],
  ['an answer that is lost', { kind: 'lost' }],
  ['too many requests', { kind: 'answer', status: 429, reason: 'rateLimitExceeded' }],
  ['a rate that is refused', { kind: 'answer', status: 403, reason: 'userRateLimitExceeded' }],
  ['a server in trouble', { kind: 'answer', status: 503, reason: 'backendError' }],
  ['a gateway without a server', { kind: 'answer', status: 502 }],
]
for (const [what, fault] of passing) {
  test(`${what} is tried again, whatever was asked`, async () => {
    // Of whom bytes are asked says its reason as plain text.
    const plainly: GcsFault = fault.kind === 'answer' && fault.status === 403 ? { kind: 'cut' } : fault
    const all = { put: fault, get: plainly, describe: fault, list: fault, delete: fault }
    const { storage, count } = await faulty(all)
    const stored = await storage.put('a', Buffer.from('whole'))
    assert.equal(stored, fault.kind === 'lost' ? 'exists' : 'stored')
    assert.equal(Buffer.from(await storage.get('a')).toString(), 'whole')
    assert.equal((await storage.head('a'))?.size, 5)
    assert.deepEqual(await listed(storage, ''), ['a'])
    await storage.delete('a')
    for (const operation of ['put', 'get', 'describe', 'delete'] as const)
      assert.equal(count(operation), 2, operation)
    assert.equal(await storage.head('a'), null)
  })
}

test('a body that ends in the middle, or stops, is never taken for a whole one', async () => {
  for (const kind of ['half', 'stall'] as const) {
    const { plain, storage, count } = await faulty({ get: { kind } }, { silentMs: 300 })
    await storage.put('a', Buffer.alloc(500_000, 'x'))
    const code = kind === 'half' ? 'storage_unreachable' : 'storage_timeout'
    await assert.rejects(plain.get('a'), { code })
    assert.equal((await storage.get('a')).length, 500_000)
    assert.equal(count('get'), 2)
  }
})

test('a list goes on at the page that failed, and gives out each object once', async () => {
  const { server, storage, count } = await faulty({}, { page: 1000 })
  const keys = Array.from({ length: 10_000 }, (_, i) => `k/${i}`)
  const prefix = new URL(storage.address).pathname.slice(1)
  for (const key of keys) server.place(`${prefix}/${key}`, Buffer.alloc(0))
  server.faults = ({ operation, number }) =>
    operation === 'list' && number % 3 === 0 ? { kind: 'half' } : null
  assert.deepEqual(await listed(storage, 'k/'), keys.toSorted())
  assert.equal(count('list'), 14)
})

const answers: [ErrorCode, number, string][] = [
  ['storage_login_failed', 401, 'authError'],
  ['storage_denied', 403, 'forbidden'],
  ['storage_denied', 403, 'retentionPolicyNotMet'],
  ['storage_failed', 400, 'invalid'],
  ['storage_failed', 501, 'notImplemented'],
]
for (const [code, status, reason] of answers) {
  test(`${reason} is told as ${code}, and not tried again`, async () => {
    const { server, storage } = await faulty()
    server.faults = () => ({ kind: 'answer', status, reason })
    const calls: (() => Promise<unknown>)[] = [
      () => storage.put('a', Buffer.from('x')),
      () => storage.get('a'),
      () => storage.head('a'),
      () => listed(storage, ''),
      () => storage.delete('a'),
    ]
    for (const call of calls) {
      await assert.rejects(call, (error) => {
        assert.ok(isHoldfastError(error, code), String(error))
        assert.ok(!error.message.includes(server.token))
        return true
      })
    }
    // Who may not write is refused where there is an object already, too: that is looked at once.
    assert.equal(server.requests.length, calls.length + (status === 403 ? 1 : 0))
  })
}

test('what to do follows from what was asked, and from what the server says', async () => {
  const { server, storage } = await faulty()
  const hintOf = async (reason: string, call: () => Promise<unknown>, status = 403): Promise<string> => {
    server.faults = () => ({ kind: 'answer', status, reason })
    return await call().then(
      () => '',
      (error: unknown) => (isHoldfastError(error) ? error.hint : ''),
    )
  }
  assert.match(
    await hintOf('forbidden', () => storage.put('a', Buffer.from('x'))),
    /storage\.objects\.create/,
  )
  assert.match(await hintOf('forbidden', () => listed(storage, '')), /storage\.objects\.list/)
  assert.match(await hintOf('forbidden', () => storage.delete('a')), /storage\.objects\.delete/)
  assert.match(await hintOf('forbidden', () => storage.head('a')), /storage\.objects\.get/)
  assert.match(await hintOf('userProjectMissing', () => storage.head('a'), 400), /project=/)
})

test('a bucket that is not there is told from an object that is not', async () => {
  const server = await gcsServer()
  const none = googleAt(server, freshGoogleAddress(server, 'nowhere'), { parts: { from: 10, size: 10 } })
  const missing = { code: 'storage_bucket_missing', message: /nowhere/ }
  await assert.rejects(none.head('a'), missing)
  await assert.rejects(none.get('a'), missing)
  await assert.rejects(none.delete('a'), missing)
  await assert.rejects(none.put('a', Buffer.from('x')), missing)
  await assert.rejects(none.put('a', Buffer.alloc(10)), missing)
  await assert.rejects(listed(none, ''), missing)
  const there = googleAt(server, freshGoogleAddress(server))
  const before = server.requests.length
  assert.equal(await there.head('a'), null)
  await assert.rejects(there.get('b'), { code: 'storage_not_found' })
  assert.equal(server.requests.length - before, 3)
})

test('who pays is said with every request', async () => {
  const server = await gcsServer()
  const storage = googleAt(server, `${freshGoogleAddress(server)}&project=shop-1`)
  await storage.put('a', Buffer.from('x'))
  assert.equal(server.payer, 'shop-1')
  assert.equal(await googleAt(server, freshGoogleAddress(server)).head('a'), null)
  assert.equal(server.payer, undefined)
})

test('a call that is cancelled ends at once, and says so', async () => {
  const { server, storage } = await faulty()
  await storage.put('a', Buffer.alloc(500_000))
  for (const kind of ['hang', 'stall'] as const) {
    const controller = new AbortController()
    server.faults = () => {
      setImmediate(() => controller.abort())
      return { kind }
    }
    await assert.rejects(storage.get('a', { signal: controller.signal }), { code: 'cancelled' })
  }
})

test('a large object goes up in pieces, and goes on from what the server has got', async () => {
  const data = randomBytes(4 * piece + 12_345)
  for (const kind of ['cut', 'lost'] as const) {
    const { server, storage, count } = await faulty()
    server.faults = ({ operation, number }) => (operation === 'put-piece' && number === 2 ? { kind } : null)
    assert.equal(await storage.put('big', data), 'stored')
    assert.ok(data.equals(await storage.get('big')))
    assert.equal(count('ask-upload'), 1)
    // What was stored although its answer was lost is not sent again.
    assert.equal(count('put-piece'), kind === 'lost' ? 5 : 6)
    assert.equal(await storage.put('big', data), 'exists')
    assert.equal(server.openUploads(), 0)
    assert.deepEqual(await listed(storage, ''), ['big'])
  }
})

test('an upload of which the server keeps less than it was sent goes on from there', async () => {
  const data = randomBytes(3 * piece + 1)
  const { storage } = await faulty({}, { keeps: 256 * 1024 })
  assert.equal(await storage.put('big', data), 'stored')
  assert.ok(data.equals(await storage.get('big')))
  const stuck = await faulty({}, { keeps: 0 })
  await assert.rejects(stuck.plain.put('big', data), { code: 'storage_failed', message: /does not go on/ })
  assert.equal(stuck.server.openUploads(), 0)
})

test('the last answer of an upload that is lost is found out, and the object with it', async () => {
  const data = randomBytes(2 * piece)
  const { server, storage } = await faulty()
  server.faults = ({ operation, number }) =>
    operation === 'put-piece' && number === 2 ? { kind: 'lost' } : null
  assert.equal(await storage.put('big', data), 'stored')
  assert.ok(data.equals(await storage.get('big')))
})

test('an upload that the server has forgotten is begun anew', async () => {
  const data = randomBytes(2 * piece)
  const { server, storage, count } = await faulty()
  server.faults = ({ operation, number }) => {
    if (operation === 'put-piece' && number === 2) server.forgetUploads()
    return null
  }
  assert.equal(await storage.put('big', data), 'stored')
  assert.ok(data.equals(await storage.get('big')))
  assert.equal(count('begin-upload'), 2)
})

test('of several that upload under one key, one wins, whole', async () => {
  const { server, storage } = await faulty()
  const writers = Array.from({ length: 8 }, (_, i) => Buffer.alloc(2 * piece + i, i))
  const results = await Promise.all(writers.map((data) => storage.put('race', data)))
  assert.deepEqual(results.toSorted(), [...Array<string>(7).fill('exists'), 'stored'])
  assert.ok(writers[results.indexOf('stored')]?.equals(await storage.get('race')))
  assert.equal((await storage.head('race'))?.size, writers[results.indexOf('stored')]?.length)
  assert.ok(server.openUploads() <= 7)
})

test('an upload that fails is given up, and nothing is under the key', async () => {
  const { server, storage } = await faulty()
  server.faults = ({ operation }) =>
    operation === 'put-piece' ? { kind: 'answer', status: 403, reason: 'forbidden' } : null
  await assert.rejects(storage.put('big', Buffer.alloc(2 * piece)), { code: 'storage_denied' })
  assert.equal(server.openUploads(), 0)
  assert.deepEqual(await listed(storage, ''), [])
})

test('a credential that may only create is told that a key is taken', async () => {
  const { server, storage } = await faulty()
  await storage.put('a', Buffer.from('first'))
  server.faults = ({ operation, key }) =>
    key.endsWith('/a') && (operation === 'put' || operation === 'begin-upload')
      ? { kind: 'answer', status: 403, reason: 'forbidden' }
      : null
  assert.equal(await storage.put('a', Buffer.from('second')), 'exists')
  assert.equal(await storage.put('a', Buffer.alloc(2 * piece)), 'exists')
  assert.equal(await storage.put('b', Buffer.alloc(2 * piece)), 'stored')
})
