import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compileCache, mainProgram } from '../support/main-program.ts'
import { testServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const launcher = fileURLToPath(new URL('../../bin/holdfast', import.meta.url))

const sample = `
  CREATE TABLE tenant (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Größe 表" (id int PRIMARY KEY, tenant int REFERENCES tenant, note text);
  CREATE TABLE log_2026 (at timestamptz, line text);
  INSERT INTO tenant SELECT i, 'tenant ' || i FROM generate_series(1, 20) i;
  INSERT INTO "Größe 表" SELECT i, 1 + i % 20, repeat('x', i % 50) FROM generate_series(1, 5000) i;
  INSERT INTO log_2026 SELECT now(), i::text FROM generate_series(1, 100) i`

/** A source, a repository and a user with a directory of their own. */
async function setUp(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const server = await testServer(17)
  const source = await server.database()
  t.after(() => source.drop())
  await source.query(sample)
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    HOLDFAST_REPO: join(directory, 'repo'),
    ...compileCache,
  }
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...mainProgram, ...args], {
      cwd: directory,
      env,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  const json = <T>(...args: string[]): T => {
    const { status, stdout, stderr } = run(...args, '--json', '--quiet')
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as T
  }
  const start = (...args: string[]) =>
    spawn(process.execPath, [...mainProgram, ...args], { cwd: directory, env })
  json('init', 'repo')
  return { directory, server, source, run, json, start }
}

interface Backup {
  readonly id: string
  readonly chunks: number
  readonly totals: { readonly rows: number; readonly newChunks: number; readonly reusedChunks: number }
}

test('from a database to another one, by the commands alone', async (t) => {
  const { directory, server, source, run, json } = await setUp(t)
  const { backup } = json<{ backup: Backup }>('backup', source.url, '--name', 'first', '--proof', 'full')
  assert.equal(backup.totals.rows, 5120)

  const again = run('backup', source.url)
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stdout, /^Backup \S+ of postgres:\/\/[\s\S]*5,120 rows in 3 tables/)
  const { backups } = json<{ backups: Backup[] }>('list')
  assert.equal(backups.length, 2)
  assert.equal(backups[1]?.id, backup.id)
  assert.ok((backups[0]?.totals.reusedChunks ?? 0) > 0, 'unchanged rows are not stored again')

  const shown = run('show', backup.id.slice(0, -2))
  assert.match(shown.stdout, /Name\s+first[\s\S]*Größe 表\s+5,000[\s\S]*full/)

  assert.match(
    run('check', '--read-data', 'all').stdout,
    /2 backups, \d+ objects, [1-9]\d* read back .*: whole/,
  )

  const target = new URL(source.url)
  target.pathname = '/restored_by_command'
  t.after(() => server.query('DROP DATABASE IF EXISTS restored_by_command'))
  const missing = run('restore', 'latest', '--to', target.href, '--plan')
  assert.equal(missing.status, 3, missing.stderr)
  const restore = ['restore', 'latest', '--to', target.href, '--create-database']
  const plan = run(...restore, '--plan')
  assert.equal(plan.status, 0, plan.stderr)
  assert.match(plan.stdout, /will be created[\s\S]*Nothing was touched/)
  const restored = run(...restore)
  assert.equal(restored.status, 0, restored.stderr)
  assert.match(restored.stdout, /5,120 rows in 3 tables[\s\S]*equal/)
  const rows = await server.query('SELECT count(*)::int AS n FROM "Größe 表"', 'restored_by_command')
  assert.deepEqual(rows, [{ n: 5000 }])
  assert.equal(run('restore', 'latest', '--to', target.href).status, 7, 'what is not empty is refused')

  const drill = json<{ drill: { rows: number; notVerified: unknown[] } }>('drill', backup.id)
  assert.equal(drill.drill.rows, 5120)

  const wrote = json<{ tables: unknown[] }>('export', 'latest', '-f', 'csv', '-t', 'tenant', '-o', 'out')
  assert.equal(wrote.tables.length, 1)
  const files = await readdir(join(directory, 'out'), { recursive: true })
  assert.ok(
    files.some((name) => name.includes('tenant')),
    files.join(),
  )
})

test('what was left out by name is left out, and a name that means nothing is an error', async (t) => {
  const { source, json, run } = await setUp(t)
  const { backup } = json<{ backup: Backup }>('backup', source.url, '--exclude-data', 'log_*')
  assert.equal(backup.totals.rows, 5020)
  assert.equal(run('backup', source.url, '--table', 'tenent').status, 3)
})

test('an object that is gone is found by check, with exit status 4', async (t) => {
  const { directory, source, run, json } = await setUp(t)
  json('backup', source.url)
  const chunks = await readdir(join(directory, 'repo/chunks'), { recursive: true, withFileTypes: true })
  const chunk = chunks.find((entry) => entry.isFile())
  assert.ok(chunk !== undefined)
  await rm(join(chunk.parentPath, chunk.name))
  const { status, stdout, stderr } = run('check')
  assert.equal(status, 4)
  assert.match(stdout, /1 object missing/)
  assert.match(stderr, /check_failed/)
})

test('wrong passwords are not printed, and tell what they are', async (t) => {
  const { server, source, run } = await setUp(t)
  const role = `reader_${Math.random().toString(36).slice(2, 8)}`
  await server.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`)
  t.after(() => server.query(`DROP ROLE ${role}`))
  const { stdout, stderr, status } = run('backup', source.urlFor(role, 'hush-hush-wrong'))
  assert.equal(status, 5, stderr)
  assert.doesNotMatch(stdout + stderr, /hush-hush-wrong/)
})

test('Ctrl-C ends a backup cleanly, and says what state things are in', async (t) => {
  const { directory, source, start, json } = await setUp(t)
  await source.query(
    `CREATE TABLE big AS SELECT i, repeat(md5(i::text), 30) AS t FROM generate_series(1, 300000) i`,
  )
  const child = start('backup', source.url, '--json')
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  // Once chunks appear it is in the middle of it.
  while (child.exitCode === null && !existsSync(join(directory, 'repo/chunks'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGINT')
  const [status] = (await once(child, 'close')) as [number]
  assert.equal(status, 130, output.stdout + output.stderr)
  const { error } = JSON.parse(output.stdout) as { error: { code: string; hint: string } }
  assert.equal(error.code, 'cancelled')
  assert.match(error.hint, /No backup was made/)
  assert.deepEqual(json<{ backups: unknown[] }>('list').backups, [])
  const left = await source.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'holdfast'`,
  )
  assert.deepEqual(left, [])
  json('backup', source.url)
})

test('a repository without its header is none, and says so', async (t) => {
  const { directory, run } = await setUp(t)
  assert.ok((await readFile(join(directory, 'repo/holdfast'))).length > 0)
  await rm(join(directory, 'repo/holdfast'))
  assert.equal(run('list').status, 3)
})

test('backup, restore and drill need no client program: their PATH has only what starts Holdfast', async (t) => {
  const { directory, server, source } = await setUp(t)
  const path = join(directory, 'programs')
  await mkdir(path)
  for (const name of ['dirname', 'mkdir', 'readlink', 'uname']) {
    const program = ['/usr/bin', '/bin'].map((place) => join(place, name)).find((one) => existsSync(one))
    await symlink(program ?? name, join(path, name))
  }
  const how = {
    cwd: directory,
    env: { PATH: path, HOME: directory, HOLDFAST_REPO: join(directory, 'repo') },
    encoding: 'utf8',
  } as const
  for (const name of ['pg_dump', 'pg_restore', 'psql', 'age', 'zstd', 'node']) {
    assert.equal((spawnSync(name, how).error as NodeJS.ErrnoException | undefined)?.code, 'ENOENT')
  }
  t.after(() => server.query('DROP DATABASE IF EXISTS restored_alone'))
  const target = new URL(source.url)
  target.pathname = '/restored_alone'
  for (const args of [
    ['backup', source.url],
    ['restore', 'latest', '--to', target.href, '--create-database'],
    ['drill', 'latest'],
  ]) {
    const { status, stdout, stderr } = spawnSync(launcher, args, how)
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /5,120 rows in 3 tables/)
  }
})
