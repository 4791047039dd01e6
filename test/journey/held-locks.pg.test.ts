import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { standby, testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

/** The storage, with work to be done once, while the first chunk waits. */
function storageThatWaits(storage: Storage, work: () => Promise<void>): Storage {
  let waited: Promise<void> | undefined
  return {
    ...storage,
    async put(key, data, options) {
      // All of them wait, so that no table but the first has been read, and locked, by then.
      if (key.startsWith('chunks')) await (waited ??= work())
      return await storage.put(key, data, options)
    },
  }
}

/** The session that holds a lock on every table, once it has nothing left to do. */
async function idleLeader(database: string): Promise<string> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const [row] = await server.query(
      `SELECT a.pid, a.state = 'idle in transaction' AND a.query ~ '^SET lock_timeout = [1-9]' AS idle
       FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1`,
      database,
    )
    if (row?.['idle'] === true) return String(row['pid'])
    await sleep(20)
  }
  throw new Error('The session with the locks never came to rest.')
}

test('when the connection that holds the locks is lost, there is no backup, even if all others could go on', async () => {
  await using source = await server.database()
  for (const n of [1, 2, 3, 4])
    await source.query(
      `CREATE TABLE t${n} AS SELECT n, repeat(md5(n::text), 10) AS b FROM generate_series(1, 30000 / ${n}) n`,
    )
  let truncated = false
  const storage = storageThatWaits(repository.storage, async () => {
    await server.query(`SELECT pg_terminate_backend(${await idleLeader(source.name)}, 5000)`)
    // What the lost lock has kept out: the snapshot does not know the table's rows any more.
    await source.query(`SET lock_timeout = '5s'; TRUNCATE t4`)
    truncated = true
  })
  await failure(repository.backUp(source.url, { jobs: 1, storage }), 'connection_lost')
  assert.equal(truncated, true)
  assert.deepEqual(await repository.list(), [])
})

test('when not all connections can be opened, none stays open', async () => {
  await using source = await server.database()
  await source.query('CREATE TABLE t (a int)')
  await server.query(
    `CREATE ROLE locks_few LOGIN PASSWORD 'x' CONNECTION LIMIT 5; GRANT pg_read_all_data TO locks_few`,
  )
  const many = repository.backUp(source.urlFor('locks_few', 'x'), { jobs: 12 })
  assert.match((await failure(many, 'connection_failed')).hint, /fewer --jobs/)
  const open = () => server.query(`SELECT pid FROM pg_stat_activity WHERE usename = 'locks_few'`)
  for (let attempt = 0; attempt < 100 && (await open()).length > 0; attempt++) await sleep(30)
  assert.deepEqual(await open(), [])
})

test('what pg_dump passes over in silence is named', async () => {
  await using source = await server.database()
  await source.query(`CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
    CREATE USER MAPPING FOR postgres SERVER far OPTIONS (password 'secret');
    CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)`)
  await server.query(`CREATE ROLE locks_reader LOGIN PASSWORD 'x'; GRANT pg_read_all_data TO locks_reader`)
  const gapsOf = async (url: string) =>
    (await repository.backUp(url)).contents.gaps
      .map((gap) => gap.what)
      .filter((what) => !/password/.test(what))
  assert.deepEqual(await gapsOf(source.urlFor('locks_reader', 'x')), [
    'subscription sub',
    'options of the user mapping of postgres on server far',
  ])
  assert.deepEqual(await gapsOf(source.url), [])
  await source.query(`CREATE FUNCTION pg_catalog.ours(int) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
    CREATE TABLE information_schema.notes (a int); INSERT INTO information_schema.notes VALUES (1); CREATE EXTENSION hstore SCHEMA pg_catalog;
    REVOKE USAGE ON SCHEMA information_schema FROM PUBLIC; GRANT UPDATE ON information_schema.tables TO locks_reader; REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
    GRANT SELECT ON pg_authid, information_schema.views TO locks_reader; REVOKE SELECT ON information_schema.views FROM locks_reader;
    CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a) PARTITION BY LIST (a); CREATE TABLE b1 PARTITION OF b DEFAULT; ALTER TABLE b1 DISABLE TRIGGER ALL;
    CREATE TABLE b2 PARTITION OF b FOR VALUES IN (2); UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'b2'::regclass`)
  assert.deepEqual(await gapsOf(source.url), [
    'function pg_catalog.ours(integer)',
    'table information_schema.notes',
    'grants on information_schema.tables',
    'grants on language sql',
    'grants on schema information_schema',
    'that triggers are switched off of the foreign key b_a_fkey of public.b1',
    'the detachment, which was not finished, of public.b2 from public.b',
  ])
})

test('a standby names the sequences whose values it does not have', async () => {
  await server.query('CREATE UNLOGGED SEQUENCE locks_unlogged')
  const second = await standby(server)
  const made = await repository.backUp(second.url())
  assert.deepEqual(
    made.contents.gaps.map((gap) => gap.what),
    ['value of sequence public.locks_unlogged'],
  )
})
