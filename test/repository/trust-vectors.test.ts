import assert from 'node:assert/strict'
import { createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeyOfIdentity } from '../../src/repository/crypto/age.ts'
import { encodeManifest } from '../../src/repository/manifests.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'

interface Expected {
  repositoryId: string
  ownerKey: string
  identity: string
  publicKey: string
  passphrase: string
  anchor: string
  vault: { owner: string; naming: string; epochs: Record<string, string> }
  host: HostCredentials
  manifest: Manifest
}

const directory = join(import.meta.dirname, '../vectors/trust')
const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8')) as Expected
const objects = new Map(
  readdirSync(join(directory, 'repository'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file.slice(join(directory, 'repository').length + 1), readFileSync(file)] as const),
)

async function vectorStorage() {
  const storage = openMemoryStorage()
  for (const [key, data] of objects) await storage.put(key, data)
  return storage
}

test('the stored repository of format 1 is read for ever', async () => {
  const storage = await vectorStorage()
  assert.equal(await publicKeyOfIdentity(expected.identity), expected.publicKey)
  for (const secret of [{ identity: expected.identity }, { passphrase: expected.passphrase }]) {
    const { repository, vault } = await openUnlocked({ storage, ...secret })
    assert.equal(repository.id, expected.repositoryId)
    assert.equal(Buffer.from(vault.ownerSeed).toString('base64url'), expected.vault.owner)
    assert.equal(Buffer.from(vault.namingKey).toString('base64url'), expected.vault.naming)
    assert.deepEqual(Object.fromEntries(vault.epochs), expected.vault.epochs)
  }
  const repository = await openRepository({ storage, trust: { host: expected.host } })
  assert.deepEqual(await repository.find('latest'), expected.manifest)
  assert.deepEqual((await repository.manifests()).refused, [])
})

test('writing gives the same bytes', () => {
  const bytes = encodeManifest(expected.manifest, expected.host)
  assert.deepEqual(Buffer.from(bytes), objects.get(`manifests/${expected.manifest.id}`))
})

test('what docs/FORMAT.md says is enough to verify them', () => {
  const hostKey = (signer: string) => {
    const keyset = JSON.parse((objects.get('keys/00000003') ?? '').toString().split('\n')[1] ?? '') as {
      hosts: { id: string; publicKey: string }[]
    }
    return keyset.hosts.find((host) => host.id === signer)?.publicKey
  }
  for (const [key, data] of objects) {
    const [head, json, last, end] = data.toString('utf8').split('\n')
    assert.equal(end, '')
    const [word, signer = '', signature = ''] = (last ?? '').split(' ')
    assert.equal(word, 'signature')
    const x = signer === 'owner' ? expected.ownerKey : (hostKey(signer) ?? '')
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const signed = Buffer.from(`${head}\n${json}\n`)
    assert.ok(verify(null, signed, publicKey, Buffer.from(signature, 'base64url')), key)
  }
  const anchorKey = hkdfSync('sha256', expected.identity, expected.repositoryId, 'holdfast anchor 1', 32)
  const anchor = createHmac('sha256', Buffer.from(anchorKey)).update(expected.ownerKey).digest('base64url')
  assert.equal(anchor, expected.anchor)
})
