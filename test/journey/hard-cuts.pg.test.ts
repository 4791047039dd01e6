import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { changeMessages, commandComplete } from '../support/server-messages.ts'
import { newRepository, requireSame, stateOf, type JourneyRepository } from '../support/journey.ts'
import {
  tcpProxy,
  testServer,
  type TcpProxy,
  type TestDatabase,
  type TestServer,
} from '../support/postgres.ts'

let server: TestServer
let proxy: TcpProxy
let repository: JourneyRepository
let source: TestDatabase

before(async () => {
  server = await testServer(18)
  proxy = await tcpProxy(server.port)
  repository = await newRepository(openMemoryStorage())
  source = await server.database()
  await source.query(`
    CREATE TABLE large (id int PRIMARY KEY, v text); INSERT INTO large SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 8000) n;
    CREATE TABLE small (id int PRIMARY KEY REFERENCES large, v text); INSERT INTO small SELECT n, n FROM generate_series(1, 50) n;
    CREATE INDEX ON large (v); CREATE VIEW seen AS SELECT * FROM small; CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM large;
    CREATE SEQUENCE s; SELECT lo_from_bytea(0, decode(repeat('00ff', 20000), 'hex')); GRANT SELECT ON small TO PUBLIC`)
})

after(async () => {
  await proxy.close()
  await server.stop('immediate')
})

const lost = ['connection_lost', 'connection_failed']

/** How many bytes the server sends while `work` is done over the proxy. */
async function bytesOf(work: () => Promise<unknown>): Promise<number> {
  // What is never reached counts what has come.
  const limit = 2 ** 40
  proxy.cutAfter(limit)
  await work()
  const sent = limit - proxy.bytesLeft
  proxy.cutAfter(Infinity)
  return sent
}

/** `count` moments, close together at the beginning, where most of the steps are, and at random beyond. */
function moments(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => {
    const share = (n + Math.random()) / count
    return 1 + Math.floor(total * share ** 3)
  })
}

async function cutAt(bytes: number, work: () => Promise<unknown>): Promise<string> {
  proxy.cutAfter(bytes)
  try {
    await work()
    return 'ok'
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    assert.ok(lost.includes(error.code), `cut after ${bytes} bytes: ${error.code} ${error.message}`)
    return error.code
  } finally {
    proxy.cutAfter(Infinity)
  }
}

test('a backup whose connections are cut ends at once, says so, and leaves no backup', async (t) => {
  const url = proxy.url(source.url)
  const total = await bytesOf(() => repository.backUp(url))
  const there = await repository.list()
  const outcomes = new Map<string, number>()
  for (const moment of moments(total, 18)) {
    const outcome = await cutAt(moment, () => repository.backUp(url))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (outcome === 'ok') there.unshift((await repository.list())[0] ?? '')
    assert.deepEqual(await repository.list(), there)
  }
  t.diagnostic(JSON.stringify({ total, ...Object.fromEntries(outcomes) }))
  assert.ok((outcomes.get('ok') ?? 0) < 4)
  await repository.backUp(url)
  for (const { missing, damaged } of (await repository.check()).backups)
    assert.deepEqual([...missing, ...damaged], [])
  await using target = await server.database()
  await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
})

test('a restore whose connections are cut leaves its target as it was, or told unfinished, and can be done again', async (t) => {
  await repository.backUp(source.url)
  const expected = await stateOf(source.url)
  const fresh = async (): Promise<TestDatabase> => server.database()
  let total = 0
  {
    await using target = await fresh()
    total = await bytesOf(() => repository.restoreTo(proxy.url(target.url)))
  }
  const outcomes = new Map<string, number>()
  for (const moment of moments(total, 12)) {
    await using target = await fresh()
    const before = await stateOf(target.url)
    const outcome = await cutAt(moment, () => repository.restoreTo(proxy.url(target.url)))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (outcome === 'ok') requireSame(await stateOf(target.url), expected, 'the copy')
    else requireSame(await stateOf(target.url), before, `the target, cut after ${moment} bytes`)
  }
  t.diagnostic(JSON.stringify({ total, ...Object.fromEntries(outcomes) }))
  assert.ok((outcomes.get('ok') ?? 0) < 4)
})

test('a restore that never hears of one of its commits leaves its target as it was', async (t) => {
  await repository.backUp(source.url)
  const [expected, empty] = [await stateOf(source.url), await stateOf((await server.database()).url)]
  let [commits, deaf] = [0, 0]
  const door = await tcpProxy(
    server.port,
    changeMessages((message) => {
      if (message[0] !== commandComplete || message.toString('latin1', 5) !== 'COMMIT\0') return message
      if (++commits !== deaf) return message
      door.cut()
      return Buffer.alloc(0)
    }),
  )
  await using _door = door
  const restoreDeaf = async (at: number): Promise<string> => {
    await using target = await server.database()
    ;[commits, deaf] = [0, at]
    const end = await repository.restoreTo(door.url(target.url)).then(
      () => 'ok',
      (error: unknown) => (isHoldfastError(error) ? error.code : String(error)),
    )
    const state = await stateOf(target.url)
    if (end === 'ok') requireSame(state, expected, 'the copy')
    // The very last one, after which there is no marker: docs/CONSISTENCY.md tells it.
    else if (end === 'target_unfinished') requireSame(state, expected, `the target, deaf at commit ${at}`)
    else requireSame(state, empty, `the target, deaf at commit ${at}`)
    return end
  }
  assert.equal(await restoreDeaf(0), 'ok')
  const ends: string[] = []
  for (let at = 1, all = commits; at <= all; at++) ends.push(await restoreDeaf(at))
  t.diagnostic(ends.join(' '))
  assert.ok(ends.length > 2)
})

test('a server that goes away for good is told of, and what it left behind can be restarted', async () => {
  await repository.backUp(source.url)
  await using target = await server.database()
  const door = await tcpProxy(server.port)
  const url = door.url(target.url)
  let phase = ''
  const restoring = repository.restoreTo(url, {
    onProgress: (progress) => {
      if (phase !== progress.phase && progress.phase === 'comparing rows') void door.close()
      phase = progress.phase
    },
  })
  const error = await restoring.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(isHoldfastError(error, 'target_unfinished'), String(error))
  const again = await repository.planTo(target.url)
  assert.deepEqual(
    again.problems.map((problem) => problem.code),
    ['target_unfinished'],
  )
  await repository.restoreTo(target.url, { restart: true })
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
})
