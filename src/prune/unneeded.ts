import { chunkNameOfKey, chunkPrefix } from '../repository/format/chunk-names.ts'
import { nameTable } from '../repository/name-table.ts'
import { visitNeeded } from './look.ts'
import type { Amount, Look, PruneRequest } from './types.ts'

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
  for await (const { key, size, modified } of storage.list(chunkPrefix, request)) {
    const name = chunkNameOfKey(key)
    if (name !== null && needed.find(name) === -1) yield { name, size, modified }
  }
}

/** Ids of the backups that go. */
export function goingOf({ decisions }: Look): string[] {
  return decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id)
}

export function addTo({ objects, bytes }: Amount, { size }: Pick<StoredChunk, 'size'>): Amount {
  return { objects: objects + 1, bytes: bytes + size }
}

export const noChunks: Amount = { objects: 0, bytes: 0 }
