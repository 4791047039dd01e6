import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { createApp } from '../../src/api/app.ts'
import { addKey, firstKey } from '../../src/api/keys.ts'
import { roles, type Role } from '../../src/catalog/permissions.ts'
import { createDownloads } from '../../src/jobs/downloads.ts'
import { placeOf } from '../../src/catalog/secrets.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { testServer } from '../support/postgres.ts'
import { newService, playedCommands } from '../support/service.ts'

/* The API as one function from request to response, over a real catalog, with played commands. */

const server = await testServer(18)
const service = await newService(server)
const { catalog, queue, directory } = service
const logged: string[] = []
const worker = service.worker()
const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
const app = createApp({
  catalog,
  queue,
  random: Math.random,
  wake: worker.wake,
  testDestination: (id) => alarms.test(id),
  downloads: createDownloads({ catalog, commandLine: playedCommands, log: (text) => logged.push(text) }),
  metrics: () => alarms.metrics(),
  log: (text) => logged.push(text),
})
const own = await service.addSource('own', 'postgres://app:hunter22@127.0.0.1:1/shop')
const keys = Object.fromEntries(
  await Promise.all(
    roles.map(
      async (role) => [role, await addKey(catalog.system, { name: role, role, sources: [own] })] as const,
    ),
  ),
) as Record<Role, string>

interface Answer {
  readonly status: number
  readonly headers: Headers
  // Whatever it is: each test says what it must be.
  readonly body: Record<string, unknown> & {
    readonly items?: Record<string, unknown>[]
    readonly next?: string | null
  }
}

async function call(line: string, body?: unknown, role: Role | null = 'super_admin'): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ')
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' })
  if (role !== null) headers.set('authorization', `Bearer ${keys[role]}`)
  const request = new Request(`http://holdfast/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const response = await app.fetch(request)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
  }
}

test('metrics are for who sees all sources', async () => {
  for (const role of [...roles, null]) {
    const headers = new Headers(role === null ? {} : { authorization: `Bearer ${keys[role]}` })
    const response = await app.fetch(new Request('http://holdfast/metrics', { headers }))
    const text = await response.text()
    const expected = role === null ? 401 : role === 'tenant_admin' ? 403 : 200
    assert.equal(response.status, expected, text)
    if (expected !== 200) continue
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(text, /^holdfast_\w+\{[^}]*source="own"/m)
  }
})

test('a source is added, backed up and looked at, and its secrets never come out', async () => {
  const repository = {
    name: 'second',
    address: join(directory, 'repo'),
    hostFile: 'HOST-FILE',
    env: { AWS_SECRET_ACCESS_KEY: 'SECRET-1' },
  }
  const added = await call('POST /repositories', repository)
  assert.deepEqual(
    [added.status, Object.keys(added.body).sort()],
    [201, ['address', 'changedAt', 'copies', 'createdAt', 'id', 'kind', 'maxJobs', 'name', 'ownerKey']],
  )
  const source = {
    name: 'shop',
    address: 'postgres://app@127.0.0.1:1/shop',
    password: 'SECRET-2',
    repository: 'main',
    settings: { excludeData: ['log'] },
  }
  assert.equal((await call('POST /sources', source)).status, 201)
  const started = await call('POST /backups', { source: 'shop', name: 'done' })
  assert.equal(started.status, 202)
  assert.equal(started.headers.get('location'), `/api/v1/jobs/${String(started.body['id'])}`)
  const id = String(started.body['id'])
  await service.until(id, ({ status }) => status === 'completed')
  const job = await call(`GET /jobs/${id}`)
  assert.deepEqual(
    [job.body['status'], job.body['about'], job.body['result'], job.body['attempt']],
    ['completed', 'shop', { done: true }, 1],
  )
  assert.match(String(job.body['requestedBy']), /^key:/)
  const listed = await call('GET /jobs?source=shop&status=completed')
  assert.deepEqual(
    listed.body.items?.map((one) => one['id']),
    [id],
  )
  const everything = await Promise.all(
    ['/sources', '/sources/shop', '/repositories', '/repositories/second', `/jobs/${id}`, '/schedules'].map(
      (path) => call(`GET ${path}`),
    ),
  )
  assert.doesNotMatch(JSON.stringify(everything.map(({ body }) => body)), /SECRET|HOST-FILE|hunter22/)
  const [stored] = await catalog.system.query<{ text: string }>(
    `SELECT pg_catalog.encode(secrets, 'escape') AS text FROM holdfast.sources WHERE name = 'shop'`,
  )
  assert.doesNotMatch(stored?.text ?? '', /SECRET/)
  assert.equal((await call('PATCH /sources/shop', { settings: {} })).body['settings'] !== undefined, true)
  assert.equal((await call('DELETE /repositories/main', { confirm: 'main' })).body['code'], 'still_used')
  assert.equal((await call('DELETE /sources/shop', { confirm: 'shop' })).status, 204)
  assert.equal((await call(`GET /jobs/${id}`)).body['sourceId'], null, 'its history stays')
  assert.equal((await call('DELETE /repositories/second', { confirm: 'second' })).status, 204)
})

test('who gives a repository an identity takes nothing else away from it', async () => {
  const given = { hostFile: 'HOST-FILE', env: { AWS_ACCESS_KEY_ID: 'SECRET-4' } }
  const added = await call('POST /repositories', { name: 'third', address: '/third', ...given })
  const held = async () => {
    const id = String(added.body['id'])
    const [row] = await catalog.system.query<{ secrets: Buffer }>(
      'SELECT secrets FROM holdfast.repositories WHERE id = $1',
      [id],
    )
    assert.ok(row !== undefined)
    return catalog.seal.open(placeOf.repository(id), row.secrets)
  }
  assert.equal((await call('PATCH /repositories/third', { identity: 'IDENTITY' })).status, 200)
  assert.deepEqual(await held(), { ...given, identity: 'IDENTITY' })
  assert.equal((await call('PATCH /repositories/third', { identity: null, env: {} })).status, 200)
  assert.deepEqual(await held(), { hostFile: given.hostFile, env: {} })
  assert.equal((await call('DELETE /repositories/third', { confirm: 'third' })).status, 204)
})

test('a job is cancelled, its log is read, and one of a key is there once', async () => {
  const job = { kind: 'backup', source: 'own', params: { name: 'wait never' }, dedupeKey: 'k' }
  const [first, second] = [await call('POST /jobs', job), await call('POST /jobs', job)]
  const id = String(first.body['id'])
  assert.deepEqual([first.status, second.body['id']], [202, id])
  await service.until(id, ({ progress }) => progress !== null)
  const log = await call(`GET /jobs/${id}/log`)
  assert.equal((log.body['lines'] as { text: string }[])[0]?.text, 'It waits.')
  assert.equal((await call(`POST /jobs/${id}/cancel`)).status, 202)
  await service.until(id, ({ status }) => status === 'cancelled')
  assert.deepEqual(
    [(await call(`POST /jobs/${id}/cancel`)).status, (await call(`POST /jobs/${id}/cancel`)).body['code']],
    [409, 'job_over'],
  )
})

test('a source that was pointed elsewhere, past the API or through it, takes its password nowhere', async () => {
  const source = {
    name: 'moved',
    address: 'postgres://app@127.0.0.1:1/shop',
    password: 'SECRET-3',
    repository: 'main',
  }
  assert.equal((await call('POST /sources', source)).status, 201)
  const elsewhere = 'postgres://app@203.0.113.1/shop'
  await catalog.system.query(`UPDATE holdfast.sources SET address = $1 WHERE name = 'moved'`, [elsewhere])
  const id = String((await call('POST /backups', { source: 'moved', name: 'done' })).body['id'])
  const job = await service.until(id, ({ status }) => status === 'failed')
  assert.deepEqual([job.error?.code, job.attempt], ['catalog_key_wrong', 1])
  assert.equal((await call('PATCH /sources/moved', { address: elsewhere })).status, 200)
  const [row] = await catalog.system.query<{ id: string; secrets: Buffer }>(
    `SELECT id, secrets FROM holdfast.sources WHERE name = 'moved'`,
  )
  assert.ok(row !== undefined)
  assert.deepEqual(catalog.seal.open(placeOf.source(row.id, elsewhere), row.secrets), {})
})

test('a source that has backups is pointed to another place only by who says that it is the same database', async () => {
  const address = 'postgres://app@127.0.0.1:1/shop'
  const added = await call('POST /sources', { name: 'placed', address, password: 'SECRET-4', repository: 'main' }) // prettier-ignore
  const id = String(added.body['id'])
  const held = async (at: string) => {
    const [row] = await catalog.system.query<{ secrets: Buffer }>(
      'SELECT secrets FROM holdfast.sources WHERE id = $1',
      [id],
    )
    assert.ok(row !== undefined)
    return catalog.seal.open(placeOf.source(id, at), row.secrets)
  }
  const moved = 'postgres://app@127.0.0.1:2/shop'
  assert.equal((await call('PATCH /sources/placed', { address: moved })).status, 200, 'it has no backup yet')
  assert.equal((await call('PATCH /sources/placed', { address, password: 'SECRET-4' })).status, 200)
  await catalog.system.query(
    `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
     VALUES ($1, '20260101T000000Z-00000000', $2, 'x', 1, now(), '{}')`,
    [added.body['repositoryId'], id],
  )
  for (const other of [moved, 'postgres://app@127.0.0.2:1/shop', 'postgres://app@127.0.0.1:1/crm']) {
    const { status, body } = await call('PATCH /sources/placed', { address: other, password: 'x' })
    assert.deepEqual([status, body['code']], [409, 'source_elsewhere'], other)
  }
  // Nothing of it was changed; neither is it by who repeats what there is.
  assert.equal((await call('PATCH /sources/placed', { address })).status, 200)
  assert.deepEqual(await held(address), { password: 'SECRET-4' })
  const encrypted = `${address}?sslmode=require`
  assert.equal((await call('PATCH /sources/placed', { address: encrypted })).status, 200)
  assert.deepEqual(await held(encrypted), {}, 'a password is bound to the whole address')
  assert.equal((await call('PATCH /sources/placed', { address: moved, moved: true, password: 'SECRET-5' })).status, 200) // prettier-ignore
  assert.deepEqual(await held(moved), { password: 'SECRET-5' })
  assert.equal((await call('DELETE /sources/placed', { confirm: 'placed' })).status, 204)
})

test('a schedule is added, changed and removed, and says when it runs next', async () => {
  const schedule = {
    name: 'nightly',
    kind: 'backup',
    source: 'own',
    rule: { every: 'day', at: '02:30' },
    zone: 'Europe/Berlin',
    keep: { daily: 7 },
  }
  const added = await call('POST /schedules', schedule)
  assert.equal(added.status, 201, JSON.stringify(added.body))
  assert.match(String(added.body['nextRun']), /T0[01]:30:00.000Z$/)
  assert.equal((await call('POST /schedules', schedule)).body['code'], 'name_taken')
  const off = await call('PATCH /schedules/nightly', { enabled: false })
  assert.deepEqual([off.body['enabled'], off.body['nextRun'], off.body['keep']], [false, null, { daily: 7 }])
  for (const [change, code] of [
    [{ rule: { cron: '0 0 30 2 *' } }, 'schedule_invalid'],
    [{ zone: 'Mars/Olympus' }, 'schedule_invalid'],
    [{ rule: { every: 'hour' } }, 'request_invalid'],
    [{ params: { proof: 'none' } }, 'request_invalid'],
    [{ keep: { dayly: 7 } }, 'config_invalid'],
  ] as const) {
    const refused = await call('PATCH /schedules/nightly', change)
    assert.deepEqual([refused.status, refused.body['code']], [400, code], JSON.stringify(change))
  }
  assert.equal((await call('DELETE /schedules/nightly', { confirm: 'nightly' })).status, 204)
  assert.equal((await call('GET /schedules/nightly')).status, 404)
})

test('a rule that was not saved says when it would run, over the change to summer time, and is refused if it means nothing', async () => {
  const ask = (rule: unknown, zone: string) => call('POST /schedules/next-runs', { rule, zone, count: 30 })
  const { status, body } = await ask({ cron: '30 2 28-31 3 *' }, 'Europe/Berlin')
  const times = body.items as unknown as string[]
  assert.deepEqual([status, times.length], [200, 30])
  assert.deepEqual(times, [...times].sort())
  const hours = times.map((time) => time.slice(11, 16))
  // Before the change it is an hour behind, on the day of it there is no 02:30, and after it two hours are.
  assert.ok(
    hours.every((hour) => hour === '01:30' || hour === '00:30'),
    hours.join(' '),
  )
  assert.ok(hours.includes('01:30') && hours.includes('00:30'))
  assert.equal((await ask({ cron: '0 0 30 2 *' }, 'UTC')).body['code'], 'schedule_invalid')
  assert.equal((await ask({ every: 'day', at: '02:30' }, 'Mars/Olympus')).body['code'], 'schedule_invalid')
})

test('what is wrong with a request is said, in our codes, and no secret is repeated', async () => {
  const source = { name: 'x', address: 'postgres://app@db/x', repository: 'main' }
  const cases: readonly [string, unknown, number, string][] = [
    ['POST /sources', { ...source, address: 'postgres://app:SECRET@db/x' }, 400, 'config_secret'],
    ['POST /sources', { ...source, settings: { excludeTabels: [] } }, 400, 'config_invalid'],
    ['POST /sources', { ...source, settings: { password: { command: ['sh'] } } }, 400, 'request_invalid'],
    ['POST /sources', { ...source, repository: 'none' }, 404, 'not_found'],
    ['POST /sources', { ...source, name: 'own' }, 409, 'name_taken'],
    ['POST /sources', { ...source, unknown: 1 }, 400, 'request_invalid'],
    ['POST /sources', '{', 400, 'request_invalid'],
    ['POST /repositories', { name: 'r', address: '/a\0b' }, 400, 'request_invalid'],
    ['POST /repositories', { name: 'r', address: '/x', env: { LD_PRELOAD: '/x' } }, 400, 'request_invalid'],
    ['POST /repositories', { name: 'r', address: 'x'.repeat(2_000_000) }, 400, 'request_invalid'],
    ['POST /repositories', { name: 'r', address: 'backups' }, 400, 'request_invalid'],
    ['POST /repositories', { name: 'r', address: 's3://b/x?secret_key=SECRET' }, 400, 'config_secret'],
    ['POST /jobs', { kind: 'check', source: 'own' }, 400, 'request_invalid'],
    ['POST /jobs', { kind: 'drill', source: 'own', params: { backup: '--all' } }, 400, 'request_invalid'],
    ['GET /jobs?after=bm8', undefined, 400, 'request_invalid'],
    ['GET /jobs/x', undefined, 400, 'request_invalid'],
    ['GET /jobs/00000000-0000-4000-8000-000000000000', undefined, 404, 'job_not_found'],
    ['GET /nothing', undefined, 404, 'not_found'],
  ]
  for (const [line, body, status, code] of cases) {
    const answer = await call(line, body)
    assert.deepEqual(
      [answer.status, answer.body['code']],
      [status, code],
      `${line} ${JSON.stringify(answer.body)}`,
    )
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.doesNotMatch(JSON.stringify(answer.body), /SECRET/)
  }
  assert.deepEqual(logged, [])
})

test('a key that has expired or was revoked is none, and the first is made once', async () => {
  const expired = await addKey(catalog.system, { name: 'old', role: 'super_admin', expiresAt: new Date(0) })
  const before = keys.super_admin
  for (const key of [expired, `${before.slice(0, -1)}${before.endsWith('A') ? 'B' : 'A'}`, 'hfk_short', '']) {
    keys.super_admin = key
    assert.equal((await call('GET /sources')).status, 401)
  }
  keys.super_admin = before
  assert.equal(await firstKey(catalog.system), null)
  await catalog.system.query('DELETE FROM holdfast.api_keys')
  const made = await Promise.all(Array.from({ length: 5 }, () => firstKey(catalog.system)))
  assert.equal(made.filter((key) => key !== null).length, 1)
  keys.super_admin = made.find((key) => key !== null) ?? ''
  assert.equal((await call('GET /sources')).status, 200)
})

test('lists are read in pages, newest first, none left out and none twice', async () => {
  const sourceId = await service.addSource('paged', 'postgres://app@127.0.0.1:1/shop')
  const made: string[] = []
  for (let i = 0; i < 7; i++) made.push((await service.enqueue({ sourceId, params: { name: 'done' } })).id)
  const seen: unknown[] = []
  for (let after = ''; ;) {
    const { body } = await call(`GET /jobs?source=paged&limit=3${after}`)
    seen.push(...(body.items ?? []).map((one) => one['id']))
    if (body.next === null || body.next === undefined) break
    after = `&after=${body.next}`
  }
  assert.deepEqual(seen, made.reverse())
})
