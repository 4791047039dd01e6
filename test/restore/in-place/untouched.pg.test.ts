import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { applyInPlace } from '../../../src/restore/in-place/run.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace, undo, type Done, type InPlaceChoice, type OpenInPlace } from '../../support/in-place.ts'
import { newRepository } from '../../support/journey.ts'
import { testServer, type TestDatabase } from '../../support/postgres.ts'

const replace = { create: true, update: true, delete: true }
const rows = 12_000

/** Several ranges of pages: a narrow table of as many rows would be one. */
const made = `CREATE TABLE t (x text, id int PRIMARY KEY, y text);
  INSERT INTO t SELECT repeat(md5(n::text), 10), n, n FROM generate_series(1, ${rows}) n`
const look = `SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text COLLATE "C")) FROM t`

/** How many rows of the backup were brought to be compared. */
const staged = async ({ workspace }: OpenInPlace): Promise<number> =>
  Number((await workspace.wire.query('SELECT count(*) FROM pg_temp.holdfast_rows_0'))[0]?.[0])

interface Asked {
  readonly made?: string
  readonly choice?: InPlaceChoice
  /** Between preview and applying, which is then told to do whatever there is to be done. */
  readonly meanwhile?: string
}

/** Backs up, damages, restores: the table is what it was; and undoes: it is what it was before that. */
async function journey(
  damage: string,
  o: Asked = {},
): Promise<{ done: Done; previewed: number; applied: number }> {
  const server = await testServer(18)
  await using database = await server.database()
  await database.query(o.made ?? made)
  const was = await database.query(look)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await runEach(database, damage)
  await using open = await openInPlace(repository, database.url, { actions: replace, ...o.choice })
  const { preview, digest } = await open.preview()
  const previewed = await staged(open)
  if (o.meanwhile !== undefined) await runEach(database, o.meanwhile)
  const damaged = await database.query(look)
  const done = await open.apply(o.meanwhile === undefined ? digest : null)
  if (o.meanwhile === undefined) assert.deepEqual(done.preview.tables, preview.tables)
  assert.deepEqual(await database.query(look), was)
  await undo(database.url, done)
  assert.deepEqual(await database.query(look), damaged)
  return { done, previewed, applied: await staged(open) }
}

/** VACUUM is to stand alone. */
async function runEach(database: TestDatabase, statements: string): Promise<void> {
  for (const one of statements.split(';')) await database.query(one)
}

test('of a table in which rows were deleted, changed and added, only these are brought', async () => {
  const { done, previewed } = await journey(
    `DELETE FROM t WHERE id % 500 = 3; UPDATE t SET y = 'changed' WHERE id % 1000 = 7;
     INSERT INTO t SELECT 'new', n, '' FROM generate_series(${rows + 1}, ${rows + 50}) n`,
  )
  assert.equal(previewed, 36)
  const [table] = done.preview.tables
  assert.deepEqual([table?.create, table?.update, table?.delete, table?.unchanged], [24, 12, 50, rows - 36])
})

test('the places of rows that are gone are taken by others, and vacuumed', async () => {
  const { previewed } = await journey(
    `DELETE FROM t WHERE id BETWEEN 5000 AND 9000; VACUUM (FREEZE) t;
     INSERT INTO t SELECT 'new', n, '' FROM generate_series(5000, 7000) n; UPDATE t SET y = 'a' WHERE id % 100 = 1; VACUUM (FREEZE) t`,
  )
  assert.ok(previewed < 5000, String(previewed))
})

test('a range of which nothing is left, and all of it', async () => {
  await journey(`DELETE FROM t WHERE id < 4000`)
  await journey(`UPDATE t SET y = 'all'`)
  await journey(`DELETE FROM t`)
})

test('what goes after the preview is brought as well, and nothing twice', async () => {
  const { previewed, applied } = await journey(`DELETE FROM t WHERE id % 1000 = 1`, {
    meanwhile: `DELETE FROM t WHERE id % 1000 IN (2, 500); UPDATE t SET y = 'later' WHERE id % 1000 = 3`,
  })
  assert.deepEqual([previewed, applied], [12, 48])
  await journey(`DELETE FROM t WHERE id % 1000 = 1`, { meanwhile: `DELETE FROM t` })
})

test('without a preview before, one look is enough, unless more is to be brought than may be under locks', async () => {
  const server = await testServer(18)
  await using database = await server.database()
  await database.query(made)
  const was = await database.query(look)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('DELETE FROM t WHERE id % 1000 = 1')
  const damaged = await database.query(look)
  await using open = await openInPlace(repository, database.url, { actions: replace })
  const told: string[] = []
  const applied = await applyInPlace({
    workspace: open.workspace,
    expected: null,
    skipConflicts: false,
    make: null,
    clock: systemClock,
    mostBytes: 1000,
    store: () => assert.fail('something was stored'),
    commitSafety: () => assert.fail('something was done'),
  })
  assert.equal(applied, null)
  assert.deepEqual(await database.query(look), damaged)
  const held = `SELECT count(*)::int FROM pg_locks WHERE relation = 't'::regclass AND granted AND mode = 'ShareRowExclusiveLock'`
  assert.deepEqual(await database.query(held), [{ count: 0 }])
  const done = await open.apply(null, {
    mostBytes: 100_000_000,
    onPreview: ({ totals }) => told.push(`${totals.create} to create`),
    commitSafety: async () => void told.push('safety backup'),
  })
  assert.deepEqual(told, ['12 to create', 'safety backup'])
  assert.equal(done.preview.totals.create, 12)
  assert.deepEqual(await database.query(look), was)
})

test('rows without a key, equal ones among them', async () => {
  const { previewed } = await journey(
    `DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE y = '7' LIMIT 3); UPDATE t SET x = 'z' WHERE y = '8' AND x LIKE 'c4%'`,
    {
      made: `CREATE TABLE t (x text, y text); INSERT INTO t SELECT repeat(md5((n % 1000)::text), 10), n % 10 FROM generate_series(1, ${rows}) n`,
    },
  )
  assert.ok(previewed < 1000, String(previewed))
})

test('a key of several columns, not the first ones, of any bytes', async () => {
  const { previewed } = await journey(`DELETE FROM t WHERE b % 700 = 3`, {
    made: `CREATE TABLE t (x text, a text, c numeric GENERATED ALWAYS AS (b * 2) STORED, y text, b int, PRIMARY KEY (b, a));
      INSERT INTO t (x, a, y, b) SELECT repeat('x', 300), E'\\t\\n\\\\' || n, E'é\\u2028' || n, n FROM generate_series(1, ${rows}) n`,
  })
  assert.equal(previewed, 18)
})

test('a condition counts rows that were not brought', async () => {
  const { done, previewed } = await journey(`DELETE FROM t WHERE id % 500 = 3`, {
    choice: { where: 'id % 2 = 1 OR id <= 4000', tables: ['public.t'] },
  })
  const [table] = done.preview.tables
  assert.equal(previewed, 24)
  assert.deepEqual([table?.create, table?.unchanged], [24, 8000 - 24])
})

test('partitions are told by themselves: rows that have moved, one that is new, one that was written anew', async () => {
  const { done, previewed } = await journey(
    `DELETE FROM t WHERE id % 500 = 3; UPDATE t SET part = 2 WHERE id % 1000 = 7 AND part = 1;
     CREATE TABLE later PARTITION OF t FOR VALUES IN (4); INSERT INTO t (part, id, x) VALUES (4, 1, 'new'); VACUUM FULL three`,
    {
      made: `CREATE TABLE t (part int, id int, x text, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
        CREATE TABLE one PARTITION OF t FOR VALUES IN (1); CREATE TABLE two (x text, dropped int, id int NOT NULL, part int NOT NULL); ALTER TABLE two DROP COLUMN dropped;
        ALTER TABLE t ATTACH PARTITION two FOR VALUES IN (2); CREATE TABLE three PARTITION OF t FOR VALUES IN (3);
        INSERT INTO t SELECT 1 + n % 3, n, repeat(md5(n::text), 10) FROM generate_series(1, ${rows}) n`,
    },
  )
  const [table] = done.preview.tables
  assert.deepEqual([table?.create, table?.delete, table?.unchanged], [28, 5, rows - 28])
  assert.equal(previewed, rows / 3 + 20)
})

test('a table that was written anew, or whose column was, is compared whole', async () => {
  const moved = await journey(`DELETE FROM t WHERE id = 3; VACUUM FULL t`)
  assert.equal(moved.previewed, rows)
  const emptied = await journey(`ALTER TABLE t DROP COLUMN y; ALTER TABLE t ADD COLUMN y text`)
  assert.equal(emptied.previewed, rows)
})
