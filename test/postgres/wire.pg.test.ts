import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { connectWire } from '../../src/postgres/connect.ts'
import type { Wire } from '../../src/postgres/wire.ts'
import { addressOf } from '../support/address.ts'
import { tcpProxy, testServer } from '../support/postgres.ts'
import { untilNone, untilSome } from '../support/sessions.ts'

/** Everything a COPY gives, with the promises about pieces checked. */
async function collect(wire: Wire, sql: string): Promise<{ bytes: Buffer; rows: number }> {
  const pieces: Buffer[] = []
  let ends = 0
  const rows = await wire.copyOut(sql, {
    write(bytes, rowEnds, endsRow) {
      pieces.push(Buffer.from(bytes))
      ends += rowEnds
      assert.ok(bytes.length > 0 || rowEnds > 0)
      if (endsRow) assert.equal(bytes.at(-1), 10)
    },
  })
  assert.equal(ends, rows)
  return { bytes: Buffer.concat(pieces), rows }
}

async function* each(...slabs: (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const slab of slabs) yield typeof slab === 'string' ? Buffer.from(slab) : slab
}

const HARD = String.raw`SELECT i, v, repeat(v, i * 50) AS long, NULLIF(i % 3, 0) AS n FROM generate_series(1, 40) i,
  unnest(ARRAY['', '\N', '\.', E'\t', E'\r\n', E'a\\b', E'\b\f\v', 'ä€😀', '"q"', '''', ' ', E'\x01']) v`

test('what COPY gives makes the same table again', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`CREATE TABLE hard AS ${HARD}; CREATE TABLE again (LIKE hard); CREATE TABLE none ()`)
  await database.query('INSERT INTO none DEFAULT VALUES')
  await using wire = await connectWire({ address: addressOf(database.url) })
  const copied = await collect(wire, 'COPY public.hard TO STDOUT')
  assert.equal(copied.rows, 480)

  const third = Math.floor(copied.bytes.length / 3)
  const slabs = [copied.bytes.subarray(0, third), Buffer.alloc(0), copied.bytes.subarray(third)]
  assert.equal(await wire.copyIn('COPY public.again FROM STDIN', each(...slabs)), 480)
  // The server may fill pages in another order.
  const again = (await collect(wire, 'COPY public.again TO STDOUT')).bytes
  const sorted = (bytes: Buffer): string => bytes.toString('latin1').split('\n').sort().join('\n')
  assert.equal(sorted(again), sorted(copied.bytes))
  assert.deepEqual(await wire.query('SELECT count(*) FROM (TABLE public.hard EXCEPT TABLE public.again) d'), [
    ['0'],
  ])

  assert.deepEqual(await collect(wire, 'COPY public.none TO STDOUT'), { bytes: Buffer.from('\n'), rows: 1 })
  assert.deepEqual(await collect(wire, 'COPY (SELECT 1 WHERE false) TO STDOUT'), {
    bytes: Buffer.alloc(0),
    rows: 0,
  })
  assert.equal(await wire.copyIn('COPY public.again FROM STDIN', each()), 0)
})

test('a slow sink holds the server back, and sees the bytes in order', async () => {
  await using wire = await connectWire({ address: addressOf((await testServer(17)).url()) })
  const fast = await collect(wire, 'COPY (SELECT generate_series(1, 200000)) TO STDOUT')
  const pieces: Buffer[] = []
  let busy = false
  const rows = await wire.copyOut('COPY (SELECT generate_series(1, 200000)) TO STDOUT', {
    async write(bytes) {
      assert.ok(!busy, 'a piece was given before the one before was done')
      busy = true
      const before = Buffer.from(bytes)
      await sleep(1)
      assert.ok(before.equals(bytes), 'the piece changed while it was in use')
      pieces.push(before)
      busy = false
    },
  })
  assert.equal(rows, 200000)
  assert.ok(Buffer.concat(pieces).equals(fast.bytes))
})

test('one value of 200 MB passes without being held', async () => {
  await using wire = await connectWire({ address: addressOf((await testServer(17)).url()) })
  let bytesRead = 0
  let peak = 0
  let ends = 0
  const before = process.memoryUsage().rss
  await wire.copyOut("COPY (SELECT repeat('0123456789', 20000000)) TO STDOUT", {
    write(bytes, rowEnds, endsRow) {
      bytesRead += bytes.length
      ends += rowEnds
      assert.equal(endsRow, rowEnds === 1)
      peak = Math.max(peak, process.memoryUsage().rss)
    },
  })
  assert.deepEqual([bytesRead, ends], [200_000_001, 1])
  assert.ok(peak - before < 64 << 20, `${(peak - before) >> 20} MB more`)
})

test('queries: rows as text, several statements, errors after which the wire still works', async () => {
  await using wire = await connectWire({ address: addressOf((await testServer(17)).url()) })
  assert.deepEqual(await wire.query("SELECT 1, NULL, 'ä'; SET work_mem = '5MB'; SELECT 2 WHERE false"), [
    ['1', null, 'ä'],
  ])
  await assert.rejects(wire.query('SELECT 1/0'), { code: 'query_failed', message: 'division by zero' })
  await assert.rejects(wire.query('COPY pg_class FROM STDIN'), { code: 'query_failed' })
  await assert.rejects(wire.copyIn('SELECT 1', each('x')), { code: 'internal' })
  await assert.rejects(wire.copyOut('SELECT 1', { write: () => {} }), { code: 'source_mismatch' })
  const both = [wire.query('SELECT pg_sleep(0.05)'), wire.query('SELECT 2')]
  await assert.rejects(both[1] ?? Promise.resolve(), { code: 'internal' })
  await both[0]
  await wire.query("DO $$ BEGIN RAISE WARNING 'not an error'; END $$; SET TimeZone = 'Asia/Tokyo'")
  assert.equal(wire.parameters.get('TimeZone'), 'Asia/Tokyo')
})

test('errors of the server in the middle of a COPY, both ways', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t (a int)')
  await using wire = await connectWire({ address: addressOf(database.url) })
  let received = 0
  const failing = 'COPY (SELECT 1 / (100000 - i) FROM generate_series(1, 200000) i) TO STDOUT'
  await assert.rejects(wire.copyOut(failing, { write: (_, rowEnds) => void (received += rowEnds) }), {
    code: 'query_failed',
  })
  assert.ok(received > 50_000)

  let given = 0
  let returned = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        given++
        yield Buffer.from(given === 3 ? 'no number\n' : '1\n'.repeat(100_000))
        if (given > 5000) assert.fail('the error was not noticed')
      }
    } finally {
      returned = true
    }
  }
  await assert.rejects(wire.copyIn('COPY public.t FROM STDIN', endless()), (error) => {
    return isHoldfastError(error, 'query_failed') && error.details['line'] === '200001'
  })
  await sleep(10)
  assert.ok(returned, 'the source was not ended')
  assert.deepEqual(await wire.query('SELECT count(*) FROM public.t'), [['0']])

  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1\n')
    throw new RangeError('the source broke')
  }
  await assert.rejects(wire.copyIn('COPY public.t FROM STDIN', broken()), RangeError)
  assert.deepEqual(await wire.query('SELECT count(*) FROM public.t'), [['0']])
})

test('a server error reaches copyIn while the source waits for something', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t (a int)')
  await using wire = await connectWire({ address: addressOf(database.url) })
  async function* stuck(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('no number\n'.repeat(10_000))
    await new Promise(() => {})
  }
  await assert.rejects(wire.copyIn('COPY public.t FROM STDIN', stuck()), { code: 'query_failed' })
  assert.deepEqual(await wire.query('SELECT 1'), [['1']])
})

test('a sink that fails stops the server and ends the wire', async () => {
  const server = await testServer(17)
  await using wire = await connectWire({ address: addressOf(server.url()) })
  const endless = 'COPY (SELECT generate_series(1, 1000000000)) TO STDOUT'
  const failing = { write: () => Promise.reject(new RangeError('full')) }
  await assert.rejects(wire.copyOut(endless, failing), RangeError)
  await assert.rejects(wire.query('SELECT 1'), { code: 'connection_lost' })
  await untilNone(server, `pid = ${wire.processId}`)
})

test('exchange: whole answers to raw messages, errors among them', async () => {
  await using wire = await connectWire({ address: addressOf((await testServer(17)).url()) })
  const query = (sql: string): Buffer => {
    const bytes = Buffer.alloc(sql.length + 6)
    bytes.write('Q')
    bytes.writeUInt32BE(sql.length + 5, 1)
    bytes.write(sql, 5)
    return bytes
  }
  const two = await wire.exchange(Buffer.concat([query('SELECT 1'), query('SELECT 1/0')]))
  assert.equal(two[0], 'T'.charCodeAt(0))
  assert.equal(
    two.filter((_, at) => Buffer.from(two.subarray(at, at + 5)).equals(Buffer.from('Z\0\0\0\x05'))).length,
    2,
  )
  assert.ok(Buffer.from(two).includes('division by zero'))
  const long = await wire.exchange(query("SELECT repeat('x', 3000000)"))
  assert.ok(long.length > 3_000_000)
  await wire.exchange(query("SET TimeZone = 'Asia/Tokyo'"))
  assert.equal(wire.parameters.get('TimeZone'), 'Asia/Tokyo')
  assert.equal((await wire.exchange(Buffer.from([0x48, 0, 0, 0, 4]))).length, 0)
  assert.deepEqual(await wire.query('SELECT 1'), [['1']])
})

test('bytes are the database’s own: Latin-1 and SQL_ASCII, with names to match', async () => {
  const server = await testServer(17)
  const clauses = (encoding: string): string =>
    `ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`
  for (const [encoding, bytes] of [
    ['LATIN1', Buffer.from('é\n', 'latin1')],
    ['SQL_ASCII', Buffer.from([0xff, 0xc3, 0x0a])],
    ['EUC_JP', Buffer.from([0xb5, 0xa4, 0x0a])],
  ] as const) {
    await using database = await server.database({ clauses: clauses(encoding) })
    await using wire = await connectWire({ address: addressOf(database.url) })
    const name = encoding === 'EUC_JP' ? '"名"' : '"é"'
    await wire.query(`CREATE TABLE public.${name} (a text)`)
    assert.equal(await wire.copyIn(`COPY public.${name} FROM STDIN`, each(bytes)), 1)
    assert.deepEqual((await collect(wire, `COPY public.${name} TO STDOUT`)).bytes, bytes)
  }
})

test('cancel: from outside, and by signal in every kind of call', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t (a int)')
  const address = addressOf(database.url)
  await using wire = await connectWire({ address })
  const cancelled = assert.rejects(wire.query('SELECT pg_sleep(60)'), (error) => {
    return isHoldfastError(error, 'query_failed') && error.details['sqlstate'] === '57014'
  })
  // What comes before the query is not about it.
  await untilSome(server, `pid = ${wire.processId} AND wait_event = 'PgSleep'`)
  await wire.cancel()
  await cancelled
  assert.deepEqual(await wire.query('SELECT 1'), [['1']])

  async function* waits(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1\n')
    await new Promise(() => {})
  }
  const calls: readonly ((wire: Wire) => Promise<unknown>)[] = [
    (it) => it.query('SELECT pg_sleep(60)'),
    (it) => it.copyOut('COPY (SELECT generate_series(1, 1000000000)) TO STDOUT', { write: () => {} }),
    (it) => it.copyOut('COPY (SELECT 1) TO STDOUT', { write: () => new Promise(() => {}) }),
    (it) => it.copyIn('COPY public.t FROM STDIN', waits()),
  ]
  for (const call of calls) {
    const abort = new AbortController()
    await using stopped = await connectWire({ address, signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await assert.rejects(call(stopped), { code: 'cancelled' })
    await assert.rejects(stopped.query('SELECT 1'), { code: 'cancelled' })
  }
  await untilNone(server, `datname = '${database.name}' AND state = 'active'`)
})

test('a connection cut at any moment rejects what runs, and never hangs', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query('CREATE TABLE t (a int)')
  await using proxy = await tcpProxy(server.port)
  const address = addressOf(proxy.url(database.url))
  const row = Buffer.from('1\n'.repeat(50_000))
  async function* rows(): AsyncGenerator<Uint8Array> {
    for (;;) yield row
  }
  const endless = 'COPY (SELECT generate_series(1, 1000000000)) TO STDOUT'
  const calls: readonly ((wire: Wire) => Promise<unknown>)[] = [
    (it) => it.query('SELECT pg_sleep(60)'),
    (it) => it.copyOut(endless, { write: () => {} }),
    (it) => it.copyOut(endless, { write: () => sleep(1) }),
    (it) => it.copyIn('COPY public.t FROM STDIN', rows()),
    (it) => it.exchange(Buffer.from('Q\0\0\0\x18SELECT pg_sleep(60)\0', 'latin1')),
  ]
  for (const call of calls) {
    for (const delay of [0, 3, 20, 60]) {
      await using wire = await connectWire({ address })
      setTimeout(() => proxy.cut(), delay)
      await assert.rejects(call(wire), { code: 'connection_lost' })
      await assert.rejects(wire.query('SELECT 1'), { code: 'connection_lost' })
    }
  }
  for (const after of [1, 50, 200, 4_000, 70_000, 1_000_000]) {
    await using wire = await connectWire({ address })
    proxy.cutAfter(after)
    await assert.rejects(wire.copyOut(endless, { write: () => {} }), { code: 'connection_lost' })
  }
  await using wire = await connectWire({ address: addressOf(database.url) })
  const running = assert.rejects(wire.copyOut(endless, { write: () => {} }), { code: 'connection_lost' })
  await server.query(`SELECT pg_terminate_backend(${wire.processId})`)
  await running
})

test('closing: idle and busy', async () => {
  const server = await testServer(17)
  const address = addressOf(server.url())
  const idle = await connectWire({ address })
  await idle.close()
  await idle.close()
  await assert.rejects(idle.query('SELECT 1'), { code: 'connection_lost' })
  const busy = await connectWire({ address })
  const running = assert.rejects(busy.query('SELECT pg_sleep(60)'), { code: 'cancelled' })
  await busy.close()
  await running
  await untilNone(server, `pid IN (${idle.processId}, ${busy.processId})`)
})
