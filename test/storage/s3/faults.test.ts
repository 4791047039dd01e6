import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import type { ErrorCode } from '../../../src/lib/error-codes.ts'
import { retryingStorage } from '../../../src/storage/retry.ts'
import { s3Error } from '../../../src/storage/s3/errors.ts'
import { notedRetry } from '../../support/noted-retry.ts'
import { s3Server, type S3Fault, type S3Operation, type S3ServerOptions } from '../../support/s3-server.ts'
import { freshAddress, s3At } from '../../support/s3.ts'
import { listed } from '../conformance.ts'

/* What a server and a network do to one call, and what is left of it. Nothing waits: pauses between attempts are only noted. */

const { retry, waits } = notedRetry()
const part = 5 * 1024 ** 2

/** A server, and a storage on it that tries again. `once`: what goes wrong with the first request of an operation. */
async function faulty(
  once: Partial<Record<S3Operation, S3Fault>> = {},
  o: S3ServerOptions & { silentMs?: number } = {},
) {
  const server = await s3Server(o)
  server.faults = ({ operation, number }) => (number === 1 ? (once[operation] ?? null) : null)
  const timeouts = { connectMs: 5000, silentMs: o.silentMs ?? 60_000 }
  const plain = s3At(server, freshAddress(server, 'bucket'), {
    retry,
    timeouts,
    parts: { from: 2 * part, size: part },
  })
  const storage = retryingStorage(plain, retry)
  return {
    server,
    plain,
    storage,
    count: (operation: S3Operation) => server.requests.filter((one) => one.operation === operation).length,
  }
}

const passing: [string, S3Fault][] = [
  ['a connection that breaks before', { kind: 'cut' }],
  ['an answer that is lost', { kind: 'lost' }],
  ['too many requests', { kind: 'answer', status: 503, code: 'SlowDown' }],
  ['a server in trouble', { kind: 'answer', status: 500, code: 'InternalError' }],
  ['a gateway without a server', { kind: 'answer', status: 502, code: 'BadGateway' }],
]
for (const [what, fault] of passing) {
  test(`${what} is tried again, whatever was asked`, async () => {
    const all = { put: fault, get: fault, head: fault, list: fault, delete: fault }
    const { storage, count } = await faulty(all)
    const stored = await storage.put('a', Buffer.from('whole'))
    assert.equal(stored, fault.kind === 'lost' ? 'exists' : 'stored')
    assert.equal(Buffer.from(await storage.get('a')).toString(), 'whole')
    assert.equal((await storage.head('a'))?.size, 5)
    assert.deepEqual(await listed(storage, ''), ['a'])
    await storage.delete('a')
    assert.equal(await storage.head('a'), null)
    for (const operation of ['put', 'get', 'list', 'delete'] as const)
      assert.equal(count(operation), 2, operation)
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

test('a server that does not answer is given up, and asked again', async () => {
  const { plain, storage } = await faulty({ put: { kind: 'hang' } }, { silentMs: 300 })
  await assert.rejects(plain.put('a', Buffer.from('x')), { code: 'storage_timeout' })
  assert.equal(await storage.put('a', Buffer.from('x')), 'stored')
})

test('a list goes on at the page that failed, and gives out each object once', async () => {
  const { server, storage, count } = await faulty({}, { page: 1000 })
  const plain = s3At(server, `s3://bucket/many?endpoint=${server.endpoint}`, { retry })
  const keys = Array.from({ length: 10_000 }, (_, i) => `k/${i}`)
  for (const key of keys) server.place('bucket', `many/${key}`, Buffer.alloc(0))
  server.faults = ({ operation, number }) =>
    operation === 'list' && number % 3 === 0 ? { kind: 'cut' } : null
  assert.deepEqual(await listed(retryingStorage(plain, retry), 'k/'), keys.toSorted())
  assert.equal(count('list'), 14)
  assert.deepEqual(await listed(storage, ''), [])
})

const answers: [ErrorCode, number, string][] = [
  ['storage_login_failed', 403, 'InvalidAccessKeyId'],
  ['storage_login_failed', 403, 'SignatureDoesNotMatch'],
  ['storage_login_failed', 400, 'ExpiredToken'],
  ['storage_denied', 403, 'AccessDenied'],
  ['storage_full', 403, 'QuotaExceeded'],
  ['storage_failed', 400, 'InvalidRequest'],
  ['storage_failed', 501, 'NotImplemented'],
  ['usage', 301, 'PermanentRedirect'],
]
for (const [code, status, name] of answers) {
  test(`${name} is told as ${code}, and not tried again`, async () => {
    const { server, storage } = await faulty()
    server.faults = () => ({ kind: 'answer', status, code: name })
    const calls: (() => Promise<unknown>)[] = [
      () => storage.put('a', Buffer.from('x')),
      () => storage.get('a'),
      () => listed(storage, ''),
      () => storage.delete('a'),
    ]
    for (const call of calls) {
      await assert.rejects(call, (error) => {
        assert.ok(isHoldfastError(error, code), String(error))
        assert.ok(!error.message.includes(server.credentials.secretAccessKey))
        return true
      })
    }
    assert.equal(server.requests.length, calls.length)
  })
}

test('what to do follows from what was asked, and from what the server says', async () => {
  const { server, storage } = await faulty()
  const hintOf = async (fault: S3Fault, call: () => Promise<unknown>): Promise<string> => {
    server.faults = () => fault
    return await call().then(
      () => '',
      (error: unknown) => (isHoldfastError(error) ? error.hint : ''),
    )
  }
  const denied: S3Fault = { kind: 'answer', status: 403, code: 'AccessDenied' }
  assert.match(await hintOf(denied, () => storage.put('a', Buffer.from('x'))), /s3:PutObject/)
  assert.match(await hintOf(denied, () => listed(storage, '')), /s3:ListBucket/)
  assert.match(await hintOf(denied, () => storage.delete('a')), /s3:DeleteObject/)
  assert.match(await hintOf(denied, () => storage.head('a')), /s3:GetObject/)
  const expired: S3Fault = { kind: 'answer', status: 400, code: 'ExpiredToken' }
  assert.match(await hintOf(expired, () => storage.get('a')), /expired/)
  const headers = { 'x-amz-bucket-region': 'eu-west-3' }
  const moved: S3Fault = { kind: 'answer', status: 301, code: 'PermanentRedirect', headers }
  assert.match(await hintOf(moved, () => storage.get('a')), /region=eu-west-3/)
})

test('what a server says is shown as plain text, and not without end', () => {
  const said = Object.assign(new Error(`a\u001b[2Jb\u202ec${'x'.repeat(5000)}`), {
    name: 'Odd\u0007',
    $metadata: { httpStatusCode: 400 },
  })
  const { message } = s3Error(said, { action: 'read', place: 's3://b/a', bucket: 'b', clockAheadMs: null })
  assert.match(message, /^Cannot read s3:\/\/b\/a: a \[2Jb cx+\.\.\.\.$/)
  assert.ok(message.length < 600)
})

test('clocks that differ are told, and by how much', async () => {
  const { server, storage } = await faulty()
  server.clockAheadMs = 20 * 60_000
  await assert.rejects(storage.get('a'), {
    code: 'storage_clock_differs',
    message: /This machine's clock is 20 min behind the storage's/,
  })
})

test('a server asks for its pause, and gets it', async () => {
  const { storage } = await faulty({
    put: { kind: 'answer', status: 503, code: 'SlowDown', headers: { 'retry-after': '7' } },
  })
  waits.length = 0
  await storage.put('a', Buffer.from('x'))
  assert.deepEqual(waits, [7000])
})

test('a bucket that is not there is told from an object that is not', async () => {
  const server = await s3Server()
  const none = s3At(server, freshAddress(server, 'nowhere'))
  const missing = { code: 'storage_bucket_missing', message: /nowhere/ }
  await assert.rejects(none.head('a'), missing)
  await assert.rejects(none.get('a'), missing)
  await assert.rejects(none.put('a', Buffer.from('x')), missing)
  await assert.rejects(listed(none, ''), missing)
  const there = s3At(server, freshAddress(server, 'bucket'))
  assert.equal(await there.head('a'), null)
  assert.equal(await there.head('b'), null)
  assert.equal(server.requests.filter(({ operation }) => operation === 'head-bucket').length, 2)
})

test('a server that nobody listens for is given up after three attempts', async () => {
  const place = { endpoint: '', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
  const nobody = retryingStorage(s3At(place, 's3://bucket/x?endpoint=http://127.0.0.1:1'), notedRetry().retry)
  await assert.rejects(nobody.get('a'), { code: 'storage_unreachable', message: /after 3 attempts/ })
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

test('large objects go up in parts, which are tried again one by one', async () => {
  const data = randomBytes(3 * part + 12_345)
  const { server, storage, count } = await faulty({ 'put-part': { kind: 'lost' } })
  assert.equal(await storage.put('big', data), 'stored')
  assert.ok(data.equals(await storage.get('big')))
  // One for the question whether completing heeds the condition, four parts, and one again.
  assert.equal(count('put-part'), 6)
  assert.equal(await storage.put('big', data), 'exists')
  assert.equal(count('put-part'), 6)
  assert.deepEqual(server.openUploads(), [])
  assert.deepEqual(await listed(storage, ''), ['big'])
})

test('of two that complete an upload of one key, one wins', async () => {
  const { server, storage } = await faulty()
  const writers = [1, 2, 3].map((fill) => Buffer.alloc(2 * part, fill))
  const results = await Promise.all(writers.map((data) => storage.put('race', data)))
  assert.deepEqual(results.toSorted(), ['exists', 'exists', 'stored'])
  assert.ok(writers[results.indexOf('stored')]?.equals(await storage.get('race')))
  assert.deepEqual(server.openUploads(), [])
})

test('where completing heeds no condition, large objects go up whole', async () => {
  const { server, storage, count } = await faulty({}, { conditional: 'put' })
  const data = randomBytes(2 * part)
  assert.equal(await storage.put('big', data), 'stored')
  assert.equal(await storage.put('big', Buffer.alloc(2 * part)), 'exists')
  assert.ok(data.equals(await storage.get('big')))
  assert.equal(count('begin-upload'), 1)
  assert.deepEqual(server.openUploads(), [])
})

test('an upload in parts that fails is aborted, and nothing is under the key', async () => {
  for (const operation of ['put-part', 'complete-upload'] as const) {
    const { server, plain } = await faulty()
    const data = Buffer.alloc(2 * part)
    await plain.put('first', data)
    const until = server.requests.length
    server.faults = (request) =>
      request.operation === operation ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null
    await assert.rejects(plain.put('big', data), { code: 'storage_denied' })
    assert.equal(server.requests.slice(until).at(-1)?.operation, 'abort-upload')
    assert.deepEqual(server.openUploads(), [])
    assert.deepEqual(await listed(plain, ''), ['first'])
  }
})

test('a completion whose answer is lost has stored the object', async () => {
  const { server, storage } = await faulty()
  const data = randomBytes(2 * part)
  server.faults = ({ operation, key }) =>
    operation === 'complete-upload' && key.endsWith('/big') ? { kind: 'lost' } : null
  assert.equal(await storage.put('big', data), 'exists')
  assert.ok(data.equals(await storage.get('big')))
  assert.deepEqual(server.openUploads(), [])
})
