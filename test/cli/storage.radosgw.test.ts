import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SourceCheck } from '../../src/cli/source-checks.ts'
import { commandLine } from '../support/command-line.ts'
import { besideUrl, requireSame, stateOf } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { radosgw } from '../support/radosgw.ts'
import { adminClient, makeBucket } from '../support/s3.ts'

/* A repository in a real object storage, by the real command line. */

const place = await radosgw()
const server = await testServer(17)
const line = await commandLine()
await makeBucket(place, 'backups')
const address = `s3://backups/team/shop?endpoint=${place.endpoint}`
const env = {
  HOLDFAST_REPO: address,
  AWS_ACCESS_KEY_ID: place.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: place.credentials.secretAccessKey,
}
const guestEnv = {
  AWS_ACCESS_KEY_ID: place.guest.accessKeyId,
  AWS_SECRET_ACCESS_KEY: place.guest.secretAccessKey,
}
const json = <T>(args: readonly string[], more: { status?: number; env?: Record<string, string> } = {}): T =>
  line.json<T>(args, { ...more, env: { ...env, ...more.env } })

interface Tested {
  readonly storage: string
  readonly checks: readonly SourceCheck[]
}
interface Refused {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly details: { readonly checks?: readonly SourceCheck[] }
  }
}
const found = (checks: readonly SourceCheck[] = []): Map<string, string> =>
  new Map(checks.map(({ name, result, text }) => [name, `${result}: ${text}`]))

test('from init to an erasure, all of it works in object storage as on a disk', async (t) => {
  const source = await server.database()
  t.after(() => source.drop())
  await source.query(`
    CREATE TABLE people (id int PRIMARY KEY, mail text);
    CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people, note text);
    INSERT INTO people SELECT i, 'mail-' || i FROM generate_series(1, 300) i;
    INSERT INTO orders SELECT i, 1 + i % 300, md5(i::text) FROM generate_series(1, 5000) i`)
  const before = await stateOf(source.url)
  const made = json<{ repository: { address: string } }>(['init', address])
  assert.equal(made.repository.address, address)
  assert.equal(json<Refused>(['init', address], { status: 7 }).error.code, 'repository_exists')
  json(['backup', source.url, '--proof', 'full'])
  json(['backup', source.url, '--limit-rate', '50MB/s', '--storage-requests', '2'])
  assert.equal(json<{ backups: unknown[] }>(['list']).backups.length, 2)
  json(['check', '--read-data', 'all'])
  json(['drill', 'latest'])

  const restored = besideUrl(source.url, 'from_bucket')
  t.after(() => server.query('DROP DATABASE IF EXISTS from_bucket WITH (FORCE)'))
  json(['restore', 'latest', '--to', restored, '--create-database', '--no-quarantine'])
  requireSame(await stateOf(restored), before, 'what was restored from the bucket')

  await source.query(`DELETE FROM orders WHERE id <= 100; UPDATE people SET mail = 'lost' WHERE id > 200`)
  const damaged = await stateOf(source.url)
  const database = decodeURIComponent(new URL(source.url).pathname.slice(1))
  const agreed = ['--yes', '--confirm', database]
  json(['restore', 'latest', '--to', source.url, '--in-place', '--replace', ...agreed])
  requireSame(await stateOf(source.url), before, 'what was restored in place')
  json(['undo', 'latest', '--to', source.url, ...agreed])
  requireSame(await stateOf(source.url), damaged, 'what was undone')

  const keys = join(line.directory, 'keys')
  writeFileSync(keys, '7\n8\n')
  json(['erase', '--table', 'people', '--keys', keys, '--reason', 'request', ...agreed])
  const after = besideUrl(source.url, 'after_erasure')
  t.after(() => server.query('DROP DATABASE IF EXISTS after_erasure WITH (FORCE)'))
  json(['restore', 'latest', '--to', after, '--create-database'])
  const erased = (await stateOf(after)).tables
  assert.notDeepEqual(erased, before.tables)
  assert.deepEqual(Object.keys(erased), Object.keys(before.tables))
})

test('a bucket is told as it is: credentials, versions, locks', async () => {
  const { storage, checks } = json<Tested>(['storage', 'test', address])
  assert.equal(storage, address)
  const plain = found(checks)
  for (const name of ['write', 'write once', 'read', 'list', 'latency', 'rate', 'clock']) {
    assert.match(plain.get(name) ?? '', /^good/, name)
  }
  assert.match(plain.get('delete') ?? '', /^note: objects can be deleted/)
  assert.match(plain.get('versioning') ?? '', /^note: off/)
  assert.match(plain.get('object lock') ?? '', /^note: off/)
  assert.match(plain.get('uploads') ?? '', /^note: none is unfinished/)
  assert.match(plain.get('encrypted') ?? '', /^note: no/)

  const client = adminClient(place)
  await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }))
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: 'locked',
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } },
      },
    }),
  )
  await client.send(
    new PutBucketPolicyCommand({
      Bucket: 'locked',
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: ['arn:aws:iam:::user/guest'] },
            Action: ['s3:PutObject', 's3:GetObject', 's3:ListBucket'],
            Resource: ['arn:aws:s3:::locked', 'arn:aws:s3:::locked/*'],
          },
        ],
      }),
    }),
  )
  // This gateway heeds If-None-Match only where it keeps no versions, and is found out.
  const locked = `s3://locked?endpoint=${place.endpoint}`
  const refused = json<Refused>(['storage', 'test', locked], { status: 7 }).error
  assert.equal(refused.code, 'storage_overwrites')
  assert.equal(json<Refused>(['init', locked], { status: 7 }).error.code, 'storage_overwrites')
  const owner = found(refused.details.checks)
  assert.match(owner.get('versioning') ?? '', /^good: on/)
  assert.equal(
    owner.get('object lock'),
    'good: on: what is stored can not be deleted for 30 days (COMPLIANCE)',
  )
  const { details } = json<Refused>(['storage', 'test', locked], { status: 7, env: guestEnv }).error
  const guest = found(details.checks)
  assert.match(guest.get('delete') ?? '', /^good: this credential can not delete/)
  assert.match(guest.get('versioning') ?? '', /^unknown: could not be asked/)
})

test('a storage that would not do is told with what to do, and no secret', async () => {
  const secret = env.AWS_SECRET_ACCESS_KEY
  const cases: [string, string, number, Record<string, string>][] = [
    [address, 'storage_login_failed', 5, { AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }],
    [address, 'storage_denied', 5, guestEnv],
    [`s3://nowhere/x?endpoint=${place.endpoint}`, 'storage_bucket_missing', 3, {}],
    ['s3://backups/x?endpoint=http://127.0.0.1:1', 'storage_unreachable', 6, {}],
    [`s3://backups/x?endpoint=${place.endpoint.replace('http:', 'https:')}`, 'storage_unreachable', 6, {}],
    ['s3://backups/x?endpoint=http://storage.example.com', 'usage', 2, {}],
    ['s3://backups/x', 'usage', 2, {}],
    [`s3://${env.AWS_ACCESS_KEY_ID}:${secret}@backups/x`, 'usage', 2, {}],
  ]
  for (const [where, code, status, more] of cases) {
    const { error } = json<Refused>(['storage', 'test', where], { status, env: more })
    assert.equal(error.code, code, where)
    assert.ok(!JSON.stringify(error).includes(secret))
  }
})
