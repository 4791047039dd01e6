import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, type App } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { listen } from '../../src/api/server.ts'
import { tidyChanges } from '../../src/catalog/changes.ts'
import type { Database } from '../../src/catalog/database.ts'
import type { Role } from '../../src/catalog/permissions.ts'
import { followEvents, type EventReader, type Received } from '../support/events.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'

/* Streams of events over a real catalog, with played commands. */

const server = await testServer(18)
const service = await newService(server)
const { catalog, queue, directory } = service
const { system } = catalog
const worker = service.worker()
const own = await service.addSource('own', 'postgres://app@127.0.0.1:1/shop')
const others = await service.addSource('others', 'postgres://app@127.0.0.1:1/shop')

function newApp(api: Database = catalog.api): App {
  const app = createApp({
    catalog: { ...catalog, api },
    queue,
    random: Math.random,
    wake: worker.wake,
    testDestination: async () => undefined,
    metrics: async () => '',
    log: () => undefined,
    eventTimes: { pauseMs: 20, beatMs: 100 },
  })
  after(() => app.stop())
  return app
}

const app = newApp()
const keyOf = (name: string, role: Role): Promise<string> => addKey(system, { name, role, sources: [own] })
const admin = await keyOf('admin', 'super_admin')

async function follow(
  o: { query?: string; key?: string; after?: string | null; app?: App } = {},
): Promise<EventReader> {
  const reader = await followEvents({
    fetch: (request) => (o.app ?? app).fetch(request),
    url: `http://holdfast/api/v1/events${o.query ?? ''}`,
    key: o.key ?? admin,
    after: o.after ?? null,
  })
  after(() => reader.close())
  return reader
}

const job = ({ event }: Received) => event['job'] as { id: string; status: string } | null
const statuses = (received: readonly Received[], id: string): string[] => [
  ...new Set(received.filter(({ event }) => event.id === id).map((one) => job(one)?.status ?? 'gone')),
]
const ids = (received: readonly Received[]): Set<string> =>
  new Set(received.map(({ event }) => event.id ?? event.kind))

/** A change of a row that nobody works at. */
async function noteJob(sourceId: string): Promise<string> {
  const [row] = await system.query<{ id: string }>(
    `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by) VALUES ('x', $1, 'x', 'test') RETURNING id`,
    [sourceId],
  )
  return row?.id ?? ''
}

test('a job is told from its beginning to its end, with how far it is', async () => {
  const reader = await follow({ query: '?kind=job' })
  const { id } = await service.enqueue({ sourceId: own, params: { name: 'wait told' } })
  await reader.until((all) => statuses(all, id).includes('running'))
  await reader.until((all) =>
    all.some(({ event }) => (event['job'] as { progress: object | null } | null)?.progress !== null),
  )
  await writeFile(join(directory, 'told'), '')
  await reader.until((all) => statuses(all, id).includes('completed'))
  const seen = statuses(reader.received, id)
  assert.equal(seen.at(-1), 'completed')
  // Signs of life of the worker are no news.
  assert.ok(reader.received.length < 10, `${reader.received.length} events of one job`)
  await reader.until(() => reader.beats() > 2)
})

test('everybody is told of what they may see, and of what they ask for', async () => {
  const tenant = await follow({ key: await keyOf('tenant', 'tenant_admin') })
  const [all, ofSource, alarms] = [
    await follow(),
    await follow({ query: '?source=others' }),
    await follow({ query: '?kind=alarm' }),
  ]
  const [mine, theirs] = [await noteJob(own), await noteJob(others)]
  await system.query(
    `INSERT INTO holdfast.alarms (event, subject, source_id, about, severity, text, raised_at, last_at)
     SELECT 'backup_late', 'source:' || s.id, s.id, s.name, 'error', 'x', pg_catalog.now(), pg_catalog.now()
     FROM holdfast.sources AS s WHERE s.id IN ($1, $2)`,
    [own, others],
  )
  await all.until((received) => received.length >= 4)
  for (const one of [mine, theirs]) assert.ok(ids(all.received).has(one))
  await Promise.all([tenant, ofSource, alarms].map((one) => one.until((received) => received.length >= 2)))
  assert.deepEqual(
    tenant.received.map(({ event }) => event.kind).sort(),
    ['alarm', 'job'],
    'only of its own source',
  )
  assert.ok(!JSON.stringify(tenant.received).includes(others))
  assert.deepEqual(ofSource.received.map(({ event }) => event.kind).sort(), ['alarm', 'job'])
  assert.ok(!JSON.stringify(ofSource.received).includes(own))
  assert.deepEqual(
    alarms.received.map(({ event }) => event.kind),
    ['alarm', 'alarm'],
  )
  // What is removed is told to who could see it, and to nobody else.
  await system.query('DELETE FROM holdfast.jobs WHERE id IN ($1, $2)', [mine, theirs])
  await all.until((received) => received.filter((one) => one.event['job'] === null).length === 2)
  await tenant.until((received) => received.some(({ event }) => event.id === mine && event['job'] === null))
  assert.ok(!ids(tenant.received).has(theirs))

  await assert.rejects(follow({ query: `?job=${theirs}` }), /404 .*job_not_found/)
  await assert.rejects(follow({ query: '?source=none' }), /404/)
  await assert.rejects(follow({ after: 'x' }), /400 .*request_invalid/)
  await assert.rejects(follow({ after: '9:1:5' }), /400 .*request_invalid/)
  await assert.rejects(follow({ key: 'none' }), /401/)
})

test('a stream of one job begins with how it is', async () => {
  const id = await noteJob(own)
  const reader = await follow({ query: `?job=${id}` })
  await reader.until((all) => statuses(all, id)[0] === 'pending')
  await noteJob(own)
  await system.query(`UPDATE holdfast.jobs SET status = 'cancelled', ended_at = now() WHERE id = $1`, [id])
  await reader.until((all) => statuses(all, id).includes('cancelled'))
  assert.deepEqual([...ids(reader.received)], [id])
})

test('a stream goes on after the id that came last, however commits are ordered, also at another process', async () => {
  const other = newApp()
  const reader = await follow()
  const first = await noteJob(own)
  await reader.until((all) => ids(all).has(first))
  // Written before, and committed after what the reader has had.
  let commit = (): void => undefined
  const held = new Promise<void>((resolve) => (commit = resolve))
  let early = ''
  const late = system.transaction(async ({ query }) => {
    const [row] = await query<{ id: string }>(
      `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by) VALUES ('x', $1, 'x', 'test') RETURNING id`,
      [own],
    )
    early = row?.id ?? ''
    await held
  })
  while (early === '') await sleep(5)
  const second = await noteJob(own)
  await reader.until((all) => ids(all).has(second))
  reader.close()
  const position = reader.lastId()
  const missed = await noteJob(own)
  commit()
  await late
  const again = await follow({ after: position, app: other })
  await again.until((all) => ids(all).has(missed) && ids(all).has(early))
  const seen = again.received.filter(({ event }) => [first, second].includes(event.id ?? ''))
  assert.deepEqual(seen, [], 'what it has had does not come again')
  // From the last event itself, without a sign of life after it.
  const third = await follow({ after: again.received.at(-1)?.id ?? null })
  const fresh = await noteJob(own)
  await third.until((all) => ids(all).has(fresh))
  assert.deepEqual([...ids(third.received)], [fresh])
})

test('who was away for too long, or comes from another catalog, is told so', async () => {
  const reader = await follow()
  await noteJob(own)
  await reader.until((all) => all.length > 0)
  const position = reader.lastId()
  const kinds = async (after: string | null): Promise<string[]> => {
    const one = await follow({ after })
    const marker = await noteJob(own)
    await one.until((all) => ids(all).has(marker))
    one.close()
    return one.received.map(({ event }) => event.kind)
  }
  assert.deepEqual(await kinds(position), ['job'])
  await system.query(`UPDATE holdfast.changes SET at = at - interval '2 days'`)
  await tidyChanges(system)
  assert.equal((await system.query('SELECT FROM holdfast.changes')).length, 0)
  assert.deepEqual(await kinds(position), ['reset', 'job'])
  assert.deepEqual(await kinds('99999999:99999999:'), ['reset', 'job'])
})

test('a stream ends with the key, and follows what the key may', async () => {
  const keys = [await keyOf('a', 'super_admin'), await keyOf('b', 'super_admin')] as const
  const [a, b] = [await follow({ key: keys[0] }), await follow({ key: keys[1] })]
  await system.query(`UPDATE holdfast.api_keys SET role = 'tenant_admin' WHERE name = 'b'`)
  await system.query(`UPDATE holdfast.api_keys SET revoked_at = pg_catalog.now() WHERE name = 'a'`)
  await a.ended
  assert.deepEqual(a.received.at(-1)?.event, { kind: 'end', code: 'not_signed_in' })
  const beats = b.beats()
  await b.until(() => b.beats() > beats + 2)
  const [theirs, mine] = [await noteJob(others), await noteJob(own)]
  await b.until((all) => ids(all).has(mine))
  assert.ok(!ids(b.received).has(theirs))
})

test('one caller has so many streams, and a closed one makes room', async () => {
  const key = await keyOf('many', 'read_only_admin')
  const readers: EventReader[] = []
  for (let i = 0; i < 20; i++) readers.push(await follow({ key }))
  await assert.rejects(follow({ key }), /429 .*too_many_streams/)
  readers[0]?.close()
  for (let i = 0; ; i++) {
    const made = await follow({ key }).catch(() => null)
    if (made !== null) break
    assert.ok(i < 400)
    await sleep(25)
  }
})

test('readers with the same rights cost one look together', async () => {
  let transactions = 0
  const counting = newApp({
    ...catalog.api,
    transaction: (work) => {
      transactions++
      return catalog.api.transaction(work)
    },
  })
  const keys = await Promise.all(Array.from({ length: 10 }, (_, i) => keyOf(`crowd${i}`, 'super_admin')))
  const readers: EventReader[] = []
  for (const key of keys) for (let i = 0; i < 20; i++) readers.push(await follow({ key, app: counting }))
  transactions = 0
  const last = await noteJob(own)
  await Promise.all(readers.map((reader) => reader.until((all) => ids(all).has(last))))
  assert.equal(readers.length, 200)
  assert.equal(transactions, 1)
})

test('a reader that does not read is ended, and others are not held up by it', async () => {
  const api = await listen({ app, host: '127.0.0.1', port: 0 })
  after(() => api.close(0))
  const { hostname, port } = new URL(api.url)
  const deaf = connect(Number(port), hostname)
  after(() => deaf.destroy())
  deaf.write(`GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${admin}\r\n\r\n`)
  await new Promise((resolve) => deaf.once('data', resolve))
  deaf.pause()
  const reader = await follow()
  // More than the buffers of both ends of a connection hold.
  const params = JSON.stringify({ name: 'x'.repeat(800_000) })
  let last = ''
  for (let i = 0; i < 40; i++) {
    const [row] = await system.query<{ id: string }>(
      `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by, params) VALUES ('x', $1, 'x', 'test', $2) RETURNING id`,
      [own, params],
    )
    last = row?.id ?? ''
    await reader.until((all) => ids(all).has(last))
    reader.received.splice(0)
  }
  const ended = new Promise<void>((resolve) => deaf.once('close', () => resolve()))
  let text = ''
  deaf.on('error', () => undefined)
  deaf.on('data', (piece: Buffer) => (text = (text + piece.toString('latin1')).slice(-1_000_000)))
  deaf.resume()
  await ended
  assert.ok(!text.includes(last), 'it was ended before it was told everything')
  const fresh = await noteJob(own)
  await reader.until((all) => ids(all).has(fresh))
})
