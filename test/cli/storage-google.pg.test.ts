import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SourceCheck } from '../../src/cli/source-checks.ts'
import { commandLine } from '../support/command-line.ts'
import { gcsChild } from '../support/gcs-child.ts'
import { googleAt } from '../support/google.ts'
import { testServer } from '../support/postgres.ts'
import { storageJourney } from '../support/storage-journey.ts'

/* A repository in Google's cloud storage, as a server of our own takes that to be, by the real command line. */

const place = await gcsChild()
const server = await testServer(17)
const line = await commandLine()
const address = `gs://bucket/team/shop?endpoint=${place.endpoint}`
// As on a machine of Google's, which asks the metadata server who it is.
const env = { GCE_METADATA_HOST: new URL(place.endpoint).host }

interface Refused {
  readonly error: { readonly code: string; readonly hint: string }
}

test('from init to a prune, all of it works in a bucket of Google as on a disk', async (t) => {
  await storageJourney(t, { server, line, address, env, storage: googleAt(place, address) })
})

test('a bucket is told as it is', () => {
  const told = line.json<{ storage: string; checks: readonly SourceCheck[] }>(['storage', 'test', address], {
    env,
  })
  assert.equal(told.storage, address)
  const found = new Map(told.checks.map(({ name, result }) => [name, result]))
  for (const name of ['write', 'write once', 'read', 'list', 'latency', 'rate', 'clock'])
    assert.equal(found.get(name), 'good', name)
  for (const name of ['delete', 'encrypted', 'versioning', 'soft delete', 'retention'])
    assert.equal(found.get(name), 'note', name)
})

test('a bucket that would not do is told with what to do, and no secret', () => {
  const file = join(line.directory, 'credentials.json')
  writeFileSync(file, JSON.stringify({ type: 'authorized_user', client_id: 'x', private: 'hunter22' }))
  const cases: [string, string, number, Record<string, string>][] = [
    [`gs://nowhere/x?endpoint=${place.endpoint}`, 'storage_bucket_missing', 3, env],
    ['gs://bucket/x?endpoint=http://127.0.0.1:1', 'storage_unreachable', 6, env],
    ['gs://bucket/x?endpoint=http://storage.example.com', 'usage', 2, env],
    ['gs://bucket/x?access_token=hunter22', 'usage', 2, env],
    [address, 'storage_login_failed', 5, { METADATA_SERVER_DETECTION: 'none' }],
    [address, 'storage_login_failed', 5, { GOOGLE_APPLICATION_CREDENTIALS: file }],
    [address, 'storage_login_failed', 5, { GOOGLE_APPLICATION_CREDENTIALS: `${file}.none` }],
  ]
  for (const [where, code, status, environment] of cases) {
    const args = ['storage', 'test', where, '--json', '--quiet']
    const { stdout, stderr, status: ended } = line.run(args, { ...environment, HOLDFAST_DEBUG: '1' })
    assert.equal(ended, status, `${where}: ${stdout}${stderr}`)
    const { error } = JSON.parse(stdout) as Refused
    assert.equal(error.code, code, where)
    if (code === 'storage_login_failed') assert.match(error.hint, /gcloud auth application-default login/)
    for (const secret of [place.token, 'hunter22']) assert.ok(!`${stdout}${stderr}`.includes(secret), where)
  }
})
