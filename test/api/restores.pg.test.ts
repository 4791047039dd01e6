import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { rememberBackups } from '../../src/catalog/backups.ts'
import { expireRestores } from '../../src/jobs/restores/start.ts'
import { summarize } from '../../src/repository/format/manifest.ts'
import { newApi } from '../support/restores-api.ts'
import { besideUrl, requireSame, schemaOf, stateOf } from '../support/journey.ts'
import { tcpProxy, testServer, type TestDatabase } from '../support/postgres.ts'
import { realCommands, type JobRow } from '../support/service.ts'

/* Restores, as somebody does them over the API: real commands, a real database, and what kills them. */

const [server, catalogServer] = await Promise.all([testServer(17), testServer(18)])
const api = await newApi(catalogServer)
const { ok, call, until, catalog } = api
const worker = api.worker({ commandLine: realCommands })
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)
const waits = (job: JobRow): boolean => job.status === 'waiting' || over(job)

interface Restore {
  readonly id: string
  readonly status: string
  readonly step: string
  readonly restore: string | null
  readonly database: string | null
  readonly changed: boolean | null
  readonly preview: { readonly totals: { readonly create: number } } | null
  readonly report: { readonly tables: { readonly created: number; readonly rows: number }[] } | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly undo: string | null
}

let sources = 0
/** A source with a hundred orders, backed up, of which the first ten are gone since. */
async function damaged(
  url?: (url: string) => string,
  more = '',
): Promise<{ name: string; shop: TestDatabase; count: () => Promise<number> }> {
  const shop = await server.database()
  await shop.query(`CREATE TABLE orders (id int PRIMARY KEY, cents int);
    INSERT INTO orders SELECT n, n FROM generate_series(1, 100) n; ${more}`)
  const name = `shop${++sources}`
  const at = url?.(shop.url) ?? shop.url
  const sourceId = await api.addSource(name, at)
  const { manifest } = await api.repository.backUp(at)
  const backups = [{ ...summarize(manifest) }]
  await rememberBackups(catalog.system, { repositoryId: api.repository.id, sourceId, backups })
  await shop.query('DELETE FROM orders WHERE id <= 10')
  const count = async () => Number((await shop.query('SELECT count(*)::int AS n FROM orders'))[0]?.['n'])
  return { name, shop, count }
}

async function preview(source: string, more: object = {}): Promise<Restore> {
  const { id } = await ok<Restore>('POST /restores', { source, into: { inPlace: true }, ...more })
  await until(id, waits)
  return await ok<Restore>(`GET /restores/${id}`)
}

async function end(id: string): Promise<Restore> {
  await until(id, over)
  return await ok<Restore>(`GET /restores/${id}`)
}

async function secretsOf(id: string): Promise<unknown> {
  const [row] = await catalog.system.query('SELECT secrets, step FROM holdfast.restores WHERE id = $1', [id])
  return row
}
const gone = { secrets: null, step: 'over' }

test('a backup is restored into a new database, which is quarantined, released, and no password of it is left', async (t) => {
  const { name, shop } = await damaged(undefined, 'CREATE PUBLICATION changes FOR TABLE orders')
  t.after(() => server.query(`DROP DATABASE IF EXISTS ${shop.name}_copy WITH (FORCE)`))
  const url = new URL(besideUrl(shop.url, `${shop.name}_copy`))
  const password = decodeURIComponent(url.password)
  url.password = ''
  const into = { database: url.href, password }
  const body = { source: name, into, modules: undefined }
  for (const refused of [
    { into: { ...into, database: besideUrl(shop.url, 'x') } },
    { where: 'true' },
    { skipPreview: true },
  ])
    assert.equal((await call('POST /restores', { ...body, ...refused })).status, 400, JSON.stringify(refused))
  const started = await ok<Restore>('POST /restores', body, 'platform_operator')
  assert.deepEqual([started.status, started.step], ['pending', 'run'])
  const restored = await end(started.id)
  assert.deepEqual([restored.status, restored.changed], ['completed', true], JSON.stringify(restored.error))
  assert.equal(restored.report?.tables[0]?.rows, 100)
  assert.deepEqual(await secretsOf(started.id), gone)
  assert.ok((await api.repository.list()).length > 0)
  const found = await ok<{ items: Restore[] }>(`GET /restores?source=${name}`)
  assert.deepEqual(
    found.items.map(({ id }) => id),
    [started.id],
  )
  const wrong = await call(`POST /restores/${started.id}/release`, { confirm: 'shop', password })
  assert.deepEqual([wrong.status, wrong.body['code']], [409, 'confirmation_needed'])
  const off = (restored.report as unknown as { quarantined: object[] }).quarantined
  assert.deepEqual(off, [{ kind: 'publication', schema: '', relation: '', name: 'changes' }])
  const release = await ok<Restore>(`POST /restores/${started.id}/release`, {
    confirm: `${shop.name}_copy`,
    password,
  })
  const released = await end(release.id)
  assert.deepEqual([released.status, released.changed], ['completed', true], JSON.stringify(released.error))
  assert.deepEqual(await secretsOf(release.id), gone)
  assert.equal(await schemaOf(besideUrl(shop.url, `${shop.name}_copy`)), await schemaOf(shop.url))
  const again = await ok<Restore>('POST /restores', body)
  const refused = await end(again.id)
  assert.deepEqual([refused.status, refused.error?.code, refused.changed], ['failed', 'target_exists', false])
})

test('a restore in place is previewed, waits for the name of the database, is done, and is taken back', async () => {
  const { name, shop, count } = await damaged()
  const before = await stateOf(shop.url)
  const denied = await call('POST /restores', { source: name, into: { inPlace: true } }, 'platform_operator')
  assert.deepEqual([denied.status, denied.body['code']], [403, 'not_permitted'])
  const waiting = await preview(name, { tables: ['orders'] })
  assert.deepEqual(
    [waiting.status, waiting.step, waiting.preview?.totals.create, waiting.database],
    ['waiting', 'agreement', 10, shop.name],
    JSON.stringify(waiting.error),
  )
  assert.equal(await count(), 90, 'nothing is changed yet')
  const wrong = await call(`POST /restores/${waiting.id}/confirm`, { confirm: 'shop' })
  assert.deepEqual([wrong.status, wrong.body['code']], [409, 'confirmation_needed'])
  assert.equal(
    (await call(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name }, 'platform_operator')).status,
    403,
  )
  await ok(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const done = await end(waiting.id)
  assert.deepEqual([done.status, done.changed], ['completed', true], JSON.stringify(done.error))
  assert.equal(done.report?.tables[0]?.created, 10)
  assert.match(done.undo ?? '', /undo/)
  assert.deepEqual(await secretsOf(waiting.id), gone)
  assert.equal(await count(), 100)
  const second = await call(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  assert.deepEqual([second.status, second.body['code']], [409, 'not_waiting'])

  const { id } = await ok<Restore>(`POST /restores/${waiting.id}/undo`, {})
  await until(id, waits)
  await ok(`POST /restores/${id}/confirm`, { confirm: shop.name })
  const undone = await end(id)
  assert.deepEqual([undone.status, undone.changed], ['completed', true], JSON.stringify(undone.error))
  requireSame(await stateOf(shop.url), before, 'undone')
  const nothing = await preview(name, { tables: ['orders'], where: 'id > 50' })
  assert.deepEqual([nothing.status, nothing.changed], ['completed', false])
})

test('another role changes the database, and its password is nowhere when it is over', async () => {
  const { name, shop, count } = await damaged()
  await shop.query(`CREATE ROLE "re'storer" SUPERUSER LOGIN PASSWORD 'SECRET-9'`)
  const waiting = await preview(name, { as: { user: "re'storer", password: 'SECRET-9' } })
  assert.equal(waiting.status, 'waiting', JSON.stringify(waiting.error))
  await ok(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const done = await end(waiting.id)
  assert.match((done.report as unknown as { who: string }).who, /^re'storer /)
  assert.equal(await count(), 100)
  assert.doesNotMatch(JSON.stringify([done, await api.log(waiting.id)]), /SECRET-9/)
  await shop.query(`DROP ROLE "re'storer"`)
})

test('what has changed since the preview is not overwritten: nothing is done, and that is said', async () => {
  const { name, shop, count } = await damaged()
  const waiting = await preview(name)
  await shop.query('DELETE FROM orders WHERE id = 11')
  await ok(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const refused = await end(waiting.id)
  assert.deepEqual(
    [refused.status, refused.error?.code, refused.changed],
    ['failed', 'preview_outdated', false],
  )
  assert.equal(await count(), 89)
})

test('what nobody confirms in time is cancelled, and what is cancelled is not changed', async () => {
  const { name, shop, count } = await damaged()
  const [late, cancelled] = await Promise.all([preview(name), preview(name)])
  assert.equal(await expireRestores(catalog.system), 0)
  await catalog.system.query(`UPDATE holdfast.restores SET expires_at = now() WHERE id = $1`, [late.id])
  assert.equal(
    (await call(`POST /restores/${late.id}/confirm`, { confirm: shop.name })).body['code'],
    'not_waiting',
  )
  assert.equal(await expireRestores(catalog.system), 1)
  await ok(`POST /jobs/${cancelled.id}/cancel`)
  for (const { id } of [late, cancelled]) {
    assert.equal((await end(id)).status, 'cancelled')
    assert.deepEqual(await secretsOf(id), gone)
    assert.equal((await call(`POST /restores/${id}/confirm`, { confirm: shop.name })).status, 409)
  }
  assert.equal(await count(), 90)
})

test('parts of the schema, and a whole database in the place of the one in use, take the same way', async () => {
  const { name, shop, count } = await damaged(
    undefined,
    `CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'`,
  )
  await shop.query('DROP FUNCTION twice')
  const parts = await preview(name, { components: ['functions'] })
  assert.equal(parts.status, 'waiting', JSON.stringify(parts.error))
  await ok(`POST /restores/${parts.id}/confirm`, { confirm: shop.name })
  assert.equal((await end(parts.id)).changed, true)
  assert.equal((await shop.query('SELECT twice(2) AS n'))[0]?.['n'], 4)
  assert.equal(
    (await call('POST /restores', { source: name, into: { inPlace: true }, swap: 'database', tables: ['x'] }))
      .status,
    400,
  )

  const whole = await preview(name, { swap: 'database' })
  assert.deepEqual([whole.status, whole.database], ['waiting', shop.name], JSON.stringify(whole.error))
  await ok(`POST /restores/${whole.id}/confirm`, { confirm: shop.name })
  const done = await end(whole.id)
  assert.deepEqual([done.status, done.changed], ['completed', true], JSON.stringify(done.error))
  assert.equal(await count(), 100)
  const undo = await ok<Restore>(`POST /restores/${whole.id}/undo`, {})
  await until(undo.id, waits)
  await ok(`POST /restores/${undo.id}/confirm`, { confirm: shop.name })
  const undone = await end(undo.id)
  assert.deepEqual([undone.status, undone.changed], ['completed', true], JSON.stringify(undone.error))
  assert.equal(await count(), 90)
})

/** The process that runs the change of this restore. */
async function commandOf(restore: string): Promise<number> {
  for (let i = 0; i < 1200; i++) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (line.includes(`--id=${restore}`)) return Number(pid)
    }
    await sleep(50)
  }
  throw new Error('The command was never started.')
}

test('a command that is killed before its commit has changed nothing, which is found out', async () => {
  const { name, shop, count } = await damaged()
  const waiting = await preview(name)
  const blocker = new pg.Client({ connectionString: shop.url })
  await blocker.connect()
  await blocker.query('BEGIN; LOCK TABLE orders')
  const { restore } = await ok<Restore>(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const pid = await commandOf(restore ?? '')
  const blocked = `SELECT FROM pg_stat_activity WHERE datname = '${shop.name}' AND wait_event_type = 'Lock'`
  while ((await shop.query(blocked)).length === 0) await sleep(50)
  process.kill(pid, 'SIGKILL')
  const ended = await end(waiting.id)
  await blocker.end()
  assert.deepEqual([ended.status, ended.error?.code, ended.changed], ['failed', 'job_crashed', false])
  assert.match(ended.error?.message ?? '', /Nothing was changed\.$/)
  assert.equal(await count(), 90)
})

/** A door that lets no word of a commit through to who asked for it, once it is armed. */
async function silentDoor() {
  let armed = false
  const swallowed = Promise.withResolvers<void>()
  const door = await tcpProxy(server.port, () => (piece) => {
    if (!armed || !piece.includes('COMMIT\0')) return piece
    armed = false
    swallowed.resolve()
    return Buffer.alloc(0)
  })
  return { door, swallowed: swallowed.promise, arm: () => (armed = true) }
}

test('a command that is killed between its commit and the answer has changed it, which is found out', async () => {
  const { door, swallowed, arm } = await silentDoor()
  const { name, shop, count } = await damaged((url) => door.url(url))
  const waiting = await preview(name)
  arm()
  const { restore } = await ok<Restore>(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const pid = await commandOf(restore ?? '')
  await swallowed
  process.kill(pid, 'SIGKILL')
  const ended = await end(waiting.id)
  assert.deepEqual([ended.status, ended.changed, ended.error], ['completed', true, null])
  assert.equal(ended.report?.tables[0]?.created, 10)
  assert.equal(await count(), 100)
  const { id } = await ok<Restore>(`POST /restores/${waiting.id}/undo`, {})
  await until(id, waits)
  await ok(`POST /restores/${id}/confirm`, { confirm: shop.name })
  assert.equal((await end(id)).status, 'completed')
  assert.equal(await count(), 90)
  await door.close()
})

test('a worker that is killed in the change leaves nothing in doubt, and nobody makes the change again', async () => {
  await worker.stop(60_000)
  const { door, swallowed, arm } = await silentDoor()
  const helper = api.worker({ commandLine: realCommands })
  const { name, shop, count } = await damaged((url) => door.url(url))
  const waiting = await preview(name)
  await helper.stop(60_000)
  arm()
  await ok(`POST /restores/${waiting.id}/confirm`, { confirm: shop.name })
  const child = api.workerProcess({ commandLine: realCommands, leaseSeconds: 2 })
  await swallowed
  child.kill('SIGKILL')
  await once(child, 'close')
  await shop.query('DELETE FROM orders WHERE id = 1')
  api.worker({ commandLine: realCommands, leaseSeconds: 2 })
  await until(waiting.id, ({ status }) => status === 'pending')
  const [row] = await catalog.system.query('SELECT step FROM holdfast.restores WHERE id = $1', [waiting.id])
  assert.equal(row?.['step'], 'inquiry')
  // It would wait for half a minute, until a worker that only lost the catalog has ended its command.
  await catalog.system.query('UPDATE holdfast_queue.job SET start_after = now() WHERE id = $1', [waiting.id])
  const ended = await end(waiting.id)
  assert.deepEqual([ended.status, ended.changed], ['completed', true], JSON.stringify(ended.error))
  assert.equal(await count(), 99, 'the row that was deleted since has not come again')
  await door.close()
})
