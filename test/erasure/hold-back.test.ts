import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdBack, holdBackUndo } from '../../src/erasure/hold-back.ts'
import { keyHasher } from '../../src/repository/crypto/erased-keys.ts'
import type { BackupContents, TableContents } from '../../src/repository/format/contents.ts'
import type { SafetyContents } from '../../src/repository/format/restore-contents.ts'
import type { ChunkReader } from '../../src/repository/types.ts'
import { sampleSafety } from '../support/restores.ts'

const namingKey = new Uint8Array(32).fill(3)

function erasureOf(schema: string, name: string, columns: readonly string[], ...keys: string[][]) {
  const of = { schema, name, columns }
  return { id: '20261128T090000Z-0f1e2d3c', ...of, keys: keys.map(keyHasher({ namingKey, of })) }
}

/** One chunk of Latin-1 text. */
function chunkOf(text: string) {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
  const reader: ChunkReader = {
    read: async () => bytes.slice(),
    [Symbol.asyncDispose]: async () => undefined,
  }
  return { reader, manifest: { chunks: [['ab'.repeat(32), bytes.length, 1] as const] } }
}

const text = '1\tada\n2\tj\xfcrgen\n3\tbob\n4\teve\n'
const range = (offset: number, length: number, rows: number) => ({
  from: offset,
  to: null,
  rows,
  pieces: [{ chunk: 0, offset, length }],
})
const people: TableContents = {
  oid: 1,
  filenode: 7,
  schema: 'shop',
  name: 'people_1',
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'name', type: 'text' },
  ],
  rows: 4,
  plainBytes: text.length,
  condition: null,
  data: 'held',
  loadVia: null,
  parents: [{ schema: 'shop', name: 'people' }],
  ranges: [range(0, 15, 2), range(15, 12, 2)],
  fingerprint: {
    rows: 4,
    expression: 'x',
    hash: '99',
    samples: [
      { range: 0, rows: 2, hash: '5' },
      { range: 1, rows: 2, hash: '6' },
    ],
  },
}
const other: TableContents = { ...people, name: 'others', parents: [] }
// Of the rest of the contents nothing is read.
const contents = {
  server: { encoding: 'LATIN1' },
  tables: [people, other],
  gaps: [],
} as unknown as BackupContents

test('only ranges that lose rows change: their counts and hashes go, those of others stay', async () => {
  const erasures = [erasureOf('shop', 'people', ['name'], ['jürgen'])]
  const held = await holdBack({ ...chunkOf(text), contents, erasures, namingKey })
  assert.deepEqual(held.heldBack, [
    { schema: 'shop', name: 'people_1', rows: 1, parents: [{ schema: 'shop', name: 'people' }] },
  ])
  const [left, untouched] = held.contents.tables
  assert.equal(untouched, other)
  assert.deepEqual(left, {
    ...people,
    rows: 3,
    plainBytes: 18,
    filenode: null,
    ranges: [
      { ...people.ranges[0], rows: 1, pieces: [{ chunk: 0, offset: 0, length: 6 }] },
      people.ranges[1],
    ],
    fingerprint: { rows: 3, expression: 'x', hash: null, samples: [{ range: 1, rows: 2, hash: '6' }] },
  })
})

test('without an erasure that is met, all is as it was', async () => {
  for (const erasures of [
    [],
    [erasureOf('shop', 'people', ['id'], ['5'])],
    [erasureOf('shop', 'people', ['name'], ['2'])],
    [erasureOf('other', 'people', ['id'], ['1'])],
  ]) {
    const held = await holdBack({ ...chunkOf(text), contents, erasures, namingKey })
    assert.deepEqual(held.heldBack, [])
    assert.deepEqual(held.contents, contents)
  }
})

test('several erasures of one table, by the same columns and by others, all count, and a row that two name counts once', async () => {
  const erasures = [
    erasureOf('shop', 'people', ['id'], ['1']),
    erasureOf('shop', 'people', ['id'], ['4']),
    erasureOf('shop', 'people_1', ['name', 'id'], ['ada', '1'], ['bob', '3']),
  ]
  const held = await holdBack({ ...chunkOf(text), contents, erasures, namingKey })
  assert.equal(held.heldBack[0]?.rows, 3)
  const pieces = held.contents.tables[0]?.ranges.flatMap((r) => r.pieces)
  assert.deepEqual(pieces, [{ chunk: 0, offset: 6, length: 9 }])
})

test('undoing puts back no erased row, and still takes away what was made', async () => {
  const rows =
    'c\t\\N\t\\N\t1\tada\nd\t1\tada\t\\N\t\\N\nu\t1\tada\t1\tbeda\nu\t2\tbob\t1\tada\nd\t3\teve\t\\N\t\\N\n'
  const table = {
    schema: 'shop',
    name: 'people',
    columns: people.columns,
    key: ['id'],
    created: 1,
    updated: 2,
    deleted: 2,
    pieces: [{ chunk: 0, offset: 0, length: rows.length }],
  }
  const safety: SafetyContents = { ...sampleSafety(), tables: [table] }
  const erasures = [erasureOf('shop', 'people', ['id'], ['1'])]
  const held = await holdBackUndo({ ...chunkOf(rows), safety, erasures, namingKey })
  const left = held.safety.tables[0]?.pieces.map((p) => rows.slice(p.offset, p.offset + p.length)).join('')
  assert.equal(left, 'c\t\\N\t\\N\t1\tada\nu\t2\tbob\t1\tada\nd\t3\teve\t\\N\t\\N\n')
  assert.equal(held.heldBack[0]?.rows, 2)
})
