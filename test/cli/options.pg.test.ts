import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../src/cli/format.ts'
import { commandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'

/* What the options of the commands promise, on one small database and by the real command line. */

const server = await testServer(17)
const source = await server.database()
const { directory, run, json } = await commandLine()

// The limit is what shows how many connections there are.
await server.query(`
  CREATE ROLE keeper;
  CREATE ROLE clerk;
  CREATE ROLE reader LOGIN PASSWORD 'password' CONNECTION LIMIT 6;
  CREATE ROLE builder LOGIN PASSWORD 'password' CONNECTION LIMIT 6`)
await source.query(`
  CREATE SCHEMA sales;
  CREATE SCHEMA hr;
  CREATE TABLE sales.orders (id int PRIMARY KEY, note text);
  CREATE TABLE sales.items (id int PRIMARY KEY);
  CREATE TABLE sales.audit_log (line text);
  CREATE TABLE hr.people (name text);
  CREATE TABLE notes (note text);
  ALTER TABLE sales.orders OWNER TO keeper;
  GRANT SELECT ON sales.orders TO clerk;
  GRANT USAGE ON SCHEMA sales, hr TO reader;
  GRANT SELECT ON ALL TABLES IN SCHEMA sales, hr, public TO reader;
  INSERT INTO sales.orders SELECT i, md5(i::text) FROM generate_series(1, 1000) i;
  INSERT INTO sales.items SELECT generate_series(1, 200);
  INSERT INTO sales.audit_log SELECT generate_series(1, 30)::text;
  INSERT INTO hr.people SELECT 'person ' || generate_series(1, 10);
  INSERT INTO notes VALUES ('one')`)

interface Backup {
  readonly id: string
  readonly name: string | null
  readonly description: string | null
  readonly chunks: number
  readonly seconds: number
  readonly totals: Readonly<
    Record<
      | 'rows'
      | 'tables'
      | 'plainBytes'
      | 'storedBytes'
      | 'newChunks'
      | 'newStoredBytes'
      | 'reusedChunks'
      | 'gaps',
      number
    >
  >
}

interface Shown {
  readonly backup: Backup
  readonly contents: {
    readonly database: { readonly name: string }
    readonly tables: readonly {
      schema: string
      name: string
      rows: number
      plainBytes: number
      data: string
    }[]
    readonly scope: unknown
    readonly gaps: readonly { what: string; why: string }[]
  } | null
}

const asReader = source.urlFor('reader', 'password')
const choice = ['--schema', 'sales', '--table', 'people', '--exclude-table', 'audit_*']
const notes = ['--name', 'part', '--description', 'before the move']
const whole = json<{ backup: Backup }>(['backup', source.url, '--name', 'whole']).backup
const part = json<{ backup: Backup }>(['backup', asReader, ...choice, ...notes, '--jobs', '1']).backup
/** Before restores leave their reports, too. */
const sizes = await chunkSizes()

/** Sizes of all stored chunks. */
async function chunkSizes(): Promise<number[]> {
  const all = await readdir(join(directory, 'repo/chunks'), { recursive: true, withFileTypes: true })
  const files = all.filter((entry) => entry.isFile())
  return Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size))
}

const nameOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`

/** Rows by table, as a database has them. */
async function tablesOf(database: string): Promise<Record<string, number>> {
  const rows = await server.query(
    `SELECT schemaname || '.' || relname AS name,
       (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', schemaname, relname), false, true, '')))[1]::text::int AS n
     FROM pg_stat_user_tables ORDER BY 1`,
    database,
  )
  return Object.fromEntries(rows.map((row) => [row['name'], row['n']])) as Record<string, number>
}

test('a backup of chosen tables says what it was told, and holds their rows and all definitions', async () => {
  json(['backup', asReader, '--jobs', '12'], { status: 6 })
  const { backup: shown, contents } = json<Shown>(['show', part.id])
  assert.deepEqual([shown.name, shown.description], ['part', 'before the move'])
  assert.deepEqual(contents?.scope, {
    schemas: ['sales'],
    tables: ['people'],
    excludeTables: ['audit_*'],
    excludeData: [],
  })
  const held = { 'hr.people': 10, 'sales.items': 200, 'sales.orders': 1000 }
  const others = { 'public.notes': 0, 'sales.audit_log': 0 }
  const of = (data: string) =>
    contents.tables.filter((table) => table.data === data).map((table) => [nameOf(table), table.rows])
  assert.deepEqual([of('held'), of('excluded')], [Object.entries(held), Object.entries(others)])
  const words = run(['show', part.id]).stdout
  assert.match(words, /\n +before the move\n[\s\S]*public +notes +0 .*rows excluded\n/)
  assert.equal(contents.gaps.length, 1)
  assert.match(words, /\nGaps +1\n +role passwords: Role reader may not .*\n/)

  json(['restore', part.id, '--to', besideUrl(source.url, 'part'), '--create-database'])
  assert.deepEqual(await tablesOf('part'), { ...held, ...others }, 'all definitions, and the rows it holds')
})

/** Owner and grants of a table. */
async function accessTo(table: string, database: string): Promise<{ owner: unknown; granted: unknown }> {
  const [row] = await server.query(
    `SELECT pg_get_userbyid(relowner) AS owner, relacl::text AS granted FROM pg_class WHERE oid = '${table}'::regclass`,
    database,
  )
  return { owner: row?.['owner'], granted: row?.['granted'] }
}

test('a restore makes the chosen tables, with owners and grants or without, on as many connections as told', async (t) => {
  await server.query('CREATE DATABASE chosen OWNER builder')
  t.after(() => server.query('DROP DATABASE chosen'))
  const to = new URL(besideUrl(source.urlFor('builder', 'password'), 'chosen')).href
  const restore = ['restore', whole.id, '--to', to, '--schema', 'sales', '--exclude-table', 'sales.audit_log']
  const denied = run([...restore, '--jobs', '1'])
  assert.notEqual(denied.status, 0, 'builder may not give a table to keeper')
  const plain = [...restore, '--no-owner', '--no-grants']
  json([...plain, '--jobs', '12'], { status: 6 })
  assert.deepEqual(await tablesOf('chosen'), {}, 'undone')
  json([...plain, '--jobs', '1'])
  assert.deepEqual(await tablesOf('chosen'), { 'sales.items': 200, 'sales.orders': 1000 })
  assert.deepEqual(await accessTo('sales.orders', 'chosen'), { owner: 'builder', granted: null })

  const other = besideUrl(source.url, 'others')
  t.after(() => server.query('DROP DATABASE IF EXISTS others'))
  json(['restore', whole.id, '--to', other, '-C', '--table', 'orders', '--table', 'hr.*', '--no-owner'])
  assert.deepEqual(await tablesOf('others'), { 'hr.people': 10, 'sales.orders': 1000 })
  const { owner, granted } = await accessTo('sales.orders', 'others')
  assert.equal(owner, 'postgres')
  assert.match(String(granted), /clerk=r\//)
})

test('an export writes the rows of the chosen tables', async () => {
  const choice = ['--schema', 'sales', '--table', 'notes', '--exclude-table', 'sales.audit_log']
  const wrote = json<{ tables: { schema: string; name: string; rows: number }[] }>([
    'export',
    whole.id,
    '--format',
    'json',
    '--out',
    'exported',
    ...choice,
  ])
  const expected = { 'public.notes': 1, 'sales.items': 200, 'sales.orders': 1000 }
  assert.deepEqual(Object.fromEntries(wrote.tables.map((table) => [nameOf(table), table.rows])), expected)
  const files = (await readdir(join(directory, 'exported'))).filter((name) => name.endsWith('.json'))
  const counted = await Promise.all(
    files.map(async (name) => {
      const rows = JSON.parse(await readFile(join(directory, 'exported', name), 'utf8')) as unknown[]
      return [name.replace('.json', ''), rows.length]
    }),
  )
  assert.deepEqual(Object.fromEntries(counted), expected)
})

test('show tells what a backup cost, in words and as numbers, as it is on the disk', async () => {
  const { backup, contents } = json<Shown>(['show', whole.id])
  const { totals } = backup
  const own = json<Shown>(['show', part.id]).backup
  assert.ok(own.totals.reusedChunks > 0 && own.totals.newChunks > 0)
  const stored = totals.newStoredBytes + own.totals.newStoredBytes
  assert.equal(
    stored,
    sizes.reduce((sum, size) => sum + size, 0),
    'new bytes are what the files take',
  )
  assert.deepEqual(
    [totals.newChunks, totals.reusedChunks, totals.newStoredBytes],
    [backup.chunks, 0, totals.storedBytes],
  )
  assert.equal(own.totals.newChunks + totals.newChunks, sizes.length)
  assert.deepEqual([totals.rows, totals.tables, totals.gaps], [1241, 5, 0])
  assert.equal(
    totals.plainBytes,
    contents?.tables.reduce((sum, table) => sum + table.plainBytes, 0),
  )
  assert.ok(backup.seconds > 0)

  const words = run(['show', whole.id]).stdout
  const lines = Object.fromEntries(words.split('\n').map((line) => [line.slice(0, 8).trim(), line.slice(8)]))
  assert.equal(lines['Rows'], `1,241 in 5 tables, ${formatBytes(totals.plainBytes)} as text`)
  assert.equal(lines['Stored'], `${formatBytes(totals.storedBytes)} in ${formatCount(backup.chunks)} chunks`)
  assert.equal(lines['New'], `${formatBytes(totals.newStoredBytes)} in ${totals.newChunks} chunks, 0 reused`)
  const took = backup.seconds * 1000
  assert.equal(lines['Took'], `${formatDuration(took)}, ${formatRate(totals.plainBytes, took)}`)
  assert.equal(lines['Gaps'], 'none')
})

test('without an identity show tells what is not sealed, and that the rest is', async () => {
  const elsewhere = { HOME: join(directory, 'elsewhere') }
  const { status, stdout, stderr } = run(['show', whole.id], elsewhere)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /Name +whole\n[\s\S]*Rows +1,241 in 5 tables[\s\S]*Gaps +none\n$/)
  assert.doesNotMatch(stdout, /orders|keeper/)
  assert.match(stderr, /are sealed: pass --identity FILE/)
  const shown = json<Shown>(['show', whole.id], { env: elsewhere })
  assert.deepEqual([shown.contents, shown.backup.totals], [null, whole.totals])
  json(['show', whole.id, '--identity', 'nowhere.txt'], { env: elsewhere, status: 2 })
})

test('check reads back the share that it is told to', async () => {
  interface Report {
    readonly backups: readonly { readonly id: string; readonly missing: readonly string[] }[]
    readonly objects: number
    readonly read: number
    readonly bytesRead: number
  }
  const names = (await readdir(join(directory, 'repo/chunks'), { recursive: true }))
    .map((path) => basename(path))
    .filter((name) => name.length > 2)
  const objects = names.length
  const check = (share: string): Report => json<{ report: Report }>(['check', '--read-data', share]).report
  const some = check('5%')
  assert.deepEqual([some.objects, some.backups.length], [objects, 2])
  assert.ok(some.read > 0 && some.read < objects, `${some.read} of ${objects}`)
  const halves = [check('1/2').read, check('1/2').read]
  assert.ok(halves[0] !== undefined && halves[0] + (halves[1] ?? 0) >= objects, halves.join())
  const told = run(['check', '--read-data', '1/20']).stdout
  assert.match(told, /Everything was read back since /)
  assert.equal(check('100%').read, objects)
})

test('SOURCE and TARGET come from a service file or the environment, as libpq has it', async (t) => {
  const { hostname, port, username, password } = new URL(source.url)
  const server_ = `host=${hostname}\nport=${port}\nuser=${username}\npassword=${password}\n`
  await writeFile(
    join(directory, 'services'),
    `[shop]\n${server_}dbname=${source.name}\n[copy]\n${server_}dbname=by_service\n`,
  )
  const env = { PGSERVICEFILE: join(directory, 'services') }
  t.after(() => server.query('DROP DATABASE IF EXISTS by_service'))
  const database = (id: string): unknown => json<Shown>(['show', id]).contents?.database.name
  const made = json<{ backup: Backup }>(['backup', 'service=shop', '--proof', 'counts'], { env }).backup
  assert.deepEqual([made.totals.rows, database(made.id)], [1241, source.name])
  json(['restore', made.id, '--to', 'service=copy', '--create-database'], { env })
  assert.equal((await tablesOf('by_service'))['sales.orders'], 1000)

  const all = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password }
  const again = json<{ backup: Backup }>(['backup'], { env: { ...all, PGDATABASE: 'by_service' } }).backup
  assert.deepEqual([again.totals.rows, database(again.id)], [1241, 'by_service'])
})
