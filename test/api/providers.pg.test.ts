import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { createDocuments } from '../../src/people/documents.ts'
import { claimsOfToken } from '../../src/people/tokens.ts'
import type { Browser } from '../support/browser.ts'
import { audience, client, newIdentityProvider } from '../support/identity-provider.ts'
import { newPeopleService } from '../support/people.ts'
import { testServer } from '../support/postgres.ts'

/* Tokens of other providers, and signing in at one, against a provider with real keys. */

const server = await testServer(18)
const service = await newPeopleService(server)
const { root, browser } = service
const { system } = service.catalog
const idp = await newIdentityProvider()
const email = 'amina@example.com'
const { id: aminaId } = await service.person('platform_operator', email)
const supabaseSecret = 'the secret that a project of Supabase has'
const base = { audience, algorithms: ['RS256'], issuer: idp.issuer, jwksUrl: idp.jwksUrl }
for (const provider of [
  { ...base, name: 'company', clientId: client.id, clientSecret: client.secret },
  { name: 'supabase', issuer: 'https://x.supabase.co/auth/v1', audience: 'authenticated', algorithms: ['HS256'], sharedSecret: supabaseSecret }, // prettier-ignore
]) {
  const added = await root.call('POST /providers', provider)
  assert.equal(added.status, 201, added.text)
  assert.doesNotMatch(added.text, /secret/i)
}

async function ask(token: string, line = 'GET /session') {
  // To the app itself: a server of HTTP refuses what is too long before it.
  return await service.browserFrom('127.0.0.1').call(line, undefined, { authorization: `Bearer ${token}` })
}
const seconds = () => Math.floor(Date.now() / 1000)

test('a token of a provider acts for the account of its address, with its rights', async () => {
  const { body } = await ask(await idp.token({ email: 'Amina@Example.com', email_verified: true }))
  assert.deepEqual(
    [body.subject, body.role, body.rights.jobs.create, body.session, body.recentUntil],
    [`person:${aminaId}`, 'platform_operator', true, null, null],
  )
  const recent = await ask(await idp.token({ email, auth_time: seconds() - 10 }))
  assert.ok(Date.parse(recent.body.recentUntil) > Date.now())
  const future = await ask(await idp.token({ email, auth_time: seconds() + 1_000_000 }))
  assert.ok(Date.parse(future.body.recentUntil) < Date.now() + 16 * 60_000, 'no time that has not come')
})

test('a token of Supabase is taken with the secret of its project', async () => {
  const token = (secret: string, claims = {}, alg = 'HS256') =>
    new SignJWT({ iss: 'https://x.supabase.co/auth/v1', aud: 'authenticated', exp: seconds() + 60, email, role: 'service_role', ...claims }) // prettier-ignore
      .setProtectedHeader({ alg })
      .sign(Buffer.from(secret))
  const { body } = await ask(await token(supabaseSecret))
  assert.deepEqual([body.email, body.role], [email, 'platform_operator'], 'its role means nothing here')
  assert.equal((await ask(await token('another secret of the same length ...'))).status, 401)
  assert.equal((await ask(await token(supabaseSecret, { aud: 'anon' }))).status, 401)
  assert.equal((await ask(await token(supabaseSecret, {}, 'HS384'))).status, 401)
})

test('what is not genuine, not for this service, or not of this time, is nobody', async () => {
  const genuine = await idp.token({ email })
  assert.equal((await ask(genuine)).status, 200)
  const [head = '', body = '', signature = ''] = genuine.split('.')
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const pem = await idp.publicKey()
  const bySecret = (secret: string, alg = 'HS256') => {
    const signed = `${encode({ alg, kid: idp.kid(), typ: 'JWT' })}.${body}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }
  const { privateKey: foreign } = await generateKeyPair('RS256')
  const byForeign = (header: object) =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg: 'RS256', ...header }).sign(foreign)
  const { privateKey: es } = await generateKeyPair('ES256')
  const cases: Readonly<Record<string, string>> = {
    'alg none': `${encode({ alg: 'none' })}.${body}.`,
    'alg none with a signature': `${encode({ alg: 'none', kid: idp.kid() })}.${body}.${signature}`,
    'alg NoNe': `${encode({ alg: 'NoNe' })}.${body}.${signature}`,
    'the public key taken for a secret': bySecret(pem),
    'the same without the end of its last line': bySecret(pem.trim()),
    'a secret and the name of another algorithm': bySecret(pem, 'RS256'),
    'no signature': `${head}.${body}.`,
    'another body': `${head}.${encode({ ...payload, email: 'root@example.com' })}.${signature}`,
    'a foreign key under the name of the right one': await byForeign({ kid: idp.kid() }),
    'a foreign key that it brings along': await byForeign({ jwk: { kty: 'RSA' }, jku: `${idp.issuer}/keys` }),
    'a kid that is not known': await byForeign({ kid: 'unknown' }),
    'another algorithm': await new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256' }).sign(es),
    'another issuer': await idp.token({ email, iss: 'https://evil.example' }),
    'the issuer of another provider': await idp.token({ email, iss: 'https://x.supabase.co/auth/v1' }),
    'no issuer': await idp.token({ email, iss: undefined as never }),
    'another audience': await idp.token({ email, aud: 'another' }),
    'that of the client': await idp.token({ email, aud: client.id }),
    "the right key with an algorithm that is not the provider's": await idp.token({ email }, 'RS512'),
    expired: await idp.token({ email, exp: seconds() - 65 }),
    'without an end': await idp.token({ email, exp: undefined as never }),
    'not yet': await idp.token({ email, nbf: seconds() + 120 }),
    'no account': await idp.token({ email: 'nobody@example.com' }),
    'no address': await idp.token({}),
    'several addresses': await idp.token({ email: [email] as never }),
    'not verified': await idp.token({ email, email_verified: false }),
    'verified in another way': await idp.token({ email, email_verified: 'true' }),
    'what is too long': `${head}.${'A'.repeat(20_000)}.${signature}`,
    'what is none': 'a.b.c',
  }
  for (const [why, token] of Object.entries(cases)) {
    const { status, body: told, text } = await ask(token)
    assert.deepEqual([status, told.code], [401, 'not_signed_in'], `${why}: ${text}`)
  }
  assert.equal((await ask(await idp.token({ email, exp: seconds() - 30, nbf: seconds() + 30 }))).status, 200, 'clocks differ') // prettier-ignore
})

test('who is disabled has no token, and a provider that is off makes none', async () => {
  const token = await idp.token({ email })
  await root.call(`PATCH /people/${aminaId}`, { active: false })
  assert.equal((await ask(token)).status, 401)
  await root.call(`PATCH /people/${aminaId}`, { active: true })
  assert.equal((await ask(token)).status, 200)
  await root.call('PATCH /providers/company', { enabled: false })
  assert.equal((await ask(token)).status, 401)
  assert.equal((await root.call('PATCH /providers/company', { enabled: true })).body.enabled, true)
  assert.equal((await ask(token)).status, 200)
})

test('a provider can be made to vouch for addresses always', async () => {
  const strict = { ...base, name: 'strict', audience: 'strict', emailVerified: 'always' }
  assert.equal((await root.call('POST /providers', strict)).status, 201)
  assert.equal((await ask(await idp.token({ email, aud: 'strict' }))).status, 401)
  assert.equal((await ask(await idp.token({ email, aud: 'strict', email_verified: true }))).status, 200)
  assert.equal((await root.call('DELETE /providers/strict', { confirm: 'strict' })).status, 204)
  assert.equal((await ask(await idp.token({ email, aud: 'strict', email_verified: true }))).status, 401)
})

test('keys of a provider change: a new one is asked for once a minute at most, and an old one is over', async () => {
  const rotating = await newIdentityProvider()
  const provider = { ...base, name: 'rotating', issuer: rotating.issuer, jwksUrl: rotating.jwksUrl }
  assert.equal((await root.call('POST /providers', provider)).status, 201)
  let now = 0
  const documents = createDocuments(() => now)
  const claimsOf = (token: string) => claimsOfToken({ catalog: service.catalog, documents }, token)
  const keysAsked = () => rotating.asked.filter((path) => path === '/keys').length
  const old = await rotating.token({ email })
  assert.equal((await claimsOf(old))?.subject, `person:${aminaId}`)
  await rotating.rotate()
  const anew = await rotating.token({ email })
  for (let i = 0; i < 20; i++) assert.equal(await claimsOf(anew), null)
  assert.equal(keysAsked(), 1)
  now += 60_000
  assert.equal((await claimsOf(anew))?.subject, `person:${aminaId}`)
  assert.equal(await claimsOf(old), null)
  assert.equal(keysAsked(), 2)
  rotating.keysAnswer = (response) => response.writeHead(500).end()
  now += 10 * 60_000 + 1
  assert.equal((await claimsOf(anew))?.subject, `person:${aminaId}`, 'the keys are believed a while')
  now += 60 * 60_000
  await assert.rejects(claimsOf(anew), { code: 'provider_failed' })
})

test('a provider that would open a door is refused', async () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ jwksUrl: 'http://login.example.com/keys' }, 'provider_refused'],
    [{ jwksUrl: 'http://169.254.169.254/latest' }, 'provider_refused'],
    [{ jwksUrl: 'file:///etc/passwd' }, 'provider_refused'],
    [{ jwksUrl: 'https://user:pw@login.example.com' }, 'provider_refused'],
    [{ algorithms: ['RS256', 'HS256'] }, 'provider_refused'],
    [{ algorithms: ['HS256'] }, 'provider_refused'],
    [{ algorithms: ['none'] }, 'request_invalid'],
    [{ algorithms: [] }, 'request_invalid'],
    [{ sharedSecret: supabaseSecret }, 'provider_refused'],
    [{ jwksUrl: null }, 'provider_refused'],
    [{ jwksUrl: null, algorithms: ['HS256'], sharedSecret: 'short' }, 'provider_refused'],
    [
      { jwksUrl: null, algorithms: ['HS256'], sharedSecret: supabaseSecret, clientId: 'x' },
      'provider_refused',
    ],
    [{ issuer: 'http://login.example.com', clientId: 'x' }, 'provider_refused'],
    [{}, 'name_taken'],
  ]
  for (const [change, code] of wrong) {
    const { body, text } = await root.call('POST /providers', { ...base, name: 'wrong', ...change })
    assert.equal(body.code, code, `${JSON.stringify(change)} ${text}`)
  }
  // Past the API, the catalog itself takes no public key for a secret.
  await assert.rejects(
    system.query(`UPDATE holdfast.providers SET algorithms = '{RS256,HS256}' WHERE name = 'company'`),
  )
})

/** Follows a sign-in through the provider, up to where it leads in the end. */
async function signInAt(
  person: Browser,
  path = '/sign-in/oidc/company',
): Promise<{ location: string; asked: URL }> {
  const begun = await person.open(path)
  assert.equal(begun.status, 303, await begun.text())
  const asked = new URL(begun.headers.get('location') ?? '')
  const there = await fetch(asked, { redirect: 'manual' })
  const back = new URL(there.headers.get('location') ?? '')
  assert.equal(back.origin, service.url)
  const ended = await person.open(`${back.pathname}${back.search}`)
  return { location: ended.headers.get('location') ?? '', asked }
}

test('somebody signs in at a provider, and has a session like any other', async () => {
  const ways = (await browser().call('GET /sign-in')).body
  assert.deepEqual(ways, { providers: [{ name: 'company', path: '/sign-in/oidc/company' }] })
  idp.claims = { email, email_verified: true }
  const amina = browser()
  const { location, asked } = await signInAt(amina)
  assert.equal(location, '/')
  assert.deepEqual([...amina.cookies.keys()], ['holdfast'])
  const query = Object.fromEntries(asked.searchParams)
  assert.deepEqual(
    [
      query['response_type'],
      query['scope'],
      query['code_challenge_method'],
      query['redirect_uri'],
      query['prompt'],
    ],
    ['code', 'openid email', 'S256', `${service.url}/sign-in/oidc/company/callback`, undefined],
  )
  const me = (await amina.call('GET /session')).body
  assert.deepEqual([me.email, me.kind, Date.parse(me.recentUntil) > Date.now()], [email, 'person', true])
  assert.equal((await amina.call('GET /me/sessions')).body.items[0].how, 'company')
  assert.equal((await amina.call('PATCH /me', { name: 'Amina' })).body.name, 'Amina')
  assert.equal(
    (await signInAt(browser(), '/sign-in/oidc/company?again')).asked.searchParams.get('prompt'),
    'login',
  )
})

test('a sign-in at a provider that is not that of this browser and this moment lets nobody in', async () => {
  const refused = async (why: string, person = browser()) => {
    const { location } = await signInAt(person)
    assert.deepEqual(
      [location, person.cookies.has('holdfast')],
      ['/sign-in?error=sign_in_failed', false],
      why,
    )
  }
  const usual = { email, email_verified: true }
  for (const [why, claims] of [
    ['nobody', { ...usual, email: 'nobody@example.com' }],
    ['not verified', { ...usual, email_verified: false }],
    ['another sign-in', { ...usual, nonce: 'another' }],
    ['another client', { ...usual, aud: 'another' }],
    ['another client among several', { ...usual, aud: [client.id, 'another'], azp: 'another' }],
    ['another issuer', { ...usual, iss: 'https://evil.example' }],
    ['expired', { ...usual, exp: seconds() - 100 }],
  ] as const) {
    idp.claims = claims as typeof idp.claims
    await refused(why)
  }
  idp.claims = usual
  for (const callback of [{ state: 'another' }, { iss: 'https://evil.example' }]) {
    idp.callback = callback
    await refused(JSON.stringify(callback))
  }
  idp.callback = {}

  // What was begun in one browser is not ended in another, and an end is not taken twice.
  const [victim, attacker] = [browser(), browser()]
  const begun = await attacker.open('/sign-in/oidc/company')
  const there = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' })
  const back = new URL(there.headers.get('location') ?? '')
  const path = `${back.pathname}${back.search}`
  assert.equal((await victim.open(path)).headers.get('location'), '/sign-in?error=sign_in_failed')
  await victim.open('/sign-in/oidc/company')
  assert.equal(
    (await victim.open(path)).headers.get('location'),
    '/sign-in?error=sign_in_failed',
    'its state is another',
  )
  assert.equal(victim.cookies.has('holdfast'), false)
  const cookie = attacker.cookies.get('holdfast-oidc') ?? ''
  assert.equal((await attacker.open(path)).headers.get('location'), '/')
  attacker.cookies.set('holdfast-oidc', cookie)
  const again = await attacker.open(path)
  assert.equal(again.headers.get('location'), '/sign-in?error=provider_failed', 'the code was used')

  for (const discovery of [{ issuer: 'https://evil.example' }, { token_endpoint: 1 }]) {
    const other = await newIdentityProvider()
    other.discovery = discovery
    const provider = {
      ...base,
      name: 'other',
      issuer: other.issuer,
      jwksUrl: other.jwksUrl,
      clientId: client.id,
    }
    assert.equal((await root.call('POST /providers', provider)).status, 201)
    const opened = await browser().open('/sign-in/oidc/other')
    assert.equal(opened.headers.get('location'), '/sign-in?error=provider_failed', JSON.stringify(discovery))
    await root.call('DELETE /providers/other', { confirm: 'other' })
  }
  assert.equal((await browser().open('/sign-in/oidc/none')).status, 404)
  assert.equal((await browser().open('/sign-in/oidc/supabase')).status, 404)
  const far = service.browserFrom('192.0.2.1', { base: 'http://holdfast.example' })
  assert.equal((await far.open('/sign-in/oidc/company')).status, 403)
})

test('no secret of a provider, and no token, is in the catalog, an answer or the log', async () => {
  const told = [await service.dump(), ...service.logged, (await root.call('GET /providers')).text].join('\n')
  for (const secret of [supabaseSecret, client.secret, encodeURIComponent(client.secret)])
    assert.ok(!told.includes(secret))
  assert.doesNotMatch(told, /eyJ/)
  assert.ok(
    service.logged.some((line) => line.includes('the token is of another sign-in')),
    'but why is told',
  )
})
