import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import {
  besideUrl,
  databaseOf,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
} from '../support/journey.ts'
import { runInChild } from '../support/journey-process.ts'
import { testServer, type DatabaseOptions, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

/** There and back: the copy must hold what the source holds. */
async function travel(sql: readonly string[], options: DatabaseOptions = {}): Promise<void> {
  await using source = await server.database(options)
  for (const statement of sql) await source.query(statement)
  const made = await repository.backUp(source.url)
  assert.deepEqual(made.contents.gaps, [])
  const url = besideUrl(server.url(), `${source.name}_copy`)
  try {
    await repository.restoreTo(url, { createDatabase: true })
    requireSame(await stateOf(url), await stateOf(source.url), 'the copy')
    assert.deepEqual(await databaseOf(url), await databaseOf(source.url))
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy`)
  }
}

test('tables without rows, without columns, and with 1,600 columns', async () => {
  const many = Array.from({ length: 1600 }, (_, n) => `c${n} ${n % 3 === 0 ? 'smallint' : 'boolean'}`).join(
    ', ',
  )
  await travel([
    'CREATE TABLE no_rows (a int PRIMARY KEY, b text)',
    'CREATE TABLE no_columns ()',
    'INSERT INTO no_columns SELECT FROM generate_series(1, 1234)',
    'CREATE TABLE nothing ()',
    `CREATE TABLE wide (${many})`,
    'INSERT INTO wide (c0, c1, c1598) VALUES (1, true, false), (NULL, NULL, NULL)',
    'CREATE TABLE only_generated (a int GENERATED ALWAYS AS (1) STORED)',
    'INSERT INTO only_generated SELECT FROM generate_series(1, 7)',
    'CREATE TABLE dropped (a int, b int, c text); INSERT INTO dropped SELECT n, n, n FROM generate_series(1, 100) n; ALTER TABLE dropped DROP a, DROP c; ALTER TABLE dropped ADD d text',
    'CREATE TABLE deleted (a int, b text); INSERT INTO deleted SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 20000) n; DELETE FROM deleted WHERE a % 7 <> 0',
  ])
})

test('names in every script, and names that look like syntax', async () => {
  const names = [
    'Crème brûlée',
    '数据库',
    'данные',
    'جدول',
    'नाम',
    '😀🏳️‍🌈',
    'select',
    'a"b',
    "it's",
    'a.b',
    'a b',
    '\\',
    '\\.',
    '$$',
    '%s',
    '--',
    '/*',
    ';',
    'É',
    'E\u0301',
    'x'.repeat(63),
    '-1',
    '*',
    '?',
    '\t',
    '\n',
    ' ',
  ]
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
  await travel(
    names.map(
      (
        name,
      ) => `CREATE SCHEMA ${quoted(name)}; CREATE TABLE ${quoted(name)}.${quoted(name)} (${quoted(name)} serial PRIMARY KEY, v text DEFAULT '${name.replaceAll("'", "''")}');
      INSERT INTO ${quoted(name)}.${quoted(name)} (v) VALUES (DEFAULT), ('\\N'), (NULL), ('\\.'), (''), (E'\\\\ \\r\\n\\t\\x01')`,
    ),
  )
})

test('two thousand tables', async () => {
  const part = (from: number): string => `DO $$ BEGIN FOR i IN ${from}..${from + 249} LOOP
    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text, b serial)', i); EXECUTE format('INSERT INTO t%s VALUES (%s, %L)', i, i, i); END LOOP; END $$`
  await travel(Array.from({ length: 8 }, (_, n) => part(n * 250)))
})

/** Text of bytes that are no UTF-8. */
const bytes = String.raw`convert_from('\xff80c328e9fe', 'SQL_ASCII')`

test('a SQL_ASCII database with bytes that are no text, in rows, comments and functions', async () => {
  await travel(
    [
      'CREATE TABLE raw (id int PRIMARY KEY, v text, w varchar(6)[])',
      `INSERT INTO raw SELECT n, ${bytes} || n, ARRAY[${bytes}] FROM generate_series(1, 500) n`,
      `DO $$ BEGIN EXECUTE format('COMMENT ON TABLE raw IS %L', ${bytes});
        EXECUTE format('CREATE FUNCTION f() RETURNS text LANGUAGE sql AS %L', 'SELECT ''' || ${bytes} || '''');
        EXECUTE format('ALTER TABLE raw ALTER v SET DEFAULT %L', ${bytes});
        EXECUTE format('CREATE INDEX ON raw (id) WHERE v <> %L', ${bytes}); END $$`,
      `CREATE TYPE mood AS ENUM ('ok'); DO $$ BEGIN EXECUTE format('ALTER TYPE mood ADD VALUE %L', ${bytes}); END $$`,
    ],
    { clauses: "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0" },
  )
})

test('a Latin-1 database', async () => {
  await travel(
    [
      `CREATE TABLE "Größe" ("für" text DEFAULT 'ÿ', id serial)`,
      `INSERT INTO "Größe" SELECT '£ é ' || chr(160 + n % 96) FROM generate_series(1, 500) n`,
      `CREATE FUNCTION "é"() RETURNS text LANGUAGE sql AS 'SELECT ''é£'''; COMMENT ON TABLE "Größe" IS 'Maß: ½'`,
      `CREATE TYPE "Stück" AS ENUM ('groß', 'ärmer'); CREATE TABLE e (a "Stück"); INSERT INTO e VALUES ('groß'), ('ärmer')`,
      `CREATE VIEW v AS SELECT "für" FROM "Größe" WHERE "für" LIKE '%é%'`,
    ],
    { clauses: "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0" },
  )
})

test('databases and columns with ICU and C collations', async () => {
  const sql = [
    `CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk'); CREATE COLLATION blind (provider = icu, deterministic = false, locale = 'und-u-ks-level2')`,
    `CREATE TABLE words (a text COLLATE german, b text COLLATE blind UNIQUE, c text COLLATE "C", d text PRIMARY KEY)`,
    `INSERT INTO words SELECT 'Ä' || n, 'Case' || n, 'z' || n, 'd' || n FROM generate_series(1, 300) n`,
    'CREATE INDEX ON words (a, c DESC)',
    `CREATE TABLE parts (a text) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('m'); CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM ('m') TO (MAXVALUE)`,
    `INSERT INTO parts SELECT chr(65 + n % 26) || lower(chr(65 + n % 26)) || n FROM generate_series(1, 500) n`,
  ]
  await travel(sql, { clauses: "LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE' LOCALE 'C' TEMPLATE template0" })
  await travel(sql, {
    clauses: "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' ICU_RULES '&a < g' LOCALE 'C' TEMPLATE template0",
  })
  await travel(sql, {
    clauses: "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C' TEMPLATE template0",
  })
})

test('a value of 100 million bytes, in bounded memory', async (t) => {
  const directory = await temporaryDirectory(t)
  const local = await newRepository(directory)
  await using source = await server.database()
  await using target: TestDatabase = await server.database()
  await source.query(`CREATE TABLE huge (id int PRIMARY KEY, v text, b bytea); ALTER TABLE huge ALTER v SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
    INSERT INTO huge SELECT 1, string_agg(md5(n::text), E'\\n\\\\'), NULL FROM generate_series(1, 2942000) n;
    INSERT INTO huge SELECT 2, 'small', decode(repeat('00ff5c0a', 5000000), 'hex')`)
  const common = { directory, identity: local.identity, credentials: local.credentials }
  const made = await runInChild({ ...common, action: 'backup', url: source.url })
  assert.deepEqual([made.outcome, made.message], ['ok', ''])
  const restored = await runInChild({ ...common, action: 'restore', url: target.url })
  assert.deepEqual([restored.outcome, restored.message], ['ok', ''])
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
  t.diagnostic(`backup ${Math.round(made.memory / 1e6)} MB, restore ${Math.round(restored.memory / 1e6)} MB`)
  assert.ok(made.memory < 400e6 && restored.memory < 400e6)
})
