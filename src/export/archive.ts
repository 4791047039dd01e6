import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { tarEnd, tarHeader, tarPadding } from '../lib/tar.ts'
import { readDamaged } from '../repository/damaged.ts'
import { readErasedDocuments } from '../repository/erasures.ts'
import { chunkKey, chunkNameOfKey, mendedPrefix } from '../repository/format/chunk-names.ts'
import { erasedKey, headerKey, keysetKey, manifestKey } from '../repository/format/fields.ts'
import type { Manifest, ManifestChunk } from '../repository/format/manifest.ts'
import { pinPrefix } from '../repository/format/pin.ts'
import { verifiedPrefix } from '../repository/format/verified.ts'
import { getIfPresent } from '../repository/manifests.ts'
import type { Repository } from '../repository/types.ts'
import type { ByteSink } from './sink.ts'

export interface ArchiveRequest {
  readonly repository: Repository
  readonly manifest: Manifest
  readonly to: ByteSink
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** What was written. */
export interface ArchiveReport {
  readonly objects: number
  /** Of the whole file. */
  readonly bytes: number
  /** Chunks that are known to be damaged and were mended by nothing: names. */
  readonly hurt: readonly string[]
}

/**
 * Writes one backup as an archive: a tar file of the objects that it needs, as they are stored (docs/FORMAT.md, "Archives"). Needs no private
 * key, so that a chunk is the right one is told by its size only. The manifest comes last: a file that is cut holds no backup. Holds one object
 * in memory. Throws `object_missing`, `object_damaged`, and what `to` throws.
 */
export async function writeArchive(o: ArchiveRequest): Promise<ArchiveReport> {
  const { repository, manifest, to, signal } = o
  const { storage, keyset } = repository
  const modified = new Date(manifest.finished)
  const total = manifest.chunks.reduce((sum, [, , size]) => sum + size, 0)
  const written = { objects: 0, bytes: 0 }

  async function put(key: string, bytes: Uint8Array): Promise<void> {
    throwIfCancelled(signal)
    const header = tarHeader({ name: key, size: bytes.length, modified })
    const padding = new Uint8Array(tarPadding(bytes.length))
    for (const part of [header, bytes, padding]) await to.write(part)
    written.objects += 1
    written.bytes += header.length + bytes.length + padding.length
    o.onProgress?.({ phase: 'writing objects', done: Math.min(written.bytes, total), total, unit: 'bytes' })
  }
  const copy = async (key: string): Promise<void> => put(key, await storage.get(key, { signal }))

  const mended = await mendedObjects(o)
  const done = new Set<string>()
  async function copyChunk([name, , size]: ManifestChunk): Promise<void> {
    if (done.has(name)) return
    done.add(name)
    const copies = mended.get(name) ?? []
    const found = await wholeObject(o, chunkKey(name), size)
    if (found !== null) await put(chunkKey(name), found)
    else if (copies.length === 0) throw await unfit(o, chunkKey(name), size)
    for (const one of copies) await copy(one)
  }

  await copy(headerKey)
  await copy(keysetKey(keyset.version))
  // Whoever gives out rows must know which were erased. Which of them are of this backup only who opens them can tell, so all are here.
  const erasures = await readErasedDocuments(o, (_key, error) => {
    throw error
  })
  for (const { chunks } of erasures) for (const chunk of chunks) await copyChunk(chunk)
  for (const chunk of manifest.chunks) await copyChunk(chunk)
  for (const { id } of erasures.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await copy(erasedKey(id))
  for (const prefix of [pinPrefix, verifiedPrefix])
    for (const key of await keysBelow(o, `${prefix}${manifest.id}/`)) {
      // It may have been taken away since.
      const bytes = await getIfPresent(storage, key, { signal })
      if (bytes !== null) await put(key, bytes)
    }
  await copy(manifestKey(manifest.id))
  await to.write(tarEnd)
  const known = await readDamaged(repository, { signal })
  const hurt = known.chunks.map(({ name }) => name).filter((name) => done.has(name) && !mended.has(name))
  return { objects: written.objects, bytes: written.bytes + tarEnd.length, hurt }
}

/** By the name of a chunk of the backup, the keys of what mends it. */
async function mendedObjects({ repository, signal }: ArchiveRequest): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for await (const { key } of repository.storage.list(mendedPrefix, { signal })) {
    const name = chunkNameOfKey(key)
    if (name !== null) found.set(name, [...(found.get(name) ?? []), key].sort())
  }
  return found
}

async function keysBelow({ repository, signal }: ArchiveRequest, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of repository.storage.list(prefix, { signal })) keys.push(key)
  return keys.sort()
}

/** The object, from the first copy of the repository in which it has this size; null: from none. */
async function wholeObject(
  { repository, signal }: ArchiveRequest,
  key: string,
  size: number,
): Promise<Uint8Array | null> {
  for (const storage of repository.copies?.all() ?? [repository.storage]) {
    const info = await storage.head(key, { signal })
    const bytes = info?.size === size ? await storage.get(key, { signal }) : null
    if (bytes?.length === size) return bytes
  }
  return null
}

async function unfit(
  { repository: { storage }, signal }: ArchiveRequest,
  key: string,
  size: number,
): Promise<HoldfastError> {
  const info = await storage.head(key, { signal })
  const details = { key }
  return info === null
    ? new HoldfastError('object_missing', `${key} is missing in ${storage.address}.`, { details })
    : new HoldfastError(
        'object_damaged',
        `${key} in ${storage.address} has ${info.size} bytes, and ${size} were stored.`,
        { details },
      )
}
