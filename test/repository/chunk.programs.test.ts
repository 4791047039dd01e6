import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  decodeIdentity,
  decodeRecipient,
  generateIdentity,
  recipientOf,
} from '../../src/repository/format/age-keys.ts'
import { openAge, sealAge } from '../../src/repository/format/age.ts'
import { chunkName } from '../../src/repository/format/chunk-names.ts'
import { openChunk, sealChunk } from '../../src/repository/format/chunk.ts'
import { runProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const identity = generateIdentity()
const recipient = recipientOf(identity)
const secret = decodeIdentity(identity)
const publicKey = decodeRecipient(recipient)
const namingKey = randomBytes(32)

/** Around every border of the 64 KiB pieces. */
const sizes = [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 300_000]

const open = (stored: Uint8Array, name: string) => openChunk(stored, { name, namingKey, identity: secret })

test('the age program opens what we seal, and we open what it seals', async (t) => {
  const file = join(await temporaryDirectory(t), 'identity')
  await writeFile(file, `${identity}\n`, { mode: 0o600 })
  for (const size of sizes) {
    const plain = randomBytes(size)
    assert.ok(runProgram('age', ['-d', '-i', file], sealAge(plain, publicKey)).equals(plain), `${size} bytes`)
    assert.ok(openAge(runProgram('age', ['-r', recipient], plain), secret).equals(plain), `${size} bytes`)
  }
})

test('age and zstd read a stored chunk', async (t) => {
  const file = join(await temporaryDirectory(t), 'identity')
  await writeFile(file, `${identity}\n`, { mode: 0o600 })
  for (const size of [0, 1, 300, 100_000, 5_000_000]) {
    const plain = Buffer.alloc(size, '1\tone\t\\N\n')
    const frame = runProgram('age', ['-d', '-i', file], sealChunk(plain, publicKey, 1))
    assert.ok(runProgram('zstd', ['-d'], frame).equals(plain), `${size} bytes`)
    // And the other way: a frame of the zstd program's own, checksum and all.
    const theirs = sealAge(runProgram('zstd', ['-3', '--stream-size', String(size)], plain), publicKey)
    assert.ok(plain.equals(open(theirs, chunkName(namingKey, plain))))
  }
})
