import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBrowser } from '../support/browser.ts'
import { testServer } from '../support/postgres.ts'
import { serving } from '../support/serve.ts'

/* How the first administrator gets in, and one who has lost everything. */

const server = await testServer(18)
const { json, start } = await serving()

test('the first administrator chooses a password by the link that is printed once, and everything can be lost and found', async () => {
  const catalog = await server.database()
  const env = { HOLDFAST_CATALOG: catalog.url }
  const args = ['serve', '--no-worker', '--listen', '0']
  const first = start(args, env)
  const link = await first.after(/within 7 days: (\S+)/)
  const url = new URL(await first.after(/listens at (\S+)/)).origin
  assert.ok(link.startsWith(`${url}/invitation#`), link)
  const browser = newBrowser(url, fetch)
  const login = { email: 'amina@example.com', password: 'seven green camels' }
  const invitation = { ...login, link: new URL(link).hash.slice(1) }
  const came = await browser.call('POST /invitation', invitation)
  assert.deepEqual([came.status, came.body.role], [201, 'super_admin'], came.text)
  assert.equal((await newBrowser(url, fetch).call('POST /invitation', invitation)).body.code, 'link_invalid')

  const more = ['--catalog-key-file', '.holdfast/catalog.key']
  const added = json<{ link: string }>(['people', 'add', 'omar@example.com', '--role', 'read_only_admin', '--public-url', url, ...more], { env }) // prettier-ignore
  const omar = newBrowser(url, fetch)
  const accepted = await omar.call('POST /invitation', { link: new URL(added.link).hash.slice(1), password: login.password }) // prettier-ignore
  assert.deepEqual(
    [accepted.body.email, accepted.body.role],
    ['omar@example.com', 'read_only_admin'],
    accepted.text,
  )
  assert.equal(json<{ error: { code: string } }>(['people', 'add', 'omar@example.com', ...more], { env, status: 7 }).error.code, 'name_taken') // prettier-ignore

  await browser.call('POST /me/totp', { password: login.password })
  await catalog.query('UPDATE holdfast.people SET totp_on = true WHERE totp IS NOT NULL')
  const reset = json<{ link: string }>(['people', 'reset', 'Amina@example.com', ...more], { env })
  assert.match(reset.link, /^http:\/\/127\.0\.0\.1:7380\/reset#/)
  const lost = newBrowser(url, fetch)
  const password = 'nine yellow submarines'
  const confirmed = await lost.call('POST /reset/confirm', {
    link: new URL(reset.link).hash.slice(1),
    password,
  })
  assert.equal(confirmed.status, 204, confirmed.text)
  assert.equal((await lost.call('POST /session', { ...login, password })).status, 201, 'codes are off')
  assert.equal(json<{ error: { code: string } }>(['people', 'reset', 'nobody@example.com', ...more], { env, status: 3 }).error.code, 'not_found') // prettier-ignore
  await catalog.query(`UPDATE holdfast.people SET active = false WHERE email = 'omar@example.com'`)
  assert.equal(json<{ error: { code: string } }>(['people', 'reset', 'omar@example.com', ...more], { env, status: 7 }).error.code, 'account_disabled') // prettier-ignore
  assert.equal(await first.stop(), 0)
  const again = start(args, env)
  await again.after(/listens at (\S+)/)
  assert.doesNotMatch(again.said(), /invitation|hfk_/)
  assert.equal(await again.stop(), 0)
})

test('a first sign-in with a password that was made is printed once', async () => {
  const catalog = await server.database()
  const env = { HOLDFAST_CATALOG: catalog.url }
  const args = ['serve', '--no-worker', '--listen', '0', '--first-login', 'Me@example.com']
  const first = start(args, env)
  const password = await first.after(/me@example\.com, with a password that is not shown again: (\S+)/)
  const url = new URL(await first.after(/listens at (\S+)/)).origin
  assert.doesNotMatch(first.said(), /invitation#/)
  assert.equal(
    (await newBrowser(url, fetch).call('POST /session', { email: 'me@example.com', password })).status,
    201,
  )
  assert.equal(await first.stop(), 0)
  const again = start(args, env)
  await again.after(/listens at (\S+)/)
  assert.doesNotMatch(again.said(), /password/)
  assert.equal(await again.stop(), 0)
})

test('what people is to do must be said', () => {
  for (const [args, status] of [
    [['people'], 2],
    [['people', 'add', 'no address'], 2],
    [['serve', '--public-url', 'backups.example.com'], 2],
    [['serve', '--public-url', 'https://backups.example.com/path'], 2],
  ] as const)
    json([...args], { status })
})
