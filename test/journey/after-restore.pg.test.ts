import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { failure, newRepository, requireSame, stateOf, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

/* What a restored database is like for those who use it next. */

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

test('tables have statistics from the first query on', async () => {
  await using source = await server.database()
  // Nothing but the restore itself may analyze them.
  const alone = 'WITH (autovacuum_enabled = false)'
  await source.query(`CREATE TABLE t (n int PRIMARY KEY, kind text) ${alone}; INSERT INTO t SELECT n, 'k' || n % 3 FROM generate_series(1, 3000) n;
    CREATE TABLE parts (n int) PARTITION BY RANGE (n); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9999) ${alone};
    INSERT INTO parts SELECT generate_series(1, 500)`)
  assert.deepEqual(await source.query(`SELECT FROM pg_stats WHERE schemaname = 'public'`), [])
  await repository.backUp(source.url)
  await using target = await server.database()
  await repository.restoreTo(target.url)
  assert.deepEqual(
    await target.query(
      `SELECT relname AS name, reltuples AS rows FROM pg_class WHERE relname IN ('t', 'part') ORDER BY 1`,
    ),
    [
      { name: 'part', rows: 500 },
      { name: 't', rows: 3000 },
    ],
  )
  assert.deepEqual(
    await target.query(
      `SELECT tablename || '.' || attname AS column, n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename IN ('t', 'part', 'parts') ORDER BY 1`,
    ),
    [
      { column: 'part.n', n_distinct: -1 },
      { column: 'parts.n', n_distinct: -1 },
      { column: 't.kind', n_distinct: 3 },
      { column: 't.n', n_distinct: -1 },
    ],
  )
})

test('a subscription that runs in the source is restored, and does not run', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE t (n int PRIMARY KEY);
    CREATE SUBSCRIPTION runs CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = 'hold_slot'); ALTER SUBSCRIPTION runs ENABLE`)
  const read = `SELECT subname AS name, subenabled AS enabled, subslotname AS slot, subpublications::text AS publications FROM pg_subscription s
    JOIN pg_database d ON d.oid = s.subdbid WHERE datname = current_database()`
  const same = { name: 'runs', slot: 'hold_slot', publications: '{p}' }
  assert.deepEqual(await source.query(read), [{ ...same, enabled: true }])
  await repository.backUp(source.url)
  await using target = await server.database()
  await repository.restoreTo(target.url)
  // Two that run would take each other's changes away.
  assert.deepEqual(await target.query(read), [{ ...same, enabled: false }])
})

test('default privileges of the target are refused, and those of the source give nothing to what was there before', async () => {
  await server.query('CREATE ROLE after_reader')
  await using source = await server.database()
  await source.query(`CREATE TABLE before (n int); CREATE FUNCTION before() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA early;
    ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO after_reader; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO after_reader; CREATE TABLE later (n int)`)
  await repository.backUp(source.url)
  const grants = `SELECT has_table_privilege('after_reader', 'before', 'SELECT') AS before, has_table_privilege('after_reader', 'later', 'SELECT') AS later,
    has_function_privilege('after_reader', 'before()', 'EXECUTE') AS function, has_schema_privilege('after_reader', 'early', 'USAGE') AS schema`
  const expected = [{ before: false, later: true, function: true, schema: false }]
  assert.deepEqual(await source.query(grants), expected)
  await using target = await server.database()
  await target.query('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO after_reader')
  const refused = await failure(repository.restoreTo(target.url), 'target_not_empty')
  assert.match(refused.message, /default privileges of postgres/)
  await target.query('ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM after_reader')
  await repository.restoreTo(target.url)
  assert.deepEqual(await target.query(grants), expected)
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
  await target.query('CREATE TABLE now (n int)')
  assert.deepEqual(await target.query(`SELECT has_table_privilege('after_reader', 'now', 'INSERT') AS may`), [
    { may: true },
  ])
  await Promise.all([source.drop(), target.drop()])
  await server.query('DROP ROLE after_reader')
})
