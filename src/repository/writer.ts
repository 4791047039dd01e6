import { HoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { openChunkWriter, type ChunkWriterOptions } from './chunk-writer.ts'
import { smallestStoredChunk } from './format/chunk.ts'
import type { Manifest, ManifestLock } from './format/manifest.ts'
import { chunkKey, chunkNameOfKey, chunkPrefix, keyedTextHash } from './format/chunk-names.ts'
import type { BackupWriter } from './types.ts'

/** What a writer needs; nothing in it decrypts. */
export interface WriterOptions extends Omit<ChunkWriterOptions, 'stored' | 'takeOver'> {
  readonly host: { readonly id: string }
  /** Of the backup that will be. */
  readonly id: string
  readonly started: Date
  readonly lock: ManifestLock | null
  /** Called once, when nothing more will be stored. */
  readonly end: () => Promise<void>
  /** Calls with each backup that is there, in any order, and resolves when all were visited. */
  readonly visitPrevious: (visit: (manifest: Manifest) => void) => Promise<unknown>
  /** Signs and stores a manifest durably. */
  readonly putManifest: (manifest: Manifest) => Promise<void>
}

/**
 * Opens a writer for one backup. Lists the stored chunks once: what is reused is what is really there, not what an earlier
 * manifest says should be.
 */
export async function openWriter(options: WriterOptions): Promise<BackupWriter> {
  const { storage, namingKey, epoch, host, signal } = options
  const stored = await listChunks(storage, signal)
  const { sequence, expected } = await readPrevious(options, stored)
  const writer = openChunkWriter({
    ...options,
    stored,
    takeOver: (name, size) => checkSize(storage, name, size, expected.get(name)),
  })
  return {
    ...writer,
    id: options.id,
    started: options.started,
    epoch: epoch.id,
    host: host.id,
    lock: options.lock,
    sequence,
    keyedHash: (text) => keyedTextHash(namingKey, text),
    async commit(manifest) {
      writer.requireAllStored()
      if (manifest.id !== options.id)
        throw new HoldfastError(
          'internal',
          `The manifest is of ${manifest.id}, and the writer of ${options.id}.`,
        )
      await options.putManifest(manifest)
    },
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await options.end()
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
