import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { anchorOf, sameAnchor } from './crypto/anchor.ts'
import { publicKeyOfIdentity, unwrap } from './crypto/age.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { decodeHeader, type RepositoryHeader } from './format/header.ts'
import { decodeKeyset } from './format/keyset.ts'
import { headerKey, keysetKey, keysetName, keysetPrefix } from './format/fields.ts'
import { damaged, forged } from './format/signed.ts'
import { decodeVault } from './format/vault.ts'
import { readIdentityFile, type Identity } from './identityfile.ts'
import { getIfPresent } from './manifests.ts'
import { repositoryOf } from './repository.ts'
import type { HostCredentials, Keyset, Recipient, Repository, Vault } from './types.ts'

/** What tells the owner of a repository from someone who put another one in its place. */
export interface Trust {
  readonly host?: HostCredentials | undefined
  /** The owner key as its owner gave it, base64url. */
  readonly ownerKey?: string | undefined
}

/** Secrets that open the vault: an identity file, a passphrase, or both (then the passphrase may protect the file). */
export interface Secrets {
  /** Content of an identity file. */
  readonly identity?: string | Uint8Array | undefined
  readonly passphrase?: string | undefined
}

/** The opened vault, and by whom. */
export interface Unlocked {
  readonly vault: Vault
  readonly recipient: Recipient
  /** `AGE-SECRET-KEY-1...`, null if a passphrase opened it. */
  readonly identity: string | null
}

/**
 * Reads and verifies header and newest key set. Without `trust` the owner is taken on trust: good enough to list, never
 * to restore. Throws `repository_missing`, `repository_too_new`, `manifest_forged`, `object_damaged`, `object_missing`,
 * `host_not_admitted` (a host file of another repository).
 */
export async function openRepository(options: {
  storage: Storage
  trust?: Trust | undefined
  signal?: AbortSignal | undefined
}): Promise<Repository> {
  const { storage, trust = {}, signal } = options
  const bytes = await getIfPresent(storage, headerKey, { signal })
  if (bytes === null) {
    throw new HoldfastError('repository_missing', `There is no Holdfast repository at ${storage.address}`)
  }
  const header = orHow(() => decodeHeader(bytes))
  requireTrusted(header, trust)
  const keyset = await readKeyset({ storage, ownerKey: header.ownerKey, signal })
  const ownerConfirmed = trust.host !== undefined || trust.ownerKey !== undefined
  return repositoryOf({ id: header.id, storage, keyset, ownerConfirmed })
}

/**
 * Opens the vault and proves that the repository belongs to the owner that the secret was given by. Throws
 * `identity_missing`, `identity_wrong`, `owner_not_confirmed`, `manifest_forged`.
 */
export async function unlock(
  options: { repository: Repository; ownerKey?: string | undefined } & Secrets,
): Promise<Vault> {
  return (await unlockAs(options)).vault
}

/** As `unlock`, and tells which recipient opened it. */
export async function unlockAs(
  options: { repository: Repository; ownerKey?: string | undefined } & Secrets,
): Promise<Unlocked> {
  const { repository } = options
  const key = keysetKey(repository.keyset.version)
  const { recipient, identity, plain } = await openVault(repository.keyset, options)
  const vault = decodeVault(key, plain)
  if (publicKeyOf(vault.ownerSeed) !== repository.keyset.ownerKey) {
    throw forged(key, 'the vault in it belongs to another owner')
  }
  requireConfirmed({ repository, recipient, identity, ownerKey: options.ownerKey })
  await requireEpochs(key, repository.keyset, vault)
  return { vault, recipient, identity }
}

/** Opens a repository and its vault in one go; the owner is confirmed. */
export async function openUnlocked(
  options: { storage: Storage; trust?: Trust; signal?: AbortSignal | undefined } & Secrets,
): Promise<{ repository: Repository } & Unlocked> {
  const opened = await openRepository(options)
  const unlocked = await unlockAs({ ...options, repository: opened, ownerKey: options.trust?.ownerKey })
  return { repository: repositoryOf({ ...opened, ownerConfirmed: true }), ...unlocked }
}

/** The highest version of the key set that is stored; 0 if there is none. */
export async function highestKeyset(storage: Storage, options?: CallOptions): Promise<number> {
  let highest = 0
  for await (const { key } of storage.list(keysetPrefix, options)) {
    const name = key.slice(keysetPrefix.length)
    if (keysetName.test(name)) highest = Math.max(highest, Number(name))
  }
  return highest
}

async function readKeyset(options: {
  storage: Storage
  ownerKey: string
  signal?: AbortSignal | undefined
}): Promise<Keyset> {
  const { storage, ownerKey, signal } = options
  // Removing a recipient deletes older key sets: one that vanishes between list and get has a newer one after it.
  for (let attempt = 0; attempt < 3; attempt++) {
    const version = await highestKeyset(storage, { signal })
    if (version === 0) break
    const bytes = await getIfPresent(storage, keysetKey(version), { signal })
    if (bytes !== null) return orHow(() => decodeKeyset({ version, ownerKey, bytes }))
  }
  throw new HoldfastError('object_missing', `The repository at ${storage.address} has no key set`, {
    hint: 'Bring back the objects under keys/ from another copy of the storage: nothing can be opened without them. holdfast copy FROM TO --repair does it.',
  })
}

/** Of what everything else is opened with no check tells anything, and no backup stores it anew. */
function orHow<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!isHoldfastError(error, 'object_damaged')) throw error
    throw new HoldfastError('object_damaged', error.message, {
      cause: error.cause,
      details: error.details,
      hint: 'Bring this object back from another copy of the storage: nothing can be opened without it. holdfast copy FROM TO --repair does it.',
    })
  }
}

function requireTrusted(header: RepositoryHeader, trust: Trust): void {
  if (trust.host !== undefined && trust.host.repository !== header.id) {
    throw new HoldfastError('host_not_admitted', 'The host file belongs to another repository', {
      details: { repository: header.id, hostFile: trust.host.repository },
    })
  }
  if (trust.host !== undefined && trust.host.ownerKey !== header.ownerKey) {
    throw forged(headerKey, 'its owner key is not the one in the host file')
  }
  if (trust.ownerKey !== undefined && trust.ownerKey !== header.ownerKey) {
    throw forged(headerKey, 'its owner key is not the one that was given')
  }
}

async function openVault(
  keyset: Keyset,
  secrets: Secrets,
): Promise<{ recipient: Recipient; identity: string | null; plain: Uint8Array }> {
  const { passphrase } = secrets
  if (secrets.identity === undefined && passphrase === undefined) {
    throw new HoldfastError(
      'identity_missing',
      'The private identity or the passphrase is needed to open the repository',
    )
  }
  const identities =
    secrets.identity === undefined ? [] : await readIdentityFile(secrets.identity, passphrase)
  const byIdentity = await tryIdentities(keyset, identities)
  if (byIdentity !== null) return byIdentity

  for (const recipient of passphrase === undefined ? [] : keyset.recipients) {
    if (recipient.kind !== 'passphrase' || passphrase === undefined) continue
    const plain = await unwrap(vaultFile(recipient), { passphrase })
    if (plain !== null) return { recipient, identity: null, plain }
  }
  const what = secrets.identity === undefined ? 'passphrase' : 'identity'
  throw new HoldfastError('identity_wrong', `The ${what} opens nothing in this repository`)
}

async function tryIdentities(keyset: Keyset, identities: readonly Identity[]) {
  for (const { identity, publicKey } of identities) {
    const recipient = keyset.recipients.find((entry) => entry.publicKey === publicKey)
    if (recipient === undefined) continue
    const plain = await unwrap(vaultFile(recipient), { identity })
    if (plain !== null) return { recipient, identity, plain }
    throw forged(
      keysetKey(keyset.version),
      `the vault for ${recipient.name} is not encrypted to its public key`,
    )
  }
  return null
}

/**
 * Anyone can encrypt a vault to a public key, so an identity must find its anchor. A scrypt age file can be made only by who
 * knows the passphrase, so that a passphrase opens it is the proof.
 */
function requireConfirmed(options: {
  repository: Repository
  recipient: Recipient
  identity: string | null
  ownerKey: string | undefined
}): void {
  const { repository, recipient, identity, ownerKey } = options
  const actual = repository.keyset.ownerKey
  const key = keysetKey(repository.keyset.version)
  if (ownerKey !== undefined && ownerKey !== actual)
    throw forged(key, 'its owner key is not the one that was given')
  if (identity === null) return
  if (recipient.anchor !== null) {
    const expected = anchorOf({ identity, repositoryId: repository.id, ownerKey: actual })
    if (sameAnchor(expected, recipient.anchor)) return
    throw forged(
      key,
      `the anchor of ${recipient.name} was not made by the holder of this identity for this owner key`,
    )
  }
  if (ownerKey === undefined && !repository.ownerConfirmed) {
    throw new HoldfastError(
      'owner_not_confirmed',
      `The recipient ${recipient.name} was added by public key, so nothing proves yet that this is the owner's repository`,
    )
  }
}

async function requireEpochs(key: string, keyset: Keyset, vault: Vault): Promise<void> {
  for (const epoch of keyset.epochs) {
    const secret = vault.epochs.get(epoch.id)
    if (secret === undefined || (await publicKeyOfIdentity(secret)) !== epoch.publicKey) {
      throw damaged(key, `the vault does not hold the key of the epoch ${epoch.id}`)
    }
  }
}

function vaultFile(recipient: Recipient): Uint8Array {
  return new Uint8Array(Buffer.from(recipient.vault, 'base64'))
}
