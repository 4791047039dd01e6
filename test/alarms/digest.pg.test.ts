import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextDigest } from '../../src/alarms/digest.ts'
import { addDestination } from '../../src/alarms/destinations.ts'
import { subscribe } from '../../src/alarms/subscriptions.ts'
import type { Message } from '../../src/alarms/message.ts'
import { newAlarms } from '../support/alarms.ts'
import { testServer } from '../support/postgres.ts'
import { newReceiver } from '../support/receiver.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })
const hour = 3_600_000

test('a summary comes at its hour in its zone, through changes of the clock', () => {
  const next = (mode: 'daily' | 'weekly', after: string, at = 8) =>
    nextDigest({ mode, zone: 'Europe/Berlin', hour: at, after: new Date(after) }).toISOString()
  assert.equal(next('daily', '2026-03-28T06:59:59Z'), '2026-03-28T07:00:00.000Z')
  assert.equal(next('daily', '2026-03-28T07:00:00Z'), '2026-03-29T06:00:00.000Z')
  assert.equal(next('weekly', '2026-03-28T12:00:00Z'), '2026-03-30T06:00:00.000Z')
  // 02:30 of that night does not exist; whatever is made of 02:00, there is one that day at most, and it goes on.
  assert.ok(next('daily', '2026-03-28T12:00:00Z', 2) <= '2026-03-29T01:00:00.000Z')
})

test('a zone that nobody knows keeps no other summary from coming', async () => {
  const { catalog, clock, tick } = await newAlarms(server)
  const web = await newReceiver()
  await catalog.system.transaction(async (queries) => {
    for (const name of ['a', 'b']) {
      const address = { kind: 'webhook', url: `${web.url}/${name}` }
      const { id: destinationId } = await addDestination(queries, catalog.seal, { name, address, reach: 'private', follows: null }) // prettier-ignore
      await subscribe(queries, { destinationId, sourceId: null, events: null, minSeverity: 'info', mode: 'daily', zone: 'UTC', hour: 8 }) // prettier-ignore
    }
    await queries.query(
      `UPDATE holdfast.subscriptions SET zone = 'Mars/Base'
       WHERE destination_id = (SELECT id FROM holdfast.destinations WHERE name = 'a')`,
    )
  })
  await tick()
  clock.pass(24 * hour)
  await tick()
  assert.deepEqual(web.requests.map(({ path }) => path).sort(), ['/a', '/b'])
})

test('each piece of news is in one summary, and one with nothing to tell comes all the same', async () => {
  const { catalog, clock, tick, job } = await newAlarms(server)
  const web = await newReceiver()
  await catalog.system.transaction(async (queries) => {
    const address = { kind: 'webhook', url: web.url }
    const { id: destinationId } = await addDestination(queries, catalog.seal, { name: 'web', address, reach: 'private', follows: null }) // prettier-ignore
    await subscribe(queries, { destinationId, sourceId: null, events: null, minSeverity: 'warning', mode: 'daily', zone: 'UTC', hour: 8 }) // prettier-ignore
  })
  await tick()
  await job({ status: 'failed' })
  clock.pass(hour)
  await tick()
  assert.equal(web.requests.length, 0)
  clock.pass(5 * hour)
  await Promise.all([tick(), tick(), tick()])
  await job()
  clock.pass(24 * hour)
  await tick()
  clock.pass(24 * hour)
  await tick()
  const messages = web.requests.map(({ body }) => JSON.parse(body) as Message)
  assert.deepEqual(
    messages.map(({ title, severity, lines }) => [title, severity, lines]),
    [
      [
        'Holdfast, daily summary: 1 new, 1 open',
        'error',
        ['2026-03-01 03:00 UTC error: Backup failed: shop. The backup of shop failed at 2026-03-01 02:00 UTC: It broke. (connection_failed)'], // prettier-ignore
      ],
      [
        'Holdfast, daily summary: 1 new, 0 open',
        'info',
        ['2026-03-02 08:00 UTC info: Backups work again: shop. A backup was completed at 2026-03-01 08:00 UTC, after one failed since 2026-03-01 03:00 UTC.'], // prettier-ignore
      ],
      ['Holdfast, daily summary: nothing new, 0 open', 'info', []],
    ],
  )
  assert.equal(
    messages[1]?.text,
    'Since 2026-03-01 08:00 UTC: 1 backups completed, 0 failed; 0 alarms are open.',
  )
})
