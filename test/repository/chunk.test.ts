import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import {
  decodeIdentity,
  decodeRecipient,
  generateIdentity,
  recipientOf,
} from '../../src/repository/format/age-keys.ts'
import { openAge, sealAge } from '../../src/repository/format/age.ts'
import { chunkKey, chunkName, chunkNameOfKey } from '../../src/repository/format/chunk-names.ts'
import { openChunk, sealChunk, smallestStoredChunk } from '../../src/repository/format/chunk.ts'

const identity = generateIdentity()
const secret = decodeIdentity(identity)
const publicKey = decodeRecipient(recipientOf(identity))
const namingKey = randomBytes(32)
const damaged = { code: 'object_damaged' }

const open = (stored: Uint8Array, name: string) => openChunk(stored, { name, namingKey, identity: secret })

test('a chunk is named, sealed and opened', () => {
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }),
    fc
      .constantFrom(0, 255, 256, 257, 65_535, 65_536, 65_791, 65_792, 200_000)
      .map((size) => randomBytes(size)),
    fc.integer({ min: 1, max: 300_000 }).map((size) => Buffer.alloc(size, 'compressible\t\\N\n')),
  )
  fc.assert(
    fc.property(some, fc.constantFrom(1, 3, 19), (plain, level) => {
      const opened = open(sealChunk(plain, publicKey, level), chunkName(namingKey, plain))
      assert.ok(Buffer.from(plain).equals(opened))
    }),
    { numRuns: 150 },
  )
})

test('a frame has no checksum of its own, and tells the size of its content', () => {
  const frame = openAge(sealChunk(Buffer.alloc(100_000, 'x'), publicKey, 1), secret)
  assert.equal(frame.readUInt8(4) & 0b100, 0)
  assert.equal(frame.readUInt32LE(5), 100_000)
})

test('the smallest stored chunk is as small as we say', () => {
  assert.equal(sealChunk(new Uint8Array(0), publicKey, 1).length, smallestStoredChunk)
})

test('a chunk under the name of another is damaged', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')]
  assert.throws(() => open(sealChunk(other, publicKey, 1), chunkName(namingKey, one)), damaged)
  assert.throws(() => open(sealChunk(one, publicKey, 1), chunkName(randomBytes(32), one)), damaged)
})

test('sealed things that are no zstd frame are damaged', () => {
  const plain = Buffer.from('some rows')
  const frame = zstdCompressSync(Buffer.alloc(1000, 'a'))
  // The header of a frame that does not tell its content's size, as `zstd` writes when it reads a pipe.
  const unsized = Buffer.from('28b52ffd0058', 'hex')
  for (const content of [new Uint8Array(0), Buffer.from([1]), plain, frame.subarray(0, 12), unsized]) {
    assert.throws(() => open(sealAge(content, publicKey), chunkName(namingKey, plain)), damaged)
  }
})

test('a bomb is not set off', () => {
  const plain = Buffer.alloc(3_000_000)
  const bomb = sealChunk(plain, publicKey, 1)
  assert.throws(
    () =>
      openChunk(bomb, {
        name: chunkName(namingKey, plain),
        namingKey,
        identity: secret,
        maxBytes: 2_999_999,
      }),
    damaged,
  )
  // A frame that says it is small, followed by another one.
  const small = zstdCompressSync(Buffer.from('small'))
  const two = sealAge(Buffer.concat([small, zstdCompressSync(plain)]), publicKey)
  assert.throws(() => open(two, chunkName(namingKey, Buffer.from('small'))), damaged)
  const lying = Buffer.from(zstdCompressSync(plain))
  assert.equal(lying.readUInt32LE(6), plain.length)
  lying.writeUInt32LE(0xffffffff, 6)
  assert.throws(() => open(sealAge(lying, publicKey), chunkName(namingKey, plain)), damaged)
})

test('keys of chunks and their names', () => {
  const name = chunkName(namingKey, Buffer.from('x'))
  assert.equal(name, createHmac('sha256', namingKey).update('x').digest('hex'))
  assert.equal(chunkKey(name), `chunks/${name.slice(0, 2)}/${name}`)
  assert.equal(chunkNameOfKey(chunkKey(name)), name)
  const others = [
    name,
    `chunks/${name}`,
    `chunks/zz/${name}`,
    `chunks/${name.slice(0, 2)}/${name.toUpperCase()}`,
  ]
  for (const key of [...others, `${chunkKey(name)}0`, `other/${name.slice(0, 2)}/${name}`]) {
    assert.equal(chunkNameOfKey(key), null, key)
  }
})

test('the test vectors hold', async () => {
  const file = new URL('../vectors/chunk.json', import.meta.url)
  const vectors = JSON.parse(await readFile(file, 'utf8')) as {
    identity: string
    recipient: string
    namingKey: string
    chunks: { plain: string; name: string; key: string; sealed: string }[]
    refused: { why: string; name: string; sealed: string }[]
  }
  const key = Buffer.from(vectors.namingKey, 'hex')
  const identityBytes = decodeIdentity(vectors.identity)
  assert.equal(recipientOf(vectors.identity), vectors.recipient)
  assert.ok(vectors.chunks.length >= 4 && vectors.refused.length >= 4)
  for (const { plain, name, key: path, sealed } of vectors.chunks) {
    const bytes = Buffer.from(plain, 'hex')
    assert.equal(chunkName(key, bytes), name)
    assert.equal(chunkKey(name), path)
    const opened = openChunk(Buffer.from(sealed, 'base64'), { name, namingKey: key, identity: identityBytes })
    assert.ok(bytes.equals(opened))
  }
  for (const { why, name, sealed } of vectors.refused) {
    const stored = Buffer.from(sealed, 'base64')
    const run = () => openChunk(stored, { name, namingKey: key, identity: identityBytes })
    assert.throws(
      run,
      (error: { code?: string }) => ['object_damaged', 'identity_wrong'].includes(error.code ?? ''),
      why,
    )
  }
})
