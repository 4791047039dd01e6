import { HoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { openChunkWriter, type ChunkWriterOptions } from './chunk-writer.ts'
import { smallestStoredChunk } from './format/chunk.ts'
import type { Manifest } from './format/manifest.ts'
import { chunkKey, chunkNameOfKey, keyedTextHash, mendedPrefix } from './format/chunk-names.ts'
import type { Mending } from './mending.ts'
import { listChunks } from './stored-chunks.ts'
import type { BackupWriter } from './types.ts'

/** What a writer needs; nothing in it decrypts. */
export interface WriterOptions extends Omit<ChunkWriterOptions, 'stored' | 'takeOver' | 'keyFor'> {
  /** Which chunks are stored anew, although an object of their name is there. */
  readonly mending: Mending
  readonly host: { readonly id: string }
  /** Of the backup that will be. */
  readonly id: string
  readonly started: Date
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
  const { storage, mending, namingKey, epoch, host, signal } = options
  const { stored, mended } = await findStored(storage, signal)
  const { sequence, expected } = await readPrevious(options, stored)
  const anew = new Set<string>()
  for (const name of mending.names) if (stored.delete(name)) anew.add(name)
  for (const [name, size] of stored) {
    // What mends is of the size that it was sealed to, whatever an earlier manifest says of the object that it mends.
    const should = mended.has(name) ? undefined : expected.get(name)
    if (!isOfSize(size, should) && stored.delete(name)) anew.add(name)
  }
  const writer = openChunkWriter({
    ...options,
    stored,
    keyFor: (name) => mending.keyFor(name, anew.has(name)),
    takeOver: (name, size) => requireSize(storage, name, size, expected.get(name)),
  })
  return {
    ...writer,
    id: options.id,
    started: options.started,
    epoch: epoch.id,
    host: host.id,
    sequence,
    keyedHash: (text) => keyedTextHash(namingKey, text),
    async commit(manifest) {
      writer.requireAllStored()
      if (manifest.id !== options.id)
        throw new HoldfastError(
          'internal',
          `The manifest is of ${manifest.id}, and the writer of ${options.id}.`,
        )
      await mending.settle({ when: new Date(manifest.finished), signal })
      await options.putManifest(manifest)
    },
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await options.end()
    },
  }
}

/** Stored size by name of every chunk in the storage, and the names of those that were mended: of these it is that of the copy. */
async function findStored(
  storage: Storage,
  signal: AbortSignal | undefined,
): Promise<{ stored: Map<string, number>; mended: ReadonlySet<string> }> {
  const stored = new Map<string, number>()
  const mended = new Set<string>()
  for await (const { key, size } of listChunks(storage, { signal })) {
    const name = chunkNameOfKey(key)
    const isCopy = key.startsWith(mendedPrefix)
    if (name === null || (isCopy && size < smallestStoredChunk)) continue
    stored.set(name, size)
    if (isCopy) mended.add(name)
  }
  return { stored, mended }
}

/**
 * The next sequence number, and stored sizes by name that earlier backups wrote down. Only of chunks that are not stored with that
 * very size, which are few, if any: nothing is to be said against the others.
 */
async function readPrevious(
  { visitPrevious, mending }: WriterOptions,
  stored: ReadonlyMap<string, number>,
): Promise<{ sequence: number; expected: Map<string, number> }> {
  let highest = 0
  const expected = new Map<string, number>()
  await visitPrevious((manifest) => {
    const { sequence, chunks } = manifest
    mending.visit(manifest)
    highest = Math.max(highest, sequence)
    for (const [name, , size] of chunks) if (stored.get(name) !== size) expected.set(name, size)
  })
  return { sequence: highest + 1, expected }
}

/** False for an object that is visibly not what was stored. */
function isOfSize(size: number, expected: number | undefined): boolean {
  return size >= smallestStoredChunk && (expected === undefined || size === expected)
}

/** A backup must not be built on an object that came meanwhile, and is visibly not what was stored. The next one mends it. */
function requireSize(storage: Storage, name: string, size: number, expected: number | undefined): void {
  if (isOfSize(size, expected)) return
  const key = chunkKey(name)
  const should = expected === undefined ? `at least ${smallestStoredChunk}` : `${expected}`
  throw new HoldfastError(
    'object_damaged',
    `${key} in ${storage.address} has ${size} bytes, not ${should}.`,
    {
      hint: 'Run it again: the chunk is stored anew, and that mends the earlier backups too.',
      details: { key, size, expected: expected ?? null },
    },
  )
}
