import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { oddities, oddRules, type Measured } from '../../src/alarms/judge/odd.ts'

const measured = (rows: Record<string, number>, bytes = 100_000_000, ms = 60_000): Measured => ({
  tables: new Map(Object.entries(rows)),
  bytes,
  ms,
})
const keys = (backup: Measured, history: readonly Measured[]): string[] =>
  oddities(backup, history).map(({ key }) => key)

const steady = [10_000, 10_100, 10_150, 10_300, 10_320, 10_400].map((orders) =>
  measured({ orders, currencies: 40, queue: 0 }),
)

test('a table that lost most of its rows, is empty or is gone is told with what is usual and the rule', () => {
  assert.deepEqual(keys(measured({ orders: 10_500, currencies: 40, queue: 0 }), steady), [])
  const [shrunk] = oddities(measured({ orders: 120, currencies: 40 }), steady)
  assert.equal(
    shrunk?.text,
    'Table orders has 120 rows, 98.8 % fewer than usual: the median of the last 6 backups is 10,225 rows. Told when more than half are gone, and more than 6 times what the table usually varies by, of tables that usually have 1,000 rows or more.',
  )
  assert.deepEqual(keys(measured({ orders: 0, currencies: 0 }), steady), ['emptied orders'])
  assert.deepEqual(keys(measured({}), steady), ['vanished orders'])
})

test('a single backup before it is enough to miss a table by', () => {
  const [first] = steady
  assert.ok(first !== undefined)
  assert.deepEqual(keys(measured({}), [first]), ['vanished orders'])
  assert.deepEqual(keys(measured({}), []), [])
})

test('tables that are usually small, and those that come and go, are never told', () => {
  const size = fc.integer({ min: 0, max: oddRules.rowsOfVanished - 1 })
  const tables = fc.dictionary(fc.string(), size).map((rows) => measured(rows))
  fc.assert(
    fc.property(fc.array(tables, { maxLength: 15 }), tables, (history, now) => {
      assert.deepEqual(keys(now, history), [])
    }),
  )
  const queue = [0, 90_000, 12, 40_000, 0, 70_000, 3].map((jobs) => measured({ jobs }))
  for (const jobs of [0, 1, 500]) assert.deepEqual(keys(measured({ jobs }), queue), [])
  const waves = [5_000, 90_000, 20_000, 60_000, 3_000, 80_000, 40_000].map((jobs) => measured({ jobs }))
  for (const jobs of [1, 10_000]) assert.deepEqual(keys(measured({ jobs }), waves), [])
})

const counts = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 15 })

test('the order of the history does not matter, and who has lost more is told all the more', () => {
  fc.assert(
    fc.property(counts, fc.nat(5_000_000), fc.double({ min: 0, max: 1, noNaN: true }), (rows, now, less) => {
      const history = rows.map((t, at) => measured({ t }, t * 50, at * 1_000))
      const found = keys(measured({ t: now }, now * 50), history)
      assert.deepEqual(keys(measured({ t: now }, now * 50), history.toReversed()), found)
      if (found.some((key) => key.endsWith(' t'))) {
        const fewer = Math.floor(now * less)
        assert.match(keys(measured({ t: fewer }), history).join(), /(shrunk|emptied) t/)
      }
    }),
  )
})

test('whoever still has half of what is usual in every figure, and no more than three times it, is never told', () => {
  fc.assert(
    fc.property(
      counts,
      fc.double({ min: 0.5, max: 3, noNaN: true }),
      fc.integer({ min: 1, max: 5_000_000 }),
      (rows, factor, usual) => {
        const history = rows.map((noise) => measured({ t: usual + (noise % 7) }, usual * 40, usual))
        const now = Math.ceil((usual + 6) * factor)
        assert.deepEqual(
          keys(measured({ t: now }, Math.floor(usual * 40 * factor), usual * factor), history),
          [],
        )
      },
    ),
  )
})

test('one backup that was wrong does not make the next one look right', () => {
  const wrong = measured({ orders: 5, currencies: 40 }, 1_000_000)
  assert.deepEqual(keys(wrong, steady), ['shrunk orders', 'small'])
  assert.deepEqual(keys(wrong, [...steady, wrong]), ['shrunk orders', 'small'])
})

test('size and duration are told when they are far from a history that is long enough', () => {
  const same = { orders: 10_200, currencies: 40 }
  assert.deepEqual(keys(measured(same, 400_000_000), steady), ['large'])
  assert.deepEqual(keys(measured(same, 40_000_000), steady), ['small'])
  assert.deepEqual(keys(measured(same, 100_000_000, 600_000), steady), ['slow'])
  assert.deepEqual(keys(measured(same, 400_000_000, 600_000), steady.slice(0, 4)), [])
  const varies = [50, 300, 90, 250, 100, 400].map((mb) => measured(same, mb * 1_000_000, mb * 1_000))
  assert.deepEqual(keys(measured(same, 600_000_000, 600_000), varies), [])
})

test('backups of which no rows are told say nothing of tables', () => {
  const silent = steady.map((one) => ({ ...one, tables: null }))
  assert.deepEqual(keys(measured({}), silent), [])
  assert.deepEqual(keys({ ...measured({}), tables: null }, steady), [])
})
