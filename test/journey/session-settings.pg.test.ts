import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { newRepository, requireSame, stateOf, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

test('settings of a database that change the meaning of what is read into it change nothing', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE t (a text[], b int CHECK (b = NULL OR b > 0), c "char");
    INSERT INTO t VALUES ('{NULL,"NULL",x}', 1, '\\351'), ('{}', 2, 'a'); CREATE VIEW v AS SELECT a FROM t WHERE b = NULL`)
  const made = await repository.backUp(source.url)
  // Its hash depends on whether the processor has signed characters.
  assert.match(made.contents.tables[0]?.fingerprint?.expression ?? '', /"c"::pg_catalog\.text/)
  for (const setting of ['array_nulls = off', 'transform_null_equals = on']) {
    await using target = await server.database()
    await server.query(`ALTER DATABASE ${target.name} SET ${setting}`)
    await repository.restoreTo(target.url)
    requireSame(await stateOf(target.url), await stateOf(source.url), `the copy with ${setting}`)
    assert.deepEqual(await target.query('SELECT array_position(a, NULL) AS at FROM t ORDER BY b'), [
      { at: 1 },
      { at: null },
    ])
  }
})

test('money is read and written by one locale, whatever database and role say', async () => {
  await using source = await server.database()
  await server.query(
    `CREATE ROLE money_owner LOGIN SUPERUSER PASSWORD 'p'; ALTER ROLE money_owner SET lc_monetary = 'C.UTF-8'`,
  )
  await source.query(`ALTER DATABASE ${source.name} SET lc_monetary = 'C.UTF-8'`)
  await source.query(`CREATE TABLE t (a money DEFAULT '-1234567.89', CHECK (a < '92233720368547758.07'::money)); INSERT INTO t VALUES ('12.34'), (DEFAULT), ('-0.01');
    CREATE TABLE parts (a money) PARTITION BY RANGE (a); CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('0.01') TO ('1000.00'); INSERT INTO parts VALUES ('999.99');
    CREATE MATERIALIZED VIEW read_by AS SELECT current_setting('lc_monetary') AS locale, sum(a) FROM t`)
  const as = (database: TestDatabase): string => database.urlFor('money_owner', 'p')
  assert.deepEqual(await source.query('SELECT locale FROM read_by'), [{ locale: 'C.UTF-8' }])
  await repository.backUp(as(source))
  await using target = await server.database()
  await server.query(`ALTER DATABASE ${target.name} SET lc_monetary = 'C.UTF-8'`)
  const report = await repository.restoreTo(as(target))
  assert.deepEqual(
    report.tables.map((t) => t.compared),
    ['hashed', 'hashed'],
  )
  // The view was filled by the restoring session, and so tells its locale.
  assert.deepEqual(await target.query('SELECT locale FROM read_by'), [{ locale: 'C' }])
  await source.query(`SET lc_monetary = 'C'; REFRESH MATERIALIZED VIEW read_by`)
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
  await Promise.all([source.drop(), target.drop()])
  await server.query('DROP ROLE money_owner')
})
