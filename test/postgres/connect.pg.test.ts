import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { makeAddress } from '../../src/postgres/address.ts'
import { connect, connectWire } from '../../src/postgres/connect.ts'
import { sessionSettings } from '../../src/postgres/settings.ts'
import { addressOf } from '../support/address.ts'
import { majors, tcpProxy, testServer } from '../support/postgres.ts'
import { untilNone } from '../support/sessions.ts'

for (const major of majors) {
  test(`${major}: version, settings, and text that does not depend on the role's own settings`, async () => {
    const server = await testServer(major)
    await using database = await server.database()
    await database.query(
      `ALTER DATABASE "${database.name}" SET DateStyle = 'German';
       ALTER DATABASE "${database.name}" SET default_transaction_read_only = on;
       ALTER DATABASE "${database.name}" SET statement_timeout = '1min';
       ALTER DATABASE "${database.name}" SET bytea_output = 'escape'`,
    )
    await using connection = await connect({ address: addressOf(database.url), applicationName: 'a test' })
    assert.equal(Math.floor(connection.version / 10000), major)
    const rows = await connection.query<{ name: string; setting: string }>(
      'SELECT name, setting FROM pg_settings WHERE lower(name) = ANY ($1)',
      [
        [...Object.keys(sessionSettings), 'client_encoding', 'application_name'].map((name) =>
          name.toLowerCase(),
        ),
      ],
    )
    const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
    const expected = { ...sessionSettings, client_encoding: 'UTF8', application_name: 'a test' } as Record<
      string,
      string
    >
    if (major < 17) delete expected['transaction_timeout']
    assert.deepEqual(settings, expected)
  })
}

test('columns: what fits a number is one, the rest is text', async () => {
  await using connection = await connect({ address: addressOf((await testServer(17)).url()) })
  const [row] = await connection.query(`SELECT 9223372036854775807 AS big, 1::int2 AS small, 1.50 AS exact,
    'infinity'::timestamptz AS at, '4713-01-01 BC'::date AS day, true AS yes, NULL::int AS nothing,
    '{"a":[1]}'::jsonb AS json, '\\x00ff'::bytea AS bytes, '{a,NULL,"b,c"}'::text[] AS texts, '{1,2}'::int8[] AS bigs,
    '{1,NULL}'::int4[] AS ints, '{2020-01-01}'::date[] AS days, '{x}'::name[] AS names, 'NaN'::float8 AS nan`)
  assert.deepEqual(row, {
    big: '9223372036854775807',
    small: 1,
    exact: '1.50',
    at: 'infinity',
    day: '4713-01-01 BC',
    yes: true,
    nothing: null,
    json: { a: [1] },
    bytes: Buffer.from([0, 255]),
    texts: ['a', null, 'b,c'],
    bigs: ['1', '2'],
    ints: [1, null],
    days: '{2020-01-01}',
    names: ['x'],
    nan: NaN,
  })
})

test("the server's errors: code, sqlstate, table; no values of the statement", async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t (a int PRIMARY KEY, b text CHECK (length(b) < 5))')
  await using connection = await connect({ address: addressOf(database.url) })
  const insert = connection.query('INSERT INTO public.t VALUES ($1, $2)', [1, 'secret-value'])
  await assert.rejects(insert, (error) => {
    assert.ok(isHoldfastError(error, 'query_failed'))
    assert.equal(error.details['sqlstate'], '23514')
    assert.equal(error.details['table'], 'public.t')
    assert.ok(!error.message.includes('secret-value'))
    return true
  })
  await using holder = await connect({ address: addressOf(database.url) })
  await holder.query('BEGIN; LOCK TABLE public.t')
  await assert.rejects(connection.query("SET lock_timeout = '20ms'; LOCK TABLE public.t"), {
    code: 'lock_timeout',
  })
  assert.deepEqual(await connection.query('SELECT 1 AS one'), [{ one: 1 }])
})

test('connecting: what can go wrong has its code, and no password in it', async () => {
  const server = await testServer(17)
  const address = addressOf(server.url())
  const quiet = createServer().listen(0, '127.0.0.1')
  await once(quiet, 'listening')
  const silent = quiet.address()
  assert.ok(silent !== null && typeof silent === 'object')
  const closing = createServer((socket) => void socket.destroy()).listen(0, '127.0.0.1')
  await once(closing, 'listening')
  const rude = closing.address()
  assert.ok(rude !== null && typeof rude === 'object')
  const secret = server.password
  const cases = [
    ['login_failed', { password: `${secret}x` }],
    ['login_failed', { password: undefined }],
    ['database_missing', { database: 'no such' }],
    ['connection_failed', { port: 1 }],
    ['connection_failed', { host: 'no-such-host.invalid' }],
    ['connection_failed', { host: '/no/such/directory' }],
    ['connection_failed', { port: rude.port }],
    ['connection_failed', { port: silent.port, connectTimeoutMs: 200 }],
    ['connection_failed', { tls: { mode: 'require' as const } }],
  ] as const
  try {
    for (const [code, change] of cases) {
      const changed = makeAddress({ ...address, password: secret, ...change })
      for (const open of [connect, connectWire]) {
        await assert.rejects(open({ address: changed }), (error) => {
          assert.ok(isHoldfastError(error, code), inspect(error))
          assert.ok(!inspect(error, { depth: 9 }).includes(secret))
          return true
        })
      }
    }
  } finally {
    quiet.close()
    closing.close()
  }
})

test('an abort cancels what runs and rejects what comes after', async () => {
  const server = await testServer(17)
  const abort = new AbortController()
  const name = 'to be cancelled'
  const address = addressOf(server.url())
  await using connection = await connect({ address, signal: abort.signal, applicationName: name })
  const running = connection.query('SELECT pg_sleep(60)')
  const waiting = connection.query('SELECT 1')
  setTimeout(() => abort.abort(), 50)
  await assert.rejects(running, { code: 'cancelled' })
  await assert.rejects(waiting, { code: 'cancelled' })
  await untilNone(server, `application_name = '${name}' AND state = 'active'`)
  await assert.rejects(connect({ address, signal: abort.signal }), { code: 'cancelled' })
})

test('an abort while connecting', async () => {
  const quiet = createServer().listen(0, '127.0.0.1')
  await once(quiet, 'listening')
  const place = quiet.address()
  assert.ok(place !== null && typeof place === 'object')
  const address = makeAddress({
    host: '127.0.0.1',
    port: place.port,
    user: 'u',
    database: 'd',
    password: 'p',
  })
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 50)
  await assert.rejects(connect({ address, signal: abort.signal }), { code: 'cancelled' })
  quiet.close()
})

test('a connection that is cut or terminated: every call is rejected', async () => {
  const server = await testServer(17)
  await using proxy = await tcpProxy(server.port)
  await using cut = await connect({ address: addressOf(proxy.url(server.url())) })
  const calls = [cut.query('SELECT pg_sleep(60)'), cut.query('SELECT 1')]
  setTimeout(() => proxy.cut(), 50)
  for (const call of await Promise.allSettled(calls)) {
    assert.ok(call.status === 'rejected' && isHoldfastError(call.reason, 'connection_lost'))
  }
  await assert.rejects(cut.query('SELECT 1'), { code: 'connection_lost' })

  for (const idle of [false, true]) {
    await using connection = await connect({ address: addressOf(server.url()) })
    const running = idle
      ? undefined
      : assert.rejects(connection.query('SELECT pg_sleep(60)'), { code: 'connection_lost' })
    await sleep(50)
    await server.query(`SELECT pg_terminate_backend(${connection.processId})`)
    await running
    await untilNone(server, `pid = ${connection.processId}`)
    await assert.rejects(connection.query('SELECT 1'), (error) => {
      return isHoldfastError(error, 'connection_lost') && /administrator/.test(error.message)
    })
  }
})

test('a Unix socket', async () => {
  const server = await testServer(17)
  const address = { ...addressOf(server.url()), host: server.socketDirectory, password: server.password }
  await using connection = await connect({ address })
  assert.deepEqual(await connection.query('SELECT inet_server_addr() AS place'), [{ place: null }])
  await using wire = await connectWire({ address })
  assert.deepEqual(await wire.query('SELECT 1'), [['1']])
  await wire.cancel()
})

test('closing stops what runs', async () => {
  const server = await testServer(17)
  const connection = await connect({ address: addressOf(server.url()) })
  const running = assert.rejects(connection.query('SELECT pg_sleep(60)'), { code: 'cancelled' })
  await sleep(20)
  await connection.close()
  await connection.close()
  await running
  await assert.rejects(connection.query('SELECT 1'), { code: 'connection_lost' })
})
