import assert from 'node:assert/strict'
import { createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { fromBase64url } from '../../src/repository/crypto/base64url.ts'
import { keyHasher, type KeyOfTable } from '../../src/repository/crypto/erased-keys.ts'
import { erasuresInForce, findErasure, listErasures, putErasure } from '../../src/repository/erasures.ts'
import {
  decodeErasedContents,
  decodeErasedDocument,
  encodeErasedContents,
  encodeErasedDocument,
  type ErasedContents,
  type ErasedDocument,
} from '../../src/repository/format/erased.ts'
import { erasedKey } from '../../src/repository/format/fields.ts'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import { readerOf } from '../../src/repository/session.ts'
import { newUnlocked, replaceObject, textOf } from '../support/repository.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const trust = read<{ ownerKey: string; vault: { owner: string; naming: string } }>('trust/expected.json')
const stored = read<{
  documents: { key: string; object: string; document: ErasedDocument }[]
  contents: { plain: string; value: ErasedContents }
  keys: { of: KeyOfTable; keys: { values: string[]; hash: string }[] }[]
}>('erased.json')
const seed = fromBase64url(trust.vault.owner, 32) ?? new Uint8Array()
const namingKey = fromBase64url(trust.vault.naming, 32) ?? new Uint8Array()

test('the stored erasure of format 1 and its withdrawal are read for ever, and written the same', () => {
  for (const { key, object, document } of stored.documents) {
    const bytes = new TextEncoder().encode(object)
    assert.deepEqual(decodeErasedDocument({ key, ownerKey: trust.ownerKey, bytes }), document)
    assert.deepEqual(Buffer.from(encodeErasedDocument(document, seed)), Buffer.from(bytes))
  }
  const { plain, value } = stored.contents
  const bytes = new TextEncoder().encode(plain)
  assert.deepEqual(decodeErasedContents({ key: 'x', id: value.id, bytes }), value)
  assert.deepEqual(encodeErasedContents(value), bytes)
  for (const { of, keys } of stored.keys)
    for (const { values, hash } of keys) assert.equal(keyHasher({ namingKey, of })(values), hash)
})

test('what docs/FORMAT.md says is enough to verify it, and to make the hashes', () => {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: trust.ownerKey }, format: 'jwk' })
  for (const { object } of stored.documents) {
    const [head, json, last] = object.split('\n')
    assert.equal(head, 'holdfast erased 1')
    const [, signer, signature = ''] = (last ?? '').split(' ')
    assert.equal(signer, 'owner')
    assert.ok(verify(null, Buffer.from(`${head}\n${json}\n`), key, Buffer.from(signature, 'base64url')))
  }
  const secret = Buffer.from(hkdfSync('sha256', namingKey, '', 'holdfast erased 1', 32))
  const uint32 = (n: number) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
  const texts = (list: readonly string[]) =>
    Buffer.concat(list.flatMap((t) => [uint32(Buffer.byteLength(t)), Buffer.from(t)]))
  for (const { of, keys } of stored.keys) {
    for (const { values, hash } of keys) {
      const bytes = [
        texts([of.schema, of.name]),
        uint32(of.columns.length),
        texts([...of.columns, ...values]),
      ]
      assert.equal(createHmac('sha256', secret).update(Buffer.concat(bytes)).digest('base64url'), hash)
    }
  }
  assert.equal(
    createHmac('sha256', namingKey).update(stored.contents.plain).digest('hex'),
    stored.documents[0]?.document.contents,
  )
})

test('no two keys, of whatever table and columns, have the same hash', () => {
  const text = fc.string({ unit: fc.constantFrom('', 'a', '\0', ',', '\u0001'), maxLength: 3 })
  const key = fc
    .tuple(text, text, fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }))
    .map(([schema, name, pairs]) => {
      return { of: { schema, name, columns: pairs.map(([c]) => c) }, values: pairs.map(([, v]) => v) }
    })
  fc.assert(
    fc.property(key, key, (one, other) => {
      const hash = ({ of, values }: typeof one) => keyHasher({ namingKey, of })(values)
      assert.equal(hash(one) === hash(other), JSON.stringify(one) === JSON.stringify(other))
    }),
    { numRuns: 500 },
  )
})

const erasure = (keys: readonly string[]) => ({
  schema: 'shop',
  name: 'customers',
  columns: ['id'],
  reason: 'request 4711',
  who: 'ada at laptop',
  keys: keys.map((key) =>
    keyHasher({ namingKey, of: { schema: 'shop', name: 'customers', columns: ['id'] } })([key]),
  ),
})

test('erasures come back newest first, and one that is withdrawn is in force no more', async () => {
  const { repository, vault, storage } = await newUnlocked()
  await using reader = readerOf(repository, vault, 1)
  const put = (hour: number, keys: readonly string[], withdraws: string | null = null) =>
    putErasure({
      repository,
      vault,
      when: new Date(`2026-11-28T0${hour}:00:00Z`),
      withdraws,
      erasure: erasure(keys),
    })
  assert.deepEqual(await erasuresInForce({ repository, reader }), [])
  const one = await put(1, ['1', '2'])
  const two = await put(2, ['3'])
  await put(3, [], one.id)
  await storage.put('erased/notes', new Uint8Array())
  const { erasures, refused } = await listErasures({ repository, reader })
  assert.deepEqual(refused, [])
  assert.deepEqual(
    erasures.map(({ id, withdrawn }) => [id, withdrawn?.when]),
    [
      [two.id, undefined],
      [one.id, '2026-11-28T03:00:00.000Z'],
    ],
  )
  assert.deepEqual((await erasuresInForce({ repository, reader })).map(({ id }) => id), [two.id]) // prettier-ignore
  assert.equal(findErasure(erasures, one.id.slice(0, 14)).id, one.id)
  assert.throws(() => findErasure(erasures, '20261128'), (e) => isHoldfastError(e, 'erasure_ambiguous')) // prettier-ignore
  assert.throws(() => findErasure(erasures, '1'), (e) => isHoldfastError(e, 'erasure_not_found')) // prettier-ignore
  // In the storage there is neither a key, nor a name, nor the reason.
  for await (const { key } of storage.list('')) {
    const text = Buffer.from(await storage.get(key)).toString('latin1')
    for (const secret of ['customers', '4711', 'ada at'])
      assert.ok(!text.includes(secret), `${secret} in ${key}`)
  }
})

test('a thief of the storage, or of a host, can make no erasure and no withdrawal, and what is hurt is never left out in silence', async () => {
  const { repository, vault, storage, hostCredentials } = await newUnlocked()
  await using reader = readerOf(repository, vault, 1)
  const made = await putErasure({
    repository,
    vault,
    when: new Date('2026-11-28T01:00:00Z'),
    withdraws: null,
    erasure: erasure(['1']),
  })
  const key = erasedKey(made.id)
  const good = await textOf(storage, key)
  const hostSeed = fromBase64url(hostCredentials.signingKey, 32) ?? new Uint8Array(32)
  const signed = (value: object, signer: string, by: Uint8Array) =>
    encodeSigned({ kind: 'erased', value, signer, seed: by })
  const owner = vault.ownerSeed
  const cases: readonly [string, Uint8Array | string, string][] = [
    ['signed by a host', signed(made, hostCredentials.host, hostSeed), 'manifest_forged'],
    ["signed by a host in the owner's name", signed(made, 'owner', hostSeed), 'manifest_forged'],
    ['edited', good.replace('"withdraws":null', `"withdraws":"${made.id}"`), 'manifest_forged'],
    ['truncated', good.slice(0, -9), 'object_damaged'],
    ['of a newer format', signed({ ...made, format: 2 }, 'owner', owner), 'repository_too_new'],
    ['with a field more', signed({ ...made, more: 1 }, 'owner', owner), 'object_damaged'],
    ['of another id', signed({ ...made, id: '20261128T010000Z-00000000' }, 'owner', owner), 'object_damaged'],
    ['without its chunk', signed({ ...made, chunks: [] }, 'owner', owner), 'object_damaged'],
  ]
  for (const [what, data, code] of cases) {
    await replaceObject(storage, key, data)
    const { erasures, refused } = await listErasures({ repository, reader })
    assert.deepEqual([erasures, refused.map((one) => [one.key, one.code])], [[], [[key, code]]], what)
    await assert.rejects(erasuresInForce({ repository, reader }), (error) => isHoldfastError(error) && error.code === code, what) // prettier-ignore
  }
  // Contents of another erasure.
  const other = await putErasure({
    repository,
    vault,
    when: new Date('2026-11-28T02:00:00Z'),
    withdraws: null,
    erasure: erasure(['2']),
  })
  const swapped = { ...made, contents: other.contents, chunks: other.chunks }
  await replaceObject(storage, key, signed(swapped, 'owner', owner))
  await assert.rejects(erasuresInForce({ repository, reader }), (error) =>
    isHoldfastError(error, 'object_damaged'),
  )
  await replaceObject(storage, key, good)
  assert.equal((await erasuresInForce({ repository, reader })).length, 2)
  await storage.delete(`chunks/${made.contents.slice(0, 2)}/${made.contents}`)
  await assert.rejects(erasuresInForce({ repository, reader }), (error) =>
    isHoldfastError(error, 'object_missing'),
  )
})
