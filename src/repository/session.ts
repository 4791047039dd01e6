import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
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
import { openMending } from './mending.ts'
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
  signal?: AbortSignal | undefined
}): Promise<BackupWriter> {
  const { repository, credentials, signal } = o
  requireAdmitted(repository.keyset, credentials)
  const epoch = repository.keyset.epochs.at(-1)
  if (epoch === undefined) throw new HoldfastError('internal', 'The key set has no epoch.')
  const { storage } = repository
  const started = o.clock.now()
  const id = newId(started)
  const signer = { id: credentials.host, seed: signingSeedOf(credentials) }
  const mending = await openMending({ place: repository, signer, signal })
  const presence = await announceWriter({ storage, signer, documents: [manifestKey(id)], signal })
  const opening = openWriter({
    storage,
    mending,
    id,
    started,
    avoid: presence.avoid,
    end: () => presence.end(),
    namingKey: namingKeyOf(credentials),
    epoch,
    host: { id: credentials.host },
    visitPrevious: (visit) => repository.manifests({ visit, signal }),
    async putManifest(manifest) {
      // A host that was revoked meanwhile must not report a backup that nobody will accept.
      const now = await openRepository({ storage: repository.storage, trust: { host: credentials }, signal })
      requireAdmitted(now.keyset, credentials)
      await putManifest(repository.storage, manifest, credentials, { signal })
    },
    threads: o.threads,
    signal,
  })
  opening.catch(() => presence.end())
  return await opening
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
