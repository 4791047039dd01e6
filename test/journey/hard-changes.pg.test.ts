import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { heldStorage } from '../support/held-storage.ts'
import {
  contentsOf,
  failure,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
} from '../support/journey.ts'
import { standby, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(16)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

/**
 * What a migration may do, each in one transaction after which `t` has again 3,000 rows and `parts` 300, all of one
 * generation, which `meta` tells. $g is the generation.
 */
const changes: readonly string[] = [
  `ALTER TABLE t ALTER v TYPE varchar(9$g); UPDATE t SET g = $g; UPDATE parts SET g = $g`,
  `TRUNCATE t, parts; INSERT INTO t SELECT n, $g, md5(n::text) FROM generate_series(1, 3000) n; INSERT INTO parts SELECT n, $g FROM generate_series(1, 300) n`,
  `DROP TABLE t CASCADE; CREATE TABLE t (id int PRIMARY KEY, g int, v text); INSERT INTO t SELECT n, $g, md5(n::text) FROM generate_series(1, 3000) n; UPDATE parts SET g = $g`,
  `CREATE TABLE next (LIKE t INCLUDING ALL); INSERT INTO next SELECT id, $g, v FROM t; DROP TABLE IF EXISTS past CASCADE; ALTER TABLE t RENAME TO past; ALTER TABLE next RENAME TO t; UPDATE parts SET g = $g`,
  `UPDATE parts SET g = $g; CREATE TABLE replaced AS SELECT * FROM part_1; ALTER TABLE parts DETACH PARTITION part_1; DROP TABLE part_1; ALTER TABLE replaced RENAME TO part_1; ALTER TABLE parts ATTACH PARTITION part_1 FOR VALUES FROM (1) TO (101); UPDATE t SET g = $g`,
  `ALTER TABLE t ADD COLUMN added$g int DEFAULT 7; UPDATE t SET g = $g; UPDATE parts SET g = $g`,
  `DELETE FROM t; INSERT INTO t (id, g, v) SELECT n, $g, '' FROM generate_series(1, 3000) n; UPDATE parts SET g = $g; DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT id FROM t WHERE id > $g`,
  `UPDATE t SET g = $g; UPDATE parts SET g = $g; DROP INDEX IF EXISTS t_g; CREATE INDEX t_g ON t (g); CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT $g'`,
]

async function changing(): Promise<TestDatabase> {
  const database = await server.database()
  await database.query(`
    CREATE TABLE meta (g int); INSERT INTO meta VALUES (0);
    CREATE TABLE t (id int PRIMARY KEY, g int, v text); INSERT INTO t SELECT n, 0, md5(n::text) FROM generate_series(1, 3000) n;
    CREATE TABLE parts (id int, g int) PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (1) TO (101);
    CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (101) TO (301); INSERT INTO parts SELECT n, 0 FROM generate_series(1, 300) n`)
  return database
}

const consistent = `SELECT (SELECT count(*) FROM t)::int AS t, (SELECT count(*) FROM parts)::int AS parts,
  (SELECT count(DISTINCT g) FROM (SELECT g FROM t UNION ALL SELECT g FROM parts UNION ALL SELECT g FROM meta) s)::int AS generations`

test('tables are rewritten, dropped, truncated, renamed and attached during backups: each backup is one moment, or none', async (t) => {
  await using source = await changing()
  const migrations = new pg.Client({ connectionString: source.url })
  await migrations.connect()
  await migrations.query('SET client_min_messages = warning')
  let stopped = false
  let generation = 0
  const migrating = (async () => {
    while (!stopped) {
      const sql = changes[generation++ % changes.length]?.replaceAll('$g', String(generation)) ?? ''
      await migrations.query(`BEGIN; ${sql}; UPDATE meta SET g = ${generation}; COMMIT`)
      await sleep(Math.random() * 20)
    }
  })()
  let made = 0
  const failures: string[] = []
  try {
    for (let round = 0; round < 12; round++) {
      const before = await repository.list()
      try {
        await repository.backUp(source.url)
      } catch (error) {
        // Objects that are no tables can't be locked: one that goes while the schema is read fails the backup.
        if (!isHoldfastError(error)) throw error
        assert.ok(['source_changed', 'schema_dump_failed'].includes(error.code), String(error))
        failures.push(error.code)
        assert.deepEqual(await repository.list(), before)
        continue
      }
      made++
      await using target = await server.database()
      await repository.restoreTo(target.url)
      assert.deepEqual(await target.query(consistent), [{ t: 3000, parts: 300, generations: 1 }])
    }
  } finally {
    stopped = true
    await migrating
    await migrations.end()
  }
  t.diagnostic(`${made} backups during ${generation} migrations; ${failures.join(' ')}`)
  assert.ok(made >= 3)
})

test('ALTERs that queue behind the backup do not stop it, and are done when it has ended', async () => {
  await using source = await server.database()
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) {
    await source.query(`CREATE TABLE ${name} (id int PRIMARY KEY, v text); INSERT INTO ${name} SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 10000) n;
      CREATE VIEW v_${name} AS SELECT id FROM ${name}; CREATE SEQUENCE s_${name}`)
  }
  const expected = await stateOf(source.url)
  const clients = names.map(() => new pg.Client({ connectionString: source.url }))
  await Promise.all(clients.map((client) => client.connect()))
  let altering: Promise<unknown> = Promise.resolve()
  const storage = heldStorage(repository.storage, async () => {
    altering = Promise.all(
      clients.map((client, at) =>
        client.query(`TRUNCATE ${names[at]}; ALTER TABLE ${names[at]} ALTER v TYPE varchar(400)`),
      ),
    )
    const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`
    while ((await server.query(waiting))[0]?.['n'] !== names.length) await sleep(10)
  })
  await repository.backUp(source.url, { storage })
  await altering
  await Promise.all(clients.map((client) => client.end()))
  assert.deepEqual(await source.query('SELECT count(*)::int AS n FROM a'), [{ n: 0 }])
  await using target = await server.database()
  await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), expected, 'the copy')
})

test('a lock that is not granted in time ends the backup, and its holder is named', async () => {
  await using source = await server.database()
  await source.query('CREATE TABLE busy (a int); CREATE SEQUENCE counting')
  const holder = new pg.Client({ connectionString: source.url })
  await holder.connect()
  const [pid] = (await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows
  await holder.query('BEGIN; LOCK TABLE busy')
  const refused = await failure(repository.backUp(source.url, { lockTimeoutMs: 300 }), 'lock_timeout')
  assert.match(
    refused.message,
    new RegExp(`public\\.busy by process ${pid?.pid} \\(user postgres, idle in transaction`),
  )
  await holder.query('ROLLBACK; BEGIN; ALTER SEQUENCE counting RENAME TO counted')
  await failure(repository.backUp(source.url, { lockTimeoutMs: 300 }), 'lock_timeout')
  await holder.query('ROLLBACK')
  await holder.end()
  await repository.backUp(source.url, { lockTimeoutMs: 300 })
})

test('a standby is backed up; rows of unlogged tables, which it does not have, are a gap', async () => {
  await using source = await changing()
  await source.query(`CREATE UNLOGGED TABLE fleeting AS SELECT generate_series(1, 10) AS n; CREATE UNLOGGED SEQUENCE fleeting_too; SELECT nextval('fleeting_too');
    CREATE SEQUENCE lasting; SELECT nextval('lasting'); SELECT lo_from_bytea(9001, 'large')`)
  const replica = await standby(server)
  const { contents, manifest } = await repository.backUp(replica.url(source.name))
  assert.equal(contents.server.inRecovery, true)
  assert.equal(manifest.totals.rows, 3301)
  assert.match(
    contents.gaps.map((gap) => `${gap.what}: ${gap.why}`).join('; '),
    /rows of public\.fleeting: .*standby/,
  )
  await using target = await server.database()
  const report = await repository.restoreTo(target.url)
  assert.match(report.warnings.join(), /fleeting will be empty/)
  const [restored, expected] = [await contentsOf(target.url), await contentsOf(source.url)]
  assert.equal(restored.tables['public.fleeting'], '0 rows ')
  for (const name of ['t', 'part_1', 'part_2', 'meta'])
    assert.equal(restored.tables[`public.${name}`], expected.tables[`public.${name}`])
  assert.deepEqual(restored.largeObjects, expected.largeObjects)
  assert.ok(JSON.stringify(restored.sequences).includes('lasting'))
  await replica.stop('immediate')
})
