import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { loadHard } from '../support/hard-database.ts'
import {
  besideUrl,
  contentsOf,
  databaseOf,
  failure,
  newRepository,
  requireSame,
  schemaOf,
  stateOf,
  type JourneyRepository,
} from '../support/journey.ts'
import { queryAt, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository
let shop: TestDatabase

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
  shop = await server.database()
  await shop.query(`
    CREATE TYPE size AS ENUM ('s', 'm', 'l'); CREATE SCHEMA logs;
    CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 20) n;
    CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, size size); INSERT INTO orders (customer, size) SELECT n, 'm' FROM generate_series(1, 20) n;
    CREATE INDEX ON orders (customer); CREATE VIEW big AS SELECT * FROM orders WHERE size = 'l';
    CREATE TABLE events (at date, what text) PARTITION BY RANGE (at);
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (what);
    CREATE TABLE events_2025_a PARTITION OF events_2025 FOR VALUES IN ('a'); CREATE TABLE events_2025_rest PARTITION OF events_2025 DEFAULT;
    CREATE TABLE logs.events_2026 (what text, at date); ALTER TABLE events ATTACH PARTITION logs.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO events SELECT '2025-06-01'::date + n, chr(97 + n % 3) FROM generate_series(1, 400) n;
    CREATE INDEX ON events (what); COMMENT ON TABLE orders IS 'Orders'; SELECT lo_from_bytea(4711, 'scan')`)
  await repository.backUp(shop.url)
})

after(() => server.stop('immediate'))

const tablesOf = async (database: TestDatabase): Promise<string[]> =>
  Object.keys((await contentsOf(database.url)).tables)

test('one table comes with what it needs: its type, its sequence, its indexes, not the table its key points to', async () => {
  await using target = await server.database()
  const plan = await repository.planTo(target.url, { tables: ['orders'] })
  const why = plan.leftOut.find((entry) => entry.type === 'FK CONSTRAINT')?.why
  assert.match(why ?? '', /customers/)
  const report = await repository.restoreTo(target.url, { tables: ['orders'] })
  assert.deepEqual(await tablesOf(target), ['public.orders'])
  assert.equal(report.rows, 20)
  const [source, restored] = [await contentsOf(shop.url), await contentsOf(target.url)]
  assert.equal(restored.tables['public.orders'], source.tables['public.orders'])
  const schema = await schemaOf(target.url)
  for (const part of [
    /CREATE TYPE public\.size/,
    /orders_customer_idx/,
    /orders_id_seq/,
    /COMMENT ON TABLE public\.orders/,
  ])
    assert.match(schema, part)
  assert.doesNotMatch(schema, /FOREIGN KEY|CREATE VIEW/)
  const [next] = await target.query(`INSERT INTO orders (size) VALUES ('s') RETURNING id`)
  assert.deepEqual(next, { id: 21 })
})

test('a partitioned table comes with all its partitions, wherever they are', async () => {
  await using target = await server.database()
  const report = await repository.restoreTo(target.url, { tables: ['events'] })
  assert.equal(report.rows, 400)
  assert.deepEqual(await tablesOf(target), [
    'logs.events_2026',
    'public.events',
    'public.events_2025',
    'public.events_2025_a',
    'public.events_2025_rest',
  ])
  const [source, restored] = [await contentsOf(shop.url), await contentsOf(target.url)]
  for (const [name, digest] of Object.entries(restored.tables)) assert.equal(digest, source.tables[name])

  await using part = await server.database()
  await repository.restoreTo(part.url, { tables: ['events_2025_a'] })
  const { tables } = await contentsOf(part.url)
  assert.equal(tables['public.events_2025_a'], source.tables['public.events_2025_a'])
  assert.equal(
    tables['public.events'],
    source.tables['public.events_2025_a']?.replace(/ [0-9a-f]+$/, '') +
      ' ' +
      tables['public.events']?.split(' ').at(-1),
  )
})

test('schemas and excluded tables', async () => {
  await using some = await server.database()
  const report = await repository.restoreTo(some.url, { excludeTables: ['customers', 'events'] })
  assert.deepEqual(await tablesOf(some), ['public.orders'])
  assert.deepEqual(report.warnings, [
    'Without what is left out there can be no table public.events_2025, fk constraint public.orders orders_customer_fkey.',
  ])
  assert.doesNotMatch(await schemaOf(some.url), /FOREIGN KEY/)
  await using logs = await server.database()
  await repository.restoreTo(logs.url, { schemas: ['logs'] })
  assert.equal(
    (await contentsOf(logs.url)).tables['logs.events_2026'],
    (await contentsOf(shop.url)).tables['logs.events_2026'],
  )
  await failure(repository.restoreTo(logs.url, { tables: ['orderz'] }), 'table_not_found')
})

test('what a part of a backup can not bring is said', async () => {
  await using target = await server.database()
  const { warnings } = await repository.planTo(target.url, { tables: ['orders'] })
  assert.match(warnings.join('\n'), /no fk constraint public\.orders orders_customer_fkey/)
  assert.match(warnings.join('\n'), /The 1 large objects of the backup are not restored/)
  const without = await repository.planTo(target.url, { excludeTables: ['orders'] })
  assert.deepEqual(without.warnings, ['Without what is left out there can be no view public.big.'])
  // All but a table: what belongs to none comes along.
  await repository.restoreTo(target.url, { excludeTables: ['orders'] })
  const { largeObjects } = await contentsOf(target.url)
  assert.deepEqual(largeObjects, (await contentsOf(shop.url)).largeObjects)

  const partial = await newRepository(openMemoryStorage())
  await partial.backUp(shop.url, { excludeData: ['orders'] })
  await using empty = await server.database()
  const report = await partial.restoreTo(empty.url, { tables: ['orders'] })
  assert.match(report.warnings.join('\n'), /public\.orders will be empty/)
})

test('a database that orders text otherwise is filled, with a warning', async () => {
  await using target = await server.database({
    clauses: "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'und' LOCALE 'C'",
  })
  const { problems, warnings } = await repository.planTo(target.url)
  assert.deepEqual(problems, [])
  assert.match(warnings.join(), /orders text by und .*of icu, the source did by .* of libc/)
})

test('a backup without some rows restores without them, and says so', async () => {
  const partial = await newRepository(openMemoryStorage())
  const { manifest, contents } = await partial.backUp(shop.url, { excludeData: ['events'] })
  assert.equal(manifest.totals.rows, 40)
  assert.equal(contents.tables.filter((table) => table.data === 'excluded').length, 3)
  await using target = await server.database()
  const report = await partial.restoreTo(target.url)
  assert.match(report.warnings.join(), /events_2025_a will be empty/)
  assert.equal(await schemaOf(target.url), await schemaOf(shop.url))
  await failure(partial.backUp(shop.url, { tables: ['nothing_like_it'] }), 'table_not_found')
  assert.equal((await partial.list()).length, 1)
})

const somethingThere: Readonly<Record<string, readonly [statement: string, named: RegExp]>> = {
  table: ['CREATE TABLE t ()', /table public\.t/],
  view: ['CREATE VIEW v AS SELECT 1 AS a', /view public\.v/],
  'materialized view': ['CREATE MATERIALIZED VIEW m AS SELECT 1 AS a', /materialized view public\.m/],
  sequence: ['CREATE SEQUENCE s', /sequence public\.s/],
  function: ['CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1', /function public\.f/],
  enum: [`CREATE TYPE e AS ENUM ('a')`, /type public\.e/],
  composite: ['CREATE TYPE c AS (a int)', /type public\.c/],
  domain: ['CREATE DOMAIN d AS int', /type public\.d/],
  schema: ['CREATE SCHEMA n', /schema n/],
  extension: ['CREATE EXTENSION citext', /extension citext/],
  'foreign data wrapper': ['CREATE FOREIGN DATA WRAPPER w', /foreign data wrapper w/],
  publication: ['CREATE PUBLICATION p', /publication p/],
  subscription: [
    `CREATE SUBSCRIPTION u CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false)`,
    /subscription u/,
  ],
  'event trigger': [
    'CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION e()',
    /event trigger t/,
  ],
  cast: ['CREATE CAST (int AS xml) WITH INOUT', /cast integer to xml/],
  operator: ['CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)', /operator/],
  collation: [`CREATE COLLATION c (provider = icu, locale = 'de')`, /collation/],
  conversion: [`CREATE CONVERSION v FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`, /conversion/],
  'text search': ['CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)', /text search/],
  'operator class': ['CREATE OPERATOR FAMILY f USING btree', /operator family/],
  'access method': ['CREATE ACCESS METHOD a TYPE TABLE HANDLER heap_tableam_handler', /access method a/],
  'large object': [`SELECT lo_from_bytea(77, 'x')`, /large object 77/],
  'default privileges': [
    'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
    /default privileges of postgres/,
  ],
}

test('a target that holds anything at all is refused, with what it holds, and stays as it was', async () => {
  await using all = await server.database()
  for (const [kind, [statement, named]] of Object.entries(somethingThere)) {
    await using target = await server.database()
    await target.query(statement)
    const { problems } = await repository.planTo(target.url)
    assert.deepEqual(
      problems.map((problem) => problem.code),
      ['target_not_empty'],
      kind,
    )
    assert.match(problems[0]?.message ?? '', named, kind)
    if (kind !== 'event trigger') await all.query(statement)
  }
  const holds = await stateOf(all.url)
  await failure(repository.restoreTo(all.url), 'target_not_empty')
  requireSame(await stateOf(all.url), holds, 'the refused target')
})

test('wrong encoding, older server, missing database: found before anything is touched', async () => {
  await using latin = await server.database({ clauses: `ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0` })
  const refused = await failure(repository.restoreTo(latin.url), 'target_lacks')
  assert.match(refused.message, /LATIN1.*UTF8/)
  await failure(repository.restoreTo(besideUrl(server.url(), 'not_there')), 'database_missing')
  await failure(repository.restoreTo(latin.url, { createDatabase: true }), 'target_exists')

  const older = await testServer(16)
  const url = besideUrl(older.url(), 'copy')
  const old = await failure(repository.restoreTo(url, { createDatabase: true }), 'target_too_old')
  assert.match(old.message, /17.*16/)
  const names = `SELECT datname FROM pg_database WHERE datname = 'copy'`
  assert.deepEqual(await older.query(names), [])
  await older.stop('immediate')
})

test('a database that is made has the owner, grants, settings and comment of the one that was backed up', async () => {
  await server.query(`CREATE ROLE keeper; CREATE ROLE visitor LOGIN PASSWORD 'p'`)
  const source = await server.database({ clauses: 'CONNECTION LIMIT 17' })
  const url = besideUrl(server.url(), 'remade')
  try {
    await source.query(`CREATE TABLE t AS SELECT 1 AS a;
      ALTER DATABASE ${source.name} OWNER TO keeper; COMMENT ON DATABASE ${source.name} IS 'It''s "kept"';
      REVOKE ALL ON DATABASE ${source.name} FROM PUBLIC; GRANT CONNECT ON DATABASE ${source.name} TO visitor WITH GRANT OPTION;
      ALTER DATABASE ${source.name} SET default_transaction_read_only = on; ALTER DATABASE ${source.name} SET search_path = "$user", 'a b';
      ALTER DATABASE ${source.name} SET statement_timeout = '90s'; ALTER ROLE visitor IN DATABASE ${source.name} SET work_mem = '3MB'`)
    await repository.backUp(source.url)
    await repository.restoreTo(url, { createDatabase: true })
    assert.deepEqual(await databaseOf(url), await databaseOf(source.url))
    requireSame(await stateOf(url), await stateOf(source.url), 'remade')
    await failure(repository.restoreTo(url, { createDatabase: true }), 'target_exists')

    await using kept = await server.database()
    const before = await databaseOf(kept.url)
    const report = await repository.restoreTo(kept.url)
    assert.match(
      report.warnings.join(),
      /Of the database itself 3 settings, grants, the comment are not restored/,
    )
    const { database } = before as { database: unknown }
    assert.deepEqual(((await databaseOf(kept.url)) as { database: unknown }).database, database)
  } finally {
    await server.query('DROP DATABASE IF EXISTS remade')
    await source.drop()
    await server.query('DROP ROLE keeper, visitor')
    await repository.backUp(shop.url)
  }
})

test('a restore that fails half way leaves the target as it was, of whatever the backup holds', async () => {
  const hard = await loadHard(server)
  // A value that names an index, which is made after the rows: no dump can be restored with that.
  await hard.query(`CREATE SCHEMA zz; CREATE TABLE zz.named (id int CONSTRAINT named_key PRIMARY KEY); CREATE TABLE zz.t (a regclass);
    INSERT INTO zz.t VALUES ('zz.named_key');
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO hard_reader`)
  await repository.backUp(hard.url)
  try {
    await using target = await server.database()
    await target.query(`COMMENT ON SCHEMA public IS 'kept'; GRANT CREATE ON SCHEMA public TO PUBLIC`)
    const before = [await stateOf(target.url), await databaseOf(target.url)] as const
    const error = await failure(repository.restoreTo(target.url), 'restore_failed')
    assert.match(error.message, /zz\.t/)
    requireSame(await stateOf(target.url), before[0], 'the target')
    assert.deepEqual(await databaseOf(target.url), before[1])
    // And it can be restored into.
    const report = await repository.restoreTo(target.url, { excludeTables: ['zz.t'] })
    assert.ok(report.rows > 10_000)

    const url = besideUrl(server.url(), 'half')
    await failure(repository.restoreTo(url, { createDatabase: true }), 'restore_failed')
    assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'half'`), [])
  } finally {
    await hard.drop()
    await repository.backUp(shop.url)
  }
})

test('what a killed restore left is refused until it is told to begin anew', async () => {
  await using target = await server.database()
  await target.query(`CREATE SCHEMA holdfast_restore; CREATE TABLE holdfast_restore.progress AS SELECT 'a-marker' AS id, 'an-id' AS backup, 'then' AS started, '["plpgsql"]' AS extensions, false AS made_database;
    CREATE TABLE holdfast_restore.public_schema AS SELECT pg_get_userbyid(nspowner)::text AS owner, nspacl::text[] AS acl, obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = 'public';
    CREATE TABLE customers (id int); CREATE EXTENSION hstore; SELECT lo_from_bytea(5, 'x')`)
  const refused = await failure(repository.restoreTo(target.url), 'target_unfinished')
  assert.match(refused.message, /an-id.*then/)
  assert.match(refused.hint, /--restart/)
  assert.deepEqual(await queryAt(target.url, 'SELECT count(*)::int AS n FROM customers'), [{ n: 0 }])
  // It was there before: not even a restart drops it.
  await failure(repository.restoreTo(target.url, { restart: true, createDatabase: true }), 'target_exists')
  assert.deepEqual(await queryAt(target.url, 'SELECT count(*)::int AS n FROM customers'), [{ n: 0 }])
  const { warnings } = await repository.planTo(target.url, { restart: true })
  assert.match(warnings.join(), /What a restore of an-id, begun then, has left .* goes first/)
  await repository.restoreTo(target.url, { restart: true })
  requireSame(await stateOf(target.url), await stateOf(shop.url), 'the copy')
  // The flag means what is unfinished, and nothing else.
  await failure(repository.restoreTo(target.url, { restart: true }), 'target_not_empty')
})

test('a restore that fails at its very end leaves the target as it was', async () => {
  await using hard = await loadHard(server)
  await using target = await server.database()
  await target.query(`COMMENT ON SCHEMA public IS 'kept'; GRANT CREATE ON SCHEMA public TO PUBLIC`)
  // A view that no other database has room for.
  await hard.query(`CREATE FUNCTION only_here() RETURNS int LANGUAGE plpgsql AS
      'BEGIN IF current_database() <> ''${hard.name}'' THEN RAISE disk_full USING MESSAGE = ''no room''; END IF; RETURN 1; END';
    CREATE MATERIALIZED VIEW zz AS SELECT only_here();
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO hard_reader`)
  await repository.backUp(hard.url)
  const before = await stateOf(target.url)
  const error = await failure(repository.restoreTo(target.url), 'restore_failed')
  assert.match(error.message, /public\.zz could not be made: no room/)
  requireSame(await stateOf(target.url), before, 'the target')
})
