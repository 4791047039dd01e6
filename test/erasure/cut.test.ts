import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { asUtf8, encodeRow, type TextRow } from '../../src/postgres/copy-text.ts'
import { cutRows } from '../../src/erasure/cut.ts'
import { erasedTables } from '../../src/erasure/erased-tables.ts'
import { keyHasher } from '../../src/repository/crypto/erased-keys.ts'
import type { Piece } from '../../src/repository/format/contents.ts'
import { createChunkCache } from '../../src/repository/pieces.ts'
import type { ChunkReader } from '../../src/repository/types.ts'
import { randomOf, type Random } from '../oracle/random.ts'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const values = [
  null,
  '',
  'a',
  '7',
  '\\N',
  '\t',
  '\n',
  '\\',
  '\\.',
  '\r',
  '漢字 😀',
  'a\tb\nc\\d',
  '\\\\n',
  'x'.repeat(300),
]

/** Chunks, and pieces of them that make one stream, whose borders lie anywhere. */
function scatter(random: Random, stream: Buffer): { chunks: Uint8Array[]; pieces: Piece[] } {
  const pieces: Piece[] = []
  const chunks: Buffer[][] = [[]]
  for (let at = 0; at < stream.length;) {
    const length = Math.min(stream.length - at, 1 + random.skewed(400))
    if (random.chance(0.3)) chunks.push([])
    const chunk = chunks.at(-1) ?? []
    if (random.chance(0.3)) chunk.push(Buffer.from('\n7\tnot of this stream\n'))
    const offset = chunk.reduce((sum, part) => sum + part.length, 0)
    chunk.push(stream.subarray(at, at + length))
    pieces.push({ chunk: chunks.length - 1, offset, length })
    at += length
  }
  return { chunks: chunks.map((parts) => new Uint8Array(Buffer.concat(parts))), pieces }
}

function bytesOf(chunks: readonly Uint8Array[], pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((p) => (chunks[p.chunk] ?? new Uint8Array()).subarray(p.offset, p.offset + p.length)),
  )
}

async function* slabsOf(chunks: readonly Uint8Array[], pieces: readonly Piece[]) {
  // A buffer that is used anew for each slab, as a reader may do.
  const buffer = new Uint8Array(Math.max(0, ...pieces.map((p) => p.length)))
  for (const p of pieces) {
    buffer.set(chunks[p.chunk]?.subarray(p.offset, p.offset + p.length) ?? [])
    yield buffer.subarray(0, p.length)
  }
}

test('whatever the rows and wherever they are cut, erased ones go, and all others stay as they were, byte by byte', async () => {
  const seed = process.env['HOLDFAST_TEST_SEED'] ?? randomBytes(4).toString('hex')
  for (let n = 0; n < 300; n++) {
    const random = randomOf(`${seed}/${n}`)
    const width = random.between(1, 5)
    const rows: TextRow[] = Array.from({ length: random.skewed(60) }, () =>
      Array.from({ length: width }, () => random.pick(values)),
    )
    const fields = random
      .shuffle(Array.from({ length: width }, (_, at) => at))
      .slice(0, random.between(1, width))
    const keyOf = (row: TextRow): string => JSON.stringify(fields.map((f) => row[f]))
    const erased = new Set(random.some(rows, 0.3).map(keyOf))
    const goes = (row: TextRow): boolean => fields.every((f) => row[f] !== null) && erased.has(keyOf(row))
    const line = (row: TextRow): string => encodeRow(row.map((v) => (v === null ? null : latin1(v))))
    const all = Buffer.from(rows.map(line).join(''), 'latin1')
    const { chunks, pieces } = scatter(random, all)
    const cut = await cutRows({
      pieces,
      slabs: slabsOf(chunks, pieces),
      fields,
      decode: asUtf8,
      isErased: (key) => erased.has(JSON.stringify(key)),
    })
    const kept = rows.filter((row) => !goes(row))
    assert.equal(bytesOf(chunks, cut.pieces).toString('latin1'), kept.map(line).join(''), `seed ${seed}/${n}`)
    assert.equal(cut.rows, rows.length - kept.length, `seed ${seed}/${n}`)
  }
})

test('what is no COPY text is refused, and no row is lost with it', async () => {
  for (const [text, field] of [
    ['1\t2\n3\t4', 0],
    ['1\t2\n3\n', 1],
    ['1\n\n', 1],
  ] as const) {
    // prettier-ignore
    const bytes = new Uint8Array(Buffer.from(text))
    const pieces = [{ chunk: 0, offset: 0, length: bytes.length }]
    await assert.rejects(
      cutRows({
        pieces,
        slabs: slabsOf([bytes], pieces),
        fields: [field],
        decode: asUtf8,
        isErased: () => false,
      }),
      (error) => isHoldfastError(error, 'object_damaged'),
      text,
    )
  }
})

const of = { schema: 'shop', name: 'customers', columns: ['id'] }
const namingKey = new Uint8Array(32).fill(9)

/** Rows `id, mail` in one chunk, from `from` on. */
function tableOf(from: number, count: number) {
  const lines = Array.from({ length: count }, (_, n) => `${from + n}\tmail ${from + n}\n`).join('')
  const bytes = new Uint8Array(Buffer.from(lines))
  const reader: ChunkReader = {
    read: async () => bytes.slice(),
    [Symbol.asyncDispose]: async () => undefined,
  }
  return {
    bytes,
    names: [
      { schema: 'shop', name: 'customers_1' },
      { schema: 'shop', name: 'customers' },
    ],
    encoding: 'UTF8',
    manifest: { chunks: [['ab'.repeat(32), bytes.length, 1] as const] },
    reader,
    cache: createChunkCache({ reader }),
    pieces: [{ chunk: 0, offset: 0, length: bytes.length }],
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => undefined

function usedMemory(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('100,000 erased keys take about 10 MB of memory, and each row that is cut leaves one piece', async () => {
  const hash = keyHasher({ namingKey, of })
  const before = usedMemory()
  // Not kept: a restore has the list of a document only until its keys are in the set.
  const keys = (): string[] => Array.from({ length: 100_000 }, (_, n) => hash([String(n * 2)]))
  const erased = erasedTables({ erasures: [{ id: 'x', ...of, keys: keys() }], namingKey })
  const bytes = usedMemory() - before
  assert.ok(bytes < 20e6, `${bytes} bytes`)
  const table = tableOf(0, 150_000)
  const cut = await erased.cut({ ...table, fields: ['id', 'mail'] })
  assert.deepEqual([cut.rows, cut.pieces.length], [75_000, 75_000])
  const kept = bytesOf([table.bytes], cut.pieces).toString()
  assert.ok(kept.startsWith('1\tmail 1\n3\tmail 3\n'))
  assert.equal(kept.split('\n').length, 75_001)
})

test('columns that a table does not have, and text that can not be read, stop it', async () => {
  const keys = [keyHasher({ namingKey, of })(['7'])]
  const erased = erasedTables({ erasures: [{ id: 'x', ...of, keys }], namingKey })
  assert.ok(erased.concern([{ schema: 'shop', name: 'customers' }]))
  assert.ok(!erased.concern([{ schema: 'other', name: 'customers' }]))
  const table = tableOf(1, 10)
  const unclear = (error: unknown): boolean => isHoldfastError(error, 'erasure_unclear')
  await assert.rejects(erased.cut({ ...table, fields: ['number', 'mail'] }), unclear)
  assert.equal((await erased.cut({ ...table, fields: ['id', 'mail'], encoding: 'LATIN5' })).rows, 1)
  const turkish = { ...table, pieces: [{ chunk: 0, offset: 0, length: 3 }] }
  const bytes = new Uint8Array([0xfe, 0x09, 0x0a])
  const reader = { ...table.reader, read: async () => bytes }
  await assert.rejects(
    erased.cut({
      ...turkish,
      reader,
      cache: createChunkCache({ reader }),
      fields: ['id', 'mail'],
      encoding: 'LATIN5',
    }),
    unclear,
  )
})
