import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newRepository, requireSame, stateOf } from '../support/journey.ts'
import { runInChild } from '../support/journey-process.ts'
import { testServer, type TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let server: TestServer

before(async () => {
  server = await testServer(17)
})

test('two processes that back up into one repository at once make two whole backups', async (t) => {
  await using one = await server.database()
  await using other = await server.database()
  const shop = `CREATE TABLE item AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 8000) n`
  await one.query(shop)
  await other.query(`${shop}; CREATE TABLE person AS SELECT n AS id FROM generate_series(1, 10) n`)
  // Of one database both store the same chunks, of two some of them.
  for (const urls of [
    [one.url, other.url],
    [one.url, one.url],
  ] as const) {
    const directory = await temporaryDirectory(t)
    const repository = await newRepository(directory)
    const { identity, credentials } = repository
    const results = await Promise.all(
      urls.map((url) => runInChild({ action: 'backup', directory, identity, credentials, url })),
    )
    assert.deepEqual(
      results.map((result) => `${result.outcome} ${result.message}`),
      ['ok ', 'ok '],
    )
    const made = await repository.list()
    assert.equal(made.length, 2)
    const { backups, refused, unreferenced } = await repository.check()
    assert.deepEqual(refused, [])
    assert.equal(unreferenced.objects, 0)
    for (const { missing, damaged, sizeDiffers, unreadable } of backups)
      assert.deepEqual([...missing, ...damaged, ...sizeDiffers, ...unreadable], [])
    const left = await Promise.all(urls.map((url) => stateOf(url)))
    for (const backup of made) {
      await using target = await server.database()
      await repository.restoreTo(target.url, { backup })
      const copy = await stateOf(target.url)
      const at = left.findIndex(
        (state) => String(Object.keys(state.tables)) === String(Object.keys(copy.tables)),
      )
      requireSame(copy, left.splice(at, 1)[0] ?? copy, `backup ${backup}`)
    }
    assert.deepEqual(left, [])
  }
})
