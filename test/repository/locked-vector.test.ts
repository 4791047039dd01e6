import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeyOf } from '../../src/repository/crypto/ed25519.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import { signingSeedOf } from '../../src/repository/hostfile.ts'
import { decodeManifest, encodeManifest, trustHosts } from '../../src/repository/manifests.ts'
import type { HostCredentials } from '../../src/repository/types.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const { host: credentials } = read<{ host: HostCredentials }>('trust/expected.json')
const { key, object, value } = read<{ key: string; object: string; value: Manifest }>('locked.json')
const seed = signingSeedOf(credentials)
const publicKey = publicKeyOf(seed)
const hosts = trustHosts([
  { id: credentials.host, name: 'h', publicKey, admitted: '2026-11-21T00:00:00Z', revoked: null },
])
const bytes = new TextEncoder().encode(object)

test('the stored manifest of format 3 is read for ever, and written the same', async () => {
  assert.deepEqual(await decodeManifest({ key, bytes, hosts }), value)
  assert.equal(new TextDecoder().decode(encodeManifest(value, credentials)), object)
})

test('what docs/FORMAT.md says is enough to verify it', () => {
  const [first = '', json = '', last = ''] = object.split('\n')
  assert.equal(first, 'holdfast manifest 1')
  assert.deepEqual(JSON.parse(json), value)
  const [word, signer, signature = ''] = last.split(' ')
  assert.deepEqual([word, signer], ['signature', credentials.host])
  const ed25519 = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  assert.ok(verify(null, Buffer.from(`${first}\n${json}\n`), ed25519, Buffer.from(signature, 'base64url')))
})

test('a lock in an older format, none in this one, and one that means nothing are refused', async () => {
  const { lock, ...without } = value
  assert.ok(lock !== undefined)
  const wrong: readonly [string, object, string][] = [
    ['a lock in format 2', { ...value, format: 2 }, 'object_damaged'],
    ['no lock in format 3', without, 'object_damaged'],
    ['no moment', { ...value, lock: { ...lock, until: 'ever' } }, 'object_damaged'],
    ['another mode', { ...value, lock: { ...lock, mode: 'hard' } }, 'object_damaged'],
    ['a field more', { ...value, lock: { ...lock, by: 'ada' } }, 'object_damaged'],
    ['a newer format', { ...value, format: 4 }, 'repository_too_new'],
  ]
  for (const [what, document, code] of wrong) {
    const signed = encodeSigned({ kind: 'manifest', value: document, signer: credentials.host, seed })
    await assert.rejects(decodeManifest({ key, bytes: signed, hosts }), { code }, what)
  }
})
