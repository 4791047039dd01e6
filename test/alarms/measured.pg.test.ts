import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measuredOf } from '../../src/alarms/measured.ts'
import { newAlarms } from '../support/alarms.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })

test('what a real backup prints is enough to miss its rows by, and what is left out is not missed', async () => {
  const { job, tick, clock, catalog } = await newAlarms(server)
  const { json } = await commandLine()
  const shop = await server.database()
  await shop.query(`
    CREATE TABLE orders AS SELECT i FROM generate_series(1, 3000) AS i;
    CREATE TABLE people AS SELECT i FROM generate_series(1, 200) AS i;
    CREATE TABLE audit AS SELECT i FROM generate_series(1, 5000) AS i`)
  const made = async (...options: string[]) => {
    const result = json<Record<string, unknown>>(['backup', shop.url, ...options])
    await job({ result })
    clock.pass(60_000)
    await tick()
    return result
  }
  const told = measuredOf(await made('--exclude-data', 'audit'))
  assert.deepEqual(Object.fromEntries(told?.measured.tables ?? []), {
    'public.orders': 3000,
    'public.people': 200,
  })
  assert.ok(told !== null && told.measured.ms > 0 && told.measured.bytes > 10_000)
  await shop.query('DELETE FROM orders WHERE i > 40; DROP TABLE people')
  await made()
  const read = 'SELECT event, text FROM holdfast.alarms'
  assert.deepEqual(await catalog.system.query(read), [], 'of another scope nothing is known yet')
  await made('--exclude-data', 'audit')
  const [alarm] = await catalog.system.query<{ event: string; text: string }>(read)
  assert.equal(alarm?.event, 'backup_odd')
  assert.match(
    alarm.text,
    /^Table public\.orders has 40 rows, 98\.7 % fewer.*\nTable public\.people is not in the backup any more/,
  )
})

test('results that are none are not judged', () => {
  for (const result of [
    {},
    { backup: null },
    { backup: { totals: {} } },
    { backup: { totals: { plainBytes: 1 } } },
  ])
    assert.equal(measuredOf(result), null)
  const backup = { totals: { plainBytes: 1 }, seconds: 2 }
  assert.equal(measuredOf({ backup, tables: 'x' })?.measured.tables, null)
  assert.equal(measuredOf({ backup, tables: [null, 1, { name: 3 }] })?.measured.tables?.size, 0)
})
