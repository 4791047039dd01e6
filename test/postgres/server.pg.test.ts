import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { startServer } from '../../src/postgres/server/server.ts'
import { majors, queryAt } from '../support/postgres.ts'

const extensions =
  'plpgsql pgcrypto citext hstore uuid-ossp pg_trgm ltree postgres_fdw file_fdw amcheck'.split(' ')
const program = new URL('../support/start-server.ts', import.meta.url).pathname

let scratch = ''
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  await chmod(scratch, 0o755)
})
after(() => rm(scratch, { recursive: true, force: true }))

for (const major of majors) {
  test(`Postgres ${major} starts, is itself, has its extensions and stops without a trace`, async () => {
    const server = await startServer({ major })
    const [about] = await queryAt(server.url(), `SELECT current_setting('server_version') AS version`)
    assert.equal(about?.['version'], server.version)
    assert.equal(Number.parseInt(server.version, 10), major)
    const sql = extensions.map((name) => `CREATE EXTENSION IF NOT EXISTS "${name}";`).join('')
    const found = await queryAt(server.url(), `${sql} SELECT extname AS name FROM pg_extension`)
    assert.deepEqual(new Set(found.map((row) => row['name'])), new Set(extensions))
    const [word] = await queryAt(server.url(), `SELECT lower('ÄЖ' COLLATE "und-x-icu") AS lower`)
    assert.equal(word?.['lower'], 'äж')
    await server.stop()
    assert.equal(existsSync(server.dataDirectory), false)
    assert.equal(existsSync(`/proc/${server.pid}`), false)
    assert.match(server.logTail(), /database system is shut down/)
    await server.stop()
  })
}

test('it is private: unprivileged, closed directories, a password on every way in', async () => {
  await using server = await startServer({ major: 18 })
  const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1])
  assert.notEqual(uid, 0)
  for (const path of [server.dataDirectory, server.socketDirectory]) {
    const found = await stat(path)
    assert.equal(found.uid, uid)
    assert.equal(found.mode & 0o777, 0o700)
  }
  const socket = (password: string): string =>
    `socket://postgres:${password}@${server.socketDirectory}?db=postgres&port=${server.port}`
  for (const password of ['', 'postgres', server.password.slice(1)]) {
    const url = server.url().replace(server.password, password)
    await assert.rejects(queryAt(url, 'SELECT 1'), /password/)
    await assert.rejects(queryAt(socket(password), 'SELECT 1'), /password/)
  }
  assert.deepEqual(await queryAt(socket(server.password), 'SELECT 1 AS one'), [{ one: 1 }])
  const [row] = await queryAt(
    server.url(),
    `SELECT current_setting('listen_addresses') AS listens,
       (SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules) AS methods`,
  )
  assert.deepEqual(row, { listens: '127.0.0.1', methods: 'scram-sha-256' })
  // Neither command lines nor environments hold the password.
  for (const name of await readdir('/proc')) {
    for (const file of ['cmdline', 'environ']) {
      const path = `/proc/${name}/${file}`
      const text = /^\d+$/.test(name) ? await readIfThere(path) : ''
      assert.equal(text.includes(server.password), false, path)
    }
  }
  assert.equal(server.logTail().includes(server.password), false)
})

test('settings and initdb options hold', async () => {
  await using server = await startServer({
    major: 17,
    settings: { wal_level: 'logical', 'my.quote': "it's" },
    initdb: { encoding: 'UTF8', locale: 'C.UTF-8', localeProvider: 'icu', providerLocale: 'sv' },
  })
  const sql = `SELECT current_setting('wal_level') AS level, current_setting('my.quote') AS quote, datlocale AS locale
    FROM pg_database WHERE datname = 'postgres'`
  assert.deepEqual(await queryAt(server.url(), sql), [{ level: 'logical', quote: "it's", locale: 'sv' }])
})

test('a server that cannot start says why, and leaves nothing behind', async () => {
  const before = await runDirectories()
  await assert.rejects(startServer({ major: 16, settings: { shared_buffers: 'many' } }), (error) => {
    assert.ok(isHoldfastError(error, 'server_failed'))
    assert.match(error.message, /shared_buffers/)
    return true
  })
  assert.deepEqual(await runDirectories(), before)
})

test('a cancelled start ends as cancelled', async () => {
  const controller = new AbortController()
  const starting = startServer({ major: 16, signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  await assert.rejects(starting, (error) => isHoldfastError(error, 'cancelled'))
})

test('limits hold', async () => {
  const limits = { fileBytes: 64 * 1024 * 1024, memoryBytes: 4 * 1024 ** 3, nice: 5 }
  await using server = await startServer({ major: 17, limits, settings: { max_parallel_workers: '0' } })
  assert.equal(getPriority(server.pid), 5)
  assert.match(readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /Max address space +4294967296/)
  const large = `CREATE TABLE large AS SELECT repeat('x', 1900) FROM generate_series(1, 50000)`
  await assert.rejects(queryAt(server.url(), large), /file|too large|extend/i)
  assert.deepEqual(await queryAt(server.url(), 'SELECT 1 AS one'), [{ one: 1 }])
})

test('a directory that is given is kept, and the next start finds it', async () => {
  const directory = join(scratch, 'kept')
  const first = await startServer({ major: 17, directory })
  await queryAt(first.url(), 'CREATE TABLE t AS SELECT 1 AS a')
  await assert.rejects(startServer({ major: 17, directory }), /running/)
  await first.stop()
  await assert.rejects(startServer({ major: 18, directory }), /Postgres 17, not 18/)
  await using second = await startServer({ major: 17, directory })
  assert.notEqual(second.password, first.password)
  assert.deepEqual(await queryAt(second.url(), 'SELECT a FROM t'), [{ a: 1 }])
})

test('it dies with its parent, also by kill -9, and its files go too', async () => {
  const parent = await startInChild(process.env['TMPDIR'] ?? tmpdir())
  assert.ok(existsSync(`/proc/${parent.server.pid}`))
  parent.child.kill('SIGKILL')
  await until(() => !isRunning(parent.server.pid))
  await until(() => !existsSync(parent.server.dataDirectory))
  // The empty directory that is left is removed at the next start.
  const server = await startServer({ major: 17 })
  await server.stop()
  assert.equal(existsSync(parent.server.socketDirectory), false)
})

test('a process that computes on when its postmaster was killed is ended by the stop', async () => {
  const server = await startServer({ major: 17 })
  const client = new pg.Client({ connectionString: server.url() })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const pid = rows[0]?.pid ?? 0
  const busy = client.query('DO $$ BEGIN LOOP END LOOP; END $$').catch(() => undefined)
  process.kill(server.pid, 'SIGKILL')
  assert.ok(await server.endsWithin(10_000))
  assert.ok(isRunning(pid))
  await server.stop()
  await busy
  await until(() => !isRunning(pid))
  assert.equal(existsSync(server.socketDirectory), false)
})

test('two processes with a cold cache both get their server', async () => {
  const cold = join(scratch, 'cold')
  await mkdir(cold, { mode: 0o755 })
  const parents = await Promise.all([startInChild(cold), startInChild(cold)])
  const [cache = ''] = await readdir(cold)
  const names = (await readdir(join(cold, cache))).filter((name) => !name.startsWith('run-'))
  assert.deepEqual(names.map((name) => name.replace(/-.*/, '')).sort(), ['postgres', 'template'])
  for (const { child, server } of parents) {
    assert.ok(server.dataDirectory.startsWith(cold))
    child.stdin?.end()
    await once(child, 'exit')
  }
})

test('a cache that others could have written to is not used, and one with missing files is made again', async () => {
  const planted = join(scratch, 'planted')
  await mkdir(planted, { mode: 0o755 })
  const name = `holdfast-${process.geteuid?.()}`
  await mkdir(join(planted, name))
  await chmod(join(planted, name), 0o777)
  if (process.geteuid?.() === 0) {
    await mkdir(join(planted, `${name}.1`))
    await chown(join(planted, `${name}.1`), 65534, 65534)
  }
  for (const damage of ['postgres-17', 'template-17', '']) {
    const { child, server } = await startInChild(planted)
    child.stdin?.end()
    await once(child, 'exit')
    const used = join(server.socketDirectory, '..')
    assert.match(used, process.geteuid?.() === 0 ? /\.2$/ : /\.1$/)
    assert.deepEqual(await readdir(join(planted, name)), [])
    const victim = (await readdir(used)).find((entry) => damage !== '' && entry.startsWith(damage))
    if (damage !== '') {
      await rm(join(used, victim ?? '', damage === 'postgres-17' ? 'share' : 'base'), { recursive: true })
    }
  }
})

interface Started {
  readonly child: ChildProcess
  readonly server: { pid: number; dataDirectory: string; socketDirectory: string }
}

/** A process of its own that starts a server of major 17, prints where it is, and stops it when its input ends. */
async function startInChild(temporary: string): Promise<Started> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, server: JSON.parse(line) as Started['server'] }
  }
  throw new Error('The child ended without starting a server.')
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (condition()) return
    await sleep(20)
  }
  assert.fail('It did not happen in ten seconds.')
}

/** A process that has ended but was not yet waited for by its new parent does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Run directories of this process. */
async function runDirectories(): Promise<string[]> {
  const cache = join(tmpdir(), `holdfast-${process.geteuid?.()}`)
  return (await readdir(cache)).filter((name) => name.startsWith(`run-${process.pid.toString(36)}-`))
}
