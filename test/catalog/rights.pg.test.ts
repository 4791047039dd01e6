import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asCaller } from '../../src/catalog/claims.ts'
import {
  actions,
  keyScopeOf,
  may,
  permissions,
  resources,
  roles,
  withoutRows,
  type Resource,
  type Role,
} from '../../src/catalog/permissions.ts'
import { claimsOf, newCatalog } from '../support/catalog.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(18)
const catalog = await newCatalog(server)
const { system, api } = catalog

const [mine, others] = await system.query<{ id: string; repository_id: string }>(`
  WITH r AS (INSERT INTO holdfast.repositories (name, address) VALUES ('main', '/backups') RETURNING id)
  INSERT INTO holdfast.sources (name, address, repository_id, secrets)
  SELECT name, 'postgres://app@db/' || name, id, '\\x01' FROM r, (VALUES ('mine'), ('others')) AS s (name)
  RETURNING id, repository_id`)
assert.ok(mine !== undefined && others !== undefined)
for (const { id, repository_id: repository } of [mine, others]) {
  await system.query(
    `WITH j AS (INSERT INTO holdfast.jobs (kind, source_id, repository_id, about, requested_by)
       VALUES ('backup', $1, $2, 'x', 'test') RETURNING id),
     t AS (INSERT INTO holdfast.restores (id, place, target, step, secrets)
       SELECT id, 'in place', 'postgres://app@db/shop', 'preview', '\\x04' FROM j),
     l AS (INSERT INTO holdfast.job_log (job_id, number, attempt, level, text) SELECT id, 1, 1, 'info', 'x' FROM j),
     a AS (INSERT INTO holdfast.alarms (event, subject, source_id, about, severity, text, raised_at, last_at)
       VALUES ('backup_late', 'source:' || $1::text, $1, 'x', 'error', 'x', pg_catalog.now(), pg_catalog.now())),
     e AS (INSERT INTO holdfast.alarm_settings (source_id) VALUES ($1)),
     s AS (INSERT INTO holdfast.schedules (name, kind, source_id, rule, zone)
       VALUES ('s' || pg_catalog.substr($1::text, 1, 8), 'backup', $1, '{}', 'UTC'))
     INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
       VALUES ($2, $1::text, $1, 'h', 1, pg_catalog.now(), '{}')`,
    [id, repository],
  )
}
await system.query(
  `INSERT INTO holdfast.api_keys (name, role, hash) VALUES ('first', 'super_admin', '\\x02');
   INSERT INTO holdfast.people (email, name, role) VALUES ('a@example.com', 'A', 'super_admin');
   INSERT INTO holdfast.providers (name, issuer, audience, algorithms, secrets) VALUES ('p', 'i', 'a', '{HS256}', '\\x04')`,
)

await system.query(
  `WITH d AS (INSERT INTO holdfast.destinations (name, kind, secrets) VALUES ('ops', 'webhook', '\\x03') RETURNING id),
   s AS (INSERT INTO holdfast.subscriptions (destination_id) SELECT id FROM d)
   INSERT INTO holdfast.deliveries (destination_id, key, message, not_before, created_at)
   SELECT id, 'k', '{}', pg_catalog.now(), pg_catalog.now() FROM d`,
)

test('the table of permissions in the code and the one in the catalog are the same', async () => {
  const stored = await system.query<{ line: string }>(
    `SELECT pg_catalog.concat_ws(' ', role, resource, action, scope) AS line FROM holdfast.permissions`,
  )
  const coded = roles.flatMap((role) =>
    resources.flatMap((resource) =>
      actions.flatMap((action) =>
        may(role, action, resource) ? [`${role} ${resource} ${action} ${permissions[role].scope}`] : [],
      ),
    ),
  )
  assert.deepEqual(stored.map(({ line }) => line).sort(), coded.sort())
})

test('what a key needs is the same in the code and in the catalog', async () => {
  for (const resource of resources)
    for (const action of actions) {
      const [row] = await system.query<{ scope: string }>('SELECT holdfast.key_scope_of($1, $2) AS scope', [
        resource,
        action,
      ])
      assert.equal(row?.scope, keyScopeOf(action, resource), `${action} ${resource}`)
    }
})

/** Of what has no name: a column that whoever may change it may set. */
const columns: Partial<Record<Resource, string>> = {
  jobs: 'kind',
  backups: 'source_hash',
  alarms: 'text',
  alarm_settings: 'expected',
  subscriptions: 'zone',
  deliveries: 'key',
  settings: 'value',
  audit: 'code',
  restores: 'target',
}

/** What its rows are told by, where that is no id. */
const idOf: Partial<Record<Resource, string>> = { audit: 'number', settings: 'name' }

test('every role sees, changes and removes in every table what the table of permissions says, and nothing else', async () => {
  for (const role of roles) {
    for (const resource of resources) {
      if (withoutRows.includes(resource)) continue
      const [{ count } = { count: -1 }] = await system.query<{ count: number }>(
        `SELECT count(*)::int4 FROM holdfast.${resource}`,
      )
      const visible = !may(role, 'read', resource) ? 0 : permissions[role].scope === 'all' ? count : 1
      const claims = claimsOf(role, [mine.id])
      const id = idOf[resource] ?? 'id'
      const seen = await asCaller(api, claims, ({ query }) => query(`SELECT ${id} FROM holdfast.${resource}`))
      assert.equal(seen.length, visible, `${role} reads ${resource}`)
      const column = columns[resource] ?? 'name'
      // Nobody changes what was recorded, and a wish is only decided on: test/audit, test/api/guards.pg.test.ts.
      if (resource === 'audit' || resource === 'approvals') continue
      for (const [action, sql] of [
        ['change', `UPDATE holdfast.${resource} SET ${column} = ${column} RETURNING ${id}`],
        ['remove', `DELETE FROM holdfast.${resource} RETURNING ${id}`],
      ] as const) {
        const expected = may(role, action, resource) ? visible : 0
        const undo = new Error('undo')
        const changed = asCaller(api, claims, async ({ query }) => {
          assert.equal((await query(sql)).length, expected, `${role} ${action} ${resource}`)
          throw undo
        })
        await assert.rejects(changed, (error) => error === undo || isReferenced(error))
      }
    }
  }
})

/** What a row is still needed by: it was seen, and only therefore refused. */
function isReferenced(error: unknown): boolean {
  return (error as { details?: { sqlstate?: string } }).details?.sqlstate === '23503'
}

test('rows of others can neither be made nor taken', async () => {
  const insert = `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by) VALUES ('backup', $1, 'x', 'me')`
  for (const role of ['read_only_admin', 'tenant_admin'] as const) {
    const claims = claimsOf(role, [mine.id])
    await assert.rejects(
      asCaller(api, claims, ({ query }) => query(insert, [mine.id])),
      { code: 'catalog_failed' },
    )
  }
  await asCaller(api, claimsOf('platform_operator'), ({ query }) => query(insert, [others.id]))
})

test('a restore into a database in use is nothing that an operator may make', async () => {
  const make = (role: Role, place: 'new' | 'in place') =>
    asCaller(api, claimsOf(role, [mine.id]), ({ query }) =>
      query(
        `WITH j AS (INSERT INTO holdfast.jobs (id, kind, source_id, about, requested_by)
           VALUES (gen_random_uuid(), 'restore', $1, 'x', 'me') RETURNING id)
         INSERT INTO holdfast.restores (id, place, target, step) SELECT id, $2, 'x', 'run' FROM j`,
        [mine.id, place],
      ),
    )
  const refused = { code: 'catalog_failed', details: { sqlstate: '42501' } }
  await make('platform_operator', 'new')
  await make('super_admin', 'in place')
  await assert.rejects(make('platform_operator', 'in place'), refused)
  await assert.rejects(make('read_only_admin', 'new'), refused)
  await assert.rejects(make('tenant_admin', 'new'), refused)
  await system.query(`DELETE FROM holdfast.jobs WHERE requested_by = 'me'`)
})

test('without claims nothing is seen, and they end with their transaction', async () => {
  const read = 'SELECT id FROM holdfast.sources'
  assert.equal((await asCaller(api, claimsOf('super_admin'), ({ query }) => query(read))).length, 2)
  for (let i = 0; i < 10; i++) assert.deepEqual(await api.query(read), [])
})

test('what is sealed and the hashes of keys can not be read through the API, whoever asks', async () => {
  for (const sql of [
    'SELECT secrets FROM holdfast.sources',
    'SELECT secrets FROM holdfast.repositories',
    'SELECT hash FROM holdfast.api_keys',
    'SELECT password FROM holdfast.people',
    'SELECT totp FROM holdfast.people',
    'SELECT secrets FROM holdfast.providers',
    'SELECT id FROM holdfast.sessions',
    'SELECT purpose FROM holdfast.links',
    'SELECT hash FROM holdfast.recovery_codes',
    'SELECT key FROM holdfast.attempts',
    'SELECT secrets FROM holdfast.destinations',
    'SELECT secrets FROM holdfast.restores',
    'SELECT * FROM holdfast.sources',
  ]) {
    const reading = asCaller(api, claimsOf('super_admin'), ({ query }) => query(sql))
    await assert.rejects(reading, { code: 'catalog_failed', details: { sqlstate: '42501' } }, sql)
  }
})

test('the log of a job is seen by whoever sees the job', async () => {
  const read = 'SELECT job_id FROM holdfast.job_log'
  assert.equal((await asCaller(api, claimsOf('read_only_admin'), ({ query }) => query(read))).length, 2)
  assert.equal(
    (await asCaller(api, claimsOf('tenant_admin', [mine.id]), ({ query }) => query(read))).length,
    1,
  )
})

test('what somebody has seen is theirs, and only of alarms that they may see', async () => {
  const see = (role: Role, subject: string) =>
    asCaller(api, { ...claimsOf(role, [mine.id]), subject }, ({ query }) =>
      query(
        `INSERT INTO holdfast.alarms_seen (alarm_id, person)
         SELECT id, holdfast.claims() ->> 'subject' FROM holdfast.alarms RETURNING alarm_id`,
      ),
    )
  assert.equal((await see('tenant_admin', 'key:a')).length, 1)
  assert.equal((await see('read_only_admin', 'key:b')).length, 2)
  const read = 'SELECT person FROM holdfast.alarms_seen'
  const seen = await asCaller(api, { ...claimsOf('super_admin'), subject: 'key:a' }, ({ query }) =>
    query(read),
  )
  assert.deepEqual(seen, [{ person: 'key:a' }])
  const [other] = await system.query<{ id: string }>('SELECT id FROM holdfast.alarms WHERE source_id = $1', [
    others.id,
  ])
  const [own] = await system.query<{ id: string }>('SELECT id FROM holdfast.alarms WHERE source_id = $1', [
    mine.id,
  ])
  for (const [id, person] of [
    [other?.id, 'key:a'],
    [own?.id, 'key:c'],
  ])
    await assert.rejects(
      asCaller(api, { ...claimsOf('tenant_admin', [mine.id]), subject: 'key:a' }, ({ query }) =>
        query('INSERT INTO holdfast.alarms_seen (alarm_id, person) VALUES ($1, $2)', [id, person]),
      ),
      { code: 'catalog_failed' },
    )
})
