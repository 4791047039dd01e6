import { chunkNameOfKey, chunkPrefix, mendedPrefix } from '../repository/format/chunk-names.ts'
import { nameTable } from '../repository/name-table.ts'
import { visitNeeded } from './look.ts'
import type { Amount, Look, PruneRequest } from './types.ts'

/** A chunk with the copies that mend it. */
export interface StoredChunk {
  readonly name: string
  readonly size: number
  readonly modified: Date
}

/** The stored chunks that nothing needs once what goes is gone, one by one: all of them may be more than is to be held. */
export async function* findUnneeded(request: PruneRequest, found: Look): AsyncGenerator<StoredChunk> {
  const needed = nameTable()
  const going = { backups: new Set(goingOf(found)), restores: new Set(found.oldRestores) }
  await visitNeeded(request, going, (name) => needed.add(name))
  const { storage } = request.repository
  const unneeded = (key: string): string | null => {
    const name = chunkNameOfKey(key)
    return name !== null && needed.find(name) === -1 ? name : null
  }
  // Chunks that were mended are few. Together with its copy such a one is as young as the copy.
  const mended = new Map<string, StoredChunk>()
  for await (const { key, size, modified } of storage.list(mendedPrefix, request)) {
    const name = unneeded(key)
    if (name !== null) mended.set(name, together({ name, size, modified }, mended.get(name)))
  }
  for await (const { key, size, modified } of storage.list(chunkPrefix, request)) {
    const name = unneeded(key)
    if (name === null) continue
    yield together({ name, size, modified }, mended.get(name))
    mended.delete(name)
  }
  yield* mended.values()
}

function together(one: StoredChunk, other: StoredChunk | undefined): StoredChunk {
  if (other === undefined) return one
  const modified = one.modified > other.modified ? one.modified : other.modified
  return { name: one.name, size: one.size + other.size, modified }
}

/** Ids of the backups that go. */
export function goingOf({ decisions }: Look): string[] {
  return decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id)
}

export function addTo({ objects, bytes }: Amount, { size }: Pick<StoredChunk, 'size'>): Amount {
  return { objects: objects + 1, bytes: bytes + size }
}

export const noChunks: Amount = { objects: 0, bytes: 0 }
