import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createZip } from '../../src/export/zip.ts'
import { zipDescriptor, zipDirectory, zipEnd } from '../../src/export/zip-records.ts'
import { memorySink } from '../support/archive.ts'
import { randomOf } from '../oracle/random.ts'
import { unzip } from '../support/unzip.ts'

const modified = new Date('2026-11-28T10:20:30Z')

test('files come out of a zip file as they went in, whatever they are cut into', async () => {
  const seed = randomUUID()
  const random = randomOf(seed)
  const files = Array.from({ length: 12 }, (_, at) => {
    const length = random.int(random.int(300_000) + 1)
    const bytes = Buffer.from(Array.from({ length }, () => (at % 2 === 0 ? 65 : random.int(256))))
    return { name: `data/ü😀 ${at}`, mode: at % 3 === 0 ? 0o100700 : 0o100600, bytes }
  })
  const sink = memorySink()
  const zip = createZip({ to: sink, modified })
  for (const { name, mode, bytes } of files) {
    await using file = await zip.create(name, { executable: mode === 0o100700 })
    for (let at = 0; at < bytes.length;) {
      // What was written may be used for something else at once.
      const piece = Uint8Array.from(bytes.subarray(at, at + 1 + random.int(70_000)))
      await file.write(piece)
      at += piece.length
      piece.fill(0)
    }
    await file.end()
  }
  assert.throws(() => unzip(sink.bytes()), /has an end/)
  await zip.end()
  assert.deepEqual(unzip(sink.bytes()), files, `seed ${seed}`)
})

test('what can not be written is thrown to who writes, and the file gets no end', async () => {
  let room = 20_000
  const zip = createZip({
    to: {
      write: async (data) => {
        room -= data.length
        if (room < 0) throw new Error('full')
      },
    },
    modified,
  })
  const write = async (): Promise<void> => {
    await using file = await zip.create('noise')
    const random = randomOf('noise')
    for (let i = 0; i < 100; i++) await file.write(Uint8Array.from({ length: 20_000 }, () => random.int(256)))
    await file.end()
  }
  await assert.rejects(write(), /full/)
})

test('numbers that 32 bits do not hold have 64, in a directory of any length', () => {
  const entry = { name: 'x', modified, executable: false, crc: 7, offset: 1, size: 5, packed: 4 }
  assert.equal(zipDescriptor(entry).length, 16)
  assert.equal(zipDirectory(entry).length, 47)
  for (const wide of [
    { size: 6 * 2 ** 30 },
    { offset: 2 ** 32 - 1 },
    { packed: 5 * 2 ** 30, size: 6 * 2 ** 30 },
  ]) {
    const all = { ...entry, ...wide }
    const bytes = Buffer.from(zipDirectory(all))
    assert.deepEqual(
      [20, 24, 42].map((at) => bytes.readUInt32LE(at)),
      [0xffffffff, 0xffffffff, 0xffffffff],
    )
    assert.deepEqual([bytes.readUInt16LE(47), bytes.readUInt16LE(49)], [1, 24])
    assert.deepEqual(
      [51, 59, 67].map((at) => Number(bytes.readBigUInt64LE(at))),
      [all.size, all.packed, all.offset],
    )
    assert.equal(zipDescriptor(all).length, all.size > 2 ** 32 ? 24 : 16)
  }
  assert.equal(zipEnd({ entries: 65_534, start: 10, bytes: 20 }).length, 22)
  for (const end of [
    { entries: 65_535, start: 10, bytes: 20 },
    { entries: 1, start: 2 ** 33, bytes: 20 },
  ]) {
    const bytes = Buffer.from(zipEnd(end))
    assert.equal(bytes.length, 56 + 20 + 22)
    assert.deepEqual(
      [24, 32, 40, 48].map((at) => Number(bytes.readBigUInt64LE(at))),
      [end.entries, end.entries, end.bytes, end.start],
    )
    assert.equal(Number(bytes.readBigUInt64LE(56 + 8)), end.start + end.bytes)
    assert.equal(bytes.readUInt16LE(56 + 20 + 10), 65_535)
  }
})
