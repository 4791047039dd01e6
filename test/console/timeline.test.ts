import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  breaksOf,
  marksOf,
  nearest,
  ticksOf,
  timeOf,
  xOf,
  type TimePoint,
} from '../../src/console/ui/timeline-scale.ts'
import { randomOf } from '../oracle/random.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 28, 12)
const scale = { from: now - 30 * day, to: now, width: 800, mirrored: false }
const pointAt = (at: number): TimePoint => ({ id: String(at), at, proven: false, pinned: false })

test('a place is a time and back again, to both sides', () => {
  for (const mirrored of [false, true])
    for (const at of [scale.from, now - 7 * day, now]) {
      const x = xOf({ ...scale, mirrored }, at)
      assert.ok(x >= 0 && x <= scale.width)
      assert.ok(Math.abs(timeOf({ ...scale, mirrored }, x) - at) < 1000)
    }
  assert.ok(xOf(scale, now) > xOf(scale, now - day))
  assert.ok(xOf({ ...scale, mirrored: true }, now) < xOf({ ...scale, mirrored: true }, now - day))
})

test('ten thousand backups are as many marks as there is room for, and none of them is lost', () => {
  const random = randomOf('timeline')
  const points = Array.from({ length: 10_000 }, () => pointAt(now - random.int(30 * day))).sort(
    (a, b) => a.at - b.at,
  )
  for (const mirrored of [false, true]) {
    const marks = marksOf({ ...scale, mirrored }, points)
    assert.ok(marks.length <= scale.width / 11, String(marks.length))
    assert.equal(
      marks.reduce((sum, mark) => sum + mark.points.length, 0),
      points.length,
    )
  }
})

test('a mark is proven or pinned if one of its backups is; what is older than the timeline is left out', () => {
  const close = [
    pointAt(now - 1000),
    { ...pointAt(now - 500), proven: true },
    { ...pointAt(now), pinned: true },
  ]
  const [mark, ...others] = marksOf(scale, [pointAt(scale.from - 1), ...close])
  assert.deepEqual(others, [])
  assert.deepEqual([mark?.points.length, mark?.proven, mark?.pinned], [3, true, true])
})

test('nights that were left out are a break; what came irregularly has none', () => {
  const nights = Array.from({ length: 20 }, (_, n) => now - (20 - n) * day)
  const kept = nights.filter((_, n) => n !== 9 && n !== 10).map(pointAt)
  assert.deepEqual(breaksOf(nights.map(pointAt)), [])
  assert.deepEqual(breaksOf(kept), [{ from: nights[8], to: nights[11] }])
  assert.deepEqual(breaksOf(kept.slice(0, 4)), [])
})

test('the nearest backup is found, and labels are apart', () => {
  const points = [pointAt(now - 3 * day), pointAt(now - 2 * day), pointAt(now)]
  assert.equal(nearest([], now), null)
  assert.equal(nearest(points, now - 10 * day)?.at, now - 3 * day)
  assert.equal(nearest(points, now - 1.2 * day)?.at, now - 2 * day)
  assert.equal(nearest(points, now - 0.8 * day)?.at, now)
  const places = ticksOf(scale, 84).map(({ at }) => xOf(scale, at))
  assert.ok(places.length > 2)
  for (const [index, place] of places.entries())
    if (index > 0) assert.ok(place - (places[index - 1] ?? 0) >= 80)
})
