import { chunkNameOfKey } from '../repository/format/chunk-names.ts'
import { listChunks } from '../repository/stored-chunks.ts'
import { neededChunks } from './look.ts'
import type { Amount, Look, PruneRequest } from './types.ts'

export interface StoredChunk {
  readonly size: number
  readonly modified: Date
}

/** The stored chunks that nothing needs once what goes is gone, by name. */
export async function findUnneeded(
  request: PruneRequest,
  found: Look,
): Promise<ReadonlyMap<string, StoredChunk>> {
  const needed = await neededChunks(request, {
    backups: new Set(goingOf(found)),
    restores: new Set(found.oldRestores),
  })
  const unneeded = new Map<string, StoredChunk>()
  const { storage } = request.repository
  // Of a chunk that was mended the copy counts, which is the younger.
  for await (const { key, size, modified } of listChunks(storage, request)) {
    const name = chunkNameOfKey(key)
    if (name !== null && !needed.has(name)) unneeded.set(name, { size, modified })
  }
  return unneeded
}

/** Ids of the backups that go. */
export function goingOf({ decisions }: Look): string[] {
  return decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id)
}

export function amountOf(chunks: Iterable<StoredChunk>): Amount {
  let objects = 0
  let bytes = 0
  for (const { size } of chunks) {
    objects += 1
    bytes += size
  }
  return { objects, bytes }
}
