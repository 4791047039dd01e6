import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { largeObjectRanges } from '../../src/postgres/large-objects.ts'

const listed = (sizes: readonly (readonly [number, number])[]): Parameters<typeof largeObjectRanges>[0] => ({
  objects: sizes.map(([oid]) => ({ oid, owner: 'o', acl: null, comment: null })),
  pages: new Map(sizes),
})

test('ranges cover every page once, none is above 12 MB, and few are small', () => {
  const sizes = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 4294967295 }), fc.integer({ min: 0, max: 9000 })), {
      selector: ([oid]) => oid,
    })
    .map((list) => list.toSorted((a, b) => a[0] - b[0]))
  fc.assert(
    fc.property(sizes, (list) => {
      const ranges = largeObjectRanges(listed(list))
      const after = (p: { oid: number; page: number }, q: { oid: number; page: number }): boolean =>
        p.oid > q.oid || (p.oid === q.oid && p.page >= q.page)
      let total = 0
      for (const { from, to } of ranges) {
        let held = 0
        for (const [oid, pages] of list) {
          const low = oid < from.oid ? pages : oid === from.oid ? from.page : 0
          const high = to === null || oid < to.oid ? pages : oid === to.oid ? Math.min(to.page, pages) : 0
          held += Math.max(0, high - low)
        }
        assert.ok(held > 0 && held <= 6144, `${held} pages in a range`)
        total += held
      }
      for (const [i, range] of ranges.entries()) {
        const next = ranges[i + 1]
        if (next !== undefined) assert.ok(after(next.from, range.from))
        assert.deepEqual(range.to, next?.from ?? null)
      }
      assert.equal(
        total,
        list.reduce((sum, [, pages]) => sum + pages, 0),
      )
    }),
  )
})

test('an object more at the beginning leaves later borders where they were', () => {
  const many = Array.from({ length: 2000 }, (_, i) => [20000 + i * 3, 40] as const)
  const before = largeObjectRanges(listed(many))
  const after = largeObjectRanges(listed([[10001, 333], ...many]))
  const borders = new Set(before.map((range) => JSON.stringify(range)))
  const kept = after.filter((range) => borders.has(JSON.stringify(range)))
  assert.ok(kept.length > before.length * 0.8, `${kept.length} of ${before.length} kept`)
})
