import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { connectWire } from '../../../src/postgres/connect.ts'
import { dumpSchema, plainSchema } from '../../../src/postgres/schema/dump.ts'
import { runSql } from '../../../src/postgres/schema/run.ts'
import { queryAt, standby, testServer } from '../../support/postgres.ts'
import { addressOf, dumpOf, plainOf, replay, withWire } from './replay.ts'

it('keeps bytes that are no valid text in a SQL_ASCII database', async () => {
  const server = await testServer(15)
  const clauses = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
  await using source = await server.database({ clauses })
  await using target = await server.database({ clauses })
  const bytes = Buffer.from([0xff, 0xfe, 0x80, 0xc3, 0x28, 0xe9])
  const sql = [
    "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT '",
    '\' $$; CREATE TABLE public."t',
    '" (a int)',
  ]
  await withWire(source.url, (wire) =>
    runSql({
      wire,
      sql: Buffer.concat(
        sql.flatMap((text, i) => (i === 0 ? [Buffer.from(text)] : [bytes, Buffer.from(text)])),
      ),
    }),
  )
  const dump = await dumpOf(source.url)
  assert.ok(Buffer.from(dump.text).includes(bytes))
  await replay(target.url, dump, { encoding: 'SQL_ASCII' })
  assert.deepEqual(Buffer.from((await dumpOf(target.url)).text), Buffer.from(dump.text))
  assert.equal(await plainOf(target.url), await plainOf(source.url))
})

it('reads names and text of a Latin-1 database', async () => {
  const server = await testServer(16)
  const clauses = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
  await using source = await server.database({ clauses })
  await using target = await server.database({ clauses })
  await source.query(
    `CREATE TABLE "Crème ""brûlée""" (é int DEFAULT 1); COMMENT ON TABLE "Crème ""brûlée""" IS '£ ÿ'`,
  )
  const dump = await dumpOf(source.url)
  assert.deepEqual(
    dump.entries.map(({ name }) => name),
    ['Crème "brûlée"', 'TABLE "Crème ""brûlée"""'],
  )
  assert.ok(Buffer.from(dump.text).includes(Buffer.from('£ ÿ', 'latin1')))
  await replay(target.url, dump, { encoding: 'LATIN1' })
  const plain = await plainOf(target.url)
  assert.equal(plain, await plainOf(source.url))
  assert.match(plain, /'£ ÿ'/)
})

it('reads a function of 5 MB, and a script that looks like the end of the script', async () => {
  const server = await testServer(18)
  await using source = await server.database()
  await using target = await server.database()
  const body = `PGDMP \\unrestrict holdfast\n\n${'-- 🐘 it is long\n'.repeat(300_000)}`
  await withWire(source.url, (wire) =>
    runSql({
      wire,
      sql: Buffer.from(
        `SET check_function_bodies = off; CREATE FUNCTION public.f() RETURNS int LANGUAGE plpgsql AS $x$${body}$x$`,
      ),
    }),
  )
  const dump = await dumpOf(source.url)
  assert.ok(Buffer.from(dump.text).includes(body))
  await replay(target.url, dump)
  const plain = await plainOf(target.url)
  assert.ok(plain.includes(body))
  assert.equal(plain, await plainOf(source.url))
  assert.doesNotMatch(plain.replace(body, ''), /restrict|Dumped/)
})

it('sees what the snapshot sees', async () => {
  const server = await testServer(18)
  await using source = await server.database()
  await source.query('CREATE TABLE before (a int)')
  await using holder = await connectWire({ address: addressOf(source.url) })
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const [[snapshot] = []] = await holder.query('SELECT pg_export_snapshot()')
  assert.equal(typeof snapshot, 'string')
  await source.query('CREATE TABLE after (a int)')
  const inSnapshot = await dumpOf(source.url, snapshot ?? null)
  assert.deepEqual(
    inSnapshot.entries.map(({ name }) => name),
    ['before'],
  )
  assert.deepEqual(
    (await dumpOf(source.url)).entries.map(({ name }) => name),
    ['after', 'before'],
  )
  await assert.rejects(dumpOf(source.url, '00000000-0000-9'), (error) =>
    isHoldfastError(error, 'schema_dump_failed'),
  )
})

it('reads from a standby', async () => {
  const primary = await testServer(18)
  await using source = await primary.database()
  await source.query('CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS SELECT a FROM t')
  const replica = await standby(primary)
  const url = replica.url(source.name)
  assert.deepEqual(Buffer.from((await dumpOf(url)).text), Buffer.from((await dumpOf(source.url)).text))
})

it('reads 2,000 tables', async (t) => {
  const server = await testServer(17)
  await using source = await server.database()
  for (let part = 0; part < 10; part++) {
    await source.query(`DO $$ BEGIN FOR i IN ${part * 200 + 1}..${part * 200 + 200} LOOP
      EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, a text DEFAULT %L, b int CHECK (b > 0))', i, i); END LOOP; END $$`)
  }
  const started = performance.now()
  const dump = await dumpOf(source.url)
  t.diagnostic(`2,000 tables, ${dump.entries.length} entries: ${Math.round(performance.now() - started)} ms`)
  assert.equal(dump.entries.filter(({ type }) => type === 'TABLE').length, 2000)
  assert.equal(dump.entries.filter(({ type }) => type === 'CONSTRAINT').length, 2000)
})

it('fails when the connection is killed in the middle', async () => {
  const server = await testServer(18)
  await using source = await server.database()
  await source.query('CREATE TABLE t (a int PRIMARY KEY)')
  await using wire = await connectWire({ address: addressOf(source.url) })
  let calls = 0
  const killed = dumpSchema({
    wire: {
      ...wire,
      exchange: async (messages) => {
        if (++calls === 15)
          await queryAt(server.url(), `SELECT pg_terminate_backend(${wire.processId}, 5000)`)
        return wire.exchange(messages)
      },
    },
  })
  await assert.rejects(killed, (error) => isHoldfastError(error, 'connection_lost'))
  assert.equal(calls, 15)
})

it('stops when it is cancelled', async () => {
  const server = await testServer(18)
  await using source = await server.database()
  await source.query('CREATE TABLE t (a int)')
  await using wire = await connectWire({ address: addressOf(source.url) })
  const controller = new AbortController()
  let calls = 0
  const cancelled = dumpSchema({
    signal: controller.signal,
    wire: {
      ...wire,
      exchange: (messages) => {
        if (++calls === 10) controller.abort()
        return wire.exchange(messages)
      },
    },
  })
  await assert.rejects(cancelled, (error) => isHoldfastError(error, 'cancelled'))
  const seen = calls
  await assert.rejects(dumpSchema({ wire, signal: controller.signal }), (error) =>
    isHoldfastError(error, 'cancelled'),
  )
  assert.equal(calls, seen)
})

it('gives up when a table is locked, and says which right is missing', async () => {
  const server = await testServer(18)
  await using source = await server.database()
  await source.query(`CREATE TABLE busy (a int); CREATE ROLE schema_reader LOGIN PASSWORD 'p'`)
  try {
    await using holder = await connectWire({ address: addressOf(source.url) })
    await holder.query('BEGIN; LOCK TABLE public.busy')
    await assert.rejects(
      withWire(source.url, (wire) => dumpSchema({ wire, lockTimeoutMs: 200 })),
      (error) => isHoldfastError(error, 'lock_timeout'),
    )
    await holder.query('ROLLBACK')
    await assert.rejects(
      withWire(source.urlFor('schema_reader', 'p'), (wire) => dumpSchema({ wire })),
      (error) => isHoldfastError(error, 'source_denied') && error.message.includes('busy'),
    )
  } finally {
    await server.query('DROP ROLE schema_reader')
  }
})

it('refuses a server that is newer than its pg_dump', async () => {
  const server = await testServer(18)
  await withWire(server.url(), async (wire) => {
    const newer = { ...wire, parameters: new Map([...wire.parameters, ['server_version', '19.1']]) }
    for (const read of [dumpSchema, plainSchema]) {
      await assert.rejects(
        read({ wire: newer }),
        (error) => isHoldfastError(error, 'schema_dump_failed') && error.message.includes('19.1'),
      )
    }
  })
})
