import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import { addKey } from '../../src/api/keys.ts'
import { beginSession } from '../../src/people/sessions.ts'
import { signIn } from '../../src/people/sign-in.ts'
import { appCode, newPeopleService, usualPassword } from '../support/people.ts'
import { testServer } from '../support/postgres.ts'

/* Signing in, over HTTP: what gets in, what doesn't, and what is told of it. */

const server = await testServer(18)
const service = await newPeopleService(server)
const { catalog, browser, browserFrom, root, rootLogin } = service
const { system } = catalog

test('a session says who somebody is and what they may do, and ends when they say so', async () => {
  const { browser: amina } = await service.person('read_only_admin', 'Amina@Example.com')
  const me = (await amina.call('GET /session')).body
  assert.deepEqual(
    [me.email, me.role, me.rights.sources, me.rights.people.read, me.scopes],
    [
      'amina@example.com',
      'read_only_admin',
      { read: true, create: false, change: false, remove: false },
      false,
      null,
    ],
  )
  assert.equal((await amina.call('GET /sources')).status, 200)
  assert.equal((await amina.call('GET /people')).body.code, 'not_permitted')
  const cookie = [...amina.cookies]
  assert.equal((await amina.call('DELETE /session')).status, 204)
  assert.equal(amina.cookies.size, 0)
  amina.cookies.set(...(cookie[0] ?? ['', '']))
  assert.equal(
    (await amina.call('GET /sources')).body.code,
    'not_signed_in',
    'the cookie is worth nothing any more',
  )
})

test('the cookie is for the server alone', async () => {
  const { headers } = await browser().call('POST /session', rootLogin)
  const [cookie = ''] = headers.getSetCookie()
  assert.match(cookie, /^holdfast=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/)
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('what changes something with a session needs the word that only its page has', async () => {
  const other = browser()
  await other.call('POST /session', rootLogin)
  for (const [headers, why] of [
    [{ 'holdfast-csrf': null }, 'none, as from the page of another site'],
    [{ 'holdfast-csrf': '' }, 'an empty one'],
    [{ 'holdfast-csrf': other.csrf() ?? '' }, 'that of another session'],
  ] as const) {
    const refused = await root.call('PATCH /me', { theme: 'dark' }, headers)
    assert.deepEqual([refused.status, refused.body.code], [403, 'csrf_refused'], why)
  }
  assert.equal((await root.call('PATCH /me', { theme: 'dark' })).body.theme, 'dark')
  assert.equal((await root.call('GET /session', undefined, { 'holdfast-csrf': null })).status, 200)
})

test('nobody is signed in by a form of another site', async () => {
  const { email, password } = rootLogin
  const text = JSON.stringify({ email, password })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const other = browser()
    const answer = await other.call('POST /session', text, { 'content-type': type })
    assert.deepEqual([answer.status, answer.body.code, other.cookies.size], [400, 'request_invalid', 0], type)
  }
  const asked = await fetch(`${service.url}/api/v1/session`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  assert.equal(asked.headers.get('access-control-allow-origin'), null)
})

test('whatever is wrong at sign-in, the answer is the same', async () => {
  await service.person('read_only_admin', 'disabled@example.com')
  await service.person('read_only_admin', 'known@example.com')
  await root.call('POST /people', { email: 'invited@example.com', name: 'x', role: 'read_only_admin' })
  await system.query(`UPDATE holdfast.people SET active = false WHERE email = 'disabled@example.com'`)
  const answers = []
  for (const [email, password] of [
    ['known@example.com', 'not the password'],
    ['nobody@example.com', usualPassword],
    ['invited@example.com', usualPassword],
    ['disabled@example.com', usualPassword],
    ['no address', usualPassword],
  ] as const) {
    const answer = await browser().call('POST /session', { email, password })
    const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
    answers.push(JSON.stringify([answer.status, answer.text, headers]))
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'))
  assert.match(answers[0] ?? '', /401.*sign_in_failed/)
})

/** As if it had been tried so often: the next attempt is followed by a pause that no slow machine sits out. */
async function tried(times: number, what: string): Promise<void> {
  await system.query(
    `UPDATE holdfast.attempts SET failures = $1, not_before = pg_catalog.now() WHERE key LIKE 'sign-in ' || $2 || ' %'`,
    [times, what],
  )
}

test('guessing is slowed down, for accounts that are there and that are not, and that ends', async () => {
  await service.person('read_only_admin', 'guessed@example.com')
  for (const email of ['guessed@example.com', 'imagined@example.com']) {
    await system.query('DELETE FROM holdfast.attempts')
    const guess = async (i: number) => {
      const from = browserFrom(`192.0.2.${i}`, { base: 'https://x.example' })
      return await from.call('POST /session', { email, password: `guess number ${i}` })
    }
    for (let i = 0; i < 6; i++) assert.equal((await guess(i)).status, 401)
    await tried(12, 'account')
    assert.equal((await guess(6)).status, 401)
    const { status, headers, body } = await guess(7)
    assert.deepEqual([status, body.code], [429, 'too_many_attempts'], email)
    assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/)
    const right = await browser().call('POST /session', { email, password: usualPassword })
    assert.equal(right.status, 429, 'also with the right password')
  }
  await tried(12, 'account')
  const right = { email: 'guessed@example.com', password: usualPassword }
  assert.equal(
    (await browser().call('POST /session', { ...right, email: 'imagined@example.com' })).status,
    401,
  )
  await system.query('DELETE FROM holdfast.attempts')
  for (let i = 0; i < 5; i++) await browser().call('POST /session', { ...right, password: 'not this one' })
  for (let i = 0; i < 3; i++)
    assert.equal(
      (await browser().call('POST /session', right)).status,
      201,
      'it was they: nothing holds them up',
    )
})

test('pauses grow up to a limit, so many attempts at once count all, and what is long ago is forgotten', async () => {
  const email = 'many@example.com'
  const at = (i: number) => browserFrom(`198.51.100.${i}`, { base: 'https://x.example' })
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, i) => at(i).call('POST /session', { email, password: 'guess of many' })),
  )
  assert.ok(many.filter(({ status }) => status === 401).length <= 10, 'not one for each')
  const pauses: number[] = []
  for (let i = 0; i < 14; i++) {
    await system.query('UPDATE holdfast.attempts SET not_before = pg_catalog.now()')
    await at(i).call('POST /session', { email, password: 'guess of many' })
    const { headers } = await at(i).call('POST /session', { email, password: 'guess of many' })
    pauses.push(Number(headers.get('retry-after')))
  }
  const [first = 0] = pauses
  const last = pauses.at(-1) ?? 0
  assert.ok(first < 60 && last > 240 && last <= 300, pauses.join(' '))
  await system.query(`UPDATE holdfast.attempts SET not_before = pg_catalog.now(), last_at = pg_catalog.now() - interval '61 minutes'`) // prettier-ignore
  for (let i = 0; i < 5; i++)
    assert.equal((await at(i).call('POST /session', { email, password: 'guess of many' })).status, 401)
})

test('who tries many accounts from one place is slowed down, in IPv6 from one network', async () => {
  const from = async (address: string, email: string) =>
    (
      await browserFrom(address, { base: 'https://x.example' }).call('POST /session', {
        email,
        password: 'guess',
      })
    ).status
  for (const [one, other, far] of [
    ['203.0.113.7', '203.0.113.7', '203.0.113.8'],
    ['2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:1::1'],
  ] as const) {
    await system.query('DELETE FROM holdfast.attempts')
    assert.equal(await from(one, 'n1@example.com'), 401)
    await tried(29, 'address')
    assert.deepEqual([await from(one, 'n2@example.com'), await from(other, 'n3@example.com')], [401, 401])
    await tried(40, 'address')
    assert.deepEqual([await from(one, 'n4@example.com'), await from(other, 'n5@example.com')], [401, 429])
    assert.equal(await from(far, 'n6@example.com'), 401)
  }
  await system.query('DELETE FROM holdfast.attempts')
})

test('a session ends when it is idle, when it is old, and with what its owner may do', async () => {
  const { browser: omar, id } = await service.person('platform_operator', 'omar@example.com')
  const signIn = async () => {
    const answer = await omar.call('POST /session', { email: 'omar@example.com', password: usualPassword })
    assert.equal(answer.status, 201, answer.text)
  }
  const changes: readonly [string, () => Promise<unknown>][] = [
    ['idle', () => system.query(`UPDATE holdfast.sessions SET last_seen_at = pg_catalog.now() - interval '12 hours 1 second'`)], // prettier-ignore
    ['old', () => system.query('UPDATE holdfast.sessions SET expires_at = pg_catalog.now()')],
    ['role', () => root.call(`PATCH /people/${id}`, { role: 'read_only_admin' })],
    ['ended by an administrator', () => root.call(`DELETE /people/${id}/sessions`)],
    ['disabled', () => root.call(`PATCH /people/${id}`, { active: false })],
  ]
  for (const [why, change] of changes) {
    await signIn()
    assert.equal((await omar.call('GET /jobs')).status, 200)
    await change()
    assert.equal((await omar.call('GET /jobs')).body.code, 'not_signed_in', why)
    if (why === 'idle' || why === 'old') await root.call('POST /session', rootLogin)
  }
  const refused = await omar.call('POST /session', { email: 'omar@example.com', password: usualPassword })
  assert.equal(refused.body.code, 'sign_in_failed')
})

test('another password ends all sessions but the one in which it was chosen', async () => {
  const { browser: here } = await service.person('read_only_admin', 'zaid@example.com')
  const there = browser()
  await there.call('POST /session', { email: 'zaid@example.com', password: usualPassword })
  const before = here.cookies.get('holdfast')
  const change = (current: string, password: string) => here.call('POST /me/password', { current, password })
  assert.equal((await change('not this one', 'nine yellow submarines')).body.code, 'sign_in_failed')
  assert.equal((await change(usualPassword, 'password1234')).body.code, 'password_refused')
  assert.equal((await there.call('GET /session')).status, 200)
  assert.equal((await change(usualPassword, 'nine yellow submarines')).status, 200)
  assert.notEqual(here.cookies.get('holdfast'), before)
  assert.deepEqual(
    [(await here.call('PATCH /me', { name: 'Zaid' })).body.name, (await there.call('GET /session')).status],
    ['Zaid', 401],
  )
})

test('a sign-in with a password that was changed while it was looked at begins no session', async () => {
  const login = { email: 'slow@example.com', password: usualPassword }
  const { browser: owner } = await service.person('read_only_admin', login.email)
  const proof = await signIn(catalog, { ...login, code: null, address: '127.0.0.1' })
  const origin = { address: '127.0.0.1', agent: '' }
  await beginSession(system, { ...proof, origin })
  await owner.call('POST /me/password', { current: usualPassword, password: 'nine yellow submarines' })
  await assert.rejects(beginSession(system, { ...proof, origin }), { code: 'sign_in_failed' })
})

test('sessions are listed with where and when, and are ended one by one or all', async () => {
  const login = { email: 'sara@example.com', password: usualPassword }
  const { browser: one } = await service.person('read_only_admin', login.email)
  const [two, three] = [browser(), browser()]
  await two.call('POST /session', login, { 'user-agent': 'Another\tbrowser' })
  await three.call('POST /session', login)
  const { items } = (await one.call('GET /me/sessions')).body
  assert.deepEqual(
    items
      .map((item: Record<string, unknown>) => [item['address'], item['agent'], item['how'], item['current']])
      .sort(),
    [
      ['127.0.0.1', 'Another browser', 'password', false],
      ['127.0.0.1', 'Test browser', 'password', false],
      ['127.0.0.1', 'Test browser', 'password', true],
    ],
  )
  const second = items.find((item: { agent: string }) => item.agent === 'Another browser')
  assert.equal((await root.call(`DELETE /me/sessions/${second.id}`)).status, 404, 'not those of others')
  assert.equal((await one.call(`DELETE /me/sessions/${second.id}`)).status, 204)
  assert.deepEqual(
    [(await two.call('GET /session')).status, (await three.call('GET /session')).status],
    [401, 200],
  )
  assert.deepEqual((await one.call('DELETE /me/sessions')).body, { ended: 2 })
  assert.deepEqual(
    [(await one.call('GET /session')).status, (await three.call('GET /session')).status],
    [401, 401],
  )
})

test('codes are asked for once the first was seen, and each of them lets in once', async () => {
  const login = { email: 'layla@example.com', password: usualPassword }
  const { browser: layla } = await service.person('read_only_admin', login.email)
  assert.equal((await layla.call('POST /me/totp', { password: 'wrong one here' })).status, 401)
  const { secret, url } = (await layla.call('POST /me/totp', { password: usualPassword })).body
  assert.match(
    url,
    new RegExp(`^otpauth://totp/Holdfast%3Alayla%40example.com\\?secret=${secret}&issuer=Holdfast$`),
  )
  assert.equal((await browser().call('POST /session', login)).status, 201, 'not yet')
  const code = (steps = 0) => catalog.now().then((now) => appCode(secret, now, steps))
  assert.equal((await layla.call('POST /me/totp/confirm', { code: '000000' })).body.code, 'code_wrong')
  const early = await layla.call('POST /me/totp/recovery-codes', { password: usualPassword })
  assert.equal(early.body.code, 'second_factor_off', 'a code on paper proves no app')
  const confirmed = await layla.call('POST /me/totp/confirm', { code: await code() })
  const { recoveryCodes } = confirmed.body as { recoveryCodes: string[] }
  assert.deepEqual([recoveryCodes.length, new Set(recoveryCodes).size], [10, 10], confirmed.text)

  const again = browser()
  assert.equal((await again.call('POST /session', login)).body.code, 'code_needed')
  assert.equal(
    (await again.call('POST /session', { ...login, password: 'wrong one here' })).body.code,
    'sign_in_failed',
  )
  assert.equal((await again.call('POST /session', { ...login, code: '123' })).body.code, 'sign_in_failed')
  // The one after that which was confirmed: it is good at once, and on the way its time can only come nearer.
  const good = await code(1)
  // Two at once with one code: one of them is let in.
  const both = await Promise.all([1, 2].map(() => browser().call('POST /session', { ...login, code: good })))
  assert.deepEqual(both.map(({ status }) => String(status)).sort(), ['201', '401'])
  assert.equal(
    (await again.call('POST /session', { ...login, code: good })).body.code,
    'sign_in_failed',
    'a replay',
  )
  const [first = ''] = recoveryCodes
  assert.equal((await again.call('POST /session', { ...login, code: first.toUpperCase() })).status, 201)
  assert.equal((await browser().call('POST /session', { ...login, code: first })).status, 401)
  const renewed = await again.call('POST /me/totp/recovery-codes', { password: usualPassword })
  assert.equal((await browser().call('POST /session', { ...login, code: recoveryCodes[1] })).status, 401)
  assert.equal(
    (await browser().call('POST /session', { ...login, code: renewed.body.recoveryCodes[0] })).status,
    201,
  )

  assert.equal((await again.call('POST /me/totp/off', { password: 'wrong one here' })).status, 401)
  assert.equal((await again.call('POST /me/totp', { password: usualPassword })).body.code, 'second_factor_on')
  assert.equal((await again.call('POST /me/totp/off', { password: usualPassword })).status, 204)
  assert.equal((await browser().call('POST /session', login)).status, 201)
  assert.doesNotMatch(await service.dump(), new RegExp(secret))
})

test('what destroys or gives rights takes a recent sign-in, which can be confirmed', async () => {
  const admin = browser()
  await admin.call('POST /session', rootLogin)
  const { id } = (await admin.call('GET /session')).body.session
  await system.query(
    `UPDATE holdfast.sessions SET recent_at = pg_catalog.now() - interval '16 minutes' WHERE id = $1`,
    [id],
  )
  const invite = () =>
    admin.call('POST /people', { email: 'late@example.com', name: 'Late', role: 'read_only_admin' })
  const refused = await invite()
  assert.deepEqual([refused.status, refused.body.code], [403, 'sign_in_again'])
  assert.equal((await admin.call('POST /session/confirm', { password: 'not the password' })).status, 401)
  assert.equal((await invite()).status, 403)
  const confirmed = await admin.call('POST /session/confirm', { password: rootLogin.password })
  assert.ok(Date.parse(confirmed.body.recentUntil) > (await catalog.now()).getTime(), confirmed.text)
  assert.equal((await invite()).status, 201)
})

test('a hash of before is made anew when somebody signs in, and nobody is signed out by that', async () => {
  const { browser: nur, id } = await service.person('read_only_admin', 'nur@example.com')
  const nonce = Buffer.from('0123456789abcdef')
  const tag = argon2Sync('argon2id', { message: usualPassword, nonce, memory: 8192, passes: 1, parallelism: 1, tagLength: 32 }) // prettier-ignore
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  const old = `$argon2id$v=19$m=8192,t=1,p=1$${plain(nonce)}$${plain(tag)}`
  await system.query('UPDATE holdfast.people SET password = $2 WHERE id = $1', [id, old])
  assert.equal(
    (await browser().call('POST /session', { email: 'nur@example.com', password: usualPassword })).status,
    201,
  )
  const [row] = await system.query<{ password: string }>(
    'SELECT password FROM holdfast.people WHERE id = $1',
    [id],
  )
  assert.match(row?.password ?? '', /m=19456,t=2,p=1/)
  assert.equal((await nur.call('GET /session')).status, 200)
})

test('a key does what it is for, and no session stands in for a wrong one', async () => {
  const key = await addKey(system, { name: 'reader', role: 'super_admin', scopes: ['read', 'change'] })
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` })
  const script = browser()
  assert.equal((await script.call('GET /sources', undefined, bearer(key))).status, 200)
  const me = (await script.call('GET /session', undefined, bearer(key))).body
  assert.deepEqual(
    [me.kind, me.name, me.scopes, me.rights.jobs, me.rights.sources.remove, me.session],
    [
      'key',
      'reader',
      ['read', 'change'],
      { read: true, create: false, change: false, remove: false },
      false,
      null,
    ],
  )
  assert.equal((await script.call('DELETE /sources/x', undefined, bearer(key))).body.code, 'not_permitted')
  assert.equal(
    (await script.call('POST /jobs', { kind: 'refresh', repository: 'x' }, bearer(key))).status,
    403,
  )
  assert.equal(
    (await script.call('POST /me/password', { current: 'x', password: 'y' }, bearer(key))).status,
    403,
  )
  assert.equal((await root.call('GET /session', undefined, bearer('hfk_wrong'))).status, 401)
})

test('from another machine nothing of a sign-in goes by http, unless it is said that it does', async () => {
  const far = browserFrom('192.0.2.10', { base: 'http://holdfast.example' })
  const refused = await far.call('POST /session', rootLogin)
  assert.deepEqual([refused.status, refused.body.code, far.cookies.size], [403, 'sign_in_insecure', 0])
  far.cookies.set('holdfast', root.cookies.get('holdfast') ?? '')
  assert.equal((await far.call('GET /session')).body.code, 'sign_in_insecure')
  assert.equal(
    (await far.call('POST /invitation', { link: 'x', password: 'y' })).body.code,
    'sign_in_insecure',
  )
  const near = browserFrom('::ffff:127.0.0.1')
  assert.equal((await near.call('POST /session', rootLogin)).status, 201)
})

test('every answer says what a page may load, and that none may hold it', async () => {
  for (const path of ['/api/v1/session', '/api/v1/openapi.json', '/healthz', '/nothing']) {
    const { headers } = await fetch(`${service.url}${path}`)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'self'; .*frame-ancestors 'none'/, path)
    assert.doesNotMatch(policy, /unsafe|\*/)
    assert.deepEqual(
      [headers.get('x-frame-options'), headers.get('x-content-type-options'), headers.get('referrer-policy')],
      ['DENY', 'nosniff', 'no-referrer'],
    )
  }
})

test('no password and no session is in the catalog or in the log', async () => {
  const known = [
    usualPassword,
    rootLogin.password,
    'nine yellow submarines',
    ...root.cookies.values(),
    root.csrf() ?? '',
  ]
  const told = `${await service.dump()}\n${service.logged.join('\n')}`
  for (const secret of known) assert.ok(!told.includes(secret), 'a secret is in the catalog or in the log')
  assert.deepEqual(service.logged, [])
})
