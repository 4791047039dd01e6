import assert from 'node:assert/strict'
import { test } from 'node:test'
import { s3Checks, probeChecks } from '../../../src/cli/storage-checks.ts'
import { steadyClock } from '../../../src/lib/clock.ts'
import { initRepository } from '../../../src/repository/init.ts'
import { probeStorage } from '../../../src/storage/probe.ts'
import { parseS3Address } from '../../../src/storage/s3/address.ts'
import { s3Facts } from '../../../src/storage/s3/facts.ts'
import { setClock } from '../../support/repository.ts'
import { s3Server, type S3Server, type S3ServerOptions } from '../../support/s3-server.ts'
import { freshAddress, s3At } from '../../support/s3.ts'
import { listed } from '../conformance.ts'

/* What is found out about a bucket, from answers of every kind. */

const { signal } = new AbortController()

/** A server that can be asked again and again. */
async function bucket(options: S3ServerOptions = {}) {
  const server = await s3Server(options)
  const address = freshAddress(server, 'bucket')
  const storage = s3At(server, address)
  const location = parseS3Address(address)
  const facts = async (now = new Date()) => told(s3Checks(await s3Facts({ storage, location, signal }), now))
  const probe = async () => told(probeChecks(await probeStorage({ storage, clock: steadyClock, signal })))
  return { server, storage, location, facts, probe }
}

function told(checks: ReturnType<typeof s3Checks>): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, result, text }) => [name, `${result}: ${text}`]))
}

function answer(server: S3Server, about: string, content: string): void {
  server.about.set(about, `<?xml version="1.0"?><Configuration>${content}</Configuration>`)
}

test('a server that overwrites is found out by init, which leaves nothing, and by the test', async () => {
  const { storage, probe } = await bucket({ conditional: 'nowhere' })
  const made = initRepository({
    storage,
    clock: setClock(),
    hostName: 'alpha',
    recipient: { kind: 'new-identity' },
  })
  await assert.rejects(made, { code: 'storage_overwrites' })
  assert.deepEqual(await listed(storage, ''), [])
  const { 'write once': once } = await probe()
  assert.match(once ?? '', /^bad: .*overwritten/)
})

test('versions and locks are told as the server has them', async () => {
  const { server, facts } = await bucket()
  const silent = await facts()
  for (const name of ['versioning', 'object lock'])
    assert.match(silent[name] ?? '', /^unknown: could not be asked/, name)
  answer(server, 'versioning', '<Status>Enabled</Status>')
  answer(
    server,
    'object-lock',
    '<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Years>2</Years></DefaultRetention></Rule>',
  )
  const on = await facts()
  assert.match(on['versioning'] ?? '', /^good: on/)
  assert.equal(on['object lock'], 'good: on: what is stored can not be deleted for 730 days (GOVERNANCE)')
  answer(server, 'versioning', '<Status>Suspended</Status>')
  answer(server, 'object-lock', '<ObjectLockEnabled>Enabled</ObjectLockEnabled>')
  const half = await facts()
  assert.match(half['versioning'] ?? '', /^note: suspended/)
  assert.match(half['object lock'] ?? '', /^good: on: backup --lock-for/)
  answer(server, 'versioning', '')
  server.about.set('object-lock', 'ObjectLockConfigurationNotFoundError')
  const off = await facts()
  assert.match(off['versioning'] ?? '', /^note: off/)
  assert.match(off['object lock'] ?? '', /^note: off/)
  server.about.set('object-lock', 'AccessDenied')
  assert.match((await facts())['object lock'] ?? '', /^unknown: could not be asked: .*AccessDenied/)
})

test('unfinished uploads are counted, with the rule that clears them away', async () => {
  const { server, storage, location, facts } = await bucket()
  const { sdk, client } = await storage.connect()
  for (const name of ['a', 'b']) {
    await client.send(new sdk.CreateMultipartUploadCommand({ Bucket: 'bucket', Key: location.prefix + name }))
  }
  await client.send(new sdk.CreateMultipartUploadCommand({ Bucket: 'bucket', Key: 'of-somebody-else' }))
  const later = new Date(Date.now() + 50 * 60 * 60 * 1000)
  assert.equal((await facts(later))['uploads'], 'note: 2 uploads unfinished, the oldest begun 2 days ago')
  const rule = (prefix: string, days: number): string =>
    `<Rule><Status>Enabled</Status><Filter><Prefix>${prefix}</Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`
  answer(server, 'lifecycle', rule('elsewhere/', 1))
  assert.match((await facts())['uploads'] ?? '', /^note: 2 uploads/)
  answer(server, 'lifecycle', rule('elsewhere/', 1) + rule('', 7))
  assert.match(
    (await facts())['uploads'] ?? '',
    /^good: 2 uploads unfinished.*clears them away after 7 days$/,
  )
})

test('clocks, and conditions on completing parts, are told', async () => {
  const { server, storage, facts } = await bucket()
  server.clockAheadMs = 90_000
  const ahead = await facts()
  assert.match(ahead['clock'] ?? '', /^note: the storage's is (89|90|91) s ahead of this machine's/)
  assert.equal(ahead['parts'], 'good: large objects go up in parts')
  const plain = await bucket({ conditional: 'put' })
  assert.match((await plain.facts())['parts'] ?? '', /go up whole/)
  for (const one of [server, plain.server]) assert.deepEqual(one.openUploads(), [])
  assert.deepEqual(await listed(storage, ''), [])
})

test('what a probe can not delete it names, and it goes on where a step fails', async () => {
  const { server, storage, probe } = await bucket()
  server.faults = ({ operation }) =>
    operation === 'delete' || operation === 'list'
      ? { kind: 'answer', status: 403, code: 'AccessDenied' }
      : null
  const found = await probe()
  assert.match(found['list'] ?? '', /^bad: Cannot list/)
  assert.match(found['read'] ?? '', /^good/)
  assert.match(found['delete'] ?? '', /^good: this credential can not delete.*7 objects/)
  server.faults = ({ operation }) =>
    operation === 'put' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null
  const refused = await probe()
  assert.match(refused['write'] ?? '', /^bad/)
  for (const name of ['write once', 'read', 'list', 'delete', 'latency', 'rate']) {
    assert.match(refused[name] ?? '', /^unknown/, name)
  }
  server.faults = () => null
  assert.equal((await listed(storage, 'probe/')).length, 7)
  assert.match((await probe())['delete'] ?? '', /^note: objects can be deleted/)
})
