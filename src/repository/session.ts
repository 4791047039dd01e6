import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { CallOptions, ObjectLocks, Storage } from '../storage/storage.ts'
import { lockBackup, type LockRequest } from './backup-lock.ts'
import type { BackupContents } from './format/contents.ts'
import { chunkKey } from './format/chunk-names.ts'
import { decodeContents } from './format/contents-decode.ts'
import { manifestKey } from './format/fields.ts'
import type { Manifest } from './format/manifest.ts'
import { namingKeyOf, requireAdmitted, signingSeedOf } from './hostfile.ts'
import { newId } from './ids.ts'
import { putManifest } from './manifests.ts'
import { openRepository } from './open.ts'
import { announceWriter } from './presence.ts'
import { openReader } from './reader.ts'
import type { BackupWriter, ChunkReader, HostCredentials, Repository, Vault } from './types.ts'
import { openWriter } from './writer.ts'

/**
 * Begins a backup as the host whose credentials are given, and says in the storage that it is at work. Needs no private key. Throws
 * `host_not_admitted`; its `commit` throws `writer_overtaken` if a prune took it for dead.
 */
export async function beginBackup(o: {
  repository: Repository
  credentials: HostCredentials
  clock: Clock
  threads?: number | undefined
  /** Locks what the backup needs. Throws `storage_no_locks` before anything is stored. */
  lock?: LockRequest | null | undefined
  signal?: AbortSignal | undefined
  /** Told of locks. */
  onProgress?: OnProgress | undefined
}): Promise<BackupWriter> {
  const { repository, credentials, signal } = o
  requireAdmitted(repository.keyset, credentials)
  const epoch = repository.keyset.epochs.at(-1)
  if (epoch === undefined) throw new HoldfastError('internal', 'The key set has no epoch.')
  const { storage } = repository
  const { lock: request = null } = o
  const locking = request === null ? null : { request, locks: await requireLocks(storage, { signal }) }
  const started = o.clock.now()
  const id = newId(started)
  const signer = { id: credentials.host, seed: signingSeedOf(credentials) }
  const presence = await announceWriter({ storage, signer, documents: [manifestKey(id)], signal })
  const begin = async (): Promise<BackupWriter> => {
    const lock =
      locking === null
        ? null
        : lockBackup({ ...locking, storage, begun: await presence.begun(), host: credentials.host, signal })
    return await openWriter({
      storage: lock?.storage ?? storage,
      id,
      started,
      lock: lock?.record ?? null,
      avoid: presence.avoid,
      end: () => presence.end(),
      namingKey: namingKeyOf(credentials),
      epoch,
      host: { id: credentials.host },
      visitPrevious: (visit) =>
        repository.manifests({
          visit(manifest) {
            lock?.heed(manifest)
            visit(manifest)
          },
          signal,
        }),
      async putManifest(manifest) {
        await lock?.lockChunks(manifest, o.onProgress)
        // A host that was revoked meanwhile must not report a backup that nobody will accept.
        const now = await openRepository({ storage, trust: { host: credentials }, signal })
        requireAdmitted(now.keyset, credentials)
        await lock?.lockKeyset(now.keyset.version)
        await putManifest(lock?.storage ?? storage, manifest, credentials, { signal })
      },
      threads: o.threads,
      signal,
    })
  }
  const opening = begin()
  opening.catch(() => presence.end())
  return await opening
}

async function requireLocks(storage: Storage, options: CallOptions): Promise<ObjectLocks> {
  if (storage.locks === undefined)
    throw new HoldfastError('storage_no_locks', `${storage.address} locks no objects.`)
  await storage.locks.require(options)
  return storage.locks
}

/** Opens chunks of the repository with what the vault holds. */
export function readerOf(repository: Repository, vault: Vault, threads?: number): ChunkReader {
  return openReader({
    storage: repository.storage,
    namingKey: vault.namingKey,
    epochs: vault.epochs,
    threads,
  })
}

/** Reads what a backup holds, but for the rows. Throws as `ChunkReader.read`; `repository_too_new`. */
export async function readContents(reader: ChunkReader, manifest: Manifest): Promise<BackupContents> {
  return decodeContents(chunkKey(manifest.contents), await reader.read(manifest.contents))
}
