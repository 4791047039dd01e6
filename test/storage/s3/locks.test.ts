import assert from 'node:assert/strict'
import { test } from 'node:test'
import { s3Server, type S3ServerOptions } from '../../support/s3-server.ts'
import { s3At } from '../../support/s3.ts'
import { listed } from '../conformance.ts'

/* Locks, against a server of ours that wants what Amazon's documentation asks for. A real one: locks.radosgw.test.ts. */

const part = 5 * 1024 ** 2
const day = 86_400_000
const bytes = Buffer.from('x')

/** A storage at the root of its bucket, and locks of it. */
async function locking(options: S3ServerOptions = { locks: 'asked' }) {
  const server = await s3Server(options)
  const storage = s3At(server, `s3://bucket?endpoint=${server.endpoint}`, {
    parts: { from: 2 * part, size: part },
  })
  const { locks } = storage
  assert.ok(locks !== undefined)
  const now = Math.ceil(Date.now() / 1000) * 1000
  return { server, storage, locks, until: (days: number) => new Date(now + days * day) }
}

test('objects are locked as they are put, whole or in parts, and with the digest that servers ask for', async () => {
  const { server, storage, locks, until } = await locking()
  await locks.require()
  const lock = { until: until(30), mode: 'compliance' } as const
  assert.equal(await storage.put('small', bytes, { lock }), 'stored')
  assert.equal(await storage.put('large', Buffer.alloc(2 * part + 1), { lock }), 'stored')
  assert.equal(await storage.put('other', bytes), 'stored')
  for (const key of ['small', 'large']) {
    assert.deepEqual(await locks.of(key), lock, key)
    assert.deepEqual(server.lock('bucket', key), { until: lock.until, mode: 'COMPLIANCE' }, key)
  }
  assert.equal(await locks.of('other'), null)
  assert.equal(await locks.of('missing'), null)
})

test('a lock is made longer, never shorter, and what is locked long enough is only asked', async () => {
  const { server, storage, locks, until } = await locking()
  await storage.put('a', bytes)
  const sent = (): number => server.requests.filter(({ operation }) => operation === 'lock').length
  await locks.extend('a', { until: until(10), mode: 'governance' })
  await locks.extend('a', { until: until(20), mode: 'governance' })
  assert.deepEqual(await locks.of('a'), { until: until(20), mode: 'governance' })
  assert.equal(sent(), 2)
  await locks.extend('a', { until: until(15), mode: 'governance' })
  assert.equal(sent(), 2)
  assert.deepEqual(await locks.of('a'), { until: until(20), mode: 'governance' })
  // Only who could end it can make it stricter.
  await assert.rejects(locks.extend('a', { until: until(15), mode: 'compliance' }), {
    code: 'storage_denied',
    hint: /new repository/,
  })
  await storage.put('b', bytes, { lock: { until: until(5), mode: 'compliance' } })
  await locks.extend('b', { until: until(6), mode: 'governance' })
  assert.deepEqual(await locks.of('b'), { until: until(6), mode: 'compliance' })
  await assert.rejects(locks.extend('missing', { until: until(5), mode: 'governance' }), {
    code: 'storage_failed',
  })
})

test('a credential without the right is told which it needs', async () => {
  const { server, storage, locks, until } = await locking()
  await storage.put('a', bytes)
  server.faults = ({ operation }) =>
    operation === 'lock' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null
  await assert.rejects(locks.extend('a', { until: until(1), mode: 'governance' }), {
    code: 'storage_denied',
    hint: /s3:PutObjectRetention/,
  })
})

test('a bucket that locks nothing says so, also to who may not ask it beforehand', async () => {
  const { server, storage, locks, until } = await locking({})
  const lock = { until: until(1), mode: 'governance' } as const
  server.about.set('object-lock', 'ObjectLockConfigurationNotFoundError')
  await assert.rejects(locks.require(), { code: 'storage_no_locks', hint: /--lock-for/ })
  // Of such a bucket no object is asked.
  const before = server.requests.length
  assert.equal(await locks.of('a'), null)
  assert.equal(server.requests.length, before)

  server.about.set('object-lock', 'AccessDenied')
  const other = s3At(server, storage.address)
  await other.locks?.require()
  await assert.rejects(other.put('a', bytes, { lock }), { code: 'storage_failed' })
  assert.deepEqual(await listed(storage, ''), [])
})

test('a bucket that locks everything gets the digests that it asks for', async () => {
  const { server, storage } = await locking({ locks: 'all' })
  assert.equal(await storage.put('a', bytes), 'stored')
  assert.equal(await storage.put('b', bytes), 'stored')
  assert.equal(await storage.put('large', Buffer.alloc(2 * part + 1)), 'stored')
  // The first was refused once.
  assert.equal(server.requests.filter(({ operation }) => operation === 'put').length, 4)
})

test('what is deleted where versions are kept is out of sight, and makes room for another', async () => {
  const { server, storage, locks, until } = await locking()
  await storage.put('a', bytes, { lock: { until: until(1), mode: 'governance' } })
  assert.equal(await locks.keepsDeleted(), true)
  await storage.delete('a')
  assert.deepEqual(await listed(storage, ''), [])
  assert.equal(await storage.put('a', Buffer.from('y')), 'stored')
  await storage.delete('a')
  server.undelete('bucket')
  assert.deepEqual(await listed(storage, ''), ['a'])
  const plain = await locking({})
  plain.server.about.set('versioning', 'AccessDenied')
  assert.equal(await plain.locks.keepsDeleted(), false)
})
