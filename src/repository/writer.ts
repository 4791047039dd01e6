import { HoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { openChunkWriter, type ChunkWriterOptions } from './chunk-writer.ts'
import { smallestStoredChunk } from './format/chunk.ts'
import type { BackupLock } from './backup-lock.ts'
import type { Manifest, ManifestLock } from './format/manifest.ts'
import { chunkKey, chunkNameOfKey, keyedTextHash, mendedPrefix } from './format/chunk-names.ts'
import type { Mending } from './mending.ts'
import type { Presence } from './presence.ts'
import {
  inEach,
  newState,
  outcomesOf,
  severalPlaces,
  usualPatienceMs,
  type WrittenCopy,
} from './several-places.ts'
import { listChunks } from './stored-chunks.ts'
import type { BackupWriter } from './types.ts'

/** A copy of the repository that a backup is to be written to. */
export interface WriterCopy {
  readonly storage: Storage
  /** Locks what the backup needs. `storage` is its own then. */
  readonly lock: BackupLock | null
  /** Which chunks are stored anew, although an object of their name is there. */
  readonly openMending: () => Promise<Mending>
  /** Says in this copy that a writer is at work. */
  readonly announce: () => Promise<Presence>
  /** Calls with each backup that is there, in any order, and resolves when all were visited. */
  readonly visitPrevious: (visit: (manifest: Manifest) => void) => Promise<unknown>
  /** Signs and stores a manifest durably. */
  readonly putManifest: (manifest: Manifest) => Promise<void>
}

/** What a writer needs; nothing in it decrypts. */
export interface WriterOptions extends Omit<ChunkWriterOptions, 'place' | 'avoid'> {
  /** At least one. */
  readonly copies: readonly WriterCopy[]
  readonly host: { readonly id: string }
  /** Of the backup that will be. */
  readonly id: string
  readonly started: Date
  /** How much longer a copy is waited for than another. */
  readonly patienceMs?: number | undefined
}

/** A copy, and what was found in it. */
interface OpenCopy extends WriterCopy, WrittenCopy {
  /** Null: it could not be said there that a writer is at work. */
  presence: Presence | null
  mending: Mending | null
  locked: ManifestLock | null
  /** Names of chunks whose object is there and not to be relied on. */
  readonly anew: Set<string>
  readonly stored: Map<string, number>
  /**
   * Stored sizes by name that earlier backups wrote down. Only of chunks that are not stored with that very size, which are few, if any:
   * nothing is to be said against the others.
   */
  readonly expected: Map<string, number>
  /** Sequence number of the newest backup. */
  highest: number
}

/**
 * Opens a writer for one backup. Lists the stored chunks once: what is reused is what is really there, not what an earlier
 * manifest says should be. Each copy has an announcement, plans and a list of its own, by its own clock.
 */
export async function openWriter(options: WriterOptions): Promise<BackupWriter> {
  const { namingKey, epoch, host, signal, patienceMs = usualPatienceMs } = options
  const copies = options.copies.map((copy) => notOpenYet(copy, signal))
  const end = async (): Promise<void> => {
    await Promise.all(
      copies.map(async ({ presence, state }) => {
        if (state.unsettled) presence?.leave()
        else await presence?.end()
      }),
    )
  }
  try {
    await inEach(copies, patienceMs, look)
  } catch (error) {
    await end()
    throw error
  }
  const writer = openChunkWriter({
    ...options,
    place: severalPlaces(copies, patienceMs),
    avoid: namesToAvoid(copies),
  })
  return {
    ...writer,
    id: options.id,
    started: options.started,
    epoch: epoch.id,
    host: host.id,
    sequence: Math.max(...copies.map(({ highest }) => highest)) + 1,
    lock: lockedByAll(copies),
    copies: () => outcomesOf(copies),
    keyedHash: (text) => keyedTextHash(namingKey, text),
    async commit(manifest) {
      writer.requireAllStored()
      if (manifest.id !== options.id)
        throw new HoldfastError(
          'internal',
          `The manifest is of ${manifest.id}, and the writer of ${options.id}.`,
        )
      await inEach(copies, patienceMs, async (copy) => {
        await copy.mending?.settle({ when: new Date(manifest.finished), signal })
        await copy.putManifest(manifest)
      })
    },
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await end()
    },
  }
}

function notOpenYet(copy: WriterCopy, signal: AbortSignal | undefined): OpenCopy {
  const { storage } = copy
  const expected = new Map<string, number>()
  const open: OpenCopy = {
    ...copy,
    presence: null,
    mending: null,
    locked: null,
    anew: new Set(),
    stored: new Map(),
    expected,
    highest: 0,
    state: newState(),
    keyFor: (name) => open.mending?.keyFor(name, open.anew.has(name)) ?? chunkKey(name),
    takeOver: (name, size) => requireSize(storage, name, size, expected.get(name)),
    signal,
  }
  return open
}

/**
 * Reads what is known to be damaged, announces, then lists what is stored, then reads what was written down of it. In this order:
 * docs/CONSISTENCY.md, W1 to W3.
 */
async function look(copy: OpenCopy): Promise<void> {
  const { storage, stored, expected, anew, signal } = copy
  const mending = await copy.openMending()
  copy.mending = mending
  const presence = await copy.announce()
  copy.presence = presence
  copy.locked = copy.lock?.begin(await presence.begun()) ?? null
  const mended = new Set<string>()
  for await (const { key, size } of listChunks(storage, { signal })) {
    const name = chunkNameOfKey(key)
    const mends = key.startsWith(mendedPrefix)
    if (name === null || (mends && size < smallestStoredChunk)) continue
    stored.set(name, size)
    if (mends) mended.add(name)
  }
  await copy.visitPrevious((manifest) => {
    const { sequence, chunks } = manifest
    mending.visit(manifest)
    copy.lock?.heed(manifest)
    copy.highest = Math.max(copy.highest, sequence)
    for (const [name, , size] of chunks) if (stored.get(name) !== size) expected.set(name, size)
  })
  for (const name of mending.names) if (stored.delete(name)) anew.add(name)
  for (const [name, size] of stored) {
    // What mends is of the size that it was sealed to, whatever an earlier manifest says of the object that it mends.
    const should = mended.has(name) ? undefined : expected.get(name)
    if (!isOfSize(size, should) && stored.delete(name)) anew.add(name)
  }
}

/** What holds of the locks in every copy: clocks differ. */
function lockedByAll(copies: readonly OpenCopy[]): ManifestLock | null {
  const locks = copies.flatMap(({ locked, state }) =>
    locked === null || state.failed !== null ? [] : [locked],
  )
  return locks.reduce<ManifestLock | null>((least, one) => (least === null || one.until < least.until ? one : least), null) // prettier-ignore
}

/**
 * Names that can't be used in every copy: what a prune of one of them may delete, and what has different sizes in two of them, as it
 * was stored there at different times, so that one manifest could not hold in both.
 */
function namesToAvoid(copies: readonly OpenCopy[]): ReadonlySet<string> {
  const written = copies.filter(({ state }) => state.failed === null)
  const avoid = new Set(written.flatMap(({ presence }) => [...(presence?.avoid ?? [])]))
  for (const [index, { stored }] of written.entries())
    for (const other of written.slice(index + 1))
      for (const [name, size] of other.stored) if ((stored.get(name) ?? size) !== size) avoid.add(name)
  return avoid
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
