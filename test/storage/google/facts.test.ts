import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudChecks } from '../../../src/cli/storage-checks.ts'
import { parseGoogleAddress } from '../../../src/storage/google/address.ts'
import { googleFacts } from '../../../src/storage/google/facts.ts'
import { freshGoogleAddress, gcsServer, googleAt } from '../../support/google.ts'

/* What is found out about a bucket, from answers of every kind. */

const { signal } = new AbortController()
const server = await gcsServer()

async function facts(about: Readonly<Record<string, unknown>>): Promise<Record<string, string>> {
  server.about = about
  const address = freshGoogleAddress(server)
  const storage = googleAt(server, address)
  const found = await googleFacts({ storage, location: parseGoogleAddress(address), signal })
  return Object.fromEntries(cloudChecks(found).map(({ name, result, text }) => [name, `${result}: ${text}`]))
}

test('a bucket that keeps nothing is told so', async () => {
  const told = await facts({ softDeletePolicy: { retentionDurationSeconds: '0' } })
  assert.match(told['encrypted'] ?? '', /^note: no/)
  assert.match(told['clock'] ?? '', /^good: within/)
  assert.match(told['versioning'] ?? '', /^note: off: what is deleted is gone/)
  assert.match(told['soft delete'] ?? '', /^note: off: what is deleted is gone/)
  assert.match(told['retention'] ?? '', /^note: none/)
  assert.deepEqual(await facts({}), told)
})

test('what keeps objects is told, and for how long', async () => {
  const soft = await facts({ softDeletePolicy: { retentionDurationSeconds: '604800' } })
  assert.equal(soft['soft delete'], 'good: on: what is deleted can be had back for 7 days')
  assert.equal(soft['versioning'], 'good: off; what is deleted is kept for a while')
  const versions = await facts({ versioning: { enabled: true } })
  assert.match(versions['versioning'] ?? '', /^good: on/)
  assert.equal(versions['soft delete'], 'good: off; there are versions')
  const open = await facts({ retentionPolicy: { retentionPeriod: '2592000' } })
  assert.match(open['retention'] ?? '', /^good: what is stored can not be deleted for 30 days; .*not locked/)
  const locked = await facts({ retentionPolicy: { retentionPeriod: '86400', isLocked: true } })
  assert.equal(locked['retention'], 'good: what is stored can not be deleted for 1 day')
})

test('what may not be asked is unknown, and a clock that is wrong is told', async () => {
  server.faults = ({ operation }) =>
    operation === 'about-bucket' ? { kind: 'answer', status: 403, reason: 'forbidden' } : null
  server.clockAheadMs = 90_000
  const told = await facts({})
  for (const name of ['versioning', 'soft delete', 'retention']) {
    assert.match(told[name] ?? '', /^unknown: could not be asked: .*forbidden/, name)
  }
  assert.match(told['clock'] ?? '', /^note: the storage's is (89|90|91) s ahead/)
})
