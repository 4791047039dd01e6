import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { DrillPart } from '../../src/verify/types.ts'
import { failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { setClock } from '../support/repository.ts'

/* Drills of a part of a backup, which prove nothing of the rest, and of the time that a restore may take. */

let repository: JourneyRepository
let withoutCustomers = ''

before(async () => {
  const server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query(
    `CREATE TABLE customer (id int PRIMARY KEY);
     CREATE TABLE purchase (id int PRIMARY KEY, customer int REFERENCES customer);
     CREATE TABLE event (id int, at date) PARTITION BY RANGE (at);
     CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
     CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
     INSERT INTO customer SELECT n FROM generate_series(1, 1000) n;
     INSERT INTO purchase SELECT n, n FROM generate_series(1, 1000) n;
     INSERT INTO event SELECT n, date '2026-01-01' + n FROM generate_series(0, 300) n;
     SELECT lo_from_bytea(0, 'large')`,
  )
  withoutCustomers = (await repository.backUp(source.url, { excludeData: ['customer'] })).manifest.id
  await repository.backUp(source.url)
})

const everything: DrillPart = { schemas: [], tables: [], excludeTables: [], sample: null }

test('a part is told as a part: its tables are proved, keys that leave it and the rest are not', async () => {
  const report = await repository.drill({
    part: { ...everything, tables: ['purchase'] },
    goalSeconds: 86_400,
    assertions: [
      { name: 'inside', sql: 'SELECT 1 FROM purchase WHERE customer IS NULL' },
      { name: 'outside', sql: 'SELECT 1 FROM customer' },
    ],
  })
  assert.equal(report.result, 'passed')
  assert.deepEqual(report.part, { ...everything, tables: ['purchase'] })
  assert.deepEqual(
    report.tables.map(({ name }) => name),
    ['purchase'],
  )
  assert.match(report.notVerified[0]?.what ?? '', /^3 of 4 tables/)
  const open = report.checks.flatMap((check) => check.notVerified.map(({ what }) => `${check.name}: ${what}`))
  assert.deepEqual(open, ['foreign keys: public.purchase purchase_customer_fkey', 'assertions: outside'])
  assert.equal(report.goal?.result, 'not verified')
  await failure(repository.drill({ part: { ...everything, tables: ['purchose'] } }), 'table_not_found')
})

test('a sample restores the tables that its seed chooses, trees of partitions whole', async () => {
  for (const [seed, tables] of [
    [0, 'customer'],
    [1, 'event_1,event_2'],
  ] as const) {
    const part = { ...everything, excludeTables: ['purchase'], sample: { percent: 1, seed } }
    const report = await repository.drill({ part })
    assert.equal(report.tables.map(({ name }) => name).join(), tables)
    assert.deepEqual(report.part, part)
  }
})

test('a goal that is missed is an error of its own, unless the backup itself fails', async () => {
  // A clock on which every look takes a minute.
  const clock = setClock()
  let minute = 0
  const now = (): Date => new Date(clock.now().getTime() + minute++ * 60_000)
  const { report, error } = await repository.tryDrill({ clock: { now }, goalSeconds: 59 })
  assert.equal(error?.code, 'goal_missed')
  assert.equal(report.result, 'passed')
  assert.deepEqual(report.goal, { seconds: 59, result: 'missed' })
  assert.ok(report.restoreSeconds >= 60 && report.restoreSeconds < report.seconds)
  assert.match(error.message, /^Backup \S+ restores, but that took \d+ s, and was to take 59 s at most/)

  const failed = await repository.tryDrill({
    clock: { now },
    goalSeconds: 59,
    assertions: [{ name: 'fails', sql: 'SELECT 1' }],
  })
  assert.equal(failed.error?.code, 'drill_failed')
  const met = await repository.drill({ goalSeconds: 86_400, clock: setClock() })
  assert.deepEqual([met.goal?.result, met.restoreSeconds], ['met', 0])
})

test('a key to rows that the backup does not hold is left open, though they are not there', async () => {
  const report = await repository.drill({ backup: withoutCustomers })
  const keys = report.checks.find((check) => check.name === 'foreign keys')
  assert.deepEqual(keys?.notVerified, [
    {
      what: 'public.purchase purchase_customer_fkey',
      why: 'the backup does not hold all rows of public.customer',
    },
  ])
  assert.match(report.notVerified.map(({ what }) => what).join(), /rows of public\.customer/)
})
