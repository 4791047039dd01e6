import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appCode, linkOf, newPeopleService, usualPassword } from '../support/people.ts'
import { testServer } from '../support/postgres.ts'

/* What the trail must know of, and what it must not tell. */

const service = await newPeopleService(await testServer(18))
const { catalog, root } = service
const { system } = catalog

/** What the API's role may write, and no trigger records. */
const exceptions: Readonly<Record<string, string>> = {
  alarms_seen: 'that somebody has read an alarm changes nothing',
  backups: 'changed by jobs, which are recorded',
  deliveries: 'no route writes one; they go with their destination, which is recorded',
  restores: 'each is a job, which is recorded with what was asked for, agreed to and came of it',
}

test('what the API may write is recorded by triggers, or it is said why not', async () => {
  const rows = await system.query<{ name: string; watched: boolean }>(
    `SELECT c.relname AS name, EXISTS (
       SELECT FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
       WHERE t.tgrelid = c.oid AND t.tgenabled = 'A' AND p.proname IN ('audit_change', 'audit_job')
     ) AS watched
     FROM pg_catalog.pg_class AS c
     WHERE c.relnamespace = 'holdfast'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p') AND (
       pg_catalog.has_any_column_privilege('holdfast_api', c.oid, 'INSERT, UPDATE')
       OR pg_catalog.has_table_privilege('holdfast_api', c.oid, 'DELETE'))`,
  )
  const left = rows.filter(({ watched }) => !watched).map(({ name }) => name)
  assert.deepEqual(left.sort(), Object.keys(exceptions).sort())
})

interface Entry extends Record<string, unknown> {
  readonly who: string
  readonly action: string
  readonly about: string
  readonly address: string | null
  readonly told: string
}

async function entries(): Promise<Entry[]> {
  return await system.query<Entry>(
    `SELECT who, action, about, address, coalesce(before::text, '') || coalesce(after::text, '') AS told FROM holdfast.audit ORDER BY number`,
  )
}

test('accounts, sign-ins, sign-outs, passwords, codes, links, keys and providers are recorded, and none of their secrets', async () => {
  const email = 'amina@example.com'
  const invited = await root.call('POST /people', { email, name: 'Amina', role: 'read_only_admin' })
  const { id } = invited.body.person as { id: string }
  const amina = service.browser()
  const accepted = await amina.call('POST /invitation', { link: linkOf(invited.body.link.link), password: usualPassword }) // prettier-ignore
  assert.equal(accepted.status, 201, accepted.text)
  const setUp = await amina.call('POST /me/totp', { password: usualPassword })
  const code = appCode(setUp.body.secret, await catalog.now())
  const on = await amina.call('POST /me/totp/confirm', { code })
  assert.equal(on.status, 200, on.text)
  const renewed = await amina.call('POST /me/totp/recovery-codes', { password: usualPassword })
  assert.equal(renewed.status, 201, renewed.text)
  assert.equal((await amina.call('POST /me/totp/off', { password: usualPassword })).status, 204)
  const other = 'nine yellow submarines'
  assert.equal((await amina.call('POST /me/password', { current: usualPassword, password: other })).status, 200) // prettier-ignore
  assert.equal((await amina.call('DELETE /session')).status, 204)
  assert.equal((await amina.call('POST /session', { email, password: 'not the password' })).status, 401)
  const key = await root.call('POST /keys', { name: 'script', role: 'tenant_admin', scopes: ['read'], expiresAt: null }) // prettier-ignore
  await root.call(`DELETE /keys/${key.body.id}`)
  const sharedSecret = 'a secret that both of them know well'
  const provider = { name: 'company', issuer: 'https://i.example', audience: 'a', algorithms: ['HS256'], sharedSecret } // prettier-ignore
  assert.equal((await root.call('POST /providers', provider)).status, 201)
  await root.call('PATCH /providers/company', { enabled: false })
  await root.call('DELETE /providers/company', { confirm: 'company' })
  assert.equal((await root.call(`DELETE /people/${id}`, { confirm: email })).status, 204)

  const all = await entries()
  const me = `person:${id}`
  const has = (who: RegExp | string, action: string, told: string | RegExp = ''): void => {
    const found = all.some((one) => {
      const byWhom = typeof who === 'string' ? one.who === who : who.test(one.who)
      return byWhom && one.action === action && (typeof told === 'string' ? one.told.includes(told) : told.test(one.told)) // prettier-ignore
    })
    assert.ok(found, `${String(who)} ${action} ${String(told)}: ${all.map((one) => `${one.who} ${one.action} ${one.told}`).join('\n')}`) // prettier-ignore
  }
  const byRoot = /^person:(?!.*\s)/
  has(byRoot, 'people.create', email)
  has(byRoot, 'links.create', 'invitation')
  has(/^database:/, 'links.remove', 'invitation')
  has(me, 'sessions.create', 'Test browser')
  has(me, 'people.change', '"totp_on": true')
  has(me, 'people.change', '"totp_on": false')
  has(me, 'people.recovery_codes')
  has(me, 'people.change', '"password_at": "(another secret)"')
  has(me, 'sessions.remove')
  has('nobody', 'requests.refuse')
  has(byRoot, 'api_keys.create', 'script')
  has(byRoot, 'api_keys.change', 'revoked_at')
  has(byRoot, 'providers.create', 'company')
  has(byRoot, 'providers.change', '"enabled": false')
  has(byRoot, 'providers.remove')
  has(byRoot, 'people.remove', email)

  const recoveryCodes = [...on.body.recoveryCodes, ...renewed.body.recoveryCodes] as string[]
  const cookies = [...root.cookies.values(), root.csrf() ?? '']
  const secrets = [usualPassword, other, sharedSecret, setUp.body.secret, key.body.key, linkOf(invited.body.link.link), service.rootLogin.password, ...recoveryCodes, ...cookies] as string[] // prettier-ignore
  const bytes = await system.query<{ hex: string }>(
    `SELECT pg_catalog.encode(b, 'hex') AS hex FROM (
       SELECT hash FROM holdfast.sessions UNION ALL SELECT hash FROM holdfast.api_keys UNION ALL SELECT totp FROM holdfast.people
       UNION ALL SELECT hash FROM holdfast.links UNION ALL SELECT hash FROM holdfast.recovery_codes) AS x (b) WHERE b IS NOT NULL`,
  )
  assert.ok(bytes.length > 0)
  const text = JSON.stringify(all)
  assert.doesNotMatch(text, /argon2|\\x[0-9a-f]{8}/)
  for (const secret of [...secrets, ...bytes.map(({ hex }) => hex)])
    assert.ok(secret.length > 5 && !text.includes(secret), `the trail tells ${secret}`)
})

test('restores, what is agreed to and links to downloads are recorded, and no password or link of theirs', async () => {
  const password = 'SECRET-of-the-shop'
  const address = 'postgres://app@127.0.0.1:1/shop'
  const made = async (line: string, body: unknown): Promise<{ id: string; url: string }> => {
    const answer = await root.call(line, body)
    assert.ok(answer.status < 300, `${line}: ${answer.text}`)
    return answer.body as { id: string; url: string }
  }
  const repository = await made('POST /repositories', {
    name: 'main',
    address: '/nowhere',
    passphrase: password,
  })
  const source = await made('POST /sources', { name: 'shop', address, repository: 'main', password })
  await system.query(
    `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
     VALUES ($1, 'backup-1', $2, 'h', 1, pg_catalog.now(), '{}')`,
    [repository.id, source.id],
  )
  const into = { database: 'postgres://app@127.0.0.1:1/copy', password }
  const copy = await made('POST /restores', { source: 'shop', into })
  const as = { user: 'restorer', password }
  const inPlace = await made('POST /restores', { source: 'shop', into: { inPlace: true }, as })
  // As if its preview had been made.
  await system.query(`UPDATE holdfast.jobs SET status = 'waiting' WHERE id = $1`, [inPlace.id])
  await system.query(
    `UPDATE holdfast.restores SET step = 'agreement', database = 'shop', expires_at = pg_catalog.now() + interval '1 hour' WHERE id = $1`,
    [inPlace.id],
  )
  await made(`POST /restores/${inPlace.id}/confirm`, { confirm: 'shop' })
  const link = await made('POST /backups/backup-1/downloads', { format: 'archive' })
  const all = await entries()
  for (const [action, told] of [
    ['jobs.create', copy.id],
    ['jobs.create', inPlace.id],
    ['jobs.confirm', inPlace.id],
    ['exports.create', '"archive"'],
  ] as const)
    assert.ok(
      all.some((one) => one.action === action && one.told.includes(told) && one.who.startsWith('person:')),
      `${action} ${told}`,
    )
  const text = JSON.stringify(all)
  for (const secret of [password, link.url.split('/').at(-1) ?? '', link.url.split('.').at(-1) ?? ''])
    assert.ok(secret.length > 5 && !text.includes(secret), `the trail tells ${secret}`)
})

test('what changes by itself is not recorded', async () => {
  const [key] = await system.query<{ id: string }>('SELECT id FROM holdfast.api_keys LIMIT 1')
  const before = (await entries()).length
  await system.query('UPDATE holdfast.api_keys SET last_used_at = pg_catalog.now() WHERE id = $1', [key?.id])
  await system.query('UPDATE holdfast.sessions SET last_seen_at = pg_catalog.now()')
  await system.query('UPDATE holdfast.people SET signed_in_at = pg_catalog.now(), totp_step = 7')
  assert.equal((await entries()).length, before)
})
