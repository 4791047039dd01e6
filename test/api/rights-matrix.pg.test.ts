import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  may,
  permissions,
  roles,
  type Action,
  type Resource,
  type Role,
} from '../../src/catalog/permissions.ts'
import { testApi } from '../support/api.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'

/* Every route of the API, as every role, on what belongs to the caller's source and on what belongs to another's. */

interface Expected {
  /** The right that it takes. */
  readonly right: readonly [Action, Resource]
  /** What it is asked with: something that changes nothing even where it is allowed, since it is asked again and again. */
  readonly body?: unknown
  /** What it answers to who has the right, where that is another status than 200. */
  readonly status?: number
  readonly code?: string
}

const read = (resource: Resource): Expected => ({ right: ['read', resource] })
const refused = (right: Expected['right'], code: string, status: number, body?: unknown): Expected => ({ right, code, status, ...(body === undefined ? {} : { body }) }) // prettier-ignore

/** A route that is not here fails the test. */
const expected: Readonly<Record<string, Expected>> = {
  'GET /repositories': read('repositories'),
  'POST /repositories': refused(['create', 'repositories'], 'name_taken', 409, {
    name: 'main',
    address: '/x',
  }),
  'GET /repositories/{name}': read('repositories'),
  'PATCH /repositories/{name}': { right: ['change', 'repositories'], body: {} },
  'GET /repositories/{name}/consequences': { right: ['remove', 'repositories'] },
  'DELETE /repositories/{name}': refused(['remove', 'repositories'], 'confirmation_needed', 409),
  'GET /sources': read('sources'),
  'POST /sources': refused(['create', 'sources'], 'name_taken', 409, { name: 'own', address: 'postgres://a@db/x', repository: 'main' }), // prettier-ignore
  'GET /sources/{name}': read('sources'),
  'PATCH /sources/{name}': { right: ['change', 'sources'], body: {} },
  'GET /sources/{name}/consequences': { right: ['remove', 'sources'] },
  'DELETE /sources/{name}': refused(['remove', 'sources'], 'confirmation_needed', 409),
  'GET /schedules': read('schedules'),
  'POST /schedules': refused(['create', 'schedules'], 'name_taken', 409, { name: 'own', kind: 'backup', source: 'own', rule: { every: 'day', at: '02:30' } }), // prettier-ignore
  'GET /schedules/{name}': read('schedules'),
  'PATCH /schedules/{name}': { right: ['change', 'schedules'], body: {} },
  'GET /schedules/{name}/consequences': { right: ['remove', 'schedules'] },
  'DELETE /schedules/{name}': refused(['remove', 'schedules'], 'confirmation_needed', 409),
  'GET /jobs': read('jobs'),
  'POST /jobs': refused(['create', 'jobs'], 'request_invalid', 400, { kind: 'check', source: 'own' }),
  'GET /jobs/{id}': read('jobs'),
  'POST /jobs/{id}/cancel': refused(['change', 'jobs'], 'job_over', 409),
  'GET /jobs/{id}/log': read('jobs'),
  'GET /backups': read('backups'),
  'POST /backups': refused(['create', 'jobs'], 'not_found', 404, { source: 'none' }),
  'GET /backups/{id}': read('backups'),
  'POST /backups/{id}/details': { right: ['create', 'jobs'], status: 202 },
  'GET /backups/{id}/consequences': { right: ['remove', 'backups'] },
  'DELETE /backups/{id}': refused(['remove', 'backups'], 'confirmation_needed', 409),
  'POST /backups/{id}/pin': { right: ['change', 'backups'], body: { reason: 'why' }, status: 202 },
  'DELETE /backups/{id}/pin': refused(['change', 'backups'], 'confirmation_needed', 409),
  'GET /audit': read('audit'),
  'GET /audit/export': read('audit'),
  'GET /audit/verify': read('audit'),
  // Everybody may know it: jobs are what every role reads.
  'GET /roles': read('jobs'),
  'GET /system': { right: ['change', 'settings'] },
  'GET /settings': read('settings'),
  'PATCH /settings': { right: ['change', 'settings'], body: {} },
  'GET /approvals': read('approvals'),
  'POST /approvals/{id}/approve': refused(['change', 'approvals'], 'approval_over', 409),
  'POST /approvals/{id}/refuse': refused(['change', 'approvals'], 'approval_over', 409),
}

const service = await newService(await testServer(18))
const { system } = service.catalog
const own = await service.addSource('own', 'postgres://app@127.0.0.1:1/shop')
const { app, call, keys, logged } = await testApi(service, { own: [own] })

/** Whose objects are asked for: what each is called in a path, by the route's first word. */
interface Owned {
  readonly names: Readonly<Record<string, string>>
  /** What of it must not be seen by who may not see it. */
  readonly ids: readonly string[]
}

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
  const [wish] = await system.query<{ id: string }>(
    `INSERT INTO holdfast.approvals (operation, about, request, requested_by, expires_at)
     VALUES ('test', $1, '\\x00', 'key:nobody', pg_catalog.now()) RETURNING id`,
    [name],
  )
  return {
    names: { repositories: 'main', sources: name, schedules: name, jobs: job, backups: backup, approvals: wish?.id ?? '' }, // prettier-ignore
    ids: [source, job, backup],
  }
}

const others = await service.addSource('others', 'postgres://app@127.0.0.1:1/shop')
const mine = await objectsOf('own', own)
const theirs = await objectsOf('others', others)

const routes = Object.entries(app.document().paths ?? {}).flatMap(([path, methods]) =>
  Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
)

test('every route has its expectation, and no expectation is of a route that is not there', () => {
  assert.deepEqual(routes.toSorted(), Object.keys(expected).sort())
})

function placed(line: string, { names }: Owned): string {
  const word = /^\w+ \/(\w+)/.exec(line)?.[1] ?? ''
  return line.replace(/\{(name|id)\}/, names[word] ?? '')
}

test('nobody is let in without a key, on any route', async () => {
  for (const line of routes) {
    const answer = await call(placed(line, mine), { body: expected[line]?.body, key: null })
    assert.deepEqual([answer.status, answer.body['code']], [401, 'not_signed_in'], line)
  }
})

for (const role of roles)
  test(`as ${role}, every route does what the table of permissions says, on own objects and on others'`, async () => {
    for (const line of routes) {
      const { right, body, status = 200, code } = expected[line] ?? read('jobs')
      for (const [whose, objects] of [
        ['own', mine],
        ["another's", theirs],
      ] as const) {
        const answer = await call(placed(line, objects), { body, key: keys[role] })
        const where = `${role} ${line}, ${whose}: ${answer.text.slice(0, 300)}`
        if (!may(role, ...right)) {
          assert.deepEqual([answer.status, answer.body['code']], [403, 'not_permitted'], where)
        } else if (isHidden(role, line) && whose !== 'own') {
          assert.equal(answer.status, 404, where)
        } else {
          assert.equal(answer.status, status, where)
          if (/^GET \/(sources|jobs|backups)$/.test(line)) assert.ok(answer.text.includes(own), where)
          if (code !== undefined) assert.equal(answer.body['code'], code, where)
        }
        if (!sees(role, right)) assertUnseen(answer.text, theirs, where)
      }
    }
    assert.deepEqual(logged, [])
  })

/** What is one object of a source, and the caller sees only some. */
function isHidden(role: Role, line: string): boolean {
  return permissions[role].scope === 'own' && line.includes('{')
}

function sees(role: Role, right: Expected['right']): boolean {
  return may(role, ...right) && permissions[role].scope === 'all'
}

/** The very path that was asked for may be repeated; what is not in it may not be told. */
function assertUnseen(text: string, { ids: [source = '', job = ''] }: Owned, where: string): void {
  const repeated = text.startsWith('{"type"')
  assert.ok(!text.includes(source), where)
  if (!repeated) assert.ok(!text.includes(job) && !text.includes('backup-others'), where)
}
