import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, type App } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { openDatabase, type Queries } from '../../src/catalog/database.ts'
import { openQueue } from '../../src/jobs/queue.ts'
import { addressOf } from '../support/address.ts'
import { newCatalog } from '../support/catalog.ts'
import { followEvents, type EventReader, type Received } from '../support/events.ts'
import { testServer } from '../support/postgres.ts'
import { randomOf, type Random } from '../oracle/random.ts'

/*
 * Random transactions, which overlap and end in another order than they began or not at all; connections that are killed; readers that
 * break off and go on at another process. In the end each must know of every row what is in the catalog, and of nobody else's any.
 * HOLDFAST_EVENTS_SEED runs one case again, HOLDFAST_EVENTS_MINUTES runs more of them.
 */

const { HOLDFAST_EVENTS_SEED, HOLDFAST_EVENTS_MINUTES } = process.env
const writers = 6
const transactions = 25

const server = await testServer(18)
const catalog = await newCatalog(server)
const { system } = catalog
const queue = await openQueue(system, { first: 1, most: 1 })
after(() => queue[Symbol.asyncDispose]())
const address = addressOf(catalog.database.url)
const writing = await openDatabase({
  address,
  role: null,
  connections: writers,
  applicationName: 'writers',
  answerWithinMs: null,
})
after(() => writing.close())
const apps = [newApp(), newApp()]
const [repository, own, others] = [randomUUID(), randomUUID(), randomUUID()]
await system.query(`INSERT INTO holdfast.repositories (id, name, address) VALUES ($1, 'main', '/x')`, [
  repository,
])
await system.query(
  `INSERT INTO holdfast.sources (id, name, address, repository_id)
   VALUES ($1, 'own', 'postgres://x', $3), ($2, 'others', 'postgres://x', $3)`,
  [own, others, repository],
)
const readers = [
  { key: await addKey(system, { name: 'admin', role: 'super_admin' }), sees: [own, others] },
  { key: await addKey(system, { name: 'tenant', role: 'tenant_admin', sources: [own] }), sees: [own] },
]

function newApp(): App {
  const made = createApp({
    catalog,
    queue,
    random: Math.random,
    wake: () => undefined,
    testDestination: async () => undefined,
    metrics: async () => '',
    log: () => undefined,
    eventTimes: { pauseMs: 5, lookMs: 200, beatMs: 50 },
  })
  after(() => made.stop())
  return made
}

async function write(random: Random): Promise<void> {
  for (let i = 0; i < transactions; i++) {
    const many = random.chance(0.05) ? 150 : random.between(1, 4)
    await writing
      .transaction(async (q) => {
        for (let n = 0; n < many; n++) {
          await change(q, random)
          if (random.chance(0.1)) await sleep(random.int(30))
        }
        if (random.chance(0.2)) throw new Error('rolled back')
      })
      // Also a connection that was killed: what it did is not there.
      .catch(() => undefined)
    if (random.chance(0.3)) await sleep(random.int(20))
  }
}

async function change({ query }: Queries, random: Random): Promise<void> {
  const source = random.pick([own, others])
  const number = random.int(1_000_000)
  // Of what others hold the next is taken, so that no two writers wait for each other in a circle.
  const one = (table: string): string =>
    `SELECT id FROM holdfast.${table} ORDER BY pg_catalog.md5(id::text || '${number}') LIMIT 1 FOR UPDATE SKIP LOCKED`
  switch (random.int(8)) {
    case 0:
    case 1:
      await query(
        `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by) VALUES ('x', $1, $2, 'test')`,
        [source, String(number)],
      )
      return
    case 2:
    case 3:
      await query(`UPDATE holdfast.jobs SET about = $1 WHERE id = (${one('jobs')})`, [String(number)])
      return
    case 4:
      await query(`DELETE FROM holdfast.jobs WHERE id = (${one('jobs')})`)
      return
    case 5:
      await query(
        `INSERT INTO holdfast.alarms (event, subject, source_id, about, severity, text, raised_at, last_at)
         VALUES ('backup_late', $1, $2, 'x', 'error', $3, pg_catalog.now(), pg_catalog.now())`,
        [`source:${number}${random.int(1_000_000)}`, source, String(number)],
      )
      return
    case 6:
      await query(`UPDATE holdfast.alarms SET text = $1 WHERE id = (${one('alarms')})`, [String(number)])
      return
    default:
      await query(
        `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
         VALUES ($1, $2, $3, 'h', 1, pg_catalog.now(), pg_catalog.jsonb_build_object('n', $4::int))
         ON CONFLICT (repository_id, id) DO UPDATE SET summary = excluded.summary, source_id = excluded.source_id`,
        // One source each, so that nobody keeps one that is not theirs any more.
        [repository, `b${number % 20}-${source}`, source, number],
      )
  }
}

/** What is told of a thing, in one text. */
function shown({ event }: Received): string | null {
  const value = event[event.kind] as Readonly<Record<string, unknown>> | null
  if (value === null) return null
  return String(value['about'] === 'x' ? value['text'] : (value['about'] ?? JSON.stringify(value['summary'])))
}

async function stored(sees: readonly string[]): Promise<Map<string, string>> {
  const rows = await system.query<{ id: string; shown: string }>(
    `SELECT id::text, about AS shown FROM holdfast.jobs WHERE source_id = ANY ($1)
     UNION ALL SELECT id::text, text FROM holdfast.alarms WHERE source_id = ANY ($1)
     UNION ALL SELECT id, summary::text FROM holdfast.backups WHERE source_id = ANY ($1)`,
    [sees],
  )
  return new Map(rows.map((row) => [row.id, row.shown.replaceAll(' ', '')]))
}

async function readUntil(o: {
  key: string
  random: Random
  isLast: (one: Received) => boolean
  onOpen: () => void
}): Promise<{ known: Map<string, string>; opened: number }> {
  const known = new Map<string, string>()
  let after: string | null = null
  let opened = 0
  for (let over = false; !over;) {
    const { random } = o
    const reader: EventReader | null = await followEvents({
      fetch: (request) => random.pick(apps).fetch(request),
      url: 'http://holdfast/api/v1/events',
      key: o.key,
      after,
    }).catch(() => null)
    if (reader === null) continue
    opened++
    o.onOpen()
    let ended = false
    void reader.ended.then(() => (ended = true))
    const stop = random.between(1, 60)
    let beats = reader.beats()
    for (let taken = 0; taken < stop && !over;) {
      const next = reader.received.shift()
      if (next === undefined) {
        // Breaks off at any moment, also while nothing comes.
        if (ended || reader.beats() > beats + 3) break
        await sleep(5)
        continue
      }
      beats = reader.beats()
      taken++
      after = next.id
      assert.notEqual(next.event.kind, 'reset')
      const text = shown(next)
      if (text === null) known.delete(next.event.id ?? '')
      else known.set(next.event.id ?? '', text.replaceAll(' ', ''))
      over = o.isLast(next)
    }
    // Whoever has had no event yet begins where the first stream has begun.
    after ??= reader.begun()
    if (reader.received.length === 0 && random.chance(0.5)) after = reader.lastId() ?? after
    reader.close()
  }
  return { known, opened }
}

async function runCase(seed: string): Promise<void> {
  const random = randomOf(seed)
  await system.query('TRUNCATE holdfast.jobs, holdfast.alarms, holdfast.backups CASCADE')
  const marker = randomUUID()
  let begun = 0
  let onBegun = (): void => undefined
  const allBegun = new Promise<void>((resolve) => (onBegun = resolve))
  const reading = readers.map(async ({ key, sees }, index) => {
    let first = true
    const { known, opened } = await readUntil({
      key,
      random: random.fork(`reader ${index}`),
      isLast: ({ event }) => event.id === marker,
      onOpen() {
        if (first && ++begun === readers.length) onBegun()
        first = false
      },
    })
    const there = await stored(sees)
    const ids = [...new Set([...known.keys(), ...there.keys()])]
    const wrong = ids.filter((id) => known.get(id) !== there.get(id))
    const told = wrong.map((id) => `${id}: ${known.get(id)}, and is ${there.get(id)}`)
    assert.deepEqual(told, [], `HOLDFAST_EVENTS_SEED=${seed} reader ${index}`)
    return opened
  })
  await allBegun
  const working = Promise.all(Array.from({ length: writers }, (_, i) => write(random.fork(`writer ${i}`))))
  const killer = random.fork('killer')
  let writes = true
  const killing = (async () => {
    while (writes) {
      await sleep(killer.between(50, 300))
      await catalog.database
        .query(
          `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
         WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
           AND application_name <> 'holdfast' AND pg_catalog.random() < 0.3`,
        )
        .catch(() => undefined)
    }
  })()
  await working
  writes = false
  await killing
  await system.query(
    `INSERT INTO holdfast.jobs (id, kind, source_id, about, requested_by) VALUES ($1, 'x', $2, 'end', 'test')`,
    [marker, own],
  )
  const opened = await Promise.all(reading)
  console.log(`events: seed ${seed}, ${opened.join(' and ')} streams`)
}

test('no reader misses a change, whatever breaks', async () => {
  if (HOLDFAST_EVENTS_SEED !== undefined) return await runCase(HOLDFAST_EVENTS_SEED)
  const base = randomBytes(4).toString('hex')
  const until = performance.now() + Number(HOLDFAST_EVENTS_MINUTES ?? 0) * 60_000
  for (let i = 0; i < 3 || performance.now() < until; i++) await runCase(`${base}.${i}`)
})
