import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addKey } from '../../src/api/keys.ts'
import { testApi } from '../support/api.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'

/* What stands before changes: the typed name, the second person, the state that was read, and the key of a request. */

const service = await newService(await testServer(18))
const { catalog } = service
const { call, keys, logged } = await testApi(service)
const second = await addKey(catalog.system, { name: 'second', role: 'super_admin' })
const schedule = (name: string) => ({ name, kind: 'check', repository: 'main', rule: { every: 'day', at: '02:30' } }) // prettier-ignore

test('what is destroyed must be typed, and is told before', async () => {
  await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  assert.equal((await call('POST /schedules', { body: { ...schedule('nightly'), kind: 'backup', source: 'shop', repository: undefined } })).status, 201) // prettier-ignore
  const told = await call('GET /sources/shop/consequences')
  assert.equal(told.body['confirm'], 'shop')
  assert.match(told.text, /1 schedule of it is removed/)
  const { consequences } = told.body['parts'] as { consequences: { key: string; values: object }[] }
  assert.deepEqual(consequences.map(({ key, values }) => [key, values]), [['source_unprotected', {}], ['schedules_removed', { count: 1 }], ['no_backups', {}]]) // prettier-ignore
  for (const body of [undefined, {}, { confirm: 'Shop' }, { confirm: '' }]) {
    const refused = await call('DELETE /sources/shop', { body })
    assert.deepEqual(
      [refused.status, refused.body['code'], refused.body['confirm']],
      [409, 'confirmation_needed', 'shop'],
    )
  }
  assert.equal((await call('DELETE /sources/shop', { body: { confirm: 'shop' } })).status, 204)
  assert.equal((await call('GET /schedules/nightly')).status, 404)
  const { body } = await call('GET /repositories/main/consequences')
  assert.deepEqual(body['against'], [])
  await service.addSource('pruned', 'postgres://app@127.0.0.1:1/shop')
  const prune = { kind: 'prune', source: 'pruned', params: { keep: { last: 1 } } }
  const key = keys.platform_operator
  assert.equal((await call('POST /jobs', { body: prune, key })).body['confirm'], 'pruned')
  assert.equal((await call('POST /jobs', { body: { ...prune, confirm: 'pruned' }, key })).status, 202)
})

test('what is removed while something that refers to it is made fails nothing but that', async () => {
  const { system } = service.catalog
  await call('POST /destinations', { body: { name: 'brief', address: { kind: 'webhook', url: 'https://x.example/' } } }) // prettier-ignore
  const asked = await system.transaction(async ({ query }) => {
    await query(`DELETE FROM holdfast.destinations WHERE name = 'brief'`)
    const answer = call('POST /subscriptions', { body: { destination: 'brief' } })
    const waiting = `SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND wait_event_type = 'Lock'`
    while ((await system.query(waiting)).length === 0) await sleep(20)
    return { answer }
  })
  const { status, body } = await asked.answer
  assert.deepEqual([status, body['code']], [409, 'overtaken'])
})

test('a second person must agree to that very request, once, and nobody agrees with themselves', async () => {
  await call('POST /schedules', { body: schedule('one') })
  await call('POST /schedules', { body: schedule('two') })
  const typed = (name: string) => ({ body: { confirm: name, reason: 'not needed' } })
  assert.equal((await call('PATCH /settings', { body: { approvals: true } })).body['approvals'], true)
  const asked = await call('DELETE /schedules/one', typed('one'))
  assert.deepEqual([asked.status, asked.body['code']], [409, 'approval_needed'])
  const id = String(asked.body['approval'])
  assert.equal(
    (await call('DELETE /schedules/one', typed('one'))).body['approval'],
    id,
    'the same wish is one',
  )
  const headers = { 'holdfast-approval': id }
  const early = await call('DELETE /schedules/one', { ...typed('one'), headers })
  assert.equal(early.body['code'], 'approval_invalid')
  assert.equal((await call(`POST /approvals/${id}/approve`)).body['code'], 'approval_own')
  const wanted = {
    name: 'mine',
    role: 'super_admin',
    scopes: ['read', 'run', 'change', 'destroy'],
    expiresAt: null,
  }
  const mine = String((await call('POST /keys', { body: wanted })).body['key'])
  const minesOwn = String((await call('POST /keys', { body: { ...wanted, name: 'of mine' }, key: mine })).body['key']) // prettier-ignore
  for (const key of [mine, minesOwn])
    assert.equal((await call(`POST /approvals/${id}/approve`, { key })).body['code'], 'approval_own')
  for (const role of ['platform_operator', 'read_only_admin', 'tenant_admin'] as const)
    assert.equal((await call(`POST /approvals/${id}/approve`, { key: keys[role] })).status, 403)
  const listed = await call('GET /approvals', { key: keys.read_only_admin })
  assert.deepEqual(
    listed.body.items?.map(({ status, operation, reason }) => [status, operation, reason]),
    [['pending', 'remove a schedule', 'not needed']],
  )
  assert.equal((await call(`POST /approvals/${id}/approve`, { key: second })).body['status'], 'approved')
  assert.equal((await call(`POST /approvals/${id}/refuse`, { key: second })).body['code'], 'approval_over')
  for (const [line, o] of [
    ['DELETE /schedules/two', typed('two')],
    ['DELETE /schedules/one', { body: { confirm: 'one', reason: 'other' } }],
    ['DELETE /schedules/one', { ...typed('one'), key: second }],
  ] as const) {
    const other = await call(line, { ...o, headers })
    assert.equal(other.body['code'], 'approval_invalid', line)
  }
  const both = await Promise.all(
    [1, 2].map(() => call('DELETE /schedules/one', { ...typed('one'), headers })),
  )
  assert.equal(both.filter(({ status }) => status === 204).length, 1, 'it is used once')
  const off = { body: { approvals: false, confirm: 'approvals' } }
  const alone = await call('PATCH /settings', off)
  assert.equal(alone.body['code'], 'approval_needed')
  const wish = String(alone.body['approval'])
  await catalog.system.query(`UPDATE holdfast.approvals SET expires_at = pg_catalog.now() WHERE id = $1`, [
    wish,
  ])
  assert.equal((await call(`POST /approvals/${wish}/approve`, { key: second })).body['code'], 'approval_over')
  const again = String((await call('PATCH /settings', off)).body['approval'])
  assert.notEqual(again, wish)
  await call(`POST /approvals/${again}/approve`, { key: second })
  const done = await call('PATCH /settings', { ...off, headers: { 'holdfast-approval': again } })
  assert.equal(done.body['approvals'], false)
  assert.equal((await call('DELETE /schedules/two', typed('two'))).status, 204)
  const trail = await call('GET /audit?action=approvals&limit=200')
  assert.ok(trail.body.items?.every(({ who }) => /^(key|database):/.test(String(who))))
  assert.equal(trail.body.items?.filter(({ after }) => String(after).includes('"used"')).length, 2)
})

test('what was not changed is not sent again, and of two who have read the same one changes it', async () => {
  await call('POST /schedules', { body: schedule('raced') })
  const read = await call('GET /schedules/raced')
  const etag = read.headers.get('etag') ?? ''
  assert.match(etag, /^"[\w-]{43}"$/)
  const same = await call('GET /schedules/raced', { headers: { 'if-none-match': `"x", W/${etag}` } })
  assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', etag])
  const list = await call('GET /schedules')
  assert.equal((await call('GET /schedules', { headers: { 'if-none-match': list.headers.get('etag') ?? '' } })).status, 304) // prettier-ignore
  const changes = await Promise.all(
    [1, 2, 3, 4].map((jitterSeconds) =>
      call('PATCH /schedules/raced', { body: { jitterSeconds }, headers: { 'if-match': etag } }),
    ),
  )
  assert.deepEqual(
    changes.map(({ status }) => status).sort((a, b) => a - b),
    [200, 412, 412, 412],
  )
  assert.ok(changes.every(({ status, body }) => status === 200 || body['code'] === 'changed_meanwhile'))
  const stale = await call('DELETE /schedules/raced', { body: { confirm: 'raced' }, headers: { 'if-match': etag } }) // prettier-ignore
  assert.equal(stale.status, 412)
  const now = (await call('GET /schedules/raced')).headers.get('etag') ?? ''
  assert.notEqual(now, etag)
  assert.equal((await call('PATCH /schedules/raced', { body: {}, headers: { 'if-match': `W/${now}` } })).status, 412) // prettier-ignore
  assert.equal((await call('PATCH /schedules/raced', { body: {}, headers: { 'if-match': '*' } })).status, 200)
  const last = (await call('GET /schedules/raced')).headers.get('etag') ?? ''
  assert.equal((await call('DELETE /schedules/raced', { body: { confirm: 'raced' }, headers: { 'if-match': last } })).status, 204) // prettier-ignore
})

test('people and destinations, too, are changed only as they were read', async () => {
  const address = { kind: 'webhook', url: 'https://hook.example/SECRET-2' }
  await call('POST /destinations', { body: { name: 'hook', address } })
  const invited = await call('POST /people', { body: { email: 'amina@example.com', name: 'Amina', role: 'tenant_admin' } }) // prettier-ignore
  const { id } = invited.body['person'] as { id: string }
  for (const [path, change, confirm] of [
    ['/destinations/hook', { enabled: false }, 'hook'],
    [`/people/${id}`, { name: 'Amina B.' }, 'amina@example.com'],
  ] as const) {
    const headers = { 'if-match': (await call(`GET ${path}`)).headers.get('etag') ?? '' }
    assert.equal((await call(`PATCH ${path}`, { body: change, headers })).status, 200, path)
    for (const again of [
      call(`PATCH ${path}`, { body: change, headers }),
      call(`DELETE ${path}`, { body: { confirm }, headers }),
    ])
      // prettier-ignore
      assert.equal((await again).body['code'], 'changed_meanwhile', path)
    assert.equal((await call(`DELETE ${path}`, { body: { confirm } })).status, 204, path)
  }
})

test('an invitation that is sent twice with one key is one, and its link is kept sealed', async () => {
  const body = { email: 'twice@example.com', name: 'x', role: 'tenant_admin' }
  const invite = () => call('POST /people', { body, headers: { 'idempotency-key': 'k-people' } })
  const [first, second] = [await invite(), await invite()]
  assert.deepEqual([first.status, second.status, second.body], [201, 201, first.body])
  const { link } = first.body['link'] as { link: string }
  const rows = await service.catalog.system.query<{ text: string }>('SELECT a::text AS text FROM holdfast.answers AS a') // prettier-ignore
  const secret = new URL(link).hash.slice(1)
  const forms = [secret, Buffer.from(secret).toString('hex')]
  assert.ok(rows.length > 0 && rows.every(({ text }) => forms.every((form) => !text.includes(form))))
})

test('a request with a key is done once, and its answer is kept sealed, for its caller alone', async () => {
  const source = { name: 'once', address: 'postgres://app@db/x', repository: 'main', password: 'SECRET-1' }
  const headers = { 'idempotency-key': 'k-1' }
  const many = await Promise.all(
    Array.from({ length: 6 }, () => call('POST /sources', { body: source, headers })),
  )
  const made = many.filter(({ status }) => status === 201)
  assert.ok(made.length > 0)
  for (const { status, body } of many)
    if (status !== 201) assert.deepEqual([status, body['code']], [409, 'idempotency_busy'])
  assert.equal(new Set(made.map(({ text }) => text)).size, 1)
  const again = await call('POST /sources', { body: source, headers })
  assert.deepEqual(
    [again.status, again.text, again.headers.get('idempotency-replayed')],
    [201, made[0]?.text, 'true'],
  )
  const other = await call('POST /sources', { body: { ...source, name: 'twice' }, headers })
  assert.deepEqual([other.status, other.body['code']], [422, 'idempotency_mismatch'])
  const elsewhere = await call('POST /jobs', { body: source, headers })
  assert.equal(elsewhere.status, 422)
  const byOther = await call('POST /sources', { body: source, headers, key: second })
  assert.equal(byOther.body['code'], 'name_taken', 'keys are of each caller')
  const backups = await Promise.all(
    [1, 2].map(() =>
      call('POST /backups', { body: { source: 'once' }, headers: { 'idempotency-key': 'k-2' } }),
    ),
  )
  const replay = await call('POST /backups', {
    body: { source: 'once' },
    headers: { 'idempotency-key': 'k-2' },
  })
  const ids = [...backups, replay].filter(({ status }) => status === 202).map(({ body }) => body['id'])
  assert.equal(new Set(ids).size, 1)
  assert.match(replay.headers.get('location') ?? '', /^\/api\/v1\/jobs\//)
  const failed = {
    body: { ...source, name: 'late', repository: 'none' },
    headers: { 'idempotency-key': 'k-3' },
  }
  assert.equal((await call('POST /sources', failed)).status, 404)
  await catalog.system.query(`INSERT INTO holdfast.repositories (name, address) VALUES ('none', '/none')`)
  assert.equal((await call('POST /sources', failed)).status, 201, 'an error is not kept')
  const [broken] = await catalog.system.query<{ count: number }>(
    `WITH u AS (UPDATE holdfast.answers SET answer = NULL, created_at = created_at - interval '1 hour' WHERE key = 'k-1' RETURNING 1)
     SELECT count(*)::int4 FROM u`,
  )
  assert.equal(broken?.count, 1)
  assert.equal((await call('POST /sources', { body: source, headers })).body['code'], 'idempotency_unknown')
  await catalog.system.query(`UPDATE holdfast.answers SET created_at = created_at - interval '1 day'`)
  assert.equal((await call('POST /sources', { body: source, headers })).body['code'], 'name_taken')
  const stored = await catalog.system.query<{ text: string }>(
    `SELECT pg_catalog.encode(coalesce(answer, request), 'escape') AS text FROM holdfast.answers`,
  )
  assert.doesNotMatch(JSON.stringify(stored), /once|SECRET|backups/)
  assert.equal(
    (await call('POST /sources', { body: source, headers: { 'idempotency-key': 'a b' } })).status,
    400,
  )
  assert.deepEqual(logged, [])
})
