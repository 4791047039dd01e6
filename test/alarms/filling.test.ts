import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filling, type StoragePoint } from '../../src/alarms/judge/filling.ts'
import { median, slope, spread } from '../../src/alarms/judge/statistics.ts'

const point = (day: number, usedBytes: number, capacityBytes: number | null = 1_000_000): StoragePoint => ({
  at: new Date(Date.UTC(2026, 0, 1) + day * 86_400_000),
  usedBytes,
  capacityBytes,
})
const growing = (perDay: number, days: number, from = 0): StoragePoint[] =>
  Array.from({ length: days }, (_, day) => point(day, from + day * perDay))

test('a storage is told by the time until it is full at the present rate, and by what is taken', () => {
  assert.equal(filling(growing(10_000, 10)), null)
  const warned = filling(growing(50_000, 10))
  assert.equal(warned?.severity, 'warning')
  assert.equal(
    warned.text,
    '450 kB of 1.0 MB are taken (45 %); at the present rate of 50 kB a day it is full in 11 days.',
  )
  assert.equal(filling(growing(90_000, 10))?.severity, 'critical')
  assert.equal(filling([point(0, 910_000)])?.severity, 'warning')
  assert.equal(filling([point(0, 960_000)])?.severity, 'critical')
  assert.match(filling(growing(100_000, 12))?.text ?? '', /it is full now/)
})

test('no rate is taken from too few points or too short a time, nor one prune or import for a rate', () => {
  assert.equal(filling([point(0, 0), point(1, 400_000)]), null)
  assert.equal(filling([point(0, 0), point(0.1, 300_000), point(0.2, 600_000)]), null)
  const imported = [...growing(1_000, 10), point(10, 500_000)]
  assert.equal(filling(imported), null)
  assert.equal(filling(growing(90_000, 10).map((one) => ({ ...one, capacityBytes: null }))), null)
})

test('the time to full is that of a straight line where there is one, in whatever order the points come', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 30 }), fc.integer({ min: 100, max: 20_000 }), (days, perDay) => {
      const points = growing(perDay, days, 950_000 - days * perDay)
      const found = filling(points.toReversed())
      const free = 1_000_000 - (950_000 - perDay)
      assert.ok(found !== null && found.fullInMs !== null)
      assert.ok(Math.abs(found.fullInMs / 86_400_000 - free / perDay) < 1e-6)
    }),
  )
})

test('up to half of the values may be anything: median and spread stay near the others', () => {
  const wild = fc.integer({ min: -1e9, max: 1e9 })
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 5 }), fc.integer({ min: -1000, max: 1000 }), (others, value) => {
      const values = [...Array<number>(others.length + 1).fill(value), ...others]
      assert.equal(median(values), value)
      assert.equal(spread(values), 0)
    }),
  )
  assert.equal(slope([{ x: 1, y: 1 }]), null)
  assert.throws(() => median([]), RangeError)
})
