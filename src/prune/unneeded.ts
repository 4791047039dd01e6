import { chunkKey, chunkNameOfKey, chunkPrefix } from '../repository/format/chunk-names.ts'
import { nameTable } from '../repository/name-table.ts'
import { locksOf } from './locked.ts'
import { visitNeeded } from './look.ts'
import type { Amount, Look, PruneRequest, Retained } from './types.ts'

export interface StoredChunk {
  readonly name: string
  readonly size: number
  readonly modified: Date
  /** Null: it is not locked. */
  readonly lockedUntil: Date | null
}

/** Chunks whose locks are asked for together. */
const asked = 256

/**
 * The stored chunks that nothing needs once what goes is gone, one by one: all of them may be more than is to be held. `now` is the storage's
 * time.
 */
export async function* findUnneeded(
  request: PruneRequest & { readonly now: Date },
  found: Look,
): AsyncGenerator<StoredChunk> {
  const needed = nameTable()
  const going = { backups: new Set(goingOf(found)), restores: new Set(found.oldRestores) }
  await visitNeeded(request, going, (name) => needed.add(name))
  const { storage } = request.repository
  let some: Omit<StoredChunk, 'lockedUntil'>[] = []
  const withLocks = async (): Promise<StoredChunk[]> => {
    const locked = await locksOf(storage, some.map(({ name }) => chunkKey(name)), request) // prettier-ignore
    const all = some.map((chunk) => ({ ...chunk, lockedUntil: locked.get(chunkKey(chunk.name)) ?? null }))
    some = []
    return all
  }
  for await (const { key, size, modified } of storage.list(chunkPrefix, request)) {
    const name = chunkNameOfKey(key)
    if (name === null || needed.find(name) !== -1) continue
    if (some.push({ name, size, modified }) === asked) yield* await withLocks()
  }
  yield* await withLocks()
}

/** Ids of the backups that go. */
export function goingOf({ decisions }: Look): string[] {
  return decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id)
}

export function addTo({ objects, bytes }: Amount, { size }: Pick<StoredChunk, 'size'>): Amount {
  return { objects: objects + 1, bytes: bytes + size }
}

export const noChunks: Amount = { objects: 0, bytes: 0 }

/** With a chunk that is locked. */
export function retain(retained: Retained, chunk: StoredChunk): Retained {
  const { until } = retained
  const later = until === null || (chunk.lockedUntil !== null && chunk.lockedUntil > until)
  return { ...addTo(retained, chunk), until: later ? chunk.lockedUntil : until }
}

export const noneRetained: Retained = { ...noChunks, until: null }
