import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { exportBackup, type ExportFormat } from '../../src/export/export.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { runBackup } from '../../src/snapshot/backup.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { addressOf } from '../support/address.ts'
import { chunkKeys } from '../support/chunks.ts'
import { testServer, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** What is hard to carry over as text. */
const hardDatabase = String.raw`
CREATE SCHEMA "a.b ""ü""";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s\ fine');
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE TABLE "a.b ""ü"""."select
\! touch injected" (
  "id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "näme, with "" and '" text, m mood, s small, a text[], j jsonb,
  b bytea, t timestamptz, r int4range, f float8, n numeric, double_n numeric GENERATED ALWAYS AS (n * 2) STORED);
INSERT INTO "a.b ""ü"""."select
\! touch injected" ("näme, with "" and '", m, s, a, j, b, t, r, f, n) VALUES
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('', 'ok', 1, '{}', '{}', '', 'infinity', 'empty', 'NaN', 'NaN'),
  (E'\\.', 'sad', -5, '{"a,b","\"","\\\\",NULL,""}', '{"a": "\\n"}', '\x00ff5c2e0a', '0001-01-01 BC', '[1,5)', '-0', 1.10),
  (E'line\n\\.\nline', 'it''s\ fine', 999, '[2:3]={x,y}', '[1, "\u00e9"]', '\xdeadbeef', '2024-02-29 12:00+02', '(,3]', 1e300, 123456789012345678901234567890.5),
  (E'\\N', 'ok', 0, NULL, 'null', NULL, NULL, NULL, 'Infinity', 0),
  (E'\t\r\n\b\f\v "quoted", 😀', 'ok', 0, NULL, '"x"', NULL, NULL, NULL, 5e-324, 0);
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE one_column (v text);
INSERT INTO one_column VALUES (NULL), (''), (E'\\.'), ('NULL'), (E'\n'), ('"');
CREATE TABLE parts (k mood, v int) PARTITION BY HASH (k);
CREATE TABLE parts0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT m, v FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 20) v;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent, "HOST" int, list int[]);
CREATE VIEW slices AS SELECT list[1:"HOST"] AS part FROM child;
INSERT INTO parent SELECT generate_series(1, 5000);
INSERT INTO child SELECT i, 2, ARRAY[i, i + 1, i + 2] FROM generate_series(1, 5000) i;
CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n FROM child;
CREATE SEQUENCE counter INCREMENT -3 MINVALUE -9223372036854775808 START -1;
SELECT nextval('counter'), nextval('counter');
CREATE FUNCTION shout() RETURNS text LANGUAGE sql AS $f$ SELECT E'\\! \' $$' || '\.' $f$;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE 'the trigger must not run'; END $f$;
CREATE TRIGGER stamp BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION stamp();
COMMENT ON TABLE parent IS E'two\n\\! touch injected\nlines';
ALTER TABLE child ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON child USING (id > 1);
GRANT SELECT ON child TO PUBLIC;
SELECT lo_from_bytea(424242, decode(repeat('00ff5c', 3000), 'hex'));
SELECT lo_put(424242, 100000, '\x5c2e');
COMMENT ON LARGE OBJECT 424242 IS 'a "large" one';
GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC;
`

/** A database as the native program sees it, rows of a table sorted: a reload may give them in another order. */
function dumpOf(database: TestDatabase): string {
  const text = runProgram(
    'pg_dump',
    ['-d', database.url, '--exclude-table-data=parts*'],
    new Uint8Array(),
  ).toString('latin1')
  return text
    .split('\n')
    .filter((line) => !/^\\(un)?restrict /.test(line))
    .join('\n')
    .replaceAll(
      /(FROM stdin;\n)([^]*?)(\n\\\.\n)/g,
      (_, head: string, rows: string, tail: string) => head + rows.split('\n').toSorted().join('\n') + tail,
    )
}

async function assertEqual(target: TestDatabase, source: TestDatabase): Promise<void> {
  const [found, wanted] = [dumpOf(target).split('\n'), dumpOf(source).split('\n')]
  const at = wanted.findIndex((line, n) => line !== found[n])
  assert.deepEqual(found.slice(at - 3, at + 10), wanted.slice(at - 3, at + 10))
  assert.equal(found.length, wanted.length)
  // Hash partitions by an enum: rows belong elsewhere where the enum has other object ids.
  const parts = 'SELECT k, v FROM parts ORDER BY k, v'
  assert.deepEqual(await target.query(parts), await source.query(parts))
}

async function exported(t: TestContext, source: TestDatabase, format: ExportFormat): Promise<string> {
  const keys = chunkKeys()
  const storage = openMemoryStorage()
  await using writer = await keys.writer(storage)
  const { manifest, contents } = await runBackup({
    writer,
    source: addressOf(source.url),
    scope: { schemas: [], tables: [], excludeTables: [], excludeData: [] },
    proof: 'counts',
    jobs: 2,
    lockTimeoutMs: 10_000,
    name: null,
    description: null,
    clock: systemClock,
  })
  const out = join(await temporaryDirectory(t), 'out')
  await using reader = keys.reader(storage)
  await exportBackup({ contents, manifest, reader, format, out, clock: systemClock })
  return out
}

const server = await testServer(15)

for (const [encoding, setup] of [
  ['UTF8', hardDatabase],
  ['LATIN1', hardDatabase.replaceAll(/[^\0-\xff]/gu, 'ÿ').replace('\\u00e9', 'é')],
  ['SQL_ASCII', hardDatabase.replace('\\u00e9', 'é')],
] as const) {
  const clauses = `ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`

  test(`psql restores the script of a hard ${encoding} database`, async (t) => {
    await using source = await server.database({ clauses })
    await source.query(setup)
    const out = await exported(t, source, 'sql')
    await using target = await server.database({ clauses })
    runProgram('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', target.url, '-f', out], new Uint8Array())
    await assertEqual(target, source)
    await assert.rejects(access('injected'))
  })

  test(`restore.sh restores the folder of a hard ${encoding} database, and refuses one that is not empty`, async (t) => {
    await using source = await server.database({ clauses })
    await source.query(setup)
    const out = await exported(t, source, 'folder')
    await using target = await server.database({ clauses })
    const said = runProgram('sh', [join(out, 'restore.sh'), target.url], new Uint8Array()).toString()
    assert.match(said, /every table holds the rows it should/)
    await assertEqual(target, source)
    const again = spawnSync('sh', [join(out, 'restore.sh'), target.url])
    assert.equal(again.status, 7)
    assert.match(again.stderr.toString(), /not empty/)
    await assert.rejects(access('injected'))
  })
}

test('restore.sh notices rows that are missing, and stops at an error', async (t) => {
  await using source = await server.database()
  // A server that does not answer is no reason to stop.
  await source.query(`CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3);
    CREATE EXTENSION postgres_fdw; CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
    CREATE USER MAPPING FOR PUBLIC SERVER nowhere; CREATE FOREIGN TABLE far () INHERITS (a) SERVER nowhere`)
  const out = await exported(t, source, 'folder')
  const file = join(out, 'data/public.a.csv')
  const rows = await readFile(file, 'utf8')
  for (const [changed, status, message] of [
    [rows.replace('2\n', ''), 4, /"public"."a": 2 rows, not 3/],
    [rows.replace('2\n', 'two\n'), 1, /invalid input syntax[^]*Not finished/],
  ] as const) {
    await using target = await server.database()
    spawnSync('tee', [file], { input: changed })
    const { status: ended, stderr } = spawnSync('sh', [join(out, 'restore.sh'), target.url])
    assert.equal(ended, status)
    assert.match(stderr.toString(), message)
  }
})

test('scripts do nothing in a psql that would go on after an error', async (t) => {
  await using source = await server.database()
  // What is a row may be a statement, if the COPY before it has failed.
  await source.query(`CREATE TABLE a (v text); INSERT INTO a VALUES ('; CREATE TABLE injected ();')`)
  const script = await exported(t, source, 'sql')
  const folder = await exported(t, source, 'folder')
  await using target = await server.database()
  for (const file of [script, join(folder, 'schema/pre-data.sql'), join(folder, 'grants.sql')]) {
    for (const input of ['-f', '<'] as const) {
      const text = await readFile(file)
      const { status, stderr } = spawnSync(
        'psql',
        ['-X', '-q', '-d', target.url, ...(input === '-f' ? ['-f', file] : [])],
        input === '<' ? { input: text } : {},
      )
      assert.equal(status, 2, stderr.toString())
      assert.match(stderr.toString(), /Nothing was done: run psql with -v ON_ERROR_STOP=1/)
    }
  }
  assert.deepEqual(await target.query(`SELECT relname FROM pg_class WHERE oid >= 16384`), [])
  // Also when it is said in other words.
  runProgram('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=on', '-d', target.url, '-f', script], new Uint8Array())
  assert.deepEqual(await target.query('SELECT count(*)::int AS n FROM a'), [{ n: 1 }])
})
