import { CreateBucketCommand, DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { radosgw } from '../../support/radosgw.ts'
import { adminClient, makeBucket, s3At } from '../../support/s3.ts'

/*
 * Locks against Ceph's object gateway. No repository can be in such a bucket of its version 16, which does not heed If-None-Match where it keeps
 * versions; what the driver does is the same.
 */

const place = await radosgw()
const client = adminClient(place)
await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }))
await makeBucket(place, 'plain')
const part = 5 * 1024 ** 2
const day = 86_400_000
const now = Math.ceil(Date.now() / 1000) * 1000
const until = (days: number): Date => new Date(now + days * day)
const bytes = Buffer.from('x')

test('objects are locked as they are put and afterwards, never for less, and no version of them can be deleted', async () => {
  const storage = s3At(place, `s3://locked?endpoint=${place.endpoint}`, {
    parts: { from: 2 * part, size: part },
  })
  const { locks } = storage
  assert.ok(locks !== undefined)
  await locks.require()
  const lock = { until: until(10), mode: 'governance' } as const
  await storage.put('put', bytes, { lock })
  await storage.put('parts', Buffer.alloc(2 * part + 1), { lock })
  await storage.put('later', bytes)
  assert.equal(await locks.of('later'), null)
  await locks.extend('later', lock)
  for (const key of ['put', 'parts', 'later']) assert.deepEqual(await locks.of(key), lock, key)

  await locks.extend('put', { until: until(20), mode: 'governance' })
  await locks.extend('put', { until: until(15), mode: 'governance' })
  assert.deepEqual(await locks.of('put'), { until: until(20), mode: 'governance' })
  await assert.rejects(locks.extend('put', { until: until(30), mode: 'compliance' }), {
    code: 'storage_denied',
    hint: /new repository/,
  })
  await storage.put('strict', bytes, { lock: { until: until(5), mode: 'compliance' } })
  await locks.extend('strict', { until: until(6), mode: 'governance' })
  assert.deepEqual(await locks.of('strict'), { until: until(6), mode: 'compliance' })
  await assert.rejects(locks.extend('missing', lock), { code: 'storage_failed' })

  assert.equal(await locks.keepsDeleted(), true)
  await storage.delete('put')
  assert.equal(await storage.head('put'), null)
  const { Versions, DeleteMarkers } = await client.send(
    new ListObjectVersionsCommand({ Bucket: 'locked', Prefix: 'put' }),
  )
  const VersionId = Versions?.[0]?.VersionId
  const version = new DeleteObjectCommand({ Bucket: 'locked', Key: 'put', VersionId })
  await assert.rejects(client.send(version), { name: 'AccessDenied' })
  // What a thief has put out of sight is there again when the mark is taken away.
  const mark = { Bucket: 'locked', Key: 'put', VersionId: DeleteMarkers?.[0]?.VersionId }
  await client.send(new DeleteObjectCommand(mark))
  assert.equal(Buffer.from(await storage.get('put')).toString(), 'x')
})

test('a bucket without locks says so beforehand, and also when it is tried', async () => {
  const storage = s3At(place, `s3://plain?endpoint=${place.endpoint}`)
  const lock = { until: until(1), mode: 'governance' } as const
  await assert.rejects(storage.locks?.require() ?? Promise.resolve(), { code: 'storage_no_locks' })
  await assert.rejects(storage.put('a', bytes, { lock }), { code: 'storage_no_locks' })
  assert.equal(await storage.put('a', bytes), 'stored')
  assert.equal(await storage.locks?.of('a'), null)
  assert.equal(await storage.locks?.keepsDeleted(), false)
})
