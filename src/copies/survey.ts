import { throwIfCancelled } from '../lib/abort.ts'
import { isHoldfastError } from '../lib/errors.ts'
import { chunkNameOfKey } from '../repository/format/chunk-names.ts'
import { erasedPrefix, manifestPrefix } from '../repository/format/fields.ts'
import { getIfPresent } from '../repository/manifests.ts'
import { listChunks } from '../repository/stored-chunks.ts'
import type { Repository } from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { chunksNamedBy, idOf, inOrder, listDocuments, type ListedDocuments } from './documents.ts'
import type { CopyPreview, CopyRequest, Left } from './types.ts'

/** What a copy lacks, and what is to be done about it. */
export interface Survey extends CopyPreview {
  /** Keys of documents that it lacks, or lacks chunks of. */
  readonly work: readonly string[]
  /** Keys of all documents that are meant and accepted. */
  readonly accepted: readonly string[]
  /** For a repair: names of all chunks that the documents need, with their stored sizes. Else empty, for there may be a great many. */
  readonly needed: ReadonlyMap<string, number>
  readonly there: ListedDocuments
}

/** Stored size by name of every chunk; of one that was mended that of the copy. */
export async function sizesOf(storage: Storage, { signal }: CallOptions): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of listChunks(storage, { signal })) {
    const name = chunkNameOfKey(key)
    if (name !== null) sizes.set(name, size)
  }
  return sizes
}

/** Reads every document that is meant, and compares what it names with what is stored. No list of chunks is kept but that of what is needed. */
export async function survey(
  o: Pick<CopyRequest, 'from' | 'keyset' | 'backups' | 'signal' | 'onProgress'> & {
    readonly to: Pick<Repository, 'storage'>
    readonly repair?: boolean
  },
  stored: ReadonlyMap<string, number>,
): Promise<Survey> {
  const { from, to, keyset, backups, signal } = o
  const here = await listDocuments(from.storage, { signal })
  const there = await listDocuments(to.storage, { signal })
  const meant = inOrder(here.keys).filter(
    (key) => backups === null || key.startsWith(erasedPrefix) || (key.startsWith(manifestPrefix) && backups.has(idOf(key) ?? '')), // prettier-ignore
  )
  const needed = new Map<string, number>()
  const lacking = new Map<string, number>()
  const work: string[] = []
  const accepted: string[] = []
  const refused: Left[] = []
  for (const [done, key] of meant.entries()) {
    throwIfCancelled(signal)
    o.onProgress?.({ phase: 'comparing', done, total: meant.length, unit: 'objects' })
    const bytes = await getIfPresent(from.storage, key, { signal })
    if (bytes === null) continue
    let lacks = !there.keys.has(key)
    try {
      for (const [name, , size] of await chunksNamedBy(key, bytes, keyset)) {
        if (o.repair === true) needed.set(name, size)
        if (stored.has(name)) continue
        lacks = true
        lacking.set(name, size)
      }
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      refused.push({ key, code: error.code, reason: error.message })
      continue
    }
    accepted.push(key)
    if (lacks) work.push(key)
  }
  const only = [...there.keys].filter((key) => !here.keys.has(key))
  const count = (prefix: string): number => only.filter((key) => key.startsWith(prefix)).length
  return {
    work,
    accepted,
    needed,
    there,
    documents: work.filter((key) => !there.keys.has(key)),
    objects: lacking.size,
    bytes: lacking.values().reduce((sum, size) => sum + size, 0),
    refused,
    onlyHere: { backups: count(manifestPrefix), erasures: count(erasedPrefix) },
  }
}
