import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { after, test } from 'node:test'
import { listen } from '../../src/api/server.ts'
import { codes } from '../../src/lib/error-codes.ts'
import { randomOf } from '../oracle/random.ts'
import { testApi } from '../support/api.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'
import { requestOf, routesOf, secret, type ApiDocument, type FuzzRequest, type World } from './fuzz-requests.ts' // prettier-ignore

/*
 * Requests of every route, as the document says and otherwise, over real connections: none has an answer that is none, makes the service fail, or is
 * told a secret.
 *
 *   HOLDFAST_FUZZ_MINUTES=60   for so long, instead of some seconds
 *   HOLDFAST_FUZZ_SEED=...     with the numbers of that run
 */

const { HOLDFAST_FUZZ_MINUTES, HOLDFAST_FUZZ_SEED } = process.env
const longMs = Number(HOLDFAST_FUZZ_MINUTES ?? 0) * 60_000
/** In the usual run: so many of each route. A slow machine makes fewer, for it must end. */
const ofEach = 25
const usualMs = 15_000
const seed = HOLDFAST_FUZZ_SEED ?? String(Math.floor(Math.random() * 1e9))
/** An answer that takes longer is none. */
const answerMs = 60_000
const atOnce = 6

const service = await newService(await testServer(18))
const own = await service.addSource('own', 'postgres://app@127.0.0.1:1/shop')
const { app, call, keys, logged } = await testApi(service, { own: [own] })
const server = await listen({ app, host: '127.0.0.1', port: 0 })
after(() => server.close(0))
const document = app.document() as unknown as ApiDocument
const routes = routesOf(document)

type Known = Pick<World, 'known' | 'names'>

async function idOf(sql: string, values: readonly unknown[]): Promise<string> {
  const [row] = await service.catalog.system.query<{ id: string }>(sql, values)
  assert.ok(row !== undefined, sql)
  return row.id
}

/** What requests are about: made again now and then, since they remove it, also while it is being made. */
async function makeWorld(): Promise<Known> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryWorld()
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}

async function tryWorld(): Promise<Known> {
  const { query } = service.catalog.system
  const address = 'postgres://app@127.0.0.1:1/shop'
  for (const [line, body] of [
    ['POST /repositories', { name: 'main', address: '/tmp/nowhere' }],
    ['POST /repositories', { name: 'spare', address: '/tmp/nowhere' }],
    ['POST /sources', { name: 'own', address, repository: 'main' }],
    ['POST /sources', { name: 'shop', address, repository: 'main', password: secret }],
    ['POST /schedules', { name: 'shop', kind: 'backup', source: 'shop', rule: { every: 'day', at: '02:30' } }], // prettier-ignore
    ['POST /destinations', { name: 'hook', address: { kind: 'webhook', url: 'https://hook.example/' } }],
    ['POST /subscriptions', { destination: 'hook' }],
    ['POST /providers', { name: 'company', issuer: 'https://i.example', audience: 'a', jwksUrl: 'https://i.example/k', algorithms: ['RS256'] }], // prettier-ignore
  ] as const)
    await call(line, { body })
  const main = await idOf(`SELECT id FROM holdfast.repositories WHERE name = 'main'`, [])
  const source = await idOf(`SELECT id FROM holdfast.sources WHERE name = 'own'`, [])
  const { id: job } = await service.enqueue({ sourceId: source, repositoryId: main })
  const { id: restore } = await service.enqueue({ kind: 'restore', sourceId: source, repositoryId: main })
  await query(`INSERT INTO holdfast.restores (id, place, target, step) VALUES ($1, 'new', 'postgres://app@db/x', 'run')`, [restore]) // prettier-ignore
  await query(
    `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
     VALUES ($1, 'backup-own', $2, 'h', 1, pg_catalog.now(), '{}') ON CONFLICT DO NOTHING`,
    [main, source],
  )
  await query(
    `INSERT INTO holdfast.alarms (event, subject, source_id, about, severity, text, raised_at, last_at)
     VALUES ('backup_late', $1, $2, 'own', 'error', 'x', pg_catalog.now(), pg_catalog.now()) ON CONFLICT DO NOTHING`,
    [`source:${source}`, source],
  )
  const names = {
    repositories: 'spare',
    sources: 'shop',
    schedules: 'shop',
    'alarm-settings': 'own',
    destinations: 'hook',
    providers: 'company',
    backups: 'backup-own',
    jobs: job,
    restores: restore,
    alarms: await idOf('SELECT id FROM holdfast.alarms WHERE source_id = $1', [source]),
    subscriptions: await idOf('SELECT id FROM holdfast.subscriptions LIMIT 1', []),
    people: await idOf(`INSERT INTO holdfast.people (email, name, role) VALUES ('amina@example.com', 'x', 'tenant_admin') ON CONFLICT (email) DO UPDATE SET name = 'x' RETURNING id`, []), // prettier-ignore
    // Never one that requests are made with.
    keys: await idOf(`INSERT INTO holdfast.api_keys (name, role, hash) VALUES ($1, 'tenant_admin', $2) RETURNING id`, [`spare ${restore}`, Buffer.from(restore)]), // prettier-ignore
    approvals: await idOf(`INSERT INTO holdfast.approvals (operation, about, request, requested_by, expires_at) VALUES ('test', 'own', '\\x00', 'key:nobody', pg_catalog.now()) RETURNING id`, []), // prettier-ignore
  }
  return { names, known: [...Object.values(names), 'main', 'own', source] }
}

interface Got {
  readonly status: number
  readonly type: string | undefined
  readonly text: string
}

/** On a connection of its own: one that is kept is closed by whoever is refused before their body was read. */
async function send(sent: FuzzRequest, headers: Record<string, string>): Promise<Got> {
  const { method, path } = sent
  const body = sent.body === null ? null : Buffer.from(sent.body)
  if (body !== null) headers['content-length'] = String(body.length)
  const signal = AbortSignal.timeout(answerMs)
  const asked = request(`${server.url}/api/v1${path}`, { method, headers, agent: false, signal })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  // Of a stream that goes on for ever its beginning is an answer.
  if (response.headers['content-type'] === 'text/event-stream') {
    response.destroy()
    return { status: response.statusCode ?? 0, type: 'text/event-stream', text: '' }
  }
  response.setEncoding('latin1')
  let text = ''
  for await (const piece of response) text += String(piece)
  const { statusCode = 0 } = response
  return {
    status: statusCode,
    type: response.headers['content-type'],
    text: Buffer.from(text, 'latin1').toString(),
  }
}

test('whatever is asked, every answer is one, and no secret comes out', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const began = performance.now()
  const limit = longMs > 0 ? longMs : usualMs
  const most = longMs > 0 ? Infinity : ofEach * routes.length
  const succeeded = new Set<string>()
  let known = await makeWorld()
  let next = 0

  async function one(number: number): Promise<void> {
    const fork = random.fork(String(number))
    const route = routes[number % routes.length]
    assert.ok(route !== undefined)
    const spoil = fork.pick([
      { chance: 0, most: 0 },
      { chance: 0.3, most: 1 },
      { chance: 0.3, most: 1 },
      { chance: 0.4, most: Infinity },
    ])
    const sent = requestOf(route, { document, ...known }, fork, spoil)
    const key = fork.chance(0.7)
      ? keys.super_admin
      : fork.pick([...Object.values(keys), null, 'hfk_x', `x ${secret}`])
    const shown = typeof sent.body === 'string' ? sent.body.slice(0, 500) : String(sent.body)
    const where = `seed ${seed}, request ${number}: ${sent.method} ${sent.path.slice(0, 300)} ${JSON.stringify(sent.headers).slice(0, 300)} ${shown}`
    const headers = { ...sent.headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) }
    const got = await send(sent, headers).catch((cause: unknown) => {
      throw new Error(`no answer: ${where}`, { cause })
    })
    const { status, text } = got
    assert.ok(status < 500, `${status} ${text.slice(0, 300)} ${logged.join(' ')}: ${where}`)
    assert.ok(!text.includes(secret), `it tells a secret: ${where}: ${text.slice(0, 300)}`)
    if (status < 400) {
      succeeded.add(route.line)
      return
    }
    assert.equal(got.type, 'application/problem+json', where)
    const problem = JSON.parse(text) as { code: string; status: number }
    assert.ok(problem.code in codes && problem.status === status, `${text.slice(0, 300)}: ${where}`)
  }

  async function lane(): Promise<void> {
    while (next < most && performance.now() - began < limit) {
      next += 1
      if (next % 400 === 0) known = await makeWorld()
      await one(next)
    }
  }

  await Promise.all(Array.from({ length: atOnce }, lane))
  t.diagnostic(`${next} requests`)
  assert.deepEqual(logged, [])
  // Else everything might be refused before anything is done. Which of them succeed is chance.
  const never = routes.map(({ line }) => line).filter((line) => !succeeded.has(line))
  t.diagnostic(`${never.length} of ${routes.length} routes never succeeded`)
  if (next >= 10 * routes.length) assert.ok(never.length < routes.length / 2, never.join(', '))
  const [left] = await service.catalog.system.query<{ count: number }>(
    `SELECT count(*)::int4 FROM pg_catalog.pg_stat_activity
     WHERE datname = pg_catalog.current_database() AND state LIKE 'idle in transaction%'`,
  )
  assert.equal(left?.count, 0, 'connections were left in a transaction')
  const many = await Promise.all(Array.from({ length: 20 }, () => call('GET /sources')))
  assert.ok(many.every(({ status }) => status === 200))
  const trail = await call('GET /audit/verify')
  assert.deepEqual([trail.body['whole'], trail.body['cut']], [true, false])
  const all = await call('GET /audit/export?format=json')
  assert.ok(!all.text.includes(secret), 'the audit trail tells a secret')
})
