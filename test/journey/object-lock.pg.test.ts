import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'
import { prune } from '../support/prune.ts'
import { retryingS3 } from '../support/s3.ts'
import { s3Server } from '../support/s3-server.ts'

let server: TestServer

before(async () => {
  server = await testServer(17)
})

const day = 86_400_000
const lock = { forMs: 30 * day, mode: 'compliance' } as const

test('what locked backups need can not be pruned; and whoever deletes all there is has put it out of sight only', async () => {
  const bucket = await s3Server({ locks: 'asked' })
  const storage = retryingS3(bucket, `s3://bucket?endpoint=${bucket.endpoint}`)
  const repository = await newRepository(storage)
  await using source = await server.database()
  await source.query(
    'CREATE TABLE item AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 20000) n; CREATE TABLE person AS SELECT 1 AS id',
  )
  const began = Date.now()
  const first = await repository.backUp(source.url, { lock })
  const states = [await stateOf(source.url)]
  await source.query("UPDATE item SET text = 'changed' WHERE id = 7")
  const phases: string[] = []
  const second = await repository.backUp(source.url, { lock, onProgress: ({ phase }) => phases.push(phase) })
  states.push(await stateOf(source.url))
  assert.ok(second.manifest.totals.reusedChunks > 0 && second.manifest.totals.newChunks > 0)
  assert.ok(phases.includes('locking'))

  for (const { id, chunks } of [first.manifest, second.manifest]) {
    const keys = ['holdfast', 'keys/00000001', `manifests/${id}`, ...chunks.map(([name]) => chunkKey(name))]
    for (const key of keys) {
      const found = bucket.lock('bucket', key)
      assert.equal(found?.mode, 'COMPLIANCE', key)
      // The server's clock, which tells whole seconds, is this machine's.
      assert.ok(found.until.getTime() >= began - 1000 + lock.forMs, key)
    }
  }

  const clock = { now: () => new Date() }
  for (let round = 0; round < 2; round++) {
    const { removed, decisions, keepsDeleted } = await prune({ storage, clock }, { last: 1 }, { graceMs: 0 })
    assert.deepEqual(removed, { backups: [], restores: [], chunks: { objects: 0, bytes: 0 } })
    assert.deepEqual(decisions.map(({ reasons }) => reasons.at(-1)?.rule), ['newest', 'locked']) // prettier-ignore
    assert.equal(keepsDeleted, true)
  }

  const all: string[] = []
  for await (const { key } of storage.list('')) all.push(key)
  for (const key of all) await storage.delete(key)
  await failure(repository.list(), 'repository_missing')
  bucket.undelete('bucket')
  const { backups, refused } = await repository.check()
  assert.deepEqual(refused, [])
  assert.equal(backups.length, 2)
  for (const [at, { manifest }] of [first, second].entries()) {
    await using target = await server.database()
    await repository.restoreTo(target.url, { backup: manifest.id })
    const state = states[at]
    assert.ok(state !== undefined)
    requireSame(await stateOf(target.url), state, manifest.id)
  }
})

test('without a right to lock a backup fails, says which it is, and leaves none', async () => {
  const bucket = await s3Server({ locks: 'asked' })
  const storage = retryingS3(bucket, `s3://bucket?endpoint=${bucket.endpoint}`)
  const repository = await newRepository(storage)
  await using source = await server.database()
  await source.query('CREATE TABLE item AS SELECT 1 AS id')
  bucket.faults = ({ operation }) =>
    operation === 'lock' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null
  const error = await failure(repository.backUp(source.url, { lock }), 'storage_denied')
  assert.match(error.hint, /s3:PutObjectRetention/)
  assert.deepEqual(await repository.list(), [])
})
