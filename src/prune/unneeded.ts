import { chunkNameOfKey, chunkPrefix, mendedPrefix } from '../repository/format/chunk-names.ts'
import type { ObjectInfo } from '../storage/storage.ts'
import { nameTable } from '../repository/name-table.ts'
import { locksOf } from './locked.ts'
import { visitNeeded } from './look.ts'
import type { Amount, Look, PruneRequest, Retained } from './types.ts'

/** A chunk with the copies that mend it. */
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
  const unneeded = ({ key, size, modified }: ObjectInfo): FoundChunk | null => {
    const name = chunkNameOfKey(key)
    return name === null || needed.find(name) !== -1 ? null : { name, size, modified, keys: [key] }
  }
  // Chunks that were mended are few. Together with its copy such a one is as young as the copy.
  const mended = new Map<string, FoundChunk>()
  for await (const object of storage.list(mendedPrefix, request)) {
    const chunk = unneeded(object)
    if (chunk !== null) mended.set(chunk.name, together(chunk, mended.get(chunk.name)))
  }
  let some: FoundChunk[] = []
  const withLocks = async (): Promise<StoredChunk[]> => {
    const locked = await locksOf(storage, some.flatMap(({ keys }) => keys), request) // prettier-ignore
    const all = some.map(({ keys, ...chunk }) => ({ ...chunk, lockedUntil: latest(keys, locked) }))
    some = []
    return all
  }
  for await (const object of storage.list(chunkPrefix, request)) {
    const chunk = unneeded(object)
    if (chunk === null) continue
    some.push(together(chunk, mended.get(chunk.name)))
    mended.delete(chunk.name)
    if (some.length === asked) yield* await withLocks()
  }
  some.push(...mended.values())
  yield* await withLocks()
}

interface FoundChunk extends Omit<StoredChunk, 'lockedUntil'> {
  readonly keys: readonly string[]
}

function together(one: FoundChunk, other: FoundChunk | undefined): FoundChunk {
  if (other === undefined) return one
  const modified = one.modified > other.modified ? one.modified : other.modified
  return { name: one.name, size: one.size + other.size, modified, keys: [...one.keys, ...other.keys] }
}

function latest(keys: readonly string[], locked: ReadonlyMap<string, Date>): Date | null {
  const ends = keys.flatMap((key) => locked.get(key)?.getTime() ?? [])
  return ends.length === 0 ? null : new Date(Math.max(...ends))
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
