import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { died, dyingDatabase, newAlarms } from '../support/alarms.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })
const { catalog, clock, job, tick, repositoryId } = await newAlarms(server)
const { system } = catalog
const hour = 3_600_000

await system.query(`
  INSERT INTO holdfast.destinations (name, kind, secrets) VALUES ('ops', 'webhook', '\\x00'), ('boss', 'email', '\\x00');
  INSERT INTO holdfast.subscriptions (destination_id, mode) SELECT id, CASE name WHEN 'ops' THEN 'each' ELSE 'weekly' END
  FROM holdfast.destinations;
  INSERT INTO holdfast.subscriptions (destination_id, events) SELECT id, ARRAY['damage_found'] FROM holdfast.destinations WHERE name = 'ops'`)
await system.query(
  `INSERT INTO holdfast.sources (name, address, repository_id, created_at) VALUES ('forgotten', 'postgres://db/x', $1, '2025-01-01')`,
  [repositoryId],
)

/** What there is when a night with every kind of change has passed, and nobody has looked yet. */
async function night(): Promise<void> {
  for (const table of ['deliveries', 'alarms', 'jobs']) await system.query(`DELETE FROM holdfast.${table}`)
  for (const end of [
    { status: 'failed' },
    { status: 'failed' },
    { status: 'completed' },
    { status: 'failed', kind: 'check', code: 'check_failed' },
    { status: 'completed', kind: 'restore' },
    { status: 'failed', kind: 'drill', code: 'drill_failed' },
    { status: 'running', kind: 'undo' },
  ] as const) {
    await job(end)
    clock.pass(60_000)
  }
  clock.pass(hour)
}

async function outcome(): Promise<string[]> {
  const rows = await system.query<{ line: string }>(`
    SELECT pg_catalog.concat_ws(' ', 'alarm', event, about, times, closed_at IS NULL) AS line FROM holdfast.alarms
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'delivery', d.name, o.message ->> 'title') FROM holdfast.deliveries AS o
      JOIN holdfast.destinations AS d ON d.id = o.destination_id
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'summary', i.phase, a.event) FROM holdfast.digest_items AS i
      JOIN holdfast.alarms AS a ON a.id = i.alarm_id
    ORDER BY 1`)
  return rows.map(({ line }) => line)
}

test('wherever judging dies, every alarm that should have come comes, once, and so does its delivery', async () => {
  await night()
  await tick()
  const expected = await outcome()
  assert.deepEqual(
    expected.filter((line) => !line.startsWith('summary')),
    [
      'alarm backup_failed shop 2 f',
      'alarm backup_late forgotten 1 t',
      'alarm backup_recovered shop 1 f',
      'alarm damage_found main 1 t',
      'alarm drill_failed shop 1 t',
      'alarm restore_ended shop 1 f',
      'alarm restore_started shop 1 f',
      'alarm restore_started shop 1 f',
      'delivery ops Backup failed: shop',
      'delivery ops Backup is late: forgotten',
      'delivery ops Backups work again: shop',
      'delivery ops Damage found: main',
      'delivery ops Drill failed: shop',
      'delivery ops Restore ended: shop',
      'delivery ops Restore started: shop',
      'delivery ops Restore started: shop',
    ],
  )
  let steps = 0
  for (; ; steps++) {
    await night()
    const dying = dyingDatabase(system, steps + 1)
    const alarms = createAlarms({ catalog: { system: dying, seal: catalog.seal }, clock })
    await alarms.tick().catch((error: unknown) => assert.equal(error, died))
    if (!dying.reached()) break
    await tick()
    assert.deepEqual(await outcome(), expected, `died before statement ${steps + 1}`)
  }
  assert.ok(steps > 50, `only ${steps} steps`)
})
