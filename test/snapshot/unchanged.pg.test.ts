import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { admitHost } from '../../src/repository/keys.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { smallestRange } from '../../src/snapshot/ranges.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { newRepository, repositoryAt, type JourneyRepository, type MadeBackup } from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { setClock } from '../support/repository.ts'

/* What did not change is not stored again: shown by the names of the chunks that a backup has and the one before had not. */

let server: TestServer
let source: TestDatabase
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  source = await server.database()
  repository = await newRepository(openMemoryStorage())
  // Four ranges each. Pages of one have room for another version of a row, those of the other have none.
  const rows = `SELECT n AS id, repeat(md5(n::text), 30) AS text FROM generate_series(1, 6500) n`
  await source.query(`
    CREATE TABLE roomy (id int, text text) WITH (fillfactor = 80, autovacuum_enabled = off); INSERT INTO roomy ${rows};
    CREATE TABLE tight (id int, text text) WITH (autovacuum_enabled = off); INSERT INTO tight ${rows};
    ALTER TABLE roomy ALTER text SET STORAGE PLAIN; ALTER TABLE tight ALTER text SET STORAGE PLAIN;
    CREATE TABLE small AS SELECT n FROM generate_series(1, 100) n; SELECT lo_from_bytea(0, 'large')`)
})

/** Names of the chunks that hold each range of a table. */
function rangesOf({ manifest, contents }: MadeBackup, table: string): string[][] {
  const ranges = contents.tables.find((t) => t.name === table)?.ranges ?? []
  return ranges.map((range) => range.pieces.map((piece) => manifest.chunks[piece.chunk]?.[0] ?? ''))
}

/** Numbers of the ranges that two backups hold otherwise. */
function differing(one: MadeBackup, other: MadeBackup, table: string): number[] {
  const [left, right] = [rangesOf(one, table), rangesOf(other, table)]
  assert.equal(left.length, right.length)
  return left.flatMap((names, at) => (String(names) === String(right[at]) ? [] : [at]))
}

/** Names of the chunks that `later` is the first to have, but for its contents. */
function added(earlier: MadeBackup, later: MadeBackup): string[] {
  const known = new Set(earlier.manifest.chunks.map(([name]) => name))
  const fresh = later.manifest.chunks.map(([name]) => name).filter((name) => !known.has(name))
  assert.equal(later.manifest.totals.newChunks, fresh.length)
  return fresh.filter((name) => name !== later.manifest.contents)
}

/** Changes one row on a page of the range; the page that holds it then. */
async function update(table: string, range: number): Promise<number> {
  const page = range * smallestRange + 100
  const [row] = await source.query(`UPDATE ${table} SET text = upper(text)
    WHERE ctid = '(${page},2)' RETURNING (ctid::text::point)[0]::int AS page`)
  return Number(row?.['page'])
}

test('of a table whose rows change, only the ranges that hold them are stored again', async () => {
  const first = await repository.backUp(source.url)
  for (const table of ['roomy', 'tight']) assert.ok(rangesOf(first, table).length >= 4)

  assert.equal(await update('roomy', 1), smallestRange + 100, 'the new version is on the same page')
  const second = await repository.backUp(source.url)
  assert.deepEqual(differing(first, second, 'roomy'), [1])
  assert.deepEqual(differing(first, second, 'tight'), [])
  assert.deepEqual(added(first, second), rangesOf(second, 'roomy')[1])

  const last = rangesOf(second, 'tight').length - 1
  assert.equal(Math.floor((await update('tight', 1)) / smallestRange), last, 'it is at the end of the table')
  const third = await repository.backUp(source.url)
  assert.deepEqual(differing(second, third, 'roomy'), [])
  assert.deepEqual(differing(second, third, 'tight'), [1, last])
  const expected = [1, last].flatMap((range) => rangesOf(third, 'tight')[range] ?? [])
  assert.deepEqual(added(second, third).sort(), expected.sort())
})

test('another host, on another day and with other connections, stores nothing again but the contents', async () => {
  const { storage, identity } = repository
  const first = await repository.backUp(source.url)
  const clock = setClock('2031-01-01T00:00:00.000Z')
  const { credentials } = await admitHost({
    ...(await openUnlocked({ storage, identity })),
    clock,
    name: 'other',
  })
  const other = repositoryAt(storage, identity, credentials)
  for (const proof of ['full', 'sampled', 'counts'] as const) {
    const made = await other.backUp(source.url, { clock, jobs: 3, proof })
    assert.notEqual(made.manifest.host, first.manifest.host)
    assert.match(made.manifest.started, /^2031/)
    assert.deepEqual(added(first, made), [])
    assert.ok(made.manifest.totals.newChunks <= 1)
  }
})
