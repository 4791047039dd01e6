import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Encrypter, armor, generateHybridIdentity } from 'age-encryption'
import { generateIdentity } from '../../src/repository/crypto/age.ts'
import { parseHostFile, printHostFile } from '../../src/repository/hostfile.ts'
import { printIdentityFile, readIdentityFile } from '../../src/repository/identityfile.ts'
import { initRepository } from '../../src/repository/init.ts'
import { openRepository, openUnlocked, unlock } from '../../src/repository/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { newRepository, newUnlocked, replaceObject, setClock, textOf } from '../support/repository.ts'

const code = (name: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name

test('a new repository opens with its identity, and with its host file', async () => {
  const { storage, identityFile, hostCredentials, repositoryId, ownerKey } = await newRepository()
  const { repository, vault, recipient } = await openUnlocked({ storage, identity: identityFile ?? '' })
  assert.equal(repository.id, repositoryId)
  assert.equal(repository.keyset.ownerKey, ownerKey)
  assert.equal(repository.ownerConfirmed, true)
  assert.equal(recipient.name, 'owner')
  assert.deepEqual(
    [...vault.epochs.keys()],
    repository.keyset.epochs.map((epoch) => epoch.id),
  )
  assert.equal(Buffer.from(vault.namingKey).toString('base64url'), hostCredentials.namingKey)

  const asHost = await openRepository({ storage, trust: { host: hostCredentials } })
  assert.equal(asHost.ownerConfirmed, true)
  const withKey = await openRepository({ storage, trust: { ownerKey } })
  assert.equal(withKey.ownerConfirmed, true)
  const onTrust = await openRepository({ storage })
  assert.equal(onTrust.ownerConfirmed, false)
})

test('a passphrase opens, another does not, nothing does not', async () => {
  const { storage, identityFile } = await newRepository({
    kind: 'passphrase',
    passphrase: 'five random words here',
  })
  assert.equal(identityFile, null)
  const repository = await openRepository({ storage })
  const vault = await unlock({ repository, passphrase: 'five random words here' })
  assert.equal(vault.namingKey.length, 32)
  await assert.rejects(unlock({ repository, passphrase: 'five random words hers' }), code('identity_wrong'))
  await assert.rejects(unlock({ repository }), code('identity_missing'))
  await assert.rejects(newRepository({ kind: 'passphrase', passphrase: 'short' }), code('usage'))
})

test('another identity opens nothing', async () => {
  const { storage } = await newRepository()
  const other = await newRepository()
  await assert.rejects(openUnlocked({ storage, identity: other.identityFile ?? '' }), code('identity_wrong'))
})

test('identities of both kinds that were there before init', async () => {
  for (const identity of [generateIdentity().identity, await generateHybridIdentity()]) {
    const { storage, identityFile } = await newRepository({ kind: 'identity', identity })
    assert.equal(identityFile, null)
    const { recipient } = await openUnlocked({ storage, identity })
    assert.notEqual(recipient.anchor, null)
  }
})

test('an identity file may be protected with a passphrase, armored or not', async () => {
  const { storage, identityFile } = await newRepository()
  const encrypter = new Encrypter()
  encrypter.setPassphrase('correct horse')
  encrypter.setScryptWorkFactor(10)
  const binary = await encrypter.encrypt(identityFile ?? '')
  for (const identity of [binary, armor.encode(binary)]) {
    await openUnlocked({ storage, identity, passphrase: 'correct horse' })
    await assert.rejects(
      openUnlocked({ storage, identity, passphrase: 'wrong horse' }),
      code('identity_wrong'),
    )
    await assert.rejects(openUnlocked({ storage, identity }), code('identity_missing'))
  }
})

test('an identity file is read like age-keygen writes it, and says nothing of itself when it is wrong', async () => {
  const made = generateIdentity()
  const text = printIdentityFile({
    identity: made,
    created: new Date(0),
    repositoryId: 'ab'.repeat(16),
    address: 'file:///backups\nAGE-SECRET-KEY-1INJECTED',
  })
  assert.deepEqual(await readIdentityFile(text), [made])
  assert.deepEqual(await readIdentityFile(text.replaceAll('\n', '\r\n')), [made])
  const typo = made.identity.slice(0, -1) + (made.identity.endsWith('Q') ? 'P' : 'Q')
  for (const wrong of ['', '# only a comment\n', typo, made.publicKey, 'AGE-PLUGIN-YUBIKEY-1XYZ']) {
    await assert.rejects(readIdentityFile(wrong), (error) => {
      return code('usage')(error) && !String(error).includes(typo)
    })
  }
})

test('a host file round trips; a damaged or newer one is refused', async () => {
  const { hostCredentials } = await newRepository()
  const text = printHostFile(hostCredentials)
  assert.deepEqual(parseHostFile(text), hostCredentials)
  const edited = (change: object) => JSON.stringify({ ...hostCredentials, ...change })
  assert.throws(() => parseHostFile(edited({ format: 2 })), code('repository_too_new'))
  assert.throws(() => parseHostFile(edited({ signingKey: 'A' })), code('usage'))
  assert.throws(() => parseHostFile(edited({ extra: true })), code('usage'))
  // 43 characters that are not the canonical encoding of 32 bytes
  assert.throws(() => parseHostFile(edited({ namingKey: '_'.repeat(43) })), code('usage'))
  assert.throws(() => parseHostFile(text.slice(0, 40)), code('usage'))
})

test('nothing in a host file decrypts', async () => {
  const { storage, hostCredentials, repository } = await newUnlocked()
  const { keyset } = repository
  const secrets = [hostCredentials.signingKey, hostCredentials.namingKey, hostCredentials.ownerKey]
  for (const secret of secrets) {
    await assert.rejects(unlock({ repository, passphrase: secret }), code('identity_wrong'))
    await assert.rejects(unlock({ repository, identity: secret }), code('usage'))
  }
  // Nor is any of them the secret half of an epoch or recipient in another spelling.
  const { bech32 } = await import('@scure/base')
  for (const secret of secrets) {
    const bytes = new Uint8Array(Buffer.from(secret, 'base64url'))
    const identity = bech32.encodeFromBytes('AGE-SECRET-KEY-', bytes).toUpperCase()
    const [made] = await readIdentityFile(identity)
    assert.ok(made)
    assert.ok([...keyset.epochs, ...keyset.recipients].every((entry) => entry.publicKey !== made.publicKey))
    await assert.rejects(openUnlocked({ storage, identity }), code('identity_wrong'))
  }
})

test('no repository, none twice, none over the rest of one', async () => {
  const { storage, clock, identityFile } = await newRepository()
  const again = (into: Storage) =>
    initRepository({ storage: into, clock, hostName: 'beta', recipient: { kind: 'new-identity' } })
  await assert.rejects(again(storage), code('repository_exists'))
  await storage.delete('holdfast')
  await assert.rejects(openRepository({ storage }), code('repository_missing'))
  const rests = ['manifests/20261121T013131Z-8f3a9c21', 'restores/20261121T013131Z-8f3a9c21/report']
  for (const rest of rests) {
    await storage.put(rest, new Uint8Array([1]))
    await assert.rejects(again(storage), code('repository_exists'))
    await storage.delete(rest)
  }
  // What is left is what an interrupted init leaves.
  const made = await again(storage)
  await openUnlocked({ storage, identity: made.identityFile ?? '' })
  await assert.rejects(openUnlocked({ storage, identity: identityFile ?? '' }), code('identity_wrong'))
  await storage.delete('keys/00000001')
  await assert.rejects(openRepository({ storage }), code('object_missing'))
})

test('of two that init at once one wins; the repository opens with its identity', async () => {
  for (let round = 0; round < 20; round++) {
    const { storage, clock } = await emptied()
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((hostName) =>
        initRepository({ storage, clock, hostName, recipient: { kind: 'new-identity' } }),
      ),
    )
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    assert.equal(won.length, 1)
    await openUnlocked({ storage, identity: won[0]?.identityFile ?? '' })
  }
})

test('an init that takes another, still under way, for an interrupted one leaves it whole', async () => {
  for (const moment of ['head', 'delete'] as const) {
    const { storage, clock } = await emptied()
    const init = (into: Storage, save: () => Promise<void>) =>
      initRepository({ storage: into, clock, hostName: 'a', recipient: { kind: 'new-identity' }, save })
    const paused = Promise.withResolvers<void>()
    const first = init(storage, () => paused.promise)
    while ((await storage.head('keys/00000001')) === null) await new Promise(setImmediate)
    // The first init ends just before the second one's call of this name.
    const slow: Storage = {
      ...storage,
      async [moment](key: string) {
        paused.resolve()
        await first
        return await storage[moment](key)
      },
    } as Storage
    await assert.rejects(
      init(slow, async () => {}),
      code('repository_exists'),
    )
    await openUnlocked({ storage, identity: (await first).identityFile ?? '' })
  }
})

async function emptied() {
  const { storage } = await newRepository()
  for (const key of ['holdfast', 'keys/00000001']) await storage.delete(key)
  return { storage, clock: setClock() }
}

test('if the identity cannot be saved there is no repository', async () => {
  const { storage, clock } = await emptied()
  const init = (save: () => Promise<void>) =>
    initRepository({ storage, clock, hostName: 'a', recipient: { kind: 'new-identity' }, save })
  await assert.rejects(
    init(async () => {
      assert.equal(await storage.head('holdfast'), null)
      throw new Error('disk full')
    }),
    /disk full/,
  )
  const left: string[] = []
  for await (const { key } of storage.list('')) left.push(key)
  assert.deepEqual(left, [])
  await init(async () => {})
})

test('the three lines are readable by ordinary tools', async () => {
  const { storage, repositoryId } = await newRepository()
  for (const key of ['holdfast', 'keys/00000001']) {
    const lines = (await textOf(storage, key)).split('\n')
    assert.equal(lines.length, 4)
    assert.equal(lines[3], '')
    const document: unknown = JSON.parse(lines[1] ?? '')
    assert.ok(typeof document === 'object' && document !== null)
    if (key === 'holdfast') assert.equal('id' in document && document.id, repositoryId)
  }
})

test('header and key set: every bit counts, and newer ones are told from damaged ones', async () => {
  const { storage, identityFile } = await newRepository()
  const open = () => openUnlocked({ storage, identity: identityFile ?? '' })
  for (const key of ['holdfast', 'keys/00000001']) {
    const good = await storage.get(key)
    const refused = async (data: Uint8Array | string, ...codes: string[]) => {
      await replaceObject(storage, key, data)
      await assert.rejects(open(), (error) => codes.some((name) => code(name)(error)))
    }
    for (let at = 0; at < good.length; at += 1 + Math.floor(good.length / 60)) {
      const bytes = Uint8Array.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await refused(bytes, 'object_damaged', 'manifest_forged', 'repository_too_new')
      await refused(good.subarray(0, at), 'object_damaged')
    }
    const text = new TextDecoder().decode(good)
    await refused(text + '\n', 'object_damaged')
    await refused(text.trimEnd(), 'object_damaged')
    await refused(text.replace(/^holdfast (\w+) 1/, 'holdfast $1 2'), 'repository_too_new')
    await refused(text.replace(/^holdfast \w+ 1/, 'holdfast tablet 1'), 'repository_too_new')
    await refused(text.replace(/^holdfast \w+ 1/, 'holdfast manifest 1'), 'object_damaged')
    await refused(text.replace('"created":"2026', '"created":"2027'), 'manifest_forged')
    await replaceObject(storage, key, good)
    await open()
  }
})
