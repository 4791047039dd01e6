import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'

/* Sources and modules of holdfast.json in backup, restore and export, on a real database and by the real command line. */

const server = await testServer(17)
const source = await server.database()
const { directory, run, json, shell } = await commandLine()

await server.query(`CREATE ROLE app LOGIN PASSWORD 'hunter22' CREATEDB`)
await source.query(`
  CREATE SCHEMA crm;
  CREATE TABLE crm.people AS SELECT generate_series(1, 10) AS i;
  CREATE TABLE crm.calls AS SELECT generate_series(1, 20) AS i;
  CREATE TABLE leads AS SELECT generate_series(1, 30) AS i;
  CREATE TABLE orders AS SELECT generate_series(1, 40) AS i;
  CREATE TABLE log AS SELECT generate_series(1, 50) AS i;
  GRANT USAGE ON SCHEMA crm TO app;
  GRANT SELECT ON ALL TABLES IN SCHEMA crm, public TO app`)

const address = `postgres://app@127.0.0.1:${server.port}/${source.name}`
const modules = {
  crm: { tables: ['crm.*', 'public.leads'] },
  sales: { tables: ['orders'] },
  stale: { tables: ['orders', 'invoices'] },
}
await writeFile(join(directory, 'secret'), 'hunter22\n', { mode: 0o600 })
const shop = {
  address,
  password: { file: 'secret' },
  repository: 'repo',
  excludeData: ['log'],
  proof: 'full',
  modules,
}
const configure = (sources: Readonly<Record<string, object>>): Promise<void> =>
  writeFile(join(directory, 'holdfast.json'), JSON.stringify({ version: 1, sources }))
await configure({ shop })
const env = { HOLDFAST_REPO: '' }

interface Shown {
  readonly backup: { readonly id: string }
  readonly contents: {
    readonly scope: unknown
    readonly proof: string
    readonly tables: readonly { schema: string; name: string; data: string; rows: number }[]
  }
}
interface Failed {
  readonly error: { readonly code: string; readonly message: string }
}

/** Makes a backup; what it holds. */
function backUp(...args: readonly string[]): Shown['contents'] & { id: string; held: string[] } {
  const { status, stdout, stderr } = run(['backup', ...args, '--json'], { ...env, HOLDFAST_DEBUG: '1' })
  assert.equal(status, 0, stdout + stderr)
  assert.doesNotMatch(stdout + stderr, /hunter/)
  const { backup } = JSON.parse(stdout) as Pick<Shown, 'backup'>
  const { contents } = json<Shown>(['show', backup.id], { env })
  const held = contents.tables
    .filter(({ data }) => data === 'held')
    .map(({ schema, name }) => `${schema}.${name}`)
  return { ...contents, id: backup.id, held }
}

const inCrm = ['crm.calls', 'crm.people', 'public.leads']
const all = [...inCrm, 'public.orders']

test('a backup of a source takes its address, password, repository, scope and proof; what is given wins', () => {
  const made = backUp('shop')
  assert.deepEqual(made.held, all)
  assert.equal(made.proof, 'full')
  assert.deepEqual(made.scope, { schemas: [], tables: [], excludeTables: [], excludeData: ['log'] })
  const other = backUp('shop', '--exclude-table', 'orders', '--proof', 'counts')
  assert.deepEqual(
    [other.held, other.proof],
    [['crm.calls', 'crm.people', 'public.leads', 'public.log'].sort(), 'counts'],
  )
  const { error } = json<Failed>(['backup', address], { status: 2, env })
  assert.equal(error.code, 'usage', 'another name of the same database has no repository')
  const wrong = json<Failed>(['backup', address, '--repo', 'repo'], { status: 5, env }).error
  assert.equal(wrong.code, 'login_failed', 'and no password')
})

test('paths in a source, also those in its address, are from where the file is', async (t) => {
  t.after(() => configure({ shop }))
  await mkdir(join(directory, 'sub'))
  await writeFile(join(directory, 'pgpass'), '*:*:*:app:hunter22\n', { mode: 0o600 })
  const keywords = `host=127.0.0.1 port=${server.port} dbname=${source.name} user=app passfile=pgpass`
  await configure({ shop: { ...shop, address: keywords, password: undefined } })
  const { status, stderr } = shell('cd sub && HOLDFAST_REPO= $holdfast backup shop')
  assert.equal(status, 0, stderr)
})

test('a backup of modules holds their rows, and those of --table', () => {
  const made = backUp('shop', '--module', 'crm')
  assert.deepEqual(made.held, inCrm)
  assert.deepEqual(made.scope, {
    schemas: [],
    tables: ['crm.*', 'public.leads'],
    excludeTables: [],
    excludeData: ['log'],
  })
  assert.deepEqual(backUp('shop', '--module', 'crm', '--module', 'sales').held, all)
  assert.deepEqual(backUp('shop', '--module', 'sales', '--table', 'people').held, [
    'crm.people',
    'public.orders',
  ])
})

test('a module whose pattern matches no table is told with both names, and nothing is made', async () => {
  const before = json<{ backups: unknown[] }>(['list'], { env }).backups.length
  const stale = 'No table matches "invoices" of module stale of source shop.'
  const tried = [
    ['backup', 'shop', '--module', 'stale'],
    ['restore', 'latest', '--to', besideUrl(source.url, 'none'), '-C', '--module', 'stale'],
    ['export', 'latest', '--out', 'none', '--module', 'stale'],
  ]
  for (const args of tried) {
    const { error } = json<Failed>(args, { status: 3, env })
    assert.deepEqual([error.code, error.message], ['table_not_found', stale])
  }
  const { error } = json<Failed>(['backup', 'shop', '--module', 'crm', '--table', 'invoices'], {
    status: 3,
    env,
  })
  assert.equal(error.message, 'No table matches "invoices".')
  assert.equal(json<{ backups: unknown[] }>(['list'], { env }).backups.length, before)
  assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'none'`), [])
  assert.ok(!(await readdir(directory)).includes('none'))
})

test('a restore and an export take the tables of a module; a target may be a source', async (t) => {
  const { id } = backUp('shop')
  await configure({
    shop,
    copy: { address: address.replace(source.name, 'copy'), password: { file: 'secret' } },
  })
  t.after(() => configure({ shop }))
  t.after(() => server.query('DROP DATABASE IF EXISTS copy'))
  const restore = ['restore', id, '--to', 'copy', '-C', '--no-owner', '--module', 'crm']
  const { error } = json<Failed>(restore, { status: 2, env })
  assert.equal(error.message, '--module does not say of which source.')
  const done = json<{ restore: { rows: number } }>([...restore, '--source', 'shop', '--table', 'orders'], {
    env,
  })
  assert.equal(done.restore.rows, 10 + 20 + 30 + 40)
  const there = await server.query(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname IN ('crm', 'public') ORDER BY 1`,
    'copy',
  )
  assert.deepEqual(
    there.map(({ name }) => name),
    all,
  )

  const exported = json<{ tables: { name: string; rows: number }[] }>(
    ['export', id, '--format', 'csv', '--out', 'crm', '--source', 'shop', '--module', 'crm'],
    { env },
  )
  assert.deepEqual(
    exported.tables.map(({ name, rows }) => [name, rows]),
    [
      ['calls', 20],
      ['people', 10],
      ['leads', 30],
    ],
  )
})
