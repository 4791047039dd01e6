import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { generateIdentity } from './crypto/age.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { chunkPrefix } from './format/chunk-names.ts'
import { encodeHeader } from './format/header.ts'
import { encodeKeyset } from './format/keyset.ts'
import { headerKey, keysetKey, keysetPrefix, manifestPrefix, restorePrefix } from './format/fields.ts'
import { newEpoch } from './epochs.ts'
import { newHost } from './hosts.ts'
import { printIdentityFile, readIdentityFile } from './identityfile.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import type { HostCredentials, Keyset, Vault } from './types.ts'
import { newRecipient, type NewRecipient } from './wrapping.ts'

/** Who will be able to restore. `identity`: content of an identity file, of which the first identity is used. */
export type FirstRecipient =
  | { readonly kind: 'new-identity' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identity'; readonly identity: string | Uint8Array; readonly passphrase?: string }

export interface InitResult {
  readonly repositoryId: string
  readonly ownerKey: string
  /** Content of the identity file to keep safe; null unless a new identity was made. */
  readonly identityFile: string | null
  readonly hostCredentials: HostCredentials
}

/**
 * Makes a repository in an empty storage. Order: key set, then `save`, then the header, whose presence is what makes
 * a repository. So none ever exists whose identity was not saved, and of two that start at once one wins. Throws
 * `repository_exists`, `storage_overwrites`, `usage`, what `save` throws.
 */
export async function initRepository(options: {
  storage: Storage
  clock: Clock
  /** Name under which this machine is admitted. */
  hostName: string
  recipient: FirstRecipient
  recipientName?: string
  /** Writes the secrets where they will be kept. */
  save?: (result: InitResult) => Promise<void>
  signal?: AbortSignal | undefined
}): Promise<InitResult> {
  const { storage, signal } = options
  const leftOver = await clear(storage, signal)
  const { result, header, keyset } = await make(options)
  const first = keysetKey(1)
  if (!(await putOnce(storage, first, keyset, { signal }))) throw taken(storage, first)
  try {
    await requireWriteOnce(storage, first, keyset)
    await options.save?.(result)
    if (!(await putOnce(storage, headerKey, header, { signal }))) throw taken(storage, headerKey)
  } catch (error) {
    await withdraw({ storage, header, keyset, leftOver })
    throw error
  }
  if (!(await holds(storage, first, keyset))) {
    await storage.delete(headerKey)
    throw new HoldfastError(
      'storage_failed',
      `Another holdfast init ran at ${storage.address} at the same time`,
      {
        hint: 'Run holdfast init again, once.',
      },
    )
  }
  return result
}

/** Puts an object again that is there. A storage that takes it, as some servers do without a word, would let one backup overwrite another. */
export async function requireWriteOnce(storage: Storage, key: string, bytes: Uint8Array): Promise<void> {
  if ((await storage.put(key, bytes)) === 'exists') return
  throw new HoldfastError('storage_overwrites', `${storage.address} overwrites objects that are there.`, {
    details: { key },
  })
}

async function make(options: Parameters<typeof initRepository>[0]) {
  const now = options.clock.now()
  const ownerSeed = new Uint8Array(randomBytes(32))
  const ownerKey = publicKeyOf(ownerSeed)
  const repositoryId = randomBytes(16).toString('hex')
  const epoch = await newEpoch(now)
  const vault: Vault = {
    ownerSeed,
    namingKey: new Uint8Array(randomBytes(32)),
    epochs: new Map([[epoch.epoch.id, epoch.secret]]),
  }
  const { recipient, identityFile } = await firstRecipient({ ...options, repositoryId, now })
  const host = newHost({ name: options.hostName, repositoryId, ownerKey, vault, admitted: now })
  const keyset: Keyset = {
    format: 1,
    version: 1,
    created: now.toISOString(),
    ownerKey,
    epochs: [epoch.epoch],
    recipients: [
      await newRecipient({
        name: options.recipientName ?? 'owner',
        recipient,
        vault,
        repositoryId,
        ownerKey,
        added: now,
      }),
    ],
    hosts: [host.host],
  }
  const header = { format: 1, id: repositoryId, created: now.toISOString(), ownerKey } as const
  return {
    result: { repositoryId, ownerKey, identityFile, hostCredentials: host.credentials },
    header: encodeHeader(header, ownerSeed),
    keyset: encodeKeyset(keyset, ownerSeed),
  }
}

async function firstRecipient(options: {
  storage: Storage
  recipient: FirstRecipient
  repositoryId: string
  now: Date
}): Promise<{ recipient: NewRecipient; identityFile: string | null }> {
  const { recipient } = options
  if (recipient.kind === 'passphrase') return { recipient, identityFile: null }
  if (recipient.kind === 'identity') {
    const [first] = await readIdentityFile(recipient.identity, recipient.passphrase)
    return { recipient: { kind: 'identity', identity: first?.identity ?? '' }, identityFile: null }
  }
  const identity = generateIdentity()
  const identityFile = printIdentityFile({
    identity,
    created: options.now,
    repositoryId: options.repositoryId,
    address: options.storage.address,
  })
  return { recipient: { kind: 'identity', identity: identity.identity }, identityFile }
}

/**
 * A first key set and nothing else is what an interrupted init leaves. It protects nothing and is removed, and returned, for it
 * may be that of an init that is just about to store its header. Any other object of a repository may be the
 * rest of a damaged one, which must not be built over.
 */
async function clear(storage: Storage, signal: AbortSignal | undefined): Promise<Uint8Array | null> {
  for (const prefix of [keysetPrefix, manifestPrefix, restorePrefix, chunkPrefix]) {
    for await (const { key } of storage.list(prefix, { signal })) {
      if (key !== keysetKey(1)) throw taken(storage, key)
    }
  }
  const leftOver = await getIfPresent(storage, keysetKey(1), { signal })
  if ((await storage.head(headerKey, { signal })) !== null) throw taken(storage, headerKey)
  if (leftOver !== null) await storage.delete(keysetKey(1), { signal })
  return leftOver
}

/**
 * Takes the key set back, and puts the one that was there before in its place: its init may have won. Our own header, stored
 * although the storage said otherwise, goes first: with it and no key set nobody could open the repository, or make another.
 */
async function withdraw(o: {
  storage: Storage
  header: Uint8Array
  keyset: Uint8Array
  leftOver: Uint8Array | null
}): Promise<void> {
  const { storage, header, keyset, leftOver } = o
  try {
    if (await holds(storage, headerKey, header)) await storage.delete(headerKey)
    if (await holds(storage, keysetKey(1), keyset)) await storage.delete(keysetKey(1))
    if (leftOver !== null) await storage.put(keysetKey(1), leftOver)
  } catch {
    // The first error is the one to tell; what is left here the next init removes.
  }
}

export async function holds(storage: Storage, key: string, bytes: Uint8Array): Promise<boolean> {
  const stored = await getIfPresent(storage, key)
  return stored !== null && Buffer.from(stored).equals(bytes)
}

export function taken(storage: Storage, key: string): HoldfastError {
  return new HoldfastError('repository_exists', `${storage.address} holds ${key} already`, {
    details: { key },
  })
}
