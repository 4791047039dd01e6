import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BackupContents } from '../../src/repository/format/contents.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { musicShop } from '../support/music-shop.ts'
import { testServer, type TestDatabase } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/*
 * A stranger has the repository, the identity, docs/FORMAT.md and ordinary programs. What the document tells to type is
 * typed here: its blocks, in order, with other values for the variables of the first.
 */

const document = readFileSync(new URL('../../docs/FORMAT.md', import.meta.url), 'utf8')
const launcher = fileURLToPath(new URL('../../bin/holdfast', import.meta.url))

const strange = `
CREATE SCHEMA "Größe ""und"" so";
CREATE TABLE "Größe ""und"" so"."it's big" (
  id bigserial, "Wörter" text, kind text NOT NULL CHECK (kind <> ''), at timestamptz, twice bigint GENERATED ALWAYS AS (id * 2) STORED,
  price money, part interval, CONSTRAINT big_pkey PRIMARY KEY (id));
INSERT INTO "Größe ""und"" so"."it's big" ("Wörter", kind, at, price, part)
  SELECT CASE n % 9 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '\\.' WHEN 3 THEN '\\N' ELSE md5(n::text) || E'\\t\\n\\r\\\\ü' END, 'k' || n % 7,
    '2026-01-02'::timestamptz + n * interval '1 minute', n::text::money, n * interval '1 hour 1 second' FROM generate_series(1, 60000) n;
CREATE INDEX big_kind ON "Größe ""und"" so"."it's big" (kind) WHERE id > 7;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.kind := 'new'; RETURN NEW; END$$;
CREATE TRIGGER big_touch BEFORE INSERT ON "Größe ""und"" so"."it's big" FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE nothing ();
INSERT INTO nothing SELECT FROM generate_series(1, 5);
`

interface Table {
  readonly schema: string
  readonly name: string
}

interface Backed {
  readonly directory: string
  readonly identity: string
  readonly id: string
  readonly contents: BackupContents
}

test('a table comes back with nothing but age, zstd, psql and the document', async (t) => {
  const server = await testServer(17)
  await using source = await server.database({ clauses: "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'" })
  await source.query(musicShop() + strange)
  const backed = await backUp(t, source)

  const big = { schema: 'Größe "und" so', name: "it's big" }
  const small = { schema: 'public', name: 'invoice' }
  const pieces = (table: Table) => tableIn(backed.contents, table).ranges.flatMap((range) => range.pieces)
  assert.ok(new Set(pieces(big).map(({ chunk }) => chunk)).size > 2, 'a table that spans chunks')
  assert.ok(
    pieces(small).some(({ offset }) => offset > 0),
    'a table that shares a chunk',
  )

  for (const table of [big, small, { schema: 'public', name: 'nothing' }]) {
    await using target = await server.database({ clauses: "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'" })
    const reader = server.url('postgres')
    const ended = await restore({ backed, table, target: target.url, reader, openssl: table === small })
    assert.equal(ended.status, 0, ended.output)
    assert.deepEqual(await rowsOf(target, table), await rowsOf(source, table))
    assert.deepEqual(await objectsOf(target, table), await objectsOf(source, table))
  }
})

test('a table of a Latin-1 database comes back', async (t) => {
  const server = await testServer(17)
  const clauses = "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
  await using source = await server.database({ clauses })
  await source.query(`CREATE TABLE "Straße" (id int PRIMARY KEY, "Größe" text DEFAULT 'ü');
    INSERT INTO "Straße" SELECT n, 'Ähre ' || chr(160 + n) FROM generate_series(1, 90) n`)
  const backed = await backUp(t, source)
  await using target = await server.database({ clauses })
  const table = { schema: 'public', name: 'Straße' }
  const ended = await restore({ backed, table, target: target.url, reader: server.url('postgres') })
  assert.equal(ended.status, 0, ended.output)
  assert.deepEqual(await rowsOf(target, table), await rowsOf(source, table))
  assert.deepEqual(await objectsOf(target, table), await objectsOf(source, table))
})

test('what the document tells to type stops at a damaged chunk, and at one under the name of another', async (t) => {
  const server = await testServer(17)
  await using source = await server.database()
  await source.query(musicShop())
  const backed = await backUp(t, source)
  const table = { schema: 'public', name: 'track' }
  const names = (await readdir(join(backed.directory, 'chunks'), { recursive: true })).filter((name) =>
    /\/[0-9a-f]{64}$/.test(name),
  )
  const [first, second] = names.map((name) => join(backed.directory, 'chunks', name))
  assert.ok(first !== undefined && second !== undefined)
  const whole = await readFile(first)

  for (const wrong of [whole.subarray(0, -1), await readFile(second)]) {
    for (const name of names) {
      // Every chunk, for the table needs some of them only.
      const path = join(backed.directory, 'chunks', name)
      await rm(path)
      await writeFile(path, wrong)
    }
    await using target = await server.database()
    const ended = await restore({ backed, table, target: target.url, reader: server.url('postgres') })
    assert.notEqual(ended.status, 0)
    const [there] = await target.query("SELECT to_regclass('track') IS NOT NULL AS there")
    assert.equal(there?.['there'], false)
  }
})

/** A repository and a backup, made by the command line as its users make them. */
async function backUp(t: TestContext, source: TestDatabase): Promise<Backed> {
  const home = await temporaryDirectory(t)
  const [directory, identity, hostFile] = ['repo', 'identity', 'host'].map((name) => join(home, name))
  assert.ok(directory !== undefined && identity !== undefined && hostFile !== undefined)
  holdfast(home, ['init', directory, '--identity', identity, '--host-file', hostFile])
  const options = ['--repo', directory, '--host-file', hostFile, '--proof', 'full', '--json']
  const made: unknown = JSON.parse(holdfast(home, ['backup', source.url, ...options]))
  assert.ok(typeof made === 'object' && made !== null)
  const { repository, vault } = await openUnlocked({
    storage: openLocalStorage(directory),
    identity: await readFile(identity),
  })
  await using reader = readerOf(repository, vault, 1)
  const manifest = await repository.find('latest')
  return { directory, identity, id: manifest.id, contents: await readContents(reader, manifest) }
}

function holdfast(home: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(launcher, args, {
    env: { PATH: process.env['PATH'], HOME: home },
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout
}

/** Runs the blocks of the document. */
async function restore(o: {
  backed: Backed
  table: Table
  target: string
  reader: string
  /** Whether to take the block that verifies names of chunks. */
  openssl?: boolean
}): Promise<{ status: number | null; output: string }> {
  const { directory, identity, id } = o.backed
  const values: Record<string, string> = {
    REPO: directory,
    IDENTITY: identity,
    BACKUP: id,
    SCHEMA: o.table.schema,
    TABLE: o.table.name,
    TARGET: o.target,
    READER: o.reader,
  }
  const [first = '', ...more] = blocks()
  const rest = more.filter((text) => o.openssl !== false || !text.includes('openssl'))
  assert.equal(rest.length, o.openssl === false ? more.length - 1 : more.length)
  const variables = first.replaceAll(/^([A-Z]+)=(.*)$/gm, (line, name: string) => {
    const value = values[name]
    return value === undefined ? line : `${name}='${value.replaceAll("'", "'\\''")}'`
  })
  for (const name of Object.keys(values)) assert.ok(first.includes(`\n${name}=`), `${name} is not set there`)
  const script = join(directory, '../script')
  await writeFile(script, [variables, ...rest].join('\n'))
  const { status, stdout, stderr } = spawnSync('bash', [script], {
    env: { PATH: process.env['PATH'], HOME: directory, TMPDIR: join(directory, '..') },
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

function blocks(): string[] {
  const [, section = ''] = document.split('\n## Restoring without Holdfast\n')
  const found = [...(section.split('\n## ')[0]?.matchAll(/^```bash\n([^]*?)^```$/gm) ?? [])].map(
    ([, text]) => text ?? '',
  )
  assert.ok(found.length > 8, 'the commands are in docs/FORMAT.md')
  return found
}

function tableIn(contents: BackupContents, table: Table): BackupContents['tables'][number] {
  const found = contents.tables.find(({ schema, name }) => schema === table.schema && name === table.name)
  assert.ok(found)
  return found
}

async function rowsOf(database: TestDatabase, table: Table): Promise<unknown> {
  return await database.query(
    `SELECT count(*)::int AS rows, md5(string_agg(t::text, ',' ORDER BY t::text COLLATE "C")) AS digest FROM ${sqlName(table)} t`,
  )
}

/** Columns, indexes, constraints and triggers, but for foreign keys, and what the sequences go on with. */
async function objectsOf(database: TestDatabase, table: Table): Promise<unknown> {
  const id = `'${sqlName(table).replaceAll("'", "''")}'::regclass`
  return [
    await database.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, pg_get_expr(adbin, adrelid) AS value FROM pg_attribute
       LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = ${id} AND attnum > 0 ORDER BY attnum`,
    ),
    await database.query(
      `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = ${id} AND contype <> 'f' ORDER BY 1`,
    ),
    await database.query(
      `SELECT pg_get_indexdef(indexrelid) AS text FROM pg_index WHERE indrelid = ${id} ORDER BY 1`,
    ),
    await database.query(
      `SELECT pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgrelid = ${id} AND NOT tgisinternal ORDER BY 1`,
    ),
    await database.query('SELECT sequencename, last_value FROM pg_sequences ORDER BY 1'),
  ]
}

function sqlName({ schema, name }: Table): string {
  return [schema, name].map((word) => `"${word.replaceAll('"', '""')}"`).join('.')
}
