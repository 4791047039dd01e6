import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { slotCount } from '../../src/repository/format/checked.ts'
import { afterArc, isInArc, nextArc, type Arc } from '../../src/repository/rotation.ts'
import { randomOf } from '../oracle/random.ts'

const newNames = (count: number): string[] =>
  Array.from({ length: count }, () => randomBytes(32).toString('hex'))

test('as many shares as make a whole have read all that was there throughout, whatever comes, goes and grows meanwhile', (t) => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  for (const rounds of [2, 3, 7, 20, 30, 999]) {
    const throughout = newNames(random.between(0, 3000))
    let names = [...throughout, ...newNames(random.between(1, 500))]
    const read = new Set<string>()
    let from = random.int(slotCount)
    for (let round = 0; round < rounds; round++) {
      const arc = nextArc({ names, share: 1 / rounds, from })
      const chosen = names.filter((name) => isInArc(arc, name))
      assert.ok(chosen.length > 0)
      for (const name of chosen) read.add(name)
      from = afterArc(arc)
      names = [...throughout, ...newNames(random.between(1, 200))]
    }
    assert.deepEqual(
      throughout.filter((name) => !read.has(name)),
      [],
      `seed ${seed}, 1/${rounds}`,
    )
  }
})

test('a share is about that share of the chunks, and whole is all of them', () => {
  const names = newNames(6000)
  for (const rounds of [2, 7, 30]) {
    const counts: number[] = []
    let arc: Arc = { from: 65_000, slots: 0 }
    for (let round = 0; round < rounds; round++) {
      arc = nextArc({ names, share: 1 / rounds, from: afterArc(arc) })
      counts.push(names.filter((name) => isInArc(arc, name)).length)
    }
    const even = names.length / rounds
    assert.ok(
      counts.every((count) => Math.abs(count - even) < even * 0.5),
      counts.join(),
    )
  }
  const all = nextArc({ names, share: 1, from: 40_000 })
  assert.deepEqual([all.slots, afterArc(all)], [slotCount, 40_000])
})

test('where a share would hold nothing it reaches to the next chunk, and one of no chunks is of no consequence', () => {
  const name = `8000${'0'.repeat(60)}`
  const arc = nextArc({ names: [name], share: 0.01, from: 0x8001 })
  assert.ok(isInArc(arc, name))
  assert.equal(arc.slots, slotCount)
  assert.deepEqual(nextArc({ names: [], share: 0.5, from: 7 }), { from: 7, slots: slotCount / 2 })
})
