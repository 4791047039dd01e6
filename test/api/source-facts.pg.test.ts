import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { testSource } from '../../src/jobs/source-test.ts'
import { newApi } from '../support/restores-api.ts'
import { testServer } from '../support/postgres.ts'
import { realCommands, type JobRow } from '../support/service.ts'

/* What a source holds, and whether a database could be one. */

const [server, catalogServer] = await Promise.all([testServer(17), testServer(18)])
const api = await newApi(catalogServer)
const { ok, call, until } = api
api.worker({ commandLine: realCommands })
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)

interface Tested {
  readonly works: boolean
  readonly checks: readonly { readonly name: string; readonly result: string; readonly hint: string | null }[]
  readonly error: { readonly code: string } | null
}

test('a database is tested before it is a source, and what is wrong is explained, without its password', async () => {
  await using shop = await server.database()
  const url = new URL(shop.url)
  const password = decodeURIComponent(url.password)
  url.password = ''
  const good = await ok<Tested>('POST /sources/test', { address: url.href, password })
  assert.deepEqual([good.works, good.error], [true, null])
  assert.ok(good.checks.length > 5 && good.checks.every(({ result }) => result !== 'bad'))
  await shop.query(`CREATE ROLE reader LOGIN PASSWORD 'right-SECRET'; CREATE TABLE secret (id int)`)
  const cases: readonly [string, string, string][] = [
    [shop.urlFor('reader', 'x').replace(':x@', '@'), 'wrong-SECRET', 'login_failed'],
    [shop.urlFor('reader', 'x').replace(':x@', '@'), 'right-SECRET', 'source_denied'],
    ['postgres://app@127.0.0.1:1/shop', 'SECRET', 'connection_failed'],
    [new URL('/nothing', url).href, password, 'database_missing'],
  ]
  for (const [address, secret, code] of cases) {
    const bad = await ok<Tested>('POST /sources/test', { address, password: secret })
    assert.deepEqual([bad.works, bad.error?.code], [false, code], JSON.stringify(bad))
    assert.ok(bad.checks.some(({ result, hint }) => result === 'bad' && hint !== null && hint.length > 0))
    assert.doesNotMatch(JSON.stringify(bad), /SECRET/)
  }
  await shop.query('DROP OWNED BY reader; DROP ROLE reader')
  assert.equal(
    (await call('POST /sources/test', { address: 'postgres://a:SECRET@db/x' })).body['code'],
    'config_secret',
  )
  assert.equal((await call('POST /sources/test', { address: url.href }, 'platform_operator')).status, 403)
})

test('what gives no answer is given up, and more than a few are not asked at once', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const { port } = silent.address() as AddressInfo
  const ask = () =>
    testSource({ commandLine: realCommands, address: `postgres://app@127.0.0.1:${port}/shop?connect_timeout=600`, password: undefined, settings: {}, withinMs: 1500 }) // prettier-ignore
  const asked = [ask(), ask(), ask()].map((one) => one.catch((error: { code: string }) => error.code))
  await assert.rejects(ask(), { code: 'service_busy' })
  assert.deepEqual(await Promise.all(asked), Array(3).fill('connection_failed'))
  silent.close()
})

test('tables and modules are told with the rows that the newest backup counted, and modules with those of now', async () => {
  await using shop = await server.database()
  await shop.query(`CREATE SCHEMA crm; CREATE TABLE crm.customers AS SELECT generate_series(1, 20) AS id;
    CREATE TABLE orders AS SELECT generate_series(1, 100) AS id;
    CREATE TABLE visits (id int) PARTITION BY RANGE (id);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10);
    INSERT INTO visits VALUES (1), (2), (3)`)
  await api.addSource('shop', shop.url)
  const modules = {
    sales: { description: 'What is sold', tables: ['orders', 'crm.*'] },
    web: { tables: ['visits'] },
    none: { tables: ['gone'] },
  }
  await ok('PATCH /sources/shop', { settings: { modules } })
  const empty = await ok<{ backup: null; tables: unknown[] }>('GET /sources/shop/tables')
  assert.deepEqual([empty.backup, empty.tables], [null, []])
  const live = () => ok<{ modules: { name: string; rows: number; how: string }[]; error: { code: string } | null }>('GET /sources/shop/counts', undefined, 'read_only_admin') // prettier-ignore
  const counted = await live()
  assert.deepEqual(counted.modules.map(({ name, rows, how }) => `${name} ${rows} ${how}`).sort(), ['none 0 exact', 'sales 120 exact', 'web 3 exact']) // prettier-ignore
  assert.equal((await call('GET /sources/shop/counts', undefined, 'tenant_admin')).status, 404)
  const { id } = await ok<{ id: string }>('POST /backups', { source: 'shop' })
  assert.equal((await until(id, over)).status, 'completed')
  const told = await ok<{
    countedAt: string
    tables: { name: string; rows: number }[]
    modules: { name: string; rows: number; tables: unknown[] }[]
  }>('GET /sources/shop/tables')
  assert.deepEqual(told.tables.map(({ name, rows }) => `${name} ${rows}`).sort(), ['customers 20', 'orders 100', 'visits_1 3']) // prettier-ignore
  assert.deepEqual(told.modules.map(({ name, rows, tables }) => `${name} ${rows} ${tables.length}`).sort(), ['none 0 0', 'sales 120 2', 'web 3 1']) // prettier-ignore
  assert.ok(Date.parse(told.countedAt) <= Date.now())
  assert.equal((await call('GET /sources/shop/tables', undefined, 'tenant_admin')).status, 404)
  await ok('PATCH /sources/shop', { password: 'wrong-SECRET' })
  const refused = await live()
  assert.deepEqual([refused.modules, refused.error?.code], [[], 'login_failed'])
  assert.doesNotMatch(JSON.stringify(refused), /SECRET/)
})

test('a repository tells who can open it and who can write to it, and nothing that opens it', async () => {
  interface Told {
    readonly keys: {
      readonly ownerKey: string
      readonly recipients: readonly { readonly name: string }[]
      readonly hosts: readonly { readonly id: string; readonly revokedAt: string | null }[]
      readonly epochs: readonly unknown[]
    } | null
    readonly error: { readonly code: string } | null
  }
  const { credentials } = api.repository
  const { keys, error } = await ok<Told>('GET /repositories/main/keys', undefined, 'read_only_admin')
  assert.deepEqual([error, keys?.ownerKey], [null, credentials.ownerKey])
  assert.deepEqual(
    keys?.hosts.map(({ id, revokedAt }) => [id, revokedAt]),
    [[credentials.host, null]],
  )
  assert.deepEqual([keys.recipients.length, keys.epochs.length], [1, 1])
  const secrets = new RegExp(`${credentials.signingKey}|${credentials.namingKey}|AGE-SECRET-KEY`)
  assert.doesNotMatch(JSON.stringify(keys), secrets)
  assert.equal((await call('GET /repositories/main/keys', undefined, 'tenant_admin')).status, 403)
  await ok('POST /repositories', { name: 'nowhere', address: '/nowhere/at/all' })
  const none = await ok<Told>('GET /repositories/nowhere/keys')
  assert.deepEqual([none.keys, none.error?.code], [null, 'repository_missing'])
})
