import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError, isHoldfastError } from '../../src/lib/errors.ts'
import { createChunkCache, readAllPieces, readPieces } from '../../src/repository/pieces.ts'
import type { ChunkReader } from '../../src/repository/types.ts'

const texts = ['aaaa', 'bbbbbb', 'cc', 'dddddddd']
const manifest = { chunks: texts.map((text, i) => [`chunk${i}`, text.length, text.length] as const) }

function memoryReader({ missing }: { missing?: string } = {}) {
  const stats = { reads: [] as string[], under: 0, mostUnder: 0 }
  const reader: ChunkReader = {
    async read(name) {
      stats.reads.push(name)
      stats.under += 1
      stats.mostUnder = Math.max(stats.mostUnder, stats.under)
      await new Promise((resolve) => setImmediate(resolve))
      stats.under -= 1
      if (name === missing) throw new HoldfastError('object_missing', name)
      return new TextEncoder().encode(texts[Number(name.slice(5))])
    },
    async [Symbol.asyncDispose]() {},
  }
  return { reader, stats }
}

const whole = (chunk: number) => ({ chunk, offset: 0, length: (texts[chunk] ?? '').length })
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test('pieces come in order, cut out of their chunks', async () => {
  const { reader } = memoryReader()
  const pieces = [
    whole(3),
    { chunk: 1, offset: 2, length: 3 },
    whole(0),
    { chunk: 2, offset: 1, length: 0 },
    whole(2),
  ]
  assert.equal(decode(await readAllPieces({ manifest, reader, pieces, ahead: 3 })), 'ddddddddbbbaaaacc')
  assert.equal((await readAllPieces({ manifest, reader, pieces: [] })).length, 0)
})

test('ahead bounds the reads under way', async () => {
  for (const ahead of [0, 1, 2]) {
    const { reader, stats } = memoryReader()
    const pieces = [whole(0), whole(1), whole(2), whole(3)]
    assert.equal(decode(await readAllPieces({ manifest, reader, pieces, ahead })), texts.join(''))
    assert.equal(stats.mostUnder, ahead + 1)
  }
})

test('a chunk that small tables share is read once through a shared cache', async () => {
  const { reader, stats } = memoryReader()
  const cache = createChunkCache({ reader })
  const parts = await Promise.all(
    [0, 2, 4, 6].map((offset) =>
      readAllPieces({ manifest, reader, cache, pieces: [{ chunk: 3, offset, length: 2 }] }),
    ),
  )
  assert.deepEqual(parts.map(decode), ['dd', 'dd', 'dd', 'dd'])
  assert.deepEqual(stats.reads, ['chunk3'])
})

test('the cache forgets what was used longest ago, and failures at once', async () => {
  const { reader, stats } = memoryReader({ missing: 'chunk2' })
  const cache = createChunkCache({ reader, maxBytes: 10 })
  await cache.read('chunk0')
  await cache.read('chunk1')
  await cache.read('chunk0')
  await cache.read('chunk3') // 18 bytes: chunk1 goes, then chunk0
  await cache.read('chunk3')
  assert.deepEqual(stats.reads, ['chunk0', 'chunk1', 'chunk3'])
  await cache.read('chunk1')
  assert.equal(stats.reads.length, 4)
  await assert.rejects(cache.read('chunk2'))
  await assert.rejects(cache.read('chunk2'))
  assert.equal(stats.reads.length, 6)
})

test('a piece outside its chunk is damage, not a short read', async () => {
  const { reader } = memoryReader()
  for (const piece of [
    { chunk: 0, offset: 1, length: 4 },
    { chunk: 9, offset: 0, length: 1 },
    { chunk: 0, offset: -1, length: 2 },
  ]) {
    await assert.rejects(readAllPieces({ manifest, reader, pieces: [piece] }), (error) =>
      isHoldfastError(error, 'object_damaged'),
    )
  }
})

test('a missing chunk fails the stream, and no read is left going after an early end', async () => {
  const { reader, stats } = memoryReader({ missing: 'chunk1' })
  await assert.rejects(
    readAllPieces({ manifest, reader, pieces: [whole(0), whole(1), whole(2)], ahead: 2 }),
    (error) => isHoldfastError(error, 'object_missing'),
  )
  assert.equal(stats.under, 0)
  for await (const bytes of readPieces({
    manifest,
    reader,
    pieces: [whole(0), whole(1), whole(2)],
    ahead: 2,
  })) {
    assert.equal(decode(bytes), 'aaaa')
    break
  }
  assert.equal(stats.under, 0)
})

test('an aborted signal ends it as cancelled', async () => {
  const { reader } = memoryReader()
  const signal = AbortSignal.abort()
  await assert.rejects(readAllPieces({ manifest, reader, pieces: [whole(0)], signal }), (error) =>
    isHoldfastError(error, 'cancelled'),
  )
})
