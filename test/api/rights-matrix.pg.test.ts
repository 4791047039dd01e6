import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addKey } from '../../src/api/keys.ts'
import { keyScopeOf, keyScopes, may, permissions, roles, type KeyScope, type Role } from '../../src/catalog/permissions.ts' // prettier-ignore
import { csrfOf } from '../../src/people/secret.ts'
import { beginSession } from '../../src/people/sessions.ts'
import { testApi } from '../support/api.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'
import { expected, harmless, noId, type ByRight, type Expected } from './rights-expected.ts'

/*
 * Every route of the API, as every role, by key and by session, on what belongs to the caller's source and on what belongs to another's;
 * and as keys that are limited.
 */

const service = await newService(await testServer(18))
const { system } = service.catalog
const own = await service.addSource('own', 'postgres://app@127.0.0.1:1/shop')
const { app, call, keys, logged } = await testApi(service, { own: [own], publicUrl: 'https://holdfast.example' }) // prettier-ignore

/** Whose objects are asked for: what each is called in a path, by the route's first word. */
interface Owned {
  readonly names: Readonly<Record<string, string>>
  /** What of it must not be seen by who may not see it. */
  readonly secret: readonly string[]
}

async function one(sql: string, values: readonly unknown[]): Promise<string> {
  const [row] = await system.query<{ id: string }>(`INSERT INTO holdfast.${sql} RETURNING id`, values)
  return row?.id ?? ''
}

async function added(line: string, body: unknown): Promise<string> {
  const { status, body: made, text } = await call(line, { body })
  assert.equal(status, 201, text)
  return String(made['id'])
}

await added('POST /destinations', {
  name: 'hook',
  address: { kind: 'webhook', url: 'https://hook.example/' },
})
await added('POST /providers', { name: 'company', issuer: 'https://i.example', audience: 'a', jwksUrl: 'https://i.example/k', algorithms: ['RS256'] }) // prettier-ignore
const amina = await one('people (email, name, role) VALUES ($1, $1, $2)', ['amina@example.com', 'tenant_admin']) // prettier-ignore
const key = await one('api_keys (name, role, hash) VALUES ($1, $2, $3)', ['revoked', 'tenant_admin', '\\x00'])

async function objectsOf(name: string, source: string): Promise<Owned> {
  await call('POST /schedules', { body: { name, kind: 'backup', source: name, rule: { every: 'day', at: '02:30' } } }) // prettier-ignore
  const { id: job } = await service.enqueue({ sourceId: source, about: name })
  await call(`POST /jobs/${job}/cancel`)
  const backup = `backup-${name}`
  await system.query(
    `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
     VALUES ($1, $2, $3, $2, 1, pg_catalog.now(), '{}')`,
    [service.repository.id, backup, source],
  )
  const { id: restore } = await service.enqueue({ kind: 'restore', sourceId: source, about: name })
  await system.query(
    `INSERT INTO holdfast.restores (id, place, target, step) VALUES ($1, 'new', 'postgres://app@db/x', 'run')`,
    [restore],
  )
  const alarm = await one(
    `alarms (event, subject, source_id, about, severity, text, raised_at, last_at)
     VALUES ('backup_late', $1, $2, $3, 'error', 'x', pg_catalog.now(), pg_catalog.now())`,
    [`source:${source}`, source, name],
  )
  const approval = await one(
    `approvals (operation, about, request, requested_by, expires_at) VALUES ('test', $1, '\\x00', 'key:nobody', pg_catalog.now())`,
    [name],
  )
  const subscription = await added('POST /subscriptions', { destination: 'hook', source: name })
  const shared = { repositories: 'main', people: amina, keys: key, providers: 'company', destinations: 'hook', me: noId } // prettier-ignore
  return {
    names: { ...shared, sources: name, schedules: name, 'alarm-settings': name, jobs: job, backups: backup, restores: restore, alarms: alarm, approvals: approval, subscriptions: subscription }, // prettier-ignore
    secret: [source, name, job, backup, restore, alarm],
  }
}

const foreign = await service.addSource('foreign', 'postgres://app@127.0.0.1:1/shop')
const mine = await objectsOf('own', own)
const theirs = await objectsOf('foreign', foreign)

const routes = Object.entries(app.document().paths ?? {}).flatMap(([path, methods]) =>
  Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
)
const all = routes.flatMap((line) => {
  const one = expected[line]
  return one === undefined ? [] : [[line, one] as const]
})
const byRight = all.flatMap(([line, one]) => ('right' in one ? [[line, one] as const] : []))

test('every route has its expectation, and no expectation is of a route that is not there', () => {
  assert.deepEqual(routes.toSorted(), Object.keys(expected).sort())
})

test('what a route removes is typed, or it is said why not', () => {
  const removing = all.filter(([line]) => line.startsWith('DELETE'))
  const untyped = removing.filter(([, one]) => !('right' in one) || one.typed === undefined)
  assert.deepEqual(untyped.map(([line]) => line).sort(), Object.keys(harmless).sort())
})

function placed(line: string, { query = '' }: Expected, { names }: Owned): string {
  const word = /^\w+ \/([\w-]+)/.exec(line)?.[1] ?? ''
  // Nothing of the kind is there: to remove it would remove it from the next test.
  const name = line === 'DELETE /subscriptions/{id}' ? noId : (names[word] ?? '')
  return line.replace(/\{(name|id)\}/, name) + query
}

/** Headers of a session that has just begun, of somebody with this role. */
async function session(role: Role, recentAt: Date | null = null): Promise<Record<string, string>> {
  const [person] = await system.query<{ id: string }>(
    `INSERT INTO holdfast.people (email, name, role, sources) VALUES ($1 || '@example.com', 'x', $1, $2)
     ON CONFLICT (email) DO UPDATE SET name = 'x' RETURNING id`,
    [role, [own]],
  )
  const origin = { address: '127.0.0.1', agent: 'test' }
  const proof = { personId: person?.id ?? '', how: 'test', recentAt, passwordAt: null }
  const { secret } = await beginSession(system, { ...proof, origin })
  return { cookie: `__Host-holdfast=${secret}`, 'holdfast-csrf': csrfOf(secret) }
}

test('nobody is let in without a key or a session, but where nobody is signed in yet', async () => {
  for (const [line, one] of all) {
    const answer = await call(placed(line, one, mine), { body: one.body, key: null })
    const { status = 200, code } = one
    const wanted = 'open' in one ? [status, code] : [401, 'not_signed_in']
    assert.deepEqual([answer.status, answer.body['code']], wanted, `${line}: ${answer.text}`)
  }
})

test('by a session nothing is changed without the word that only its page has', async () => {
  const { cookie = '' } = await session('super_admin')
  for (const [line, one] of all) {
    if (line.startsWith('GET') || 'open' in one) continue
    const answer = await call(placed(line, one, mine), { body: one.body, key: null, headers: { cookie } })
    assert.deepEqual([answer.status, answer.body['code']], [403, 'csrf_refused'], line)
  }
})

for (const role of roles)
  for (const how of ['key', 'session'])
    test(`as ${role} with a ${how}, every route does what the table of permissions says, on own objects and on others'`, async () => {
      const signedIn = how === 'key' ? { key: keys[role] } : { key: null, headers: await session(role) }
      for (const [line, one] of byRight)
        for (const objects of [mine, theirs]) {
          const answer = await call(placed(line, one, objects), { body: one.body, ...signedIn })
          const { right, status = 200, code } = one
          const where = `${role} ${line}, ${objects === mine ? 'own' : "another's"}: ${answer.text.slice(0, 300)}`
          if (!may(role, ...right)) {
            assert.deepEqual([answer.status, answer.body['code']], [403, 'not_permitted'], where)
          } else if (isHidden(role, line) && objects === theirs) {
            assert.equal(answer.status, 404, where)
          } else {
            assert.equal(answer.status, status, where)
            if (/^GET \/(sources|jobs|backups|alarms)$/.test(line))
              assert.ok(answer.text.includes(own), where)
            if (code !== undefined) assert.equal(answer.body['code'], code, where)
          }
          if (!sees(role, right)) assertUnseen(answer.text, where)
        }
      assert.deepEqual(logged, [])
    })

/** What is one object of a source, and the caller sees only some. */
function isHidden(role: Role, line: string): boolean {
  return permissions[role].scope === 'own' && line.includes('{')
}

function sees(role: Role, right: ByRight['right']): boolean {
  return may(role, ...right) && permissions[role].scope === 'all'
}

/** The very path that was asked for may be repeated; what is not in it may not be told. */
function assertUnseen(text: string, where: string): void {
  const [source = '', ...rest] = theirs.secret
  assert.ok(!text.includes(source), where)
  const repeated = text.startsWith('{"type"')
  if (!repeated) assert.ok(!rest.some((secret) => text.includes(secret)), where)
}

for (const role of roles)
  test(`as ${role}, everybody does the same for themselves, and a key is nobody`, async () => {
    for (const [line, one] of all) {
      if (!('self' in one)) continue
      const { status = 200, code, body } = one
      // Some end the session.
      const answer = await call(placed(line, one, mine), { body, key: null, headers: await session(role) })
      assert.equal(answer.status, status, `${line}: ${answer.text}`)
      if (code !== undefined) assert.equal(answer.body['code'], code, line)
      const byKey = await call(placed(line, one, mine), { body, key: keys[role] })
      const refused = one.keys === true ? [status, code] : [403, 'not_permitted']
      assert.deepEqual([byKey.status, byKey.body['code']], refused, `${line}: ${byKey.text}`)
    }
  })

for (const scopes of [['read'], ['read', 'run'], ['read', 'change'], ['read', 'destroy']] as const)
  test(`a key with the scopes ${scopes.join(' and ')} does what these are for, and nothing else`, async () => {
    const limited = await addKey(system, { name: scopes.join(), role: 'super_admin', scopes })
    for (const [line, one] of byRight) {
      const needed = one.scopes ?? [keyScopeOf(...one.right)]
      const answer = await call(placed(line, one, mine), { body: one.body, key: limited })
      const where = `${line}: ${answer.text.slice(0, 300)}`
      if (needed.every((scope) => (scopes as readonly KeyScope[]).includes(scope)))
        assert.deepEqual([answer.status, answer.body['code']], [one.status ?? 200, one.code ?? answer.body['code']], where) // prettier-ignore
      else assert.deepEqual([answer.status, answer.body['code']], [403, 'not_permitted'], where)
    }
  })

test('a key does what it may also where that begins a job, though it may start none', async () => {
  const changing = await addKey(system, { name: 'changing', role: 'super_admin', scopes: ['read', 'change'] })
  const removing = await addKey(system, { name: 'removing', role: 'super_admin', scopes: ['read', 'destroy'] }) // prettier-ignore
  const into = { database: 'postgres://app@127.0.0.1:1/copy' }
  for (const [line, body, key, status] of [
    ['POST /repositories', { name: 'second', address: '/tmp/nowhere' }, changing, 201],
    ['POST /restores', { source: 'own', into }, changing, 202],
    ['POST /backups', { source: 'own' }, changing, 403],
    ['DELETE /backups/backup-own', { confirm: 'backup-own' }, removing, 202],
  ] as const) {
    const answer = await call(line, { body, key })
    assert.equal(answer.status, status, `${line}: ${answer.text}`)
  }
})

test('what destroys takes what was typed and a sign-in of a moment ago, or a key that is for it', async () => {
  const stale = { key: null, headers: await session('super_admin', new Date(Date.now() - 3_600_000)) }
  const scopes = keyScopes.filter((scope) => scope !== 'destroy')
  const blunt = { key: await addKey(system, { name: 'blunt', role: 'super_admin', scopes }) }
  for (const [line, one] of byRight) {
    if (one.typed === undefined || one.typed === null) continue
    const path = placed(line, one, mine)
    const { body } = await call(path)
    const { confirm } = body as { confirm?: string }
    assert.equal(confirm, one.typed === 'email' ? 'amina@example.com' : path.split('/')[2], line)
    for (const [who, status, code] of [
      [stale, 403, 'sign_in_again'],
      [blunt, 403, 'not_permitted'],
    ] as const) {
      const answer = await call(path, { body: { confirm }, ...who })
      assert.deepEqual([answer.status, answer.body['code']], [status, code], `${line}: ${answer.text}`)
    }
  }
})
