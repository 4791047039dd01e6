import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDestination } from '../../src/alarms/destinations.ts'
import { outboxRules } from '../../src/alarms/deliver/outbox.ts'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { died, dyingDatabase, newAlarms } from '../support/alarms.ts'
import { testServer } from '../support/postgres.ts'
import { newReceiver } from '../support/receiver.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })
const { catalog, clock, job, tick, repositoryId } = await newAlarms(server)
const { system } = catalog
const hour = 3_600_000

const web = await newReceiver()
await system.transaction(async (queries) => {
  for (const name of ['ops', 'boss'])
    await addDestination(queries, catalog.seal, {
      name,
      address: { kind: 'webhook', url: `${web.url}/${name}` },
      reach: 'private',
      follows: null,
    })
})
await system.query(`
  INSERT INTO holdfast.subscriptions (destination_id, mode) SELECT id, CASE name WHEN 'ops' THEN 'each' ELSE 'weekly' END
  FROM holdfast.destinations;
  INSERT INTO holdfast.subscriptions (destination_id, events) SELECT id, ARRAY['damage_found'] FROM holdfast.destinations WHERE name = 'ops'`)
await system.query(
  `INSERT INTO holdfast.sources (name, address, repository_id, created_at) VALUES ('forgotten', 'postgres://db/x', $1, '2025-01-01')`,
  [repositoryId],
)

/** What there is when a night with every kind of change has passed, and nobody has looked yet. */
async function night(): Promise<void> {
  web.requests.length = 0
  for (const table of ['deliveries', 'alarms', 'jobs']) await system.query(`DELETE FROM holdfast.${table}`)
  for (const end of [
    { status: 'failed' },
    { status: 'completed' },
    { status: 'failed', kind: 'check', code: 'check_failed' },
    { status: 'running', kind: 'undo' },
  ] as const) {
    await job(end)
    clock.pass(60_000)
  }
  clock.pass(hour)
  await system.query('UPDATE holdfast.subscriptions SET next_digest = $1', [clock.now()])
}

async function outcome(): Promise<string[]> {
  const rows = await system.query<{ line: string }>(`
    SELECT pg_catalog.concat_ws(' ', 'alarm', event, about, times, closed_at IS NULL) AS line FROM holdfast.alarms
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'delivery', d.name, o.status, o.message ->> 'title') FROM holdfast.deliveries AS o
      JOIN holdfast.destinations AS d ON d.id = o.destination_id
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'summary', i.phase, a.event) FROM holdfast.digest_items AS i
      JOIN holdfast.alarms AS a ON a.id = i.alarm_id
    ORDER BY 1`)
  const arrived = new Set(web.requests.map(({ path, body }) => `arrived ${path} ${body}`))
  return [...rows.map(({ line }) => line), `${arrived.size} arrived`]
}

test('wherever judging dies, every alarm that should have come comes, once, and so does its delivery', async () => {
  await night()
  await tick()
  const expected = await outcome()
  assert.deepEqual(expected, [
    'alarm backup_failed shop 1 f',
    'alarm backup_late forgotten 1 t',
    'alarm backup_recovered shop 1 f',
    'alarm damage_found main 1 t',
    'alarm restore_started shop 1 f',
    'delivery boss sent Holdfast, weekly summary: 5 new, 2 open',
    'delivery ops sent Backup failed: shop',
    'delivery ops sent Backup is late: forgotten',
    'delivery ops sent Backups work again: shop',
    'delivery ops sent Damage found: main',
    'delivery ops sent Restore started: shop',
    '6 arrived',
  ])
  let steps = 0
  for (; ; steps++) {
    await night()
    const dying = dyingDatabase(system, steps + 1)
    const alarms = createAlarms({
      catalog: { system: dying, seal: catalog.seal },
      clock,
      random: Math.random,
    })
    await alarms.tick().catch((error: unknown) => assert.equal(error, died))
    if (!dying.reached()) break
    // What was being sent is sent again when its lease is over.
    clock.pass(outboxRules.leaseMs + 1)
    await tick()
    assert.deepEqual(await outcome(), expected, `died before statement ${steps + 1}`)
  }
  assert.ok(steps > 50, `only ${steps} steps`)
})
