import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createApp } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { listen } from '../../src/api/server.ts'
import type { AuditEntry } from '../../src/audit/entry.ts'
import { parseTrail } from '../../src/audit/export.ts'
import { verifyTrail, type AuditVerdict } from '../../src/audit/verify.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'

/* The trail as the API writes and shows it, over a real connection. */

const service = await newService(await testServer(18))
const { catalog, queue } = service
const logged: string[] = []
const app = createApp({
  catalog,
  queue,
  random: Math.random,
  wake: () => undefined,
  testDestination: () => Promise.resolve(),
  metrics: async () => '',
  log: (text) => logged.push(text),
})
const served = await listen({ app, host: '127.0.0.1', port: 0 })
after(() => served.close(0))
const admin = await addKey(catalog.system, { name: 'admin', role: 'super_admin' })
const operator = await addKey(catalog.system, { name: 'operator', role: 'platform_operator' })

async function call(
  line: string,
  o: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const [method = '', path = ''] = line.split(' ')
  return await fetch(`${served.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${o.key ?? admin}`,
      'content-type': 'application/json',
      'user-agent': 'audit test',
      ...o.headers,
    },
    ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
  })
}

interface Listed {
  readonly items: AuditEntry[]
  readonly next: string | null
  readonly head: { number: number; hash: string }
}

async function audit(query: string): Promise<Listed> {
  const response = await call(`GET /audit?${query}`)
  assert.equal(response.status, 200)
  return (await response.json()) as Listed
}

test('a change through a route has the request, the address and the client of who asked, and believes no header', async () => {
  const source = { name: 'shop', address: 'postgres://a@db/x', repository: 'main', password: 'SECRET-1' }
  const made = await call('POST /sources', { body: source, headers: { 'x-forwarded-for': '198.51.100.7, 203.0.113.5' } }) // prettier-ignore
  assert.equal(made.status, 201)
  const { items } = await audit('about=shop')
  const [entry, ...more] = items
  assert.equal(more.length, 0)
  assert.deepEqual(
    [entry?.action, entry?.address, entry?.agent, entry?.request],
    ['sources.create', '127.0.0.1', 'audit test', made.headers.get('x-request-id')],
  )
  assert.match(entry?.who ?? '', /^key:/)
  assert.doesNotMatch(JSON.stringify(items), /SECRET-1/)
})

test('who may not is refused, and that is recorded', async () => {
  assert.equal((await call('DELETE /sources/shop', { key: operator })).status, 403)
  assert.equal((await call('GET /audit', { key: operator })).status, 403)
  assert.equal((await call('GET /sources', { key: 'SECRET-2' })).status, 401)
  const { items } = await audit('result=refused&limit=3')
  assert.deepEqual(
    items.map(({ who, about, code }) => [who.replace(/:.*/, ''), about, code]),
    [
      ['nobody', 'GET /api/v1/sources', 'not_signed_in'],
      ['key', 'GET /api/v1/audit', 'not_permitted'],
      ['key', 'DELETE /api/v1/sources/shop', 'not_permitted'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(items), /SECRET-2/)
})

test('lists are filtered and read in pages, and an export is whole and proves itself', async () => {
  const seen: number[] = []
  for (let next = ''; ;) {
    const { items, next: more } = await audit(`limit=2&action=requests${next}`)
    seen.push(...items.map(({ number }) => number))
    if (more === null) break
    next = `&after=${more}`
  }
  assert.equal(seen.length, 3)
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => b - a),
  )
  assert.equal((await audit('to=2020-01-01T00:00:00Z')).items.length, 0)
  const { head } = await audit('limit=1')
  const response = await call('GET /audit/export?format=csv')
  assert.match(response.headers.get('content-type') ?? '', /^text\/csv/)
  const text = await response.text()
  async function* pieces() {
    yield text
  }
  const read = await verifyTrail(parseTrail(pieces()), head.hash)
  assert.deepEqual([read.broken, read.cut], [null, false])
  const now = await audit('limit=1')
  assert.deepEqual([now.items[0]?.action, read.head], ['audit.export', now.head])
  const verdict = (await (await call(`GET /audit/verify?head=${'0'.repeat(64)}`)).json()) as AuditVerdict & { whole: boolean } // prettier-ignore
  assert.deepEqual([verdict.whole, verdict.cut], [false, true])
  assert.deepEqual(logged, [])
})

test('who is refused very often does not fill the trail', async () => {
  const before = (await audit('limit=1')).head.number
  for (let i = 0; i < 150; i++) assert.equal((await call('GET /sources', { key: 'x' })).status, 401)
  const now = (await audit('limit=1')).head.number
  // A minute may end on the way.
  assert.ok(now - before <= 150 && now - before > 0)
  const facts = await catalog.system.query<{ most: number }>(
    `SELECT count(*)::int4 AS most FROM holdfast.audit AS a WHERE action = 'requests.refuse'`,
  )
  assert.ok((facts[0]?.most ?? 0) < 153, 'some were left out')
})
