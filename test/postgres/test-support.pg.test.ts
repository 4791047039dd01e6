import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { queryAt, standby, tcpProxy, testServer } from '../support/postgres.ts'

test('a server is started once for the same options', async () => {
  assert.equal(await testServer(17), await testServer(17))
})

test('databases are new, empty, reachable by their address and dropped', async () => {
  const server = await testServer(17)
  const database = await server.database()
  assert.deepEqual(await database.query('CREATE TABLE t (a int); SELECT current_database() AS name'), [
    { name: database.name },
  ])
  await database.drop()
  await assert.rejects(queryAt(database.url, 'SELECT 1'), /does not exist/)
})

test('a standby is read-only and sees what the primary has', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t AS SELECT generate_series(1, 5000) AS a')
  const copy = await standby(server)
  await database.query('INSERT INTO t VALUES (0)')
  await copy.caughtUp()
  assert.deepEqual(await copy.query('SELECT count(*)::int, pg_is_in_recovery() FROM t', database.name), [
    { count: 5001, pg_is_in_recovery: true },
  ])
  await assert.rejects(copy.query('INSERT INTO t VALUES (1)', database.name), /read-only/)
  await copy.stop()
})

test('a proxy cuts, also after so many bytes, and holds back', async () => {
  const server = await testServer(17)
  await using proxy = await tcpProxy(server.port)
  const url = proxy.url(server.url())
  assert.deepEqual(await queryAt(url, 'SELECT 1 AS one'), [{ one: 1 }])

  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  proxy.pause()
  let answered = false
  const answer = client.query('SELECT 1').then(() => (answered = true))
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(answered, false)
  proxy.resume()
  assert.equal(await answer, true)

  const sleeping = client.query('SELECT pg_sleep(60)')
  proxy.cut()
  await assert.rejects(sleeping)

  proxy.cutAfter(1_000_000)
  await assert.rejects(queryAt(url, "SELECT repeat('x', 1000) FROM generate_series(1, 5000)"))
  assert.deepEqual(await queryAt(url, 'SELECT 2 AS two'), [{ two: 2 }])
})
