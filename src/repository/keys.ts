import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { anchorOf } from './crypto/anchor.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { newEpoch } from './epochs.ts'
import { decodeKeyset, encodeKeyset } from './format/keyset.ts'
import { keysetKey, keysetName, keysetPrefix } from './format/fields.ts'
import { newHost } from './hosts.ts'
import { getIfPresent, listManifests, putOnce, readManifests } from './manifests.ts'
import { highestKeyset, unlockAs, type Secrets } from './open.ts'
import { repositoryOf } from './repository.ts'
import type { HostCredentials, Keyset, Recipient, Repository, Vault } from './types.ts'
import { newRecipient, rewrap, type NewRecipient } from './wrapping.ts'

/*
 * Every operation here writes the next version of the key set, signed by the owner. The version number is taken by
 * put-if-absent, so of two operations at once one fails with `keys_changed` and nothing of it is done.
 */

/** What every operation needs: the repository and vault as `openUnlocked` gives them. */
export interface KeyContext {
  readonly repository: Repository
  readonly vault: Vault
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** The repository with the new key set, and the vault that belongs to it. */
export interface KeyChange {
  readonly repository: Repository
  readonly vault: Vault
}

/** Lets one more identity or passphrase open the vault. Throws `usage` if the name or the public key is there already. */
export async function addRecipient(
  context: KeyContext & { name: string; recipient: NewRecipient },
): Promise<KeyChange> {
  const { repository, vault, clock } = context
  const { recipients, ownerKey } = repository.keyset
  const added = await newRecipient({ ...context, repositoryId: repository.id, ownerKey, added: clock.now() })
  for (const other of recipients) {
    if (other.name === added.name)
      throw new HoldfastError('usage', `There is a recipient ${other.name} already`)
    if (added.publicKey !== null && other.publicKey === added.publicKey) {
      throw new HoldfastError('usage', `This public key is a recipient already, under the name ${other.name}`)
    }
  }
  return await publish(context, vault, { recipients: [...recipients, added] })
}

/**
 * Takes a recipient out, begins a new epoch, and deletes older key sets, which hold the vault it can open. What it has read or
 * copied before it knows for ever. Throws `usage` for an unknown name or the last one, `identity_missing` if
 * the passphrase of another recipient is needed. Run again after it was interrupted, it deletes what is left to delete.
 */
export async function removeRecipient(
  context: KeyContext & { name: string; passphrases?: readonly string[] },
): Promise<KeyChange> {
  const { keyset } = context.repository
  const remaining = keyset.recipients.filter((recipient) => recipient.name !== context.name)
  if (remaining.length === keyset.recipients.length) {
    if (!(await wasRecipient(context)))
      throw new HoldfastError('usage', `There is no recipient ${context.name}`)
    await deleteOlderKeysets(context.repository, context.signal)
    return { repository: context.repository, vault: context.vault }
  }
  if (remaining.length === 0) {
    throw new HoldfastError(
      'usage',
      'The last recipient cannot be removed: nobody could open the repository',
      {
        hint: 'Add another recipient first.',
      },
    )
  }
  const change = await beginEpoch(context, remaining)
  await deleteOlderKeysets(change.repository, context.signal)
  return change
}

/** Begins a new epoch: what is written from now on is sealed to a new key. Nothing that is stored is rewritten. */
export async function rotate(context: KeyContext & { passphrases?: readonly string[] }): Promise<KeyChange> {
  return await beginEpoch(context, context.repository.keyset.recipients)
}

/** Admits a machine. The credentials are for it alone, and are stored nowhere else. */
export async function admitHost(
  context: KeyContext & { name: string },
): Promise<KeyChange & { credentials: HostCredentials }> {
  const { repository, vault, clock, name } = context
  const { hosts, ownerKey } = repository.keyset
  if (hosts.some((host) => host.name === name && host.revoked === null)) {
    throw new HoldfastError('usage', `There is a host ${name} already`, {
      hint: 'Revoke it, or take another name.',
    })
  }
  const made = newHost({ name, repositoryId: repository.id, ownerKey, vault, admitted: clock.now() })
  const change = await publish(context, vault, { hosts: [...hosts, made.host] })
  return { ...change, credentials: made.credentials }
}

/**
 * Revokes a machine as of `at`. Its backups that are stored now and whose moment is before `at` stay accepted, one by one, by
 * their hash: whoever holds its key can make no other, whatever date they write into it. Revoking again
 * with an earlier date accepts fewer, never more. Throws `usage` for an unknown host.
 */
export async function revokeHost(context: KeyContext & { host: string; at: Date }): Promise<KeyChange> {
  const { repository, vault, at, signal } = context
  const { hosts } = repository.keyset
  if (!hosts.some((host) => host.id === context.host)) {
    throw new HoldfastError('usage', `There is no host with the id ${context.host}`)
  }
  const { storage } = repository
  const accepts: string[] = []
  await readManifests({
    storage,
    hosts,
    objects: await listManifests(storage, { signal }),
    visit({ host, moment }, { sha256 }) {
      if (host === context.host && Date.parse(moment) < at.getTime()) accepts.push(sha256())
    },
    signal,
  })
  const revoked = { at: at.toISOString(), accepts: accepts.sort() }
  return await publish(context, vault, {
    hosts: hosts.map((host) => (host.id === context.host ? { ...host, revoked } : host)),
  })
}

/**
 * Adds the anchor of a recipient that was added by public key, by its holder, who got `ownerKey` from the owner. From then on
 * the identity is enough. Throws what `unlock` throws, and `usage` if a passphrase opened it.
 */
export async function confirmRecipient(
  options: {
    repository: Repository
    clock: Clock
    ownerKey: string
    signal?: AbortSignal | undefined
  } & Secrets,
): Promise<KeyChange> {
  const { repository, clock, signal } = options
  const { vault, recipient, identity } = await unlockAs(options)
  if (identity === null) throw new HoldfastError('usage', 'A passphrase needs no confirmation')
  const anchor = anchorOf({ identity, repositoryId: repository.id, ownerKey: options.ownerKey })
  return await publish({ repository, vault, clock, signal }, vault, {
    recipients: repository.keyset.recipients.map((entry) =>
      entry.name === recipient.name ? { ...entry, anchor } : entry,
    ),
  })
}

async function beginEpoch(
  context: KeyContext & { passphrases?: readonly string[] },
  recipients: readonly Recipient[],
): Promise<KeyChange> {
  const { epoch, secret } = await newEpoch(context.clock.now())
  const vault: Vault = { ...context.vault, epochs: new Map([...context.vault.epochs, [epoch.id, secret]]) }
  return await publish(context, vault, {
    epochs: [...context.repository.keyset.epochs, epoch],
    recipients: await rewrap({ recipients, vault, passphrases: context.passphrases ?? [] }),
  })
}

async function publish(context: KeyContext, vault: Vault, changes: Partial<Keyset>): Promise<KeyChange> {
  const { repository, signal } = context
  const { storage } = repository
  if (publicKeyOf(vault.ownerSeed) !== repository.keyset.ownerKey) {
    throw new HoldfastError('internal', 'The vault belongs to another repository')
  }
  const version = repository.keyset.version + 1
  const created = context.clock.now().toISOString()
  const keyset: Keyset = { ...repository.keyset, ...changes, version, created }
  const key = keysetKey(version)
  if (!(await putOnce(storage, key, encodeKeyset(keyset, vault.ownerSeed), { signal }))) throw keysChanged()
  // The number may have been free only because a removal deleted older key sets meanwhile.
  if ((await highestKeyset(storage, { signal })) !== version) {
    await storage.delete(key, { signal })
    throw keysChanged()
  }
  return { repository: repositoryOf({ ...repository, keyset, ownerConfirmed: true }), vault }
}

async function deleteOlderKeysets(repository: Repository, signal: AbortSignal | undefined): Promise<void> {
  for (const version of await olderKeysets(repository, signal)) {
    await repository.storage.delete(keysetKey(version), { signal })
  }
}

/** True if an older key set that is still stored has a recipient of this name: a removal was interrupted. */
async function wasRecipient(context: KeyContext & { name: string }): Promise<boolean> {
  const { repository, signal } = context
  for (const version of await olderKeysets(repository, signal)) {
    const bytes = await getIfPresent(repository.storage, keysetKey(version), { signal })
    if (bytes === null) continue
    const { recipients } = decodeKeyset({ version, ownerKey: repository.keyset.ownerKey, bytes })
    if (recipients.some((recipient) => recipient.name === context.name)) return true
  }
  return false
}

async function olderKeysets(repository: Repository, signal: AbortSignal | undefined): Promise<number[]> {
  const older: number[] = []
  for await (const { key } of repository.storage.list(keysetPrefix, { signal })) {
    const name = key.slice(keysetPrefix.length)
    if (keysetName.test(name) && Number(name) < repository.keyset.version) older.push(Number(name))
  }
  return older
}

function keysChanged(): HoldfastError {
  return new HoldfastError('keys_changed', 'Someone else changed the keys of the repository meanwhile')
}
