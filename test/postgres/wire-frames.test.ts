import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { countExpectedReady, createFrameReader } from '../../src/postgres/wire-frames.ts'

interface Sent {
  readonly type: string
  readonly body: Uint8Array
}

function frame({ type, body }: Sent): Buffer {
  const bytes = Buffer.alloc(body.length + 5)
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32BE(body.length + 4, 1)
  bytes.set(body, 5)
  return bytes
}

/** Reads a stream cut at `cuts`, checks what is promised of every piece, and gives back all that was read. */
function readInPieces(
  stream: Buffer,
  cuts: readonly number[],
): { rows: Buffer; ends: number[]; others: Sent[] } {
  const reader = createFrameReader()
  const rows: Buffer[] = []
  const ends: number[] = []
  const others: Sent[] = []
  let length = 0
  let rowEnds = 0
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  for (const [index, place] of places.slice(1).entries()) {
    const frames = reader.push(Buffer.from(stream.subarray(places[index], place)))
    rows.push(Buffer.from(frames.rows))
    length += frames.rows.length
    rowEnds += frames.rowEnds
    // Zero-length rows aside, a piece that ends a row at its end says so.
    if (frames.endsRow) ends.push(length)
    if (frames.endsRow) assert.ok(frames.rowEnds > 0)
    for (const { type, body } of frames.messages) others.push({ type: String.fromCharCode(type), body })
  }
  return { rows: Buffer.concat(rows), ends: [rowEnds, ...ends], others }
}

const bytes = fc.uint8Array({ maxLength: 40 })
const message = fc.record({ type: fc.constantFrom('d', 'd', 'd', 'd', 'N', 'S', 'c', 'C', 'Z'), body: bytes })

test('any messages, cut anywhere, are read whole and in order', () => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat()), (messages, anywhere) => {
      const stream = Buffer.concat(messages.map(frame))
      const read = readInPieces(
        stream,
        anywhere.map((place) => place % (stream.length + 1)),
      )
      const rows = messages.filter(({ type }) => type === 'd')
      assert.deepEqual(read.rows, Buffer.concat(rows.map(({ body }) => body)))
      assert.equal(read.ends[0], rows.length)
      const rowEnds = new Set<number>()
      rows.reduce((sum, { body }) => (rowEnds.add(sum + body.length), sum + body.length), 0)
      for (const end of read.ends.slice(1)) assert.ok(rowEnds.has(end), 'endsRow inside a row')
      const others = messages.filter(({ type }) => type !== 'd')
      assert.deepEqual(
        read.others.map(({ type, body }) => [type, Buffer.from(body)]),
        others.map(({ type, body }) => [type, Buffer.from(body)]),
      )
    }),
    { numRuns: 500 },
  )
})

test('every single cut, and every byte by itself', () => {
  const messages = ['ab\n', '', 'a longer row\n', '\n'].map((text) => ({
    type: 'd',
    body: Buffer.from(text),
  }))
  const all = [...messages.slice(0, 2), { type: 'N', body: Buffer.from('notice') }, ...messages.slice(2)]
  const stream = Buffer.concat([...all, { type: 'c', body: Buffer.alloc(0) }].map(frame))
  const whole = readInPieces(stream, [])
  assert.equal(whole.rows.toString(), 'ab\na longer row\n\n')
  assert.equal(whole.ends.at(-1), whole.rows.length)
  for (let cut = 0; cut <= stream.length; cut++) {
    const read = readInPieces(stream, [cut])
    assert.deepEqual([read.rows, read.ends[0], read.others], [whole.rows, 4, whole.others])
  }
  const single = readInPieces(stream, [...stream.keys()])
  assert.deepEqual([single.rows, single.ends[0], single.others], [whole.rows, 4, whole.others])
})

test('a row is handed on as it comes, not collected', () => {
  const reader = createFrameReader()
  const stream = frame({ type: 'd', body: new Uint8Array(1000).fill(7) })
  const first = reader.push(Buffer.from(stream.subarray(0, 300)))
  assert.deepEqual([first.rows.length, first.rowEnds, first.endsRow], [295, 0, false])
  const last = reader.push(Buffer.from(stream.subarray(300)))
  assert.deepEqual([last.rows.length, last.rowEnds, last.endsRow], [705, 1, true])
})

test('what is not the protocol is an error', () => {
  const isLost = (error: unknown): boolean => isHoldfastError(error, 'connection_lost')
  assert.throws(() => createFrameReader().push(Buffer.from([0x64, 0, 0, 0, 3])), isLost)
  assert.throws(() => createFrameReader().push(Buffer.from([0x64, 0xff, 0, 0, 3])), isLost)
  assert.throws(() => countExpectedReady(Buffer.from([0x51, 0, 0, 0, 0])), isLost)
})

test('answers are counted by Query, Sync and FunctionCall', () => {
  const types = ['Q', 'P', 'B', 'E', 'S', 'X', 'H', 'F']
  const sent = Buffer.concat(types.map((type) => frame({ type, body: Buffer.from('SQFS') })))
  assert.equal(countExpectedReady(sent), 3)
})
