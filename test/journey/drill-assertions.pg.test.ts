import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { requireQueries } from '../../src/verify/assertions.ts'
import { addressOf } from '../support/address.ts'
import { failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

/* Assertions: queries of the user's own that must return no rows of the restored database. */

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(18)
  repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query(
    `CREATE SCHEMA app;
     CREATE TABLE app.secret AS SELECT n AS id, 'söcret ' || n AS text FROM generate_series(1, 12) n;
     ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY;
     ALTER TABLE app.secret FORCE ROW LEVEL SECURITY;
     CREATE FUNCTION app.write() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM app.secret; RETURN 1; END $$;
     CREATE FUNCTION app.forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF session_user <> 'postgres' THEN RAISE 'nobody else logs in'; END IF; END $$;
     REVOKE ALL ON SCHEMA app FROM PUBLIC;
     ALTER TABLE app.secret OWNER TO pg_database_owner`,
  )
  const name = source.name
  await server.query(
    `ALTER DATABASE ${name} SET search_path = app; REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC; ALTER DATABASE ${name} CONNECTION LIMIT 3`,
  )
  await source.query(
    `CREATE EVENT TRIGGER forbid ON login EXECUTE FUNCTION app.forbid(); ALTER EVENT TRIGGER forbid ENABLE ALWAYS`,
  )
  await repository.backUp(source.url)
})

test('assertions see every row, write nothing, have no rights, and end', async () => {
  const { report, error } = await repository.tryDrill({
    assertionTimeoutMs: 2500,
    assertions: [
      {
        name: 'all rows',
        sql: '-- with a comment at the end\nSELECT 1 WHERE (SELECT count(*) FROM secret) <> 12 -- so',
      },
      {
        name: 'rows',
        sql: "SELECT id, text, NULL AS nothing, '\\x00'::bytea AS bytes FROM secret ORDER BY id;\n",
      },
      { name: 'no table', sql: "/* ö😀 */ SELECT 'x'\nFROM app.secret\nJOIN lost USING (id)" },
      { name: 'at run time', sql: 'SELECT 1 / (id - 1) FROM secret' },
      { name: 'writes', sql: 'SELECT write()' },
      { name: 'unlocks', sql: "SELECT set_config('transaction_read_only', 'off', true)" },
      { name: 'climbs', sql: "SELECT set_config('role', 'postgres', true)" },
      { name: 'for ever', sql: 'SELECT count(*) FROM generate_series(1, 1000000000000) AS a' },
      { name: 'rows for ever', sql: 'SELECT generate_series(1, 1000000000000)' },
    ],
  })
  assert.equal(error?.code, 'drill_failed')
  assert.match(error.hint, /what the source held/)
  const found = Object.fromEntries(report.assertions.map((one) => [one.name, one]))
  assert.equal(found['all rows']?.result, 'passed')
  assert.deepEqual(
    report.checks.find((check) => check.name === 'assertions')?.failures.map(({ what }) => what),
    Object.keys(found).slice(1).sort(),
  )
  assert.equal(found['rows']?.rows, 12)
  assert.equal(found['rows'].firstRows.length, 5)
  assert.deepEqual(found['rows'].firstRows[0], {
    id: '1',
    text: 'söcret 1',
    nothing: 'NULL',
    bytes: '\\x00',
  })
  const why: Readonly<Record<string, RegExp>> = {
    rows: /^it returned 12 rows$/,
    'no table': /line 3: relation "lost" does not exist/,
    'at run time': /division by zero/,
    writes: /permission denied|read-only transaction/,
    unlocks: /read-write mode must be set before any query/,
    climbs: /permission denied to set role "postgres"/,
    'for ever': /^it did not end within 2.5 s$/,
    'rows for ever': /^it returned more than 5 rows, and could not be run to its end/,
  }
  for (const [name, expected] of Object.entries(why)) assert.match(found[name]?.why ?? '', expected, name)
})

test('what is not one query is refused before anything is restored', async () => {
  const address = addressOf(server.url())
  const refused: Readonly<Record<string, RegExp>> = {
    '': /it holds no query/,
    ' ;\n-- only a comment\n/* and\nanother */ ;': /it holds no query/,
    'SELECT 1; SELECT 2': /more than one statement/,
    'SELECT 1;\nROLLBACK; DROP TABLE x': /more than one statement/,
    'SELECT 1\nFORM x y': /line 2: syntax error/,
    "UPDATE x SET a = ';'": /line 1: syntax error at or near "UPDATE"/,
    'SELECT \0': /NUL/,
  }
  for (const [sql, message] of Object.entries(refused)) {
    const error = await failure(
      requireQueries({ address, assertions: [{ name: 'drills/a.sql', sql }] }),
      'assertion_invalid',
    )
    assert.match(error.message, /^drills\/a\.sql/)
    assert.match(error.message, message, sql)
  }
  for (const sql of [
    'SELECT \';\' AS "--"',
    'TABLE lost;;',
    'VALUES (1) /* ; */',
    'WITH a AS (SELECT 1) TABLE a',
  ]) {
    await requireQueries({ address, assertions: [{ name: 'a', sql }] })
  }
  const seen: string[] = []
  const onProgress = ({ phase }: { phase: string }): unknown => seen.push(phase)
  const assertions = [{ name: 'two.sql', sql: 'SELECT 1; SELECT 2' }]
  await failure(repository.drill({ assertions, onProgress }), 'assertion_invalid')
  assert.deepEqual([...new Set(seen)], ['starting a scratch server'])
})
