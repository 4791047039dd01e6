import { HoldfastError } from '../lib/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { openChunkWriter, type ChunkWriterOptions } from './chunk-writer.ts'
import { smallestStoredChunk } from './format/chunk.ts'
import type { Manifest } from './format/manifest.ts'
import { chunkKey, chunkNameOfKey, chunkPrefix, keyedTextHash } from './format/chunk-names.ts'
import type { Presence } from './presence.ts'
import {
  inEach,
  newState,
  outcomesOf,
  severalPlaces,
  usualPatienceMs,
  type WrittenCopy,
} from './several-places.ts'
import type { BackupWriter } from './types.ts'

/** A copy of the repository that a backup is to be written to. */
export interface WriterCopy {
  readonly storage: Storage
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
    copies: () => outcomesOf(copies),
    keyedHash: (text) => keyedTextHash(namingKey, text),
    async commit(manifest) {
      writer.requireAllStored()
      if (manifest.id !== options.id)
        throw new HoldfastError(
          'internal',
          `The manifest is of ${manifest.id}, and the writer of ${options.id}.`,
        )
      await inEach(copies, patienceMs, (copy) => copy.putManifest(manifest))
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
  return {
    ...copy,
    presence: null,
    stored: new Map(),
    expected,
    highest: 0,
    state: newState(),
    takeOver: (name, size) => checkSize(storage, name, size, expected.get(name)),
    signal,
  }
}

/** Announces, then lists what is stored, then reads what was written down of it. In this order: docs/CONSISTENCY.md, W1 to W3. */
async function look(copy: OpenCopy): Promise<void> {
  const { storage, stored, expected, signal } = copy
  copy.presence = await copy.announce()
  for await (const { key, size } of storage.list(chunkPrefix, { signal })) {
    const name = chunkNameOfKey(key)
    if (name !== null) stored.set(name, size)
  }
  await copy.visitPrevious(({ sequence, chunks }) => {
    copy.highest = Math.max(copy.highest, sequence)
    for (const [name, , size] of chunks) if (stored.get(name) !== size) expected.set(name, size)
  })
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
