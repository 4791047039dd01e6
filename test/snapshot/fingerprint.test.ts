import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampledRanges, sampleEvery } from '../../src/snapshot/fingerprint.ts'

const tables = ['customer', 'order', 'größe', 'a'].map((name) => ({ schema: 'shop', name }))

test('each turn samples other ranges of a table, and so many in a row sample every range once', () => {
  for (const table of tables) {
    for (const count of [1, 2, sampleEvery - 1, sampleEvery, sampleEvery + 1, 1000, 4096]) {
      // A repository counts its backups on and on: it does not matter where one begins.
      for (const first of [1, 77, 123_456_789]) {
        const turns = Array.from({ length: sampleEvery }, (_, at) => sampledRanges(table, count, first + at))
        const seen = turns.flat().sort((a, b) => a - b)
        assert.deepEqual(
          seen,
          Array.from({ length: count }, (_, range) => range),
          `${table.name}: ${count} ranges from turn ${first} on`,
        )
        // No turn has much more to hash than another.
        const sizes = turns.map((ranges) => ranges.length)
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
      }
    }
  }
})

test('tables begin at different ranges', () => {
  const first = tables.map((table) => sampledRanges(table, 4096, 1)[0])
  assert.equal(new Set(first).size, tables.length)
})
