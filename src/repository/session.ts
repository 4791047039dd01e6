import type { Clock } from '../lib/clock.ts'
import type { OnProgress } from '../lib/progress.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions, ObjectLocks, Storage } from '../storage/storage.ts'
import { lockBackup, type BackupLock, type LockRequest } from './backup-lock.ts'
import { currentEpoch } from './epochs.ts'
import type { BackupContents } from './format/contents.ts'
import { chunkKey } from './format/chunk-names.ts'
import { decodeContents } from './format/contents-decode.ts'
import { manifestKey } from './format/fields.ts'
import type { Manifest } from './format/manifest.ts'
import { namingKeyOf, requireAdmitted, signingSeedOf } from './hostfile.ts'
import { newId } from './ids.ts'
import { idEndingOf } from './job-backup.ts'
import { putManifest } from './manifests.ts'
import { openRepository } from './open.ts'
import { announceWriter } from './presence.ts'
import { openMending } from './mending.ts'
import { openReader } from './reader.ts'
import type { BackupWriter, ChunkReader, HostCredentials, Repository, Vault } from './types.ts'
import { openWriter, type WriterCopy } from './writer.ts'

/**
 * Begins a backup as the host whose credentials are given, and says in the storage that it is at work. Needs no private key. Throws
 * `host_not_admitted`; its `commit` throws `writer_overtaken` if a prune took it for dead. With `others`, which have the same key set, it goes to all of
 * these copies, and goes on as long as one of them takes it.
 */
export async function beginBackup(o: {
  repository: Repository
  others?: readonly Repository[] | undefined
  credentials: HostCredentials
  clock: Clock
  threads?: number | undefined
  patienceMs?: number | undefined
  /** Locks what the backup needs. Throws `storage_no_locks` before anything is stored. */
  lock?: LockRequest | null | undefined
  /** The job that it is made for: its id ends as `idEndingOf` says. */
  job?: string | null | undefined
  signal?: AbortSignal | undefined
  /** Told of locks. */
  onProgress?: OnProgress | undefined
}): Promise<BackupWriter> {
  const { repository, others = [], credentials } = o
  requireAdmitted(repository.keyset, credentials)
  const copies = [repository, ...others]
  const locks: (BackupLock | null)[] = []
  for (const { storage } of copies)
    locks.push(o.lock == null ? null : lockBackup({ storage, locks: await requireLocks(storage, o), request: o.lock, host: credentials.host, signal: o.signal })) // prettier-ignore
  const started = o.clock.now()
  const id = newId(started, o.job == null ? undefined : idEndingOf(o.job))
  return await openWriter({
    ...o,
    copies: copies.map((copy, at) => writerCopy(copy, { ...o, id, lock: locks[at] ?? null })),
    id,
    started,
    namingKey: namingKeyOf(credentials),
    epoch: currentEpoch(repository.keyset),
    host: { id: credentials.host },
  })
}

function writerCopy(
  repository: Repository,
  o: {
    credentials: HostCredentials
    id: string
    lock: BackupLock | null
    signal?: AbortSignal | undefined
    onProgress?: OnProgress | undefined
  },
): WriterCopy {
  const { storage } = repository
  const { credentials, id, lock, signal } = o
  const signer = { id: credentials.host, seed: signingSeedOf(credentials) }
  return {
    storage: lock?.storage ?? storage,
    lock,
    openMending: () => openMending({ place: repository, signer, signal }),
    announce: () => announceWriter({ storage, signer, documents: [manifestKey(id)], signal }),
    visitPrevious: (visit) => repository.manifests({ visit, signal }),
    async putManifest(manifest) {
      await lock?.lockChunks(manifest, o.onProgress)
      // A host that was revoked meanwhile must not report a backup that nobody will accept.
      const now = await openRepository({ storage, trust: { host: credentials }, signal })
      requireAdmitted(now.keyset, credentials)
      await lock?.lockKeyset(now.keyset.version)
      await putManifest(lock?.storage ?? storage, manifest, credentials, { signal })
    },
  }
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
    copies: repository.copies,
    namingKey: vault.namingKey,
    epochs: vault.epochs,
    threads,
  })
}

/** Reads what a backup holds, but for the rows. Throws as `ChunkReader.read`; `repository_too_new`. */
export async function readContents(reader: ChunkReader, manifest: Manifest): Promise<BackupContents> {
  return decodeContents(chunkKey(manifest.contents), await reader.read(manifest.contents))
}
