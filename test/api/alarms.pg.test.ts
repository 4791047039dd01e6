import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { createApp } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { listen } from '../../src/api/server.ts'
import { roles, type Role } from '../../src/catalog/permissions.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { runDocument } from '../support/document.ts'
import { testServer } from '../support/postgres.ts'
import { newMailServer, newReceiver } from '../support/receiver.ts'
import { newService } from '../support/service.ts'

/* Alarms and who hears of them, by HTTP. */

const server = await testServer(18)
const service = await newService(server)
const { catalog, queue } = service
const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
const worker = service.worker()
const app = createApp({
  catalog,
  queue,
  random: Math.random,
  wake: worker.wake,
  testDestination: (id) => alarms.test(id),
  metrics: () => alarms.metrics(),
  log: () => undefined,
})
const api = await listen({ app, host: '127.0.0.1', port: 0 })
after(() => api.close(0))
const shop = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
const others = await service.addSource('others', 'postgres://app@127.0.0.1:1/shop')
const keys = new Map<Role, string>()
for (const role of roles) keys.set(role, await addKey(catalog.system, { name: role, role, sources: [shop] }))

interface Body {
  readonly [name: string]: unknown
  readonly items?: readonly Record<string, unknown>[]
}

async function call(
  line: string,
  o: { body?: unknown; role?: Role; status?: number } = {},
): Promise<{ status: number; body: Body; text: string }> {
  const { body, role = 'super_admin', status = 200 } = o
  const [method = '', path = ''] = line.split(' ')
  const response = await fetch(`${api.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${keys.get(role) ?? ''}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  assert.equal(response.status, status, `${line}: ${text}`)
  return { status, text, body: text === '' ? {} : (JSON.parse(text) as Body) }
}

/** A backup that fails for good, and the alarm that follows. */
async function failing(sourceId: string): Promise<string> {
  const { id } = await service.enqueue({ sourceId, params: { name: 'refused' } })
  await service.until(id, ({ status }) => status === 'failed')
  await alarms.tick()
  const [alarm] = await catalog.system.query<{ id: string }>(
    `SELECT id FROM holdfast.alarms WHERE source_id = $1 AND closed_at IS NULL`,
    [sourceId],
  )
  return alarm?.id ?? ''
}

test('alarms are listed by what is asked for, seen by each for themselves, and closed', async () => {
  const [first, second] = [await failing(shop), await failing(others)]
  const ids = async (path: string, role: Role = 'super_admin') =>
    ((await call(`GET ${path}`, { role })).body.items ?? []).map(({ id }) => id)
  assert.deepEqual(await ids('/alarms?open=true'), [second, first])
  assert.deepEqual(await ids('/alarms?source=shop'), [first])
  assert.deepEqual(await ids('/alarms?severity=critical'), [])
  assert.deepEqual(await ids('/alarms?event=backup_failed&severity=error'), [second, first])
  const page = await call('GET /alarms?limit=1')
  assert.deepEqual(await ids(`/alarms?limit=1&after=${String(page.body['next'])}`), [first])
  // A tenant sees, and notes, only its own.
  assert.deepEqual(await ids('/alarms', 'tenant_admin'), [first])
  await call(`GET /alarms/${second}`, { role: 'tenant_admin', status: 404 })
  await call('POST /alarms/seen', { role: 'tenant_admin', body: { ids: [first, second] }, status: 204 })
  assert.deepEqual(await ids('/alarms?unseen=true', 'tenant_admin'), [])
  assert.deepEqual(await ids('/alarms?unseen=true'), [second, first])
  assert.equal((await call(`GET /alarms/${first}`)).body['seen'], false)
  await call(`POST /alarms/${first}/close`, { role: 'read_only_admin', body: {}, status: 403 })
  const closed = await call(`POST /alarms/${first}/close`, { body: { text: 'Known.' } })
  assert.equal(closed.body['closedText'], 'Known.')
  assert.match(String(closed.body['closedBy']), /^key:/)
  assert.deepEqual(await ids('/alarms?open=true'), [second])
  const again = await call(`POST /alarms/${first}/close`, { body: {}, status: 404 })
  assert.equal(again.body['code'], 'alarm_not_found')
})

test('a destination is added, tested, changed and removed, and its secrets never come out', async () => {
  const receiver = await newReceiver()
  const mail = await newMailServer()
  const url = `${receiver.url}/SECRET-PATH`
  const hook = { name: 'hook', address: { kind: 'webhook', url }, reach: 'private' }
  const added = await call('POST /destinations', { body: hook, status: 201 })
  const key = String(added.body['key'])
  assert.ok(key.length >= 32)
  const email = {
    kind: 'email',
    host: '127.0.0.1',
    port: mail.port,
    security: 'none',
    user: 'holdfast',
    password: 'secret',
    from: 'a@example.com',
    to: ['b@example.com'],
  }
  await call('POST /destinations', { body: { name: 'mail', address: email, reach: 'private' }, status: 201 })
  const taken = await call('POST /destinations', { body: hook, status: 409 })
  assert.equal(taken.body['code'], 'name_taken')

  assert.deepEqual((await call('POST /destinations/hook/test')).body, { taken: true, error: null })
  assert.deepEqual((await call('POST /destinations/mail/test')).body, { taken: true, error: null })
  assert.deepEqual([receiver.requests.length, mail.mails.length], [1, 1])
  receiver.answer(500)
  const refused = (await call('POST /destinations/hook/test')).body
  assert.deepEqual(
    [refused['taken'], (refused['error'] as { code: string }).code],
    [false, 'destination_failed'],
  )

  const before = receiver.requests.length
  for (const role of ['platform_operator', 'read_only_admin', 'tenant_admin'] as const)
    await call('POST /destinations/hook/test', { role, status: 403 })
  assert.equal(receiver.requests.length, before, 'nothing was sent for who may not')

  const subscription = await call('POST /subscriptions', {
    body: { destination: 'hook', source: 'shop' },
    status: 201,
  })
  await failing(shop)
  const shown = await Promise.all(
    ['/destinations', '/destinations/hook', '/destinations/mail', '/subscriptions', '/deliveries'].map(
      (path) => call(`GET ${path}`),
    ),
  )
  const text = shown.map((one) => one.text).join('\n')
  assert.match(text, /Backup failed: shop/)
  assert.doesNotMatch(text, new RegExp(`SECRET|${key}|"secret"`))

  const moved = { address: { kind: 'webhook', url: `${receiver.url}/other`, key: 'k'.repeat(20) } }
  const changed = await call('PATCH /destinations/hook', { body: { ...moved, reach: 'private' } })
  assert.equal(changed.body['key'], 'k'.repeat(20))
  await call('PATCH /destinations/hook', { body: { reach: 'any' }, status: 400 })
  await call('PATCH /destinations/hook', { body: { address: { kind: 'slack', url } }, status: 404 })
  const off = await call('PATCH /destinations/hook', { body: { enabled: false } })
  assert.deepEqual([off.body['enabled'], off.body['key']], [false, null])

  const id = String(subscription.body['id'])
  const wanted = { source: null, events: ['damage_found'], mode: 'daily', zone: 'Europe/Berlin', hour: 6 }
  const put = await call(`PUT /subscriptions/${id}`, { body: wanted })
  assert.deepEqual(
    [put.body['sourceId'], put.body['events'], put.body['mode'], put.body['hour']],
    [null, ['damage_found'], 'daily', 6],
  )
  await call(`PUT /subscriptions/${id}`, { body: { zone: 'Mars/Olympus' }, status: 400 })
  await call(`DELETE /subscriptions/${id}`, { status: 204 })
  await call(`DELETE /subscriptions/${id}`, { status: 404 })
  await call('DELETE /destinations/hook', { body: { confirm: 'hook' }, status: 204 })
  const gone = await call('POST /destinations/hook/test', { status: 404 })
  assert.equal(gone.body['code'], 'destination_not_found')
  await call('DELETE /destinations/mail', { body: { confirm: 'mail' }, status: 204 })
})

test('what is wrong with a destination is said, without what was entered', async () => {
  const url = 'https://example.com/SECRET'
  const cases: readonly [unknown, string, number][] = [
    [{ kind: 'webhook', url, key: 'short' }, 'request_invalid', 400],
    [{ kind: 'slack', url: 'ftp://SECRET@example.com' }, 'destination_wrong', 400],
    [{ kind: 'slack', url: 'http://example.com/SECRET' }, 'destination_refused', 403],
    [{ kind: 'ping', success: url }, 'destination_wrong', 400],
    [{ kind: 'pigeon', url }, 'request_invalid', 400],
  ]
  for (const [address, code, status] of cases) {
    const refused = await call('POST /destinations', { body: { name: 'x', address }, status })
    assert.equal(refused.body['code'], code, refused.text)
    assert.doesNotMatch(refused.text, /SECRET/)
  }
  const ping = { name: 'ping', address: { kind: 'ping', success: url }, follows: { source: 'shop' } }
  const added = await call('POST /destinations', { body: ping, status: 201 })
  assert.deepEqual([added.body['sourceId'], added.body['jobKind']], [shop, 'backup'])
  await call('POST /subscriptions', { body: { destination: 'ping' }, status: 400 })
})

test('docs/ALARMS.md can be followed as it is written', async () => {
  const receiver = await newReceiver()
  const alarm = await failing(shop)
  const env = {
    PATH: process.env['PATH'],
    URL: `${api.url}/api/v1`,
    KEY: keys.get('super_admin'),
    ALARM: alarm,
  }
  let blocks = 0
  await runDocument({
    name: 'ALARMS.md',
    takes: ({ kind }) => kind === 'sh',
    async run({ body }) {
      blocks++
      const script = body.replaceAll('http://alerts.internal:8080', receiver.url)
      return (await promisify(execFile)('sh', ['-ec', script], { env })).stdout
    },
  })
  assert.ok(blocks >= 4)
  const bodies = receiver.requests.map(({ body }) => (JSON.parse(body) as { kind: string }).kind)
  assert.deepEqual(bodies, ['test'])
  assert.equal((await call(`GET /alarms/${alarm}`)).body['closedText'], 'The old shop was switched off.')
})
