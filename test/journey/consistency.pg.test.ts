import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { requireEqualRows } from '../../src/snapshot/copy.ts'
import { failAt, openFaultyStorage } from '../../src/storage/faulty.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { contentsOf, newRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/* What docs/CONSISTENCY.md claims of backups, broken step by step. */

let server: TestServer

before(async () => {
  server = await testServer(17)
})

/** A table of several chunks, and a small one. */
const shop = `CREATE TABLE item AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 4000) n;
  CREATE TABLE person AS SELECT n AS id FROM generate_series(1, 10) n; ANALYZE`

/** Names and an encoding that our session must first have translated, and such that it need not. */
const spellings = [
  { encoding: 'UTF8', item: 'item' },
  { encoding: 'UTF8', item: 'größe' },
  { encoding: 'LATIN1', item: 'größe' },
  { encoding: 'WIN1251', item: 'товар' },
  { encoding: 'EUC_JP', item: '品目' },
  { encoding: 'SQL_ASCII', item: 'größe' },
]

test('a table that is emptied while the backup waits for its lock is empty with all that belongs to it', async (t) => {
  for (const spelling of spellings) {
    await t.test(`${spelling.item} in ${spelling.encoding}`, () => emptied(spelling))
  }
})

async function emptied({ encoding, item }: (typeof spellings)[number]): Promise<void> {
  const clauses = `TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`
  await using source = await server.database({ clauses })
  await source.query(`CREATE TABLE generation AS SELECT 1 AS n; CREATE TABLE "${item}" AS SELECT 7 AS id`)
  const repository = await newRepository(openMemoryStorage())
  const client = new pg.Client({ connectionString: source.url })
  await client.connect()
  try {
    await client.query(`BEGIN; UPDATE generation SET n = 2; TRUNCATE "${item}"`)
    const backup = repository.backUp(source.url)
    // A failure is looked at below: while it waits it must not count as unhandled.
    backup.catch(() => undefined)
    for (let waiting = false; !waiting; await sleep(20)) {
      const [row] = await source.query(
        `SELECT count(*) > 0 AS waiting FROM pg_locks WHERE NOT granted AND relation = '"${item}"'::regclass`,
      )
      waiting = row?.['waiting'] === true
    }
    await client.query('COMMIT')
    await backup
  } finally {
    await client.end()
  }
  await using target = await server.database({ clauses })
  await repository.restoreTo(target.url)
  // With a snapshot older than the lock, the table would be empty and the generation still 1.
  const [row] = await target.query(
    `SELECT (SELECT n FROM generation) AS n, (SELECT count(*)::int FROM "${item}") AS items`,
  )
  assert.deepEqual(row, { n: 2, items: 0 })
}

test('a name that is no text is told, and no backup made', async () => {
  await using source = await server.database({
    clauses: "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
  })
  await source.query(`DO $$ BEGIN EXECUTE format('CREATE TABLE %I (a int)', 'gr' || chr(252) || 'n'); END $$`)
  const repository = await newRepository(openMemoryStorage())
  await assert.rejects(repository.backUp(source.url), { code: 'source_name_unreadable' })
  assert.deepEqual(await repository.list(), [])
})

test('rows received that are not the rows counted make no backup', () => {
  const table = { schema: 'public', name: 'item' } as Parameters<typeof requireEqualRows>[0]
  requireEqualRows(table, 3, 3)
  for (const counted of [2, 4, -1]) {
    assert.throws(() => requireEqualRows(table, 3, counted), { code: 'source_mismatch' })
  }
})

test('a backup that the storage fails at any call is none, or whole; the next one works', async () => {
  await using source = await server.database()
  await source.query(shop)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  let failures = 0
  for (let call = 1, ended = false; !ended; call++) {
    await source.query(`UPDATE item SET text = text || '${call}' WHERE id IN (1, 4000)`)
    const before = await repository.list()
    const storage = openFaultyStorage(repository.storage, failAt(call))
    const made = await repository.backUp(source.url, { storage, jobs: 1 }).catch((error: unknown) => {
      if (isHoldfastError(error)) return null
      throw error
    })
    const after = await repository.list()
    if (made === null) failures += 1
    assert.deepEqual(after.slice(-before.length), before)
    assert.equal(after.length - before.length, made === null ? 0 : 1)
    const { backups, refused } = await repository.check()
    assert.deepEqual(refused, [])
    assert.deepEqual(
      backups.flatMap((b) => [...b.missing, ...b.damaged, ...b.sizeDiffers, ...b.unreadable]),
      [],
    )
    // So that every round has the same calls, whatever came of the one before.
    for (const id of after.slice(0, -before.length)) await repository.storage.delete(`manifests/${id}`)
    ended = made !== null && call > failures + 3
  }
  assert.ok(failures >= 5, `${failures} calls were made to fail`)
  await repository.backUp(source.url)
  await using target = await server.database()
  await repository.restoreTo(target.url)
  assert.deepEqual(await contentsOf(target.url), await contentsOf(source.url))
})

test('two backups at once into one repository are both whole, and share what is equal', async (t) => {
  await using one = await server.database()
  await using other = await server.database()
  for (const source of [one, other]) await source.query(shop)
  await other.query('INSERT INTO person VALUES (0)')
  const repository = await newRepository(openLocalStorage(await temporaryDirectory(t)))
  const made = await Promise.all([one, other].map((source) => repository.backUp(source.url)))
  assert.equal(new Set(made.map(({ manifest }) => manifest.id)).size, 2)
  for (const [at, source] of [one, other].entries()) {
    await using target = await server.database()
    await repository.restoreTo(target.url, { backup: made[at]?.manifest.id ?? '' })
    assert.deepEqual(await contentsOf(target.url), await contentsOf(source.url))
  }
  assert.equal((await repository.list()).length, 2)
  const { backups, unreferenced } = await repository.check()
  assert.deepEqual(
    backups.flatMap((b) => [...b.missing, ...b.damaged, ...b.sizeDiffers]),
    [],
  )
  assert.equal(unreferenced.objects, 0)
})
