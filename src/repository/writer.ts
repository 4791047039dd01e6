import { HoldfastError, messageOf } from '../lib/errors.ts'
import { free } from '../lib/free.ts'
import type { Storage } from '../storage/storage.ts'
import { createSealer, type NamedChunk } from './crypto/sealer.ts'
import { decodeRecipient } from './format/age-keys.ts'
import { smallestStoredChunk } from './format/chunk.ts'
import type { Manifest, ManifestChunk } from './format/manifest.ts'
import { chunkKey, chunkNameOfKey, chunkPrefix, keyedTextHash } from './format/chunk-names.ts'
import type { BackupWriter } from './types.ts'

/** What a writer needs; nothing in it decrypts. */
export interface WriterOptions {
  readonly storage: Storage
  /** The repository's naming key, 32 bytes. */
  readonly namingKey: Uint8Array
  /** The epoch whose public key (`age1...`) new chunks are sealed to. */
  readonly epoch: { readonly id: string; readonly publicKey: string }
  readonly host: { readonly id: string }
  /** Calls with each backup that is there, in any order, and resolves when all were visited. */
  readonly visitPrevious: (visit: (manifest: Manifest) => void) => Promise<unknown>
  /** Signs and stores a manifest durably. */
  readonly putManifest: (manifest: Manifest) => Promise<void>
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a writer for one backup. Lists the stored chunks once: what is reused is what is really there, not what an earlier
 * manifest says should be.
 */
export async function openWriter(options: WriterOptions): Promise<BackupWriter> {
  const { storage, namingKey, epoch, host, signal } = options
  const epochPublicKey = decodeRecipient(epoch.publicKey)
  const stored = await listChunks(storage, signal)
  const { sequence, expected } = await readPrevious(options, stored)
  const sealer = createSealer({ namingKey, epochPublicKey, threads: options.threads })

  const chunks: ManifestChunk[] = []
  /** Index by name, of chunks that are durable or on their way. Equal chunks share one entry. */
  const indexes = new Map<string, Promise<number>>()
  const stats = { newChunks: 0, newStoredBytes: 0, reusedChunks: 0, storedBytes: 0, plainBytes: 0 }
  let unfinished = 0
  let closed = false

  /** Makes a chunk durable, if it is not, and adds it to the list. */
  async function keep(chunk: NamedChunk): Promise<number> {
    const { name, plainBytes } = chunk
    let size = stored.get(name)
    const known = size !== undefined
    let isNew = false
    if (size === undefined) {
      const sealed = await chunk.seal()
      size = sealed.length
      isNew = (await storage.put(chunkKey(name), sealed, { signal })) === 'stored'
      free(sealed)
      // Somebody stored it meanwhile, sealed with other randomness: the size that counts is theirs.
      if (!isNew) size = await storedSize(storage, name, signal)
    } else {
      chunk.drop()
    }
    if (known || !isNew) checkSize(storage, name, size, expected.get(name))
    stats.plainBytes += plainBytes
    stats.storedBytes += size
    stats.newChunks += isNew ? 1 : 0
    stats.newStoredBytes += isNew ? size : 0
    stats.reusedChunks += isNew ? 0 : 1
    return chunks.push([name, plainBytes, size]) - 1
  }

  async function store(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    throwIfCancelled(signal)
    const chunk = await sealer.name(bytes)
    if (closed) throw new HoldfastError('internal', 'A chunk was to be stored after the end of its backup.')
    const earlier = indexes.get(chunk.name)
    if (earlier !== undefined) {
      chunk.drop()
      return await earlier
    }
    const index = keep(chunk)
    indexes.set(chunk.name, index)
    // A chunk that could not be stored may be tried again.
    index.catch(() => indexes.delete(chunk.name))
    return await index
  }

  return {
    epoch: epoch.id,
    host: host.id,
    sequence,
    stats,

    async store(bytes) {
      unfinished += 1
      const index = await store(bytes)
      unfinished -= 1
      return index
    },

    keyedHash: (text) => keyedTextHash(namingKey, text),
    chunks: () => [...chunks],

    async commit(manifest) {
      throwIfCancelled(signal)
      // A call that has failed counts as unfinished for good.
      if (unfinished > 0)
        throw new HoldfastError('internal', 'A backup was to be committed before all its chunks are stored.')
      await options.putManifest(manifest)
    },

    async [Symbol.asyncDispose]() {
      // After a failure others may still be on their way: nothing is written any more once this resolves.
      closed = true
      await Promise.allSettled(indexes.values())
      await sealer[Symbol.asyncDispose]()
    },
  }
}

/** Stored size by name of every chunk in the storage. */
async function listChunks(storage: Storage, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of storage.list(chunkPrefix, { signal })) {
    const name = chunkNameOfKey(key)
    if (name !== null) sizes.set(name, size)
  }
  return sizes
}

/**
 * The next sequence number, and stored sizes by name that earlier backups wrote down. Only of chunks that are not stored with that
 * very size, which are few, if any: nothing is to be said against the others.
 */
async function readPrevious(
  { visitPrevious }: WriterOptions,
  stored: ReadonlyMap<string, number>,
): Promise<{ sequence: number; expected: Map<string, number> }> {
  let highest = 0
  const expected = new Map<string, number>()
  await visitPrevious(({ sequence, chunks }) => {
    highest = Math.max(highest, sequence)
    for (const [name, , size] of chunks) if (stored.get(name) !== size) expected.set(name, size)
  })
  return { sequence: highest + 1, expected }
}

async function storedSize(storage: Storage, name: string, signal: AbortSignal | undefined): Promise<number> {
  const info = await storage.head(chunkKey(name), { signal })
  if (info !== null) return info.size
  throw new HoldfastError(
    'storage_failed',
    `${chunkKey(name)} was there and is gone again in ${storage.address}.`,
  )
}

/** A backup must not be built on an object that is visibly not what was stored. */
function checkSize(storage: Storage, name: string, size: number, expected: number | undefined): void {
  if (size >= smallestStoredChunk && (expected === undefined || size === expected)) return
  const key = chunkKey(name)
  const should = expected === undefined ? `at least ${smallestStoredChunk}` : `${expected}`
  throw new HoldfastError(
    'object_damaged',
    `${key} in ${storage.address} has ${size} bytes, not ${should}.`,
    {
      hint: `Move that object out of the storage and run it again: it is stored anew, and that mends the earlier backups too.`,
      details: { key, size, expected: expected ?? null },
    },
  )
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', `The backup was cancelled: ${messageOf(signal.reason)}`, {
    cause: signal.reason,
  })
}
