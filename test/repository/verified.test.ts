import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { fromBase64url } from '../../src/repository/crypto/base64url.ts'
import { publicKeyOf } from '../../src/repository/crypto/ed25519.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import {
  contentOf,
  decodeVerified,
  encodeVerified,
  verifiedKey,
  type VerifiedMark,
} from '../../src/repository/format/verified.ts'
import { latestVerified, putVerified, readVerified } from '../../src/repository/verified.ts'
import { newUnlocked, replaceObject, sampleManifest, textOf } from '../support/repository.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const trust = read<{ ownerKey: string; vault: { owner: string }; manifest: Manifest }>('trust/expected.json')
const stored = read<{ key: string; object: string; mark: VerifiedMark }>('verified.json')

const found = {
  result: 'passed',
  level: 'whole',
  compared: { hashed: 2, sampled: 1, counted: 0 },
  assertions: { passed: 1, failed: 0 },
  notVerified: 0,
  seconds: 12,
  holdfast: '0.1.0',
} as const

test('the stored mark of format 1 is read for ever, and written the same', () => {
  const bytes = new TextEncoder().encode(stored.object)
  assert.deepEqual(decodeVerified({ key: stored.key, ownerKey: trust.ownerKey, bytes }), stored.mark)
  const seed = fromBase64url(trust.vault.owner, 32)
  assert.ok(seed)
  assert.deepEqual(Buffer.from(encodeVerified(stored.mark, seed)), Buffer.from(bytes))
})

test('what docs/FORMAT.md says is enough to verify it', () => {
  const [head, json, last, end] = stored.object.split('\n')
  assert.deepEqual([head, end], ['holdfast verified 1', ''])
  const [, signer, signature = ''] = (last ?? '').split(' ')
  assert.equal(signer, 'owner')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: trust.ownerKey }, format: 'jwk' })
  assert.ok(verify(null, Buffer.from(`${head}\n${json}\n`), key, Buffer.from(signature, 'base64url')))
  const names = [trust.manifest.contents, ...trust.manifest.chunks.map(([name]) => name)]
  const content = createHash('sha256')
    .update(names.map((name) => `${name}\n`).join(''))
    .digest('hex')
  assert.equal((JSON.parse(json ?? '') as VerifiedMark).content, content)
})

test('any mark comes back as it was', () => {
  const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  const seed = new Uint8Array(32).fill(7)
  const plain = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
    fc.record<T>(fields, { noNullPrototype: true })
  const mark = plain<VerifiedMark>({
    format: fc.constant(1),
    backup: fc.constant(stored.mark.backup),
    drill: fc.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/),
    content: fc.stringMatching(/^[0-9a-f]{64}$/),
    when: fc
      .date({ min: new Date(0), max: new Date('2999-12-31'), noInvalidDate: true })
      .map((d) => d.toISOString()),
    result: fc.constantFrom('passed', 'failed'),
    level: fc.constantFrom('whole', 'part'),
    compared: plain({ hashed: count, sampled: count, counted: count }),
    assertions: plain({ passed: count, failed: count }),
    notVerified: count,
    seconds: count,
    holdfast: fc.constant('0.1.0'),
  })
  fc.assert(
    fc.property(mark, (value) => {
      const key = verifiedKey(value)
      const bytes = encodeVerified(value, seed)
      assert.deepEqual(decodeVerified({ key, ownerKey: publicKeyOf(seed), bytes }), value)
    }),
  )
})

test('a thief of the storage, or of a host, can make no mark and move none', async () => {
  const { repository, vault, storage, hostCredentials } = await newUnlocked()
  const manifest = sampleManifest(hostCredentials)
  const other = sampleManifest(hostCredentials, {
    chunks: [
      ['ab'.repeat(32), 200, 300],
      ['cd'.repeat(32), 1, 300],
    ],
  })
  const mark = await putVerified({
    repository,
    vault,
    manifest,
    when: new Date('2026-11-28T07:30:00Z'),
    found,
  })
  assert.deepEqual(await readVerified({ repository, manifest }), { marks: [mark], refused: [] })

  const key = verifiedKey(mark)
  const good = await textOf(storage, key)
  const hostSeed = fromBase64url(hostCredentials.signingKey, 32) ?? new Uint8Array(32)
  const signed = (value: object, signer: string, seed: Uint8Array) =>
    encodeSigned({ kind: 'verified', value, signer, seed })
  const cases: readonly [string, Uint8Array | string, string][] = [
    ['signed by a host', signed(mark, hostCredentials.host, hostSeed), 'manifest_forged'],
    ["signed by a host in the owner's name", signed(mark, 'owner', hostSeed), 'manifest_forged'],
    ['edited', good.replace('"failed":0', '"failed":1'), 'manifest_forged'],
    ['truncated', good.slice(0, -9), 'object_damaged'],
    ['a key set in its place', await textOf(storage, 'keys/00000001'), 'object_damaged'],
    ['of a newer format', signed({ ...mark, format: 2 }, 'owner', vault.ownerSeed), 'repository_too_new'],
    ['with a field more', signed({ ...mark, more: 1 }, 'owner', vault.ownerSeed), 'object_damaged'],
    ['with half a second', signed({ ...mark, seconds: 0.5 }, 'owner', vault.ownerSeed), 'object_damaged'],
    ['of another backup', signed({ ...mark, backup: other.id }, 'owner', vault.ownerSeed), 'object_damaged'],
    [
      'of other content',
      signed({ ...mark, content: contentOf(other) }, 'owner', vault.ownerSeed),
      'manifest_forged',
    ],
  ]
  for (const [what, data, code] of cases) {
    await replaceObject(storage, key, data)
    const { marks, refused } = await readVerified({ repository, manifest })
    assert.deepEqual(marks, [], what)
    assert.deepEqual(
      refused.map((one) => [one.key, one.code]),
      [[key, code]],
      what,
    )
    const latest = await latestVerified({
      repository,
      contents: new Map([[manifest.id, contentOf(manifest)]]),
    })
    assert.deepEqual([latest.marks.size, latest.refused.length], [0, 1], what)
  }
  const bytes = new TextEncoder().encode(good)
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(
      () => decodeVerified({ key, ownerKey: repository.keyset.ownerKey, bytes: flipped }),
      (error) => isHoldfastError(error),
    )
  }
})

test('of each backup the newest drill of the whole counts, and no other mark is read', async () => {
  const { repository, vault, storage, hostCredentials } = await newUnlocked()
  const [one, two, three] = [1, 2, 3].map(() => sampleManifest(hostCredentials))
  assert.ok(one && two && three)
  const put = (manifest: Manifest, hour: number, changes: Partial<VerifiedMark>) =>
    putVerified({
      repository,
      vault,
      manifest,
      when: new Date(`2026-11-28T0${hour}:00:00Z`),
      found: { ...found, ...changes },
    })
  const old = await put(one, 1, {})
  await put(one, 2, { result: 'failed' })
  await put(one, 3, { level: 'part' })
  await put(two, 4, { level: 'part' })
  // Neither a mark nor in the way of one.
  await storage.put(`verified/${one.id}/notes`, new Uint8Array())
  await replaceObject(storage, verifiedKey(old), 'nobody looks at it')
  const contents = new Map([one, two, three].map((manifest) => [manifest.id, contentOf(manifest)]))
  const { marks, refused } = await latestVerified({ repository, contents })
  assert.deepEqual(
    [...marks].map(([id, { result, when }]) => [id, result, when]),
    [[one.id, 'failed', '2026-11-28T02:00:00.000Z']],
  )
  assert.deepEqual(refused, [])
  assert.deepEqual(
    (await readVerified({ repository, manifest: one })).marks.map(({ level, result }) => [level, result]),
    [
      ['part', 'passed'],
      ['whole', 'failed'],
    ],
  )
})
