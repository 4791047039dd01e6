import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateIdentity } from '../../src/repository/crypto/age.ts'
import { publicKeyOf } from '../../src/repository/crypto/ed25519.ts'
import { encodeHeader } from '../../src/repository/format/header.ts'
import { encodeKeyset } from '../../src/repository/format/keyset.ts'
import { requireAdmitted } from '../../src/repository/hostfile.ts'
import {
  addRecipient,
  admitHost,
  confirmRecipient,
  removeRecipient,
  revokeHost,
  rotate,
} from '../../src/repository/keys.ts'
import { putManifest } from '../../src/repository/manifests.ts'
import { openRepository, openUnlocked, unlock } from '../../src/repository/open.ts'
import { repositoryOf } from '../../src/repository/repository.ts'
import { newRecipient } from '../../src/repository/wrapping.ts'
import { newUnlocked, replaceAll, replaceObject, sampleManifest, textOf } from '../support/repository.ts'

const code = (name: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name

test('a recipient added with its identity opens the repository at once', async () => {
  const owner = await newUnlocked()
  const bob = generateIdentity()
  await addRecipient({ ...owner, name: 'bob', recipient: { kind: 'identity', identity: bob.identity } })
  const opened = await openUnlocked({ storage: owner.storage, identity: bob.identity })
  assert.equal(opened.recipient.name, 'bob')
  assert.equal(opened.repository.keyset.version, 2)
  await openUnlocked({ storage: owner.storage, identity: owner.identity })
})

test('a recipient added by public key needs the owner key once, and confirms it', async () => {
  const owner = await newUnlocked()
  const { storage, clock, ownerKey } = owner
  const bob = generateIdentity()
  await addRecipient({ ...owner, name: 'bob', recipient: { kind: 'public-key', publicKey: bob.publicKey } })
  const { identity } = bob
  await assert.rejects(openUnlocked({ storage, identity }), code('owner_not_confirmed'))
  await assert.rejects(
    openUnlocked({ storage, identity, trust: { ownerKey: 'A'.repeat(43) } }),
    code('manifest_forged'),
  )
  const repository = await openRepository({ storage })
  await assert.rejects(unlock({ repository, identity, ownerKey: 'A'.repeat(43) }), code('manifest_forged'))
  await unlock({ repository, identity, ownerKey })
  await openUnlocked({ storage, identity, trust: { ownerKey } })

  const confirmed = await confirmRecipient({ repository, clock, identity, ownerKey })
  assert.equal(confirmed.repository.keyset.version, 3)
  await openUnlocked({ storage, identity })
})

test('wrong recipients are refused before anything is written', async () => {
  const owner = await newUnlocked()
  const add = (name: string, publicKey: string) =>
    addRecipient({ ...owner, name, recipient: { kind: 'public-key', publicKey } })
  const { publicKey } = generateIdentity()
  await assert.rejects(add('owner', publicKey), code('usage'))
  await assert.rejects(add('again', owner.recipient.publicKey ?? ''), code('usage'))
  await assert.rejects(
    add('typo', publicKey.slice(0, -1) + (publicKey.endsWith('q') ? 'p' : 'q')),
    code('usage'),
  )
  await assert.rejects(add('ssh', 'ssh-ed25519 AAAA'), code('usage'))
  await assert.rejects(add('two\nlines', publicKey), code('usage'))
  await assert.rejects(removeRecipient({ ...owner, name: 'owner' }), code('usage'))
  await assert.rejects(removeRecipient({ ...owner, name: 'nobody' }), code('usage'))
  assert.equal((await openRepository({ storage: owner.storage })).keyset.version, 1)
})

test('rotation begins an epoch; the vault holds the old ones too', async () => {
  const owner = await newUnlocked()
  await rotate(owner)
  const { vault, repository } = await openUnlocked({ storage: owner.storage, identity: owner.identity })
  assert.equal(repository.keyset.epochs.length, 2)
  assert.equal(vault.epochs.size, 2)
  assert.deepEqual(vault.namingKey, owner.vault.namingKey)
})

test('with a passphrase recipient new keys need the passphrase, and nothing is done without it', async () => {
  const owner = await newUnlocked()
  const { storage } = owner
  const passphrase = 'correct horse battery'
  const added = await addRecipient({ ...owner, name: 'safe', recipient: { kind: 'passphrase', passphrase } })
  const context = { ...owner, ...added }
  await assert.rejects(rotate(context), code('identity_missing'))
  await assert.rejects(rotate({ ...context, passphrases: ['not it at all'] }), code('identity_missing'))
  assert.equal((await openRepository({ storage })).keyset.version, 2)
  await rotate({ ...context, passphrases: ['not it at all', passphrase] })
  const opened = await openUnlocked({ storage, passphrase })
  assert.equal(opened.vault.epochs.size, 2)
  assert.equal(opened.recipient.name, 'safe')
})

test('a removed recipient opens neither the new vault nor any key set that is left', async () => {
  const owner = await newUnlocked()
  const { storage } = owner
  const bob = generateIdentity()
  const added = await addRecipient({
    ...owner,
    name: 'bob',
    recipient: { kind: 'identity', identity: bob.identity },
  })
  const before = await openUnlocked({ storage, identity: bob.identity })
  const removed = await removeRecipient({ ...owner, ...added, name: 'bob' })
  await assert.rejects(openUnlocked({ storage, identity: bob.identity }), code('identity_wrong'))
  const left: string[] = []
  for await (const { key } of storage.list('keys/')) left.push(key)
  assert.deepEqual(left, ['keys/00000003'])
  const [, newEpoch] = removed.repository.keyset.epochs
  assert.ok(newEpoch)
  assert.equal(before.vault.epochs.has(newEpoch.id), false)
  const { vault } = await openUnlocked({ storage, identity: owner.identity })
  assert.equal(vault.epochs.has(newEpoch.id), true)
})

test('a removal that was interrupted is finished by running it again', async () => {
  const owner = await newUnlocked()
  const { storage, repository } = owner
  const { publicKey } = generateIdentity()
  const added = await addRecipient({ ...owner, name: 'bob', recipient: { kind: 'public-key', publicKey } })
  const cut = { ...storage, delete: async () => await Promise.reject(new Error('connection reset')) }
  const cutOff = repositoryOf({ ...repository, keyset: added.repository.keyset, storage: cut })
  await assert.rejects(
    removeRecipient({ ...owner, ...added, repository: cutOff, name: 'bob' }),
    /connection reset/,
  )
  assert.notEqual(await storage.head('keys/00000002'), null)

  const opened = await openUnlocked({ storage, identity: owner.identity })
  assert.equal(opened.repository.keyset.recipients.length, 1)
  await removeRecipient({ ...owner, ...opened, name: 'bob' })
  assert.equal(await storage.head('keys/00000002'), null)
  assert.notEqual(await storage.head('keys/00000003'), null)
  await assert.rejects(removeRecipient({ ...owner, ...opened, name: 'bob' }), code('usage'))
})

test('of two changes at once one is done and the other says so', async () => {
  const owner = await newUnlocked()
  const results = await Promise.allSettled(
    ['beta', 'gamma', 'delta'].map((name) => admitHost({ ...owner, name })),
  )
  const failed = results.filter((result) => result.status === 'rejected')
  assert.equal(failed.length, 2)
  assert.ok(failed.every((result) => code('keys_changed')(result.reason)))
  assert.equal((await openRepository({ storage: owner.storage })).keyset.hosts.length, 2)
})

test('a change based on a key set that a removal has deleted is taken back', async () => {
  const owner = await newUnlocked()
  const { storage } = owner
  const bob = generateIdentity()
  const added = await addRecipient({
    ...owner,
    name: 'bob',
    recipient: { kind: 'identity', identity: bob.identity },
  })
  await removeRecipient({ ...owner, ...added, name: 'bob' })
  // `owner` still holds version 1; number 2 is free again.
  await assert.rejects(admitHost({ ...owner, name: 'beta' }), code('keys_changed'))
  assert.equal(await storage.head('keys/00000002'), null)
  assert.equal((await openRepository({ storage })).keyset.version, 3)
})

test('an admitted host writes backups that are accepted, until it is revoked', async () => {
  const owner = await newUnlocked()
  const { storage } = owner
  const beta = await admitHost({ ...owner, name: 'beta' })
  const { credentials } = beta
  requireAdmitted(beta.repository.keyset, credentials)
  assert.throws(() => requireAdmitted(owner.repository.keyset, credentials), code('host_not_admitted'))

  const early = sampleManifest(credentials, { moment: '2026-11-20T00:00:00.000Z' })
  const late = sampleManifest(credentials, { moment: '2026-11-22T00:00:00.000Z' })
  const other = sampleManifest(owner.hostCredentials, { moment: '2026-11-23T00:00:00.000Z' })
  await putManifest(storage, early, credentials)
  await putManifest(storage, late, credentials)
  await putManifest(storage, other, owner.hostCredentials)
  assert.equal((await beta.repository.manifests()).backups.length, 3)

  const at = new Date('2026-11-21T00:00:00.000Z')
  const revoked = await revokeHost({ ...owner, ...beta, host: credentials.host, at })
  assert.throws(() => requireAdmitted(revoked.repository.keyset, credentials), code('host_not_admitted'))
  // The thief of the host's key writes one with a moment long before.
  const backdated = sampleManifest(credentials, { moment: '2026-11-19T00:00:00.000Z' })
  await putManifest(storage, backdated, credentials)

  const repository = await openRepository({ storage, trust: { host: owner.hostCredentials } })
  const { backups, refused } = await repository.manifests()
  assert.deepEqual(backups.map((backup) => backup.id).sort(), [early.id, other.id].sort())
  assert.deepEqual(
    refused.map((entry) => entry.key).sort(),
    [`manifests/${late.id}`, `manifests/${backdated.id}`].sort(),
  )
  await assert.rejects(repository.find(backdated.id), code('manifest_forged'))
  assert.equal((await repository.find('latest')).id, other.id)

  // Revoking again accepts fewer, never more.
  const later = new Date('2027-01-01T00:00:00.000Z')
  const again = await revokeHost({ ...owner, ...revoked, host: credentials.host, at: later })
  assert.deepEqual(
    (await again.repository.manifests()).backups.map((backup) => backup.id).sort(),
    [early.id, other.id].sort(),
  )
})

test('a host file is of one repository', async () => {
  const one = await newUnlocked()
  const two = await newUnlocked()
  await assert.rejects(
    openRepository({ storage: one.storage, trust: { host: two.hostCredentials } }),
    code('host_not_admitted'),
  )
  const keyOfOther = { ...one.hostCredentials, signingKey: two.hostCredentials.signingKey }
  assert.throws(() => requireAdmitted(one.repository.keyset, keyOfOther), code('host_not_admitted'))
})

test('a key set that is edited, renamed or signed by another owner is refused', async () => {
  const owner = await newUnlocked()
  const { storage, identity } = owner
  await rotate(owner)
  const open = () => openUnlocked({ storage, identity })
  const first = await textOf(storage, 'keys/00000001')
  const second = await textOf(storage, 'keys/00000002')
  await replaceObject(storage, 'keys/00000002', first)
  await assert.rejects(open(), code('object_damaged'))
  await replaceObject(storage, 'keys/00000002', first.replace('"version":1', '"version":2'))
  await assert.rejects(open(), code('manifest_forged'))
  const stranger = await newUnlocked()
  await replaceObject(storage, 'keys/00000002', await textOf(stranger.storage, 'keys/00000001'))
  await assert.rejects(open(), code('manifest_forged'))
  await replaceObject(storage, 'keys/00000002', second)
  assert.equal((await open()).repository.keyset.epochs.length, 2)
})

test('a whole repository forged for the same public keys is refused, with an identity and with a host file', async () => {
  const owner = await newUnlocked()
  const { storage, identity, hostCredentials, repository, recipient } = owner
  assert.ok(recipient.publicKey)
  // All that the thief needs is in the clear: the id, and the recipients' public keys.
  for (const anchor of ['null', 'copied', 'guessed', 'missing recipient'] as const) {
    const evil = await newUnlocked()
    const seed = evil.vault.ownerSeed
    const ownerKey = publicKeyOf(seed)
    const forgedRecipient = await newRecipient({
      name: recipient.name,
      recipient: { kind: 'public-key', publicKey: recipient.publicKey },
      vault: evil.vault,
      repositoryId: repository.id,
      ownerKey,
      added: new Date(0),
    })
    const anchors = {
      null: null,
      copied: recipient.anchor,
      guessed: 'A'.repeat(43),
      'missing recipient': null,
    }
    const recipients =
      anchor === 'missing recipient'
        ? evil.repository.keyset.recipients
        : [{ ...forgedRecipient, anchor: anchors[anchor] }]
    const header = { format: 1, id: repository.id, created: new Date(0).toISOString(), ownerKey } as const
    await replaceObject(evil.storage, 'holdfast', encodeHeader(header, seed))
    const keyset = { ...evil.repository.keyset, recipients, hosts: repository.keyset.hosts }
    await replaceObject(evil.storage, 'keys/00000001', encodeKeyset(keyset, seed))
    await replaceAll(evil.storage, storage)

    const expected = {
      null: 'owner_not_confirmed',
      copied: 'manifest_forged',
      guessed: 'manifest_forged',
      'missing recipient': 'identity_wrong',
    }
    await assert.rejects(openUnlocked({ storage, identity }), code(expected[anchor]))
    await assert.rejects(
      openRepository({ storage, trust: { host: hostCredentials } }),
      code('manifest_forged'),
    )
    await assert.rejects(
      openRepository({ storage, trust: { ownerKey: owner.ownerKey } }),
      code('manifest_forged'),
    )
    // It can be listed, but nothing calls it confirmed.
    assert.equal((await openRepository({ storage })).ownerConfirmed, false)
  }
})

test("a vault of another owner inside the owner's key set is refused", async () => {
  const owner = await newUnlocked()
  const evil = await newUnlocked()
  assert.ok(owner.recipient.publicKey)
  const forgedRecipient = await newRecipient({
    name: 'owner',
    recipient: { kind: 'public-key', publicKey: owner.recipient.publicKey },
    vault: evil.vault,
    repositoryId: owner.repository.id,
    ownerKey: owner.ownerKey,
    added: new Date(0),
  })
  const keyset = {
    ...owner.repository.keyset,
    version: 2,
    recipients: [{ ...forgedRecipient, anchor: owner.recipient.anchor }],
  }
  await owner.storage.put('keys/00000002', encodeKeyset(keyset, owner.vault.ownerSeed))
  await assert.rejects(
    openUnlocked({ storage: owner.storage, identity: owner.identity }),
    code('manifest_forged'),
  )
})
