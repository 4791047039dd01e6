import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { heldStorage } from '../support/held-storage.ts'
import { standby, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

/* What a standby does to a backup that only a standby can do. */

let primary: TestServer
let source: TestDatabase

before(async () => {
  primary = await testServer(17)
  source = await primary.database()
  await source.query(`CREATE TABLE item AS SELECT n AS id, repeat(md5(n::text), 8) AS text FROM generate_series(1, 8000) n;
    CREATE TABLE person AS SELECT n AS id FROM generate_series(1, 10) n`)
})

test('a standby that must replay what a backup stands in the way of ends it, and says so; there is no backup', async () => {
  await using replica = await standby(primary, {
    hot_standby_feedback: 'off',
    max_standby_streaming_delay: '0',
  })
  const conflicts = {
    'rows are vacuumed away': async () => {
      await source.query('UPDATE item SET text = upper(text)')
      await source.query('VACUUM item')
    },
    'a table is locked': () => source.query('LOCK TABLE person; ALTER TABLE person ADD COLUMN more int'),
  }
  for (const [what, conflict] of Object.entries(conflicts)) {
    // In a new one there is something to store as soon as rows come.
    const repository = await newRepository(openMemoryStorage())
    const storage = heldStorage(repository.storage, async () => {
      await conflict()
      await replica.caughtUp()
    })
    const url = replica.url(source.name)
    const error = await failure(repository.backUp(url, { storage }), 'source_standby_conflict')
    assert.match(error.message, /conflict with recovery/, what)
    assert.match(error.hint, /hot_standby_feedback/)
    assert.deepEqual(await repository.list(), [])
    await repository.backUp(url)
    await using target = await primary.database()
    await repository.restoreTo(target.url)
    requireSame(await stateOf(target.url), await stateOf(source.url), `the copy after ${what}`)
  }
})

test('a standby that is promoted in the middle of a backup: the backup is whole', async () => {
  await using replica = await standby(primary)
  const repository = await newRepository(openMemoryStorage())
  const url = replica.url(source.name)
  const expected = await stateOf(source.url)
  const storage = heldStorage(repository.storage, async () => {
    await replica.query('SELECT pg_promote()')
    // On its own from now on: what is written there is not of the backup's moment.
    await replica.query("DELETE FROM person; INSERT INTO item VALUES (0, 'new')", source.name)
  })
  const made = await repository.backUp(url, { storage })
  assert.equal(made.contents.server.inRecovery, true)
  assert.deepEqual(await replica.query('SELECT pg_is_in_recovery() AS standby'), [{ standby: false }])
  const later = await repository.backUp(url)
  assert.equal(later.contents.server.inRecovery, false)
  assert.equal(later.manifest.totals.rows, 8001)
  await using target = await primary.database()
  await repository.restoreTo(target.url, { backup: made.manifest.id })
  requireSame(await stateOf(target.url), expected, 'the copy')
})
