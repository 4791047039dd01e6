import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addDestination } from '../../src/alarms/destinations.ts'
import { changePerson } from '../../src/people/accounts.ts'
import { addKey } from '../../src/api/keys.ts'
import { asCaller } from '../../src/catalog/claims.ts'
import { addRepository } from '../../src/catalog/repositories.ts'
import { addSource } from '../../src/catalog/sources.ts'
import { firstLink, firstLogin } from '../../src/people/links.ts'
import { newCatalog } from '../support/catalog.ts'
import { linkOf, newPeopleService, usualPassword } from '../support/people.ts'
import { testServer } from '../support/postgres.ts'
import { newMailServer } from '../support/receiver.ts'

/* Who is let in by whom, behind a proxy with TLS: invitations, resets, rights, keys. */

const server = await testServer(18)
const base = 'https://backups.example.com'
const service = await newPeopleService(server, base)
const { catalog, browser, browserFrom, root, rootLogin } = service
const { system, seal } = catalog
const { id: repositoryId } = await addRepository(system, {
  seal,
  name: 'main',
  address: '/backups',
  secrets: {},
})
for (const name of ['mine', 'others'])
  await addSource(system, {
    seal,
    name,
    address: `postgres://app@db/${name}`,
    settings: {},
    repositoryId,
    secrets: {},
  })

test('an invitation lets somebody in once, as who they were invited as', async () => {
  const invited = await root.call('POST /people', {
    email: 'Hana@Example.com',
    name: 'Hana',
    role: 'tenant_admin',
    sources: ['mine'],
    language: 'ar',
  })
  const { person, link } = invited.body
  assert.deepEqual(
    [invited.status, person.email, person.sources, person.invited, person.language, link.mailed],
    [201, 'hana@example.com', ['mine'], true, 'ar', false],
  )
  assert.match(link.link, /^https:\/\/backups\.example\.com\/invitation#[\w-]{43}$/)
  const hana = browser()
  const accept = (password: string) =>
    hana.call('POST /invitation', {
      link: linkOf(link.link),
      password,
      name: 'Hana H.',
      email: 'root@example.com',
    })
  assert.equal((await accept('hana@example.com')).body.code, 'password_refused', 'the link is still good')
  const came = await accept(usualPassword)
  assert.deepEqual(
    [came.status, came.body.email, came.body.name, came.body.role, came.body.scope],
    [201, 'hana@example.com', 'Hana H.', 'tenant_admin', 'own'],
  )
  const sources = (await hana.call('GET /sources')).body.items
  assert.deepEqual(
    sources.map(({ name }: { name: string }) => name),
    ['mine'],
  )
  assert.deepEqual(
    [(await accept(usualPassword)).status, (await accept(usualPassword)).body.code],
    [404, 'link_invalid'],
  )
  assert.equal((await root.call('POST /people', { email: 'HANA@example.com', name: 'x', role: 'tenant_admin' })).body.code, 'name_taken') // prettier-ignore
  assert.equal(
    (await root.call('POST /people', { email: 'no address', name: 'x', role: 'tenant_admin' })).status,
    400,
  )
  assert.equal((await root.call('POST /people', { email: 'a@b', name: 'x', role: 'tenant_admin', sources: ['none'] })).status, 404) // prettier-ignore
})

test('a link is good for one of two who use it at once, and not after its time', async () => {
  const invite = async (email: string) =>
    linkOf((await root.call('POST /people', { email, name: 'x', role: 'read_only_admin' })).body.link.link)
  const link = await invite('raced@example.com')
  const both = await Promise.all(
    [1, 2, 3].map(() => browser().call('POST /invitation', { link, password: usualPassword })),
  )
  assert.deepEqual(both.map(({ status }) => String(status)).sort(), ['201', '404', '404'])
  const wrong = await invite('wrong@example.com')
  const { items } = (await root.call('GET /people')).body as { items: { id: string; email: string }[] }
  const { id } = items.find((one) => one.email === 'wrong@example.com') ?? {}
  assert.equal((await root.call(`PATCH /people/${id}`, { email: 'right@example.com' })).status, 200)
  const elsewhere = await browser().call('POST /invitation', { link: wrong, password: usualPassword })
  assert.equal(elsewhere.body.code, 'link_invalid', 'it went to somebody else')
  const late = await invite('late@example.com')
  await system.query('UPDATE holdfast.links SET expires_at = pg_catalog.now()')
  assert.equal((await browser().call('POST /invitation', { link: late, password: usualPassword })).body.code, 'link_invalid') // prettier-ignore
  assert.equal(
    (await browser().call('POST /invitation', { link: randomUUID(), password: usualPassword })).status,
    404,
  )
})

test('a reset is mailed to who has an account, and nobody learns who that is', async () => {
  const mail = await newMailServer()
  const address = { kind: 'email', host: '127.0.0.1', port: mail.port, security: 'none', from: 'holdfast@example.com', to: ['ops@example.com'] } // prettier-ignore
  await addDestination(system, seal, { name: 'ops', address, reach: 'private', follows: null })
  const { browser: salma } = await service.person('read_only_admin', 'salma@example.com')
  await untilMails(1)
  const [known, unknown] = [
    await browser().call('POST /reset', { email: 'Salma@example.com' }),
    await browser().call('POST /reset', { email: 'nobody@example.com' }),
  ]
  assert.deepEqual([known.status, known.text], [202, '{"accepted":true}'])
  assert.deepEqual([unknown.status, unknown.text], [known.status, known.text])
  await untilMails(2)
  assert.deepEqual(
    mail.mails.map(({ to }) => to),
    [['salma@example.com'], ['salma@example.com']],
  )
  const text = (mail.mails[1]?.source ?? '').replaceAll(/=\r?\n/g, '')
  const link = /https:\/\/backups\.example\.com\/reset#([\w-]{43})/.exec(text)?.[1]
  assert.ok(link !== undefined, text)
  const reset = (password: string) => browser().call('POST /reset/confirm', { link, password })
  assert.equal(
    (await browser().call('POST /invitation', { link, password: 'nine yellow submarines' })).status,
    404,
  )
  assert.equal((await reset('short')).body.code, 'password_refused')
  assert.equal((await reset('nine yellow submarines')).status, 204)
  assert.equal((await reset('nine yellow submarines')).body.code, 'link_invalid')
  assert.equal((await salma.call('GET /session')).status, 401, 'her sessions have ended')
  const signIn = (password: string) =>
    browser().call('POST /session', { email: 'salma@example.com', password })
  assert.deepEqual(
    [(await signIn(usualPassword)).status, (await signIn('nine yellow submarines')).status],
    [401, 201],
  )
  // As if it had been asked for often: the next time is followed by a long pause.
  const ask = async (to: string) => (await browser().call('POST /reset', { email: to })).status
  await system.query(`UPDATE holdfast.attempts SET failures = 14 WHERE key LIKE 'reset account %'`)
  for (const to of ['salma@example.com', 'nobody@example.com'])
    assert.deepEqual([await ask(to), await ask(to)], [202, 429], to)
  await system.query('DELETE FROM holdfast.destinations')

  async function untilMails(count: number): Promise<void> {
    for (let i = 0; i < 600 && mail.mails.length < count; i++) await sleep(50)
    assert.equal(mail.mails.length, count, service.logged.join('\n'))
  }
})

test('the last administrator stays one, also when two go at once', async () => {
  const me = (await root.call('GET /session')).body
  for (const change of [{ active: false }, { role: 'read_only_admin' }]) {
    const refused = await root.call(`PATCH /people/${me.id}`, change)
    assert.deepEqual([refused.status, refused.body.code], [409, 'last_administrator'])
  }
  assert.equal(
    (await root.call(`DELETE /people/${me.id}`, { confirm: me.email })).body.code,
    'last_administrator',
  )
  await root.call('POST /people', { email: 'invited@example.com', name: 'x', role: 'super_admin' })
  assert.equal(
    (await root.call(`DELETE /people/${me.id}`, { confirm: me.email })).body.code,
    'last_administrator',
    'who has not come is none',
  )
  const { id } = await service.person('super_admin', 'second@example.com')
  // The first has gone, and is not committed when the second goes.
  let second: Promise<unknown> = Promise.resolve()
  let over = false
  await system.transaction(async (one) => {
    await changePerson(one, me.id, { active: false })
    second = system
      .transaction((two) => changePerson(two, id, { role: 'tenant_admin' }))
      .finally(() => (over = true))
    second.catch(() => undefined)
    const waiting = () =>
      system.query(`SELECT FROM pg_catalog.pg_stat_activity WHERE wait_event = 'advisory'`)
    while (!over && (await waiting()).length === 0) await sleep(20)
  })
  await assert.rejects(second, { code: 'last_administrator' })
  await system.query(`UPDATE holdfast.people SET active = true, role = 'super_admin' WHERE id = ANY ($1)`, [
    [me.id, id],
  ])
  await root.call('POST /session', rootLogin)
  assert.equal((await root.call(`DELETE /people/${id}`, { confirm: 'second@example.com' })).status, 204)
})

test('people change themselves, and nobody else', async () => {
  const { browser: one, id } = await service.person('platform_operator', 'one@example.com')
  assert.equal((await one.call('GET /session')).body.wished, false)
  const changed = await one.call('PATCH /me', { name: 'One', language: 'ar', theme: 'dark' })
  assert.deepEqual([changed.body.name, changed.body.language, changed.body.theme], ['One', 'ar', 'dark'])
  assert.equal(changed.body.wished, true)
  for (const change of [
    { role: 'super_admin' },
    { email: 'root@example.com' },
    { active: false },
    { language: 'xx' },
  ])
    assert.equal((await one.call('PATCH /me', change)).status, 400, JSON.stringify(change))
  assert.equal((await one.call(`PATCH /people/${id}`, { role: 'super_admin' })).body.code, 'not_permitted')
  assert.equal(
    (await root.call(`PATCH /people/${id}`, { email: 'uno@example.com' })).body.email,
    'uno@example.com',
  )
  assert.equal((await root.call(`GET /people/${id}`)).body.name, 'One')
  assert.doesNotMatch((await root.call('GET /people')).text, /argon2|password"|totp":"|secret/)
})

test('an administrator gets a link for who has lost the password', async () => {
  const { browser: lost, id } = await service.person('read_only_admin', 'lost@example.com')
  const made = await root.call(`POST /people/${id}/link`)
  assert.match(made.body.link, /\/reset#/, made.text)
  const link = linkOf(made.body.link)
  assert.equal(
    (await browser().call('POST /reset/confirm', { link, password: 'nine yellow submarines' })).status,
    204,
  )
  assert.equal((await lost.call('GET /session')).status, 401)
  await root.call(`PATCH /people/${id}`, { active: false })
  const second = linkOf((await root.call(`POST /people/${id}/link`)).body.link)
  assert.equal((await browser().call('POST /reset/confirm', { link: second, password: usualPassword })).body.code, 'link_invalid') // prettier-ignore
})

test('a key is made for something, shown once, and is over when it is revoked or its time has come', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const wanted = { name: 'nightly', role: 'platform_operator', scopes: ['read', 'run'], expiresAt }
  const made = await root.call('POST /keys', wanted)
  assert.match(made.body.key, /^hfk_[\w-]{43}$/, made.text)
  assert.match(made.body.createdBy, /^person:/)
  assert.equal((await root.call('POST /keys', wanted)).body.code, 'name_taken')
  assert.equal((await root.call('POST /keys', { ...wanted, name: 'x', scopes: ['run'] })).status, 400)
  assert.equal((await root.call('POST /keys', { ...wanted, name: 'x', expiresAt: '2020-01-01T00:00:00.000Z' })).status, 400) // prettier-ignore
  const script = browser()
  const bearer = { authorization: `Bearer ${made.body.key}` }
  assert.equal((await script.call('GET /jobs', undefined, bearer)).status, 200)
  const listed = await root.call('GET /keys')
  const found = listed.body.items.find(({ id }: { id: string }) => id === made.body.id)
  assert.deepEqual(
    [found.scopes, found.expiresAt, typeof found.lastUsedAt],
    [['read', 'run'], expiresAt, 'string'],
  )
  assert.doesNotMatch(listed.text, /hfk_|hash/)
  const revoked = await root.call(`DELETE /keys/${made.body.id}`)
  assert.equal(typeof revoked.body.revokedAt, 'string')
  assert.equal((await script.call('GET /jobs', undefined, bearer)).status, 401)
  assert.equal((await root.call(`DELETE /keys/${made.body.id}`)).body.revokedAt, revoked.body.revokedAt)
  const short = await root.call('POST /keys', { ...wanted, name: 'short' })
  await system.query(`UPDATE holdfast.api_keys SET expires_at = pg_catalog.now() WHERE name = 'short'`)
  assert.equal(
    (await script.call('GET /jobs', undefined, { authorization: `Bearer ${short.body.key}` })).status,
    401,
  )
})

test('a key gives nobody more than it has', async () => {
  const limited = await addKey(system, { name: 'limited', role: 'super_admin', scopes: ['read', 'change'] })
  const most = await addKey(system, {
    name: 'most',
    role: 'super_admin',
    scopes: ['read', 'change', 'destroy'],
  })
  const whole = await addKey(system, { name: 'whole', role: 'super_admin' })
  const script = browser()
  const call = (key: string, line: string, body?: unknown) =>
    script.call(line, body, { authorization: `Bearer ${key}` })
  const key = (name: string, scopes: string[]) => ({ name, role: 'super_admin', scopes, expiresAt: null })
  const person = { email: 'by-key@example.com', name: 'x', role: 'super_admin' }
  assert.equal(
    (await call(limited, 'POST /keys', key('a', ['read']))).status,
    403,
    'what gives rights needs destroy',
  )
  assert.equal((await call(most, 'POST /keys', key('a', ['read', 'run']))).body.code, 'not_permitted')
  assert.equal((await call(most, 'POST /keys', key('a', ['read', 'destroy']))).status, 201)
  assert.equal((await call(most, 'POST /people', person)).body.code, 'not_permitted')
  assert.equal((await call(whole, 'POST /people', person)).status, 201)
})

test('a key that is not for it makes no backups go by a prune or by keeping fewer', async () => {
  const key = await addKey(system, { name: 'runner', role: 'super_admin', scopes: ['read', 'run', 'change'] })
  const script = browser()
  const call = (line: string, body: unknown) => script.call(line, body, { authorization: `Bearer ${key}` })
  const schedule = { name: 'nightly', kind: 'backup', source: 'mine', rule: { every: 'day', at: '02:30' } }
  const prune = { kind: 'prune', source: 'mine', params: { keep: { daily: 1 } } }
  assert.equal((await call('POST /jobs', prune)).body.code, 'not_permitted')
  assert.equal(
    (await call('POST /schedules', { ...schedule, keep: { daily: 1 } })).body.code,
    'not_permitted',
  )
  assert.equal((await call('POST /schedules', schedule)).status, 201)
  assert.equal((await call('PATCH /schedules/nightly', { keep: { daily: 1 } })).body.code, 'not_permitted')
  assert.equal((await call('POST /jobs', { kind: 'backup', source: 'mine' })).status, 202)
})

test('row level security holds keys to their scopes, too', async () => {
  const claims = { subject: 'key:x', role: 'super_admin', sources: [] } as const
  const removed: number[] = []
  for (const scopes of [
    ['read', 'run', 'change'],
    ['read', 'destroy'],
  ] as const) {
    const undone = asCaller(catalog.api, { ...claims, scopes }, async ({ query }) => {
      removed.push((await query(`DELETE FROM holdfast.sources WHERE name = 'others' RETURNING id`)).length)
      throw new Error('undo')
    })
    await assert.rejects(undone, /undo/)
  }
  assert.deepEqual(removed, [0, 1])
})

test('behind a proxy the cookie is for https alone, and the proxy is asked where somebody is', async () => {
  const near = browserFrom('10.0.0.2', { base, headers: { 'x-forwarded-for': '203.0.113.1, 198.51.100.9' } })
  const answer = await near.call('POST /session', rootLogin)
  assert.match(answer.headers.getSetCookie()[0] ?? '', /^__Host-holdfast=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/) // prettier-ignore
  assert.match(answer.headers.get('strict-transport-security') ?? '', /^max-age=31536000$/)
  const current = (items: { current: boolean; address: string }[]) =>
    items.find((item) => item.current)?.address
  assert.equal(current((await near.call('GET /me/sessions')).body.items), '198.51.100.9')
  const far = browserFrom('192.0.2.77', { base, headers: { 'x-forwarded-for': '198.51.100.9' } })
  await far.call('POST /session', rootLogin)
  assert.equal(
    current((await far.call('GET /me/sessions')).body.items),
    '192.0.2.77',
    'who is no proxy is not believed',
  )
})

test('the first administrator comes once: by a link or with a password, of several processes that start', async () => {
  const fresh = await newCatalog(server)
  const links = await Promise.all([1, 2, 3].map(() => firstLink(fresh.system)))
  assert.equal(links.filter((link) => link !== null).length, 1)
  const logins = await Promise.all([1, 2, 3].map(() => firstLogin(fresh.system, 'Admin@example.com')))
  const [login, ...others] = logins.filter((one) => one !== null)
  assert.deepEqual([login?.email, others.length], ['admin@example.com', 0])
  assert.equal(await firstLink(fresh.system), null)
  const left = await fresh.system.query('SELECT FROM holdfast.links')
  assert.equal(left.length, 0, 'the link would have made another one')
})

test('no link, key or password is in the catalog or in the log', async () => {
  const made = await root.call('POST /people', { email: 'z@example.com', name: 'x', role: 'read_only_admin' })
  const told = `${await service.dump()}\n${service.logged.join('\n')}`
  for (const secret of [usualPassword, rootLogin.password, linkOf(made.body.link.link)])
    assert.ok(!told.includes(secret))
  assert.doesNotMatch(told, /hfk_/)
})
