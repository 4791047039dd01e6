import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { radosgw } from '../../support/radosgw.ts'
import { adminClient, freshAddress, makeBucket, retryingS3, s3At } from '../../support/s3.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'
import { listed, storageConformance } from '../conformance.ts'

/* The contract, and what a real server refuses, against Ceph's object gateway. */

const place = await radosgw()
await makeBucket(place, 'conformance')

storageConformance('radosgw', async () => retryingS3(place, freshAddress(place, 'conformance')), {
  manyKeys: 2500,
})

test('wrong credentials and a missing bucket are told as what they are', async () => {
  const secretAccessKey = 'x'.repeat(40)
  const address = freshAddress(place, 'conformance')
  const forged = { ...place, credentials: { ...place.credentials, secretAccessKey } }
  const unknown = { ...place, credentials: { accessKeyId: 'nobody', secretAccessKey } }
  for (const stranger of [forged, unknown]) {
    await assert.rejects(s3At(stranger, address).get('a'), { code: 'storage_login_failed' })
    await assert.rejects(s3At(stranger, address).put('a', Buffer.from('x')), { code: 'storage_login_failed' })
    await assert.rejects(listed(s3At(stranger, address), ''), { code: 'storage_login_failed' })
  }
  const nowhere = s3At(place, freshAddress(place, 'nowhere'))
  await assert.rejects(nowhere.head('a'), { code: 'storage_bucket_missing' })
  await assert.rejects(nowhere.put('a', Buffer.from('x')), { code: 'storage_bucket_missing' })
  await assert.rejects(listed(nowhere, ''), { code: 'storage_bucket_missing' })
})

test('who may write and read only can neither list nor delete, and is told so', async () => {
  const guest = { ...place, credentials: place.guest }
  const owner = s3At(place, freshAddress(place, 'shared'))
  const storage = s3At(guest, owner.address)
  await makeBucket(place, 'shared')
  await assert.rejects(storage.put('a', Buffer.from('x')), { code: 'storage_denied', hint: /s3:PutObject/ })
  await adminClient(place).send(
    new PutBucketPolicyCommand({
      Bucket: 'shared',
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: ['arn:aws:iam:::user/guest'] },
            Action: ['s3:PutObject', 's3:GetObject'],
            Resource: ['arn:aws:s3:::shared/*'],
          },
        ],
      }),
    }),
  )
  assert.equal(await storage.put('a', Buffer.from('x')), 'stored')
  assert.equal(await storage.put('a', Buffer.from('y')), 'exists')
  assert.equal(Buffer.from(await storage.get('a')).toString(), 'x')
  await assert.rejects(listed(storage, ''), { code: 'storage_denied', hint: /s3:ListBucket/ })
  await assert.rejects(storage.delete('a'), { code: 'storage_denied', hint: /s3:DeleteObject/ })
  assert.deepEqual(await listed(owner, ''), ['a'])
})

test('connections that are cut again and again lose nothing', async () => {
  await using proxy = await tcpProxy(Number(new URL(place.endpoint).port))
  const address = freshAddress({ ...place, endpoint: `http://127.0.0.1:${proxy.port}` }, 'conformance')
  const storage = retryingS3(place, address)
  const objects = Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, data: randomBytes(300_000 + i) }))
  for (const { key, data } of objects) {
    // The answer to a put is short: it is cut within it.
    proxy.cutAfter(10)
    const result = await storage.put(key, data)
    assert.ok(result === 'stored' || result === 'exists')
    proxy.cutAfter(100_000)
    assert.ok(data.equals(await storage.get(key)))
  }
  proxy.cutAfter(500)
  assert.deepEqual(
    await listed(storage, ''),
    objects.map(({ key }) => key),
  )
})
