import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { ErrorCode } from '../../../src/lib/error-codes.ts'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { retryingStorage } from '../../../src/storage/retry.ts'
import { azureAt, azurite, containerAt, freshAzureAddress } from '../../support/azurite.ts'
import { httpProxy, type HttpFault } from '../../support/http-proxy.ts'
import { notedRetry } from '../../support/noted-retry.ts'
import { listed } from '../conformance.ts'

/* What a server and a network do to one call, and what is left of it. Nothing waits: pauses between attempts are only noted. */

const place = await azurite()
await containerAt(place, 'faults').create()
const part = 1024 ** 2

type Operation = 'put' | 'get' | 'head' | 'list' | 'delete' | 'stage' | 'commit'

function operationOf(method: string, url: URL): Operation {
  const comp = url.searchParams.get('comp')
  if (comp === 'list' || comp === 'block' || comp === 'blocklist') {
    return comp === 'list' ? 'list' : comp === 'block' ? 'stage' : 'commit'
  }
  return method.toLowerCase() as Operation
}

/** A proxy to the server, and a storage on it that tries again. `once`: what goes wrong with the first request of an operation. */
async function faulty(once: Partial<Record<Operation, HttpFault>> = {}, silentMs = 60_000) {
  const proxy = await httpProxy(new URL(place.endpoint).origin, operationOf)
  proxy.faults = ({ operation, number }) => (number === 1 ? (once[operation] ?? null) : null)
  const { retry, waits } = notedRetry()
  const endpoint = `${proxy.origin}/${place.account}`
  const plain = azureAt(place.environment, freshAzureAddress({ endpoint }, 'faults'), {
    retry,
    timeouts: { connectMs: 5000, silentMs },
    parts: { from: 2 * part, size: part },
  })
  const count = (operation: Operation): number =>
    proxy.requests.filter((one) => one.operation === operation).length
  return { proxy, plain, storage: retryingStorage(plain, retry), waits, count }
}

const refusal = (status: number, code: string, headers: Record<string, string> = {}): HttpFault => ({
  kind: 'answer',
  status,
  headers: { 'x-ms-error-code': code, ...headers },
})

const passing: [string, HttpFault][] = [
  ['a connection that breaks before', { kind: 'cut' }],
  ['an answer that is lost', { kind: 'lost' }],
  ['too many requests', refusal(503, 'ServerBusy')],
  ['too many requests for a gateway', { kind: 'answer', status: 429 }],
  ['a server in trouble', refusal(500, 'InternalError')],
  ['a gateway without a server', { kind: 'answer', status: 502 }],
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
    const { plain, storage, count } = await faulty({ get: { kind } }, 300)
    await storage.put('a', Buffer.alloc(500_000, 'x'))
    const code = kind === 'half' ? 'storage_unreachable' : 'storage_timeout'
    await assert.rejects(plain.get('a'), { code })
    assert.equal((await storage.get('a')).length, 500_000)
    assert.equal(count('get'), 2)
  }
})

test('a server that does not answer is given up, and asked again', async () => {
  const { plain, storage } = await faulty({ put: { kind: 'hang' } }, 300)
  await assert.rejects(plain.put('a', Buffer.from('x')), { code: 'storage_timeout' })
  assert.equal(await storage.put('a', Buffer.from('x')), 'stored')
})

test('a list goes on at the page that failed, and gives out each object once', async () => {
  const { proxy, storage, count } = await faulty({})
  await Promise.all(['k/a', 'k/b', 'k/c'].map((key) => storage.put(key, Buffer.from('x'))))
  let pages = 0
  proxy.faults = ({ operation }) => (operation === 'list' && ++pages % 2 === 1 ? { kind: 'half' } : null)
  assert.deepEqual(await listed(storage, 'k/'), ['k/a', 'k/b', 'k/c'])
  assert.equal(count('list'), 2)
})

const answers: [ErrorCode, number, string][] = [
  ['storage_login_failed', 403, 'AuthenticationFailed'],
  ['storage_login_failed', 401, 'NoAuthenticationInformation'],
  ['storage_denied', 403, 'AuthorizationPermissionMismatch'],
  ['storage_denied', 403, 'AuthorizationFailure'],
  ['storage_failed', 400, 'InvalidHeaderValue'],
  ['storage_failed', 501, 'NotImplemented'],
  ['storage_bucket_missing', 404, 'ContainerNotFound'],
]
for (const [code, status, name] of answers) {
  test(`${name} is told as ${code}, and not tried again`, async () => {
    const { proxy, storage } = await faulty()
    proxy.faults = () => refusal(status, name)
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
        assert.ok(!error.message.includes(place.key))
        return true
      })
    }
    // Who may not write is refused where there is a blob already, too: that is looked at once.
    assert.equal(proxy.requests.length, calls.length + (status === 403 ? 1 : 0))
  })
}

test('clocks that differ are told, and by how much', async () => {
  const { proxy, storage } = await faulty()
  proxy.clockAheadMs = 20 * 60_000
  proxy.faults = () => refusal(403, 'AuthenticationFailed')
  await assert.rejects(storage.get('a'), {
    code: 'storage_clock_differs',
    message: /This machine's clock is 20 min behind the storage's/,
  })
})

test('a server asks for its pause, and gets it', async () => {
  const { storage, waits } = await faulty({ put: refusal(503, 'ServerBusy', { 'retry-after': '7' }) })
  await storage.put('a', Buffer.from('x'))
  assert.deepEqual(waits, [7000])
})

test('a call that is cancelled ends at once, and says so', async () => {
  const { proxy, storage } = await faulty()
  await storage.put('a', Buffer.alloc(500_000))
  for (const kind of ['hang', 'stall'] as const) {
    const controller = new AbortController()
    proxy.faults = () => {
      setImmediate(() => controller.abort())
      return { kind }
    }
    await assert.rejects(storage.get('a', { signal: controller.signal }), { code: 'cancelled' })
  }
})

test('a server that nobody listens for is given up after three attempts', async () => {
  const { retry } = notedRetry()
  const address = 'azblob://faults/x?endpoint=http://127.0.0.1:1/holdfast'
  const nobody = retryingStorage(azureAt(place.environment, address), retry)
  await assert.rejects(nobody.get('a'), { code: 'storage_unreachable', message: /after 3 attempts/ })
})

test('large objects go up in blocks, which are tried again one by one', async () => {
  const data = randomBytes(3 * part + 12_345)
  const { storage, count } = await faulty({ stage: { kind: 'lost' } })
  assert.equal(await storage.put('big', data), 'stored')
  assert.ok(data.equals(await storage.get('big')))
  assert.equal(count('stage'), 5)
  assert.equal(await storage.put('big', data), 'exists')
  assert.equal(count('stage'), 5)
  assert.deepEqual(await listed(storage, ''), ['big'])
})

test('of several that put blocks under one key, one wins, whole', async () => {
  const { storage } = await faulty()
  for (let round = 0; round < 5; round++) {
    const writers = Array.from({ length: 8 }, (_, i) => Buffer.alloc(2 * part + i, i))
    const results = await Promise.all(writers.map((data) => storage.put(`race/${round}`, data)))
    assert.deepEqual(results.toSorted(), [...Array<string>(7).fill('exists'), 'stored'])
    assert.ok(writers[results.indexOf('stored')]?.equals(await storage.get(`race/${round}`)))
  }
})

test('a commit whose answer is lost has stored the object, and one that is refused has not', async () => {
  const data = randomBytes(2 * part)
  const lost = await faulty({ commit: { kind: 'lost' } })
  assert.equal(await lost.storage.put('big', data), 'exists')
  assert.ok(data.equals(await lost.storage.get('big')))
  const denied = await faulty({ commit: refusal(403, 'AuthorizationPermissionMismatch') })
  await assert.rejects(denied.storage.put('big', data), { code: 'storage_denied' })
  assert.deepEqual(await listed(denied.storage, ''), [])
  assert.equal(await denied.storage.put('big', data), 'stored')
})

test('blocks that another writer took away by committing first are no failure', async () => {
  const { proxy, storage } = await faulty()
  const winner = azureAt(
    place.environment,
    storage.address.replace(proxy.origin, new URL(place.endpoint).origin),
  )
  await winner.put('a', Buffer.from('first'))
  proxy.faults = ({ operation, number }) => {
    // Not there when the upload began.
    if (operation === 'head' && number === 1) return refusal(404, 'BlobNotFound')
    return operation === 'commit' ? refusal(400, 'InvalidBlockList') : null
  }
  assert.equal(await storage.put('a', Buffer.alloc(2 * part)), 'exists')
  await assert.rejects(storage.put('b', Buffer.alloc(2 * part)), { code: 'storage_failed' })
})
