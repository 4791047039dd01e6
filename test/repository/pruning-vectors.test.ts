import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeyOf } from '../../src/repository/crypto/ed25519.ts'
import { abandoned, isAbandoned } from '../../src/repository/format/abandoned.ts'
import { decodePin, encodePin, type Pin } from '../../src/repository/format/pin.ts'
import {
  decodePrunePlan,
  encodePrunePlan,
  type PrunePlanDocument,
} from '../../src/repository/format/prune-plan.ts'
import {
  decodeBegun,
  decodeWriterMark,
  encodeBegun,
  encodeWriterMark,
  type WriterMark,
} from '../../src/repository/format/writer-mark.ts'
import { signingSeedOf } from '../../src/repository/hostfile.ts'
import type { Host, HostCredentials } from '../../src/repository/types.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const { host: credentials } = read<{ host: HostCredentials }>('trust/expected.json')

interface Vector<T> {
  readonly key: string
  readonly object: string
  readonly value: T
}
const stored = read<{
  pin: Vector<Pin>
  begun: Vector<string[]>
  heeds: Vector<WriterMark>
  ended: Vector<WriterMark>
  plan: Vector<PrunePlanDocument>
  abandoned: string
}>('pruning.json')

const seed = signingSeedOf(credentials)
const publicKey = publicKeyOf(seed)
const host: Host = {
  id: credentials.host,
  name: 'h',
  publicKey,
  admitted: '2026-11-21T00:00:00Z',
  revoked: null,
}
const keyset = { ownerKey: credentials.ownerKey, hosts: [host] }
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test('the stored pin, plan and marks of writers of format 1 are read for ever, and written the same', () => {
  const { pin, begun, heeds, ended, plan } = stored
  const written: [Vector<unknown>, unknown, Uint8Array][] = [
    [pin, decodePin({ key: pin.key, hosts: [host], bytes: bytesOf(pin.object) }), encodePin(pin.value, credentials)], // prettier-ignore
    [begun, decodeBegun(heeds.value.writer, bytesOf(begun.object)), encodeBegun(begun.value)],
    ...[heeds, ended].map((one): [Vector<unknown>, unknown, Uint8Array] => [
      one,
      decodeWriterMark({ ...one.value, keyset, bytes: bytesOf(one.object) }),
      encodeWriterMark(one.value, { id: credentials.host, seed }),
    ]),
    [plan, decodePrunePlan(plan.value.id, bytesOf(plan.object)), encodePrunePlan(plan.value)],
  ]
  for (const [vector, decoded, encoded] of written) {
    assert.deepEqual(decoded, vector.value, vector.key)
    assert.equal(new TextDecoder().decode(encoded), vector.object, vector.key)
  }
  assert.ok(isAbandoned(bytesOf(stored.abandoned)))
  assert.equal(new TextDecoder().decode(abandoned), stored.abandoned)
})

test('what docs/FORMAT.md says is enough to verify them', () => {
  for (const { object } of [stored.pin, stored.heeds, stored.ended]) {
    const [head, json, last, end] = object.split('\n')
    assert.match(head ?? '', /^holdfast (pin|writer) 1$/)
    assert.equal(end, '')
    const [, signer, signature = ''] = (last ?? '').split(' ')
    assert.equal(signer, credentials.host)
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    assert.ok(verify(null, Buffer.from(`${head}\n${json}\n`), key, Buffer.from(signature, 'base64url')))
  }
})

test('a mark of a writer that anybody else signed, or that stands under another name, is refused', () => {
  const { value, object } = stored.heeds
  const bytes = bytesOf(object)
  const revoked = { ...host, revoked: { at: '2026-11-22T00:00:00Z', accepts: [] } }
  const wrong: Parameters<typeof decodeWriterMark>[0][] = [
    { ...value, keyset: { ...keyset, hosts: [] }, bytes },
    { ...value, keyset: { ...keyset, hosts: [revoked] }, bytes },
    { ...value, keyset, bytes: bytesOf(object.replace('heeds', 'ended')) },
    { ...value, keyset, state: 'ended', bytes },
    { ...value, keyset, writer: 'f'.repeat(16), bytes },
    {
      ...value,
      keyset,
      bytes: bytesOf(object.replace(`"plans":["`, `"plans":["20200101T000000Z-00000000","`)),
    },
  ]
  for (const one of wrong)
    assert.throws(() => decodeWriterMark(one), (error: { code?: string }) => /^(manifest_forged|object_damaged)$/.test(error.code ?? '')) // prettier-ignore
  // Nothing but a document that names chunks may be given up.
  for (const key of [
    'holdfast',
    'keys/00000001',
    'chunks/ab/x',
    'manifests/../holdfast',
    'restores/x/safety',
  ])
    assert.throws(() => decodeBegun(value.writer, bytesOf(JSON.stringify({ format: 1, documents: [key] }))))
})
