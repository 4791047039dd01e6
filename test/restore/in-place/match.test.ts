import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmatched, type Matched } from '../../../src/restore/in-place/match.ts'
import { randomOf } from '../../oracle/random.ts'

/** `size`: where the rows are cut. They come in memory that is overwritten as soon as more is asked for. */
async function look(o: {
  rows: readonly string[]
  live: readonly string[]
  positions?: readonly number[]
  known?: readonly number[]
  size?: number
}): Promise<Matched & { passed: string[] }> {
  const all = Buffer.from(o.rows.map((row) => `${row}\n`).join(''))
  async function* slabs(): AsyncGenerator<Uint8Array, void, undefined> {
    const size = o.size ?? all.length
    for (let at = 0; at < all.length; at += size) {
      const slab = Buffer.from(all.subarray(at, at + size))
      yield slab
      slab.fill(0x2a)
    }
  }
  const found = unmatched({
    slabs: slabs(),
    positions: o.positions ?? [0],
    live: Buffer.from(o.live.map((row) => `${row}\n`).join('')),
    known: new Set(o.known),
  })
  let passed = ''
  for (;;) {
    const { done, value } = await found.next()
    if (done === true) return { ...value, passed: passed.split('\n').slice(0, -1) }
    passed += Buffer.from(value).toString()
  }
}

test('rows that are gone are passed on, wherever the bytes are cut', async () => {
  const rows = ['1\ta', '11\tb', '2\tc', '22\td', '3\t\\N', '33\t']
  for (let size = 1; size < 30; size++) {
    const found = await look({ rows, live: ['1', '2', '33'], size })
    assert.deepEqual(found.passed, ['11\tb', '22\td', '3\t\\N'])
    assert.deepEqual([...found.missing], [1, 3, 4])
    assert.equal(found.whole, true)
  }
})

test('a key may be any columns, or the whole row, or nothing is left of the rows', async () => {
  const rows = ['x\t1\ty\ta', 'x\t1\ty\tb', 'x\t2\ty\ta']
  const some = await look({ rows, live: ['1\tb'], positions: [1, 3] })
  assert.deepEqual([some.passed, some.whole], [[rows[0], rows[2]], true])
  const equal = await look({ rows: ['a', 'a', 'b', 'a'], live: ['a', 'b'] })
  assert.deepEqual([equal.passed, equal.whole], [['a', 'a'], true])
  const none = await look({ rows, live: [], positions: [1, 3] })
  assert.deepEqual([none.passed, none.whole], [rows, true])
})

test('rows that are there already are not passed on again, and count as gone', async () => {
  const found = await look({ rows: ['1', '2', '3', '4'], live: ['2'], known: [0, 3] })
  assert.deepEqual(found.passed, ['3'])
  assert.deepEqual([...found.missing], [0, 2, 3])
})

test('what is not left of these rows, or in another order, is told', async () => {
  for (const live of [['5'], ['2', '1'], ['1', '1'], ['10'], ['1', '2', '3', '4']])
    assert.equal((await look({ rows: ['1', '2', '3'], live })).whole, false, live.join())
})

test('any choice of rows is found', async () => {
  const r = randomOf('match')
  for (let n = 0; n < 200; n++) {
    const rows = Array.from({ length: r.int(40) }, (_, i) => `${'v'.repeat(r.int(9))}\t${i * 7}\t${r.int(5)}`)
    const gone = new Set(rows.keys().filter(() => r.chance(0.3)))
    const live = rows.filter((_, i) => !gone.has(i)).map((row) => row.split('\t')[1] ?? '')
    const found = await look({ rows, live, positions: [1], size: 1 + r.int(60) })
    assert.deepEqual(found, { missing: gone, whole: true, passed: rows.filter((_, i) => gone.has(i)) })
  }
})
