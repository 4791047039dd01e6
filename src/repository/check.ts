import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { Storage } from '../storage/storage.ts'
import { visitErasures, visitRestores } from './check-restores.ts'
import { chunkNameOfKey, chunkPrefix } from './format/chunk-names.ts'
import type { Manifest } from './format/manifest.ts'
import type { RestoresOf } from './restores.ts'
import type { ChunkReader, Repository } from './types.ts'

/** What a check found. Something is whole if its lists are empty; only chunks that were `read` are known to be undamaged. */
export interface CheckReport {
  readonly backups: readonly PartCheck[]
  /** What restores left: safety backups and reports, by the id of the restore. */
  readonly restores: readonly PartCheck[]
  /** Erasures and withdrawals of them. */
  readonly erasures: readonly PartCheck[]
  /** Distinct chunks that all of them need. */
  readonly objects: number
  /** Chunks that were opened and re-hashed, and their plain bytes. */
  readonly read: number
  readonly bytesRead: number
  /** Stored chunks that none of them needs: of backups that are running or were broken off. Not an error. */
  readonly unreferenced: { readonly objects: number; readonly bytes: number }
}

/** The names of the chunks of a backup or restore that are not as they should be. */
export interface PartCheck {
  readonly id: string
  readonly missing: readonly string[]
  /** Opened, and not what was stored. */
  readonly damaged: readonly string[]
  /** Present with another size than was stored; if they are also damaged they are in both lists. */
  readonly sizeDiffers: readonly string[]
  /** Present, but the storage failed to hand them out. */
  readonly unreadable: readonly string[]
}

type Faults = Omit<PartCheck, 'id'>

/** What is known of a chunk, held once for all that need it. */
interface NeededChunk {
  readonly name: string
  /** As the first document that was read has them. */
  readonly plainBytes: number
  readonly storedBytes: number
  /** Its size in the storage; null if it is missing. */
  present: number | null
  /** Plain bytes it was found to hold; null if it was not opened. */
  opened: number | null
  fault: 'damaged' | 'unreadable' | null
}

const readsAtOnce = 4

/**
 * Checks that every chunk that manifests, restores and erasures name is present, by listing once, and with a `reader` opens and re-hashes a
 * `share` (0 to 1) of the distinct chunks. Which ones is decided by `pick`, a whole number: successive values go round
 * all chunks, so that a share of 0.05 has seen everything after 20 checks. Throws only if the check itself cannot be done.
 *
 * No list of chunks is held: if anything is wrong, each document is read again to tell what it means for that backup or restore.
 */
export async function checkRepository(options: {
  repository: Pick<Repository, 'storage' | 'manifests' | 'find'> & RestoresOf
  reader: ChunkReader | null
  share: number
  pick: number
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}): Promise<{ report: CheckReport } & Pick<Awaited<ReturnType<Repository['manifests']>>, 'refused'>> {
  const { repository, reader, share, pick, signal, onProgress } = options
  const needed = new Map<string, NeededChunk>()
  let agreed = true
  const visit = ({ chunks }: Pick<Manifest, 'chunks'>): void => {
    for (const [name, plainBytes, storedBytes] of chunks) {
      const chunk = needed.get(name)
      if (chunk !== undefined) agreed &&= chunk.plainBytes === plainBytes && chunk.storedBytes === storedBytes
      else needed.set(name, { name, plainBytes, storedBytes, present: null, opened: null, fault: null })
    }
  }
  const { backups, refused } = await repository.manifests({ visit, signal })
  const restores = await visitRestores(repository, visit, { signal })
  const erasures = await visitErasures(repository, { signal })
  for (const document of erasures.documents) visit(document)
  const unreferenced = await findStored(repository.storage, needed, signal, onProgress)

  const present = [...needed.values()].filter((chunk) => chunk.present !== null)
  const chosen = reader === null ? [] : choose(present.map(({ name }) => name), share, pick) // prettier-ignore
  let read = 0
  let bytesRead = 0
  await eachLimited(chosen, readsAtOnce, async (name) => {
    throwIfCancelled(signal)
    const chunk = needed.get(name)
    if (reader === null || chunk === undefined) return
    await openChunk(reader, chunk, signal)
    read += 1
    bytesRead += chunk.opened ?? 0
    onProgress?.({ phase: 'reading chunks', done: read, total: chosen.length, unit: 'objects' })
  })

  const whole = agreed && needed.values().every(isWhole)
  const checks: PartCheck[] = []
  for (const { id } of backups) {
    const chunks = whole ? [] : await chunksOf(repository, id, signal)
    if (chunks !== null) checks.push({ id, ...faultsOf(chunks, needed) })
  }
  const ofRestores = new Map(restores.ids.map((id) => [id, faultsOf([], needed)]))
  if (!whole) {
    await restores.again((id, chunks) => {
      ofRestores.set(id, withFaults(ofRestores.get(id), faultsOf(chunks, needed)))
    })
  }
  return {
    report: {
      backups: checks,
      restores: [...ofRestores].map(([id, faults]) => ({ id, ...faults })),
      erasures: erasures.documents.map(({ id, chunks }) => ({ id, ...faultsOf(chunks, needed) })),
      objects: needed.size,
      read,
      bytesRead,
      unreferenced,
    },
    refused: [...refused, ...restores.refused, ...erasures.refused],
  }
}

/** Null if a prune has removed the backup meanwhile: that goes before its chunks do, so none of them is missed. */
async function chunksOf(
  repository: Pick<Repository, 'find'>,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Manifest['chunks'] | null> {
  try {
    return (await repository.find(id, { signal })).chunks
  } catch (error) {
    if (isHoldfastError(error, 'backup_not_found')) return null
    throw error
  }
}

/** Writes down the sizes of the needed chunks that are stored. What else is stored as a chunk. */
async function findStored(
  storage: Storage,
  needed: ReadonlyMap<string, NeededChunk>,
  signal: AbortSignal | undefined,
  onProgress: OnProgress | undefined,
): Promise<CheckReport['unreferenced']> {
  const unreferenced = { objects: 0, bytes: 0 }
  let done = 0
  for await (const { key, size } of storage.list(chunkPrefix, { signal })) {
    const chunk = needed.get(chunkNameOfKey(key) ?? '')
    if (chunk !== undefined) {
      chunk.present = size
      done += 1
      onProgress?.({ phase: 'listing chunks', done, total: needed.size, unit: 'objects' })
    } else {
      unreferenced.objects += 1
      unreferenced.bytes += size
    }
  }
  return unreferenced
}

/** Opens a chunk and writes down what is wrong with it. */
async function openChunk(
  reader: ChunkReader,
  chunk: NeededChunk,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    chunk.opened = (await reader.read(chunk.name, { signal })).length
  } catch (error) {
    if (isHoldfastError(error, 'object_missing')) chunk.present = null
    else if (isHoldfastError(error, 'object_damaged')) chunk.fault = 'damaged'
    else if (isHoldfastError(error, 'storage_failed')) chunk.fault = 'unreadable'
    else throw error
  }
}

function isWhole({ plainBytes, storedBytes, present, opened, fault }: NeededChunk): boolean {
  return present === storedBytes && fault === null && (opened === null || opened === plainBytes)
}

/** What is wrong with what needs these chunks. The names are those in `needed`, not copies of their own. */
function faultsOf(chunks: Manifest['chunks'], needed: ReadonlyMap<string, NeededChunk>): Faults {
  const missing: string[] = []
  const damaged: string[] = []
  const sizeDiffers: string[] = []
  const unreadable: string[] = []
  for (const [called, plainBytes, storedBytes] of chunks) {
    const { name = called, present = null, opened = null, fault = null } = needed.get(called) ?? {}
    if (present === null) missing.push(name)
    else if (present !== storedBytes) sizeDiffers.push(name)
    if (fault === 'damaged' || (opened !== null && opened !== plainBytes)) damaged.push(name)
    if (fault === 'unreadable') unreadable.push(name)
  }
  return { missing, damaged, sizeDiffers, unreadable }
}

/** The faults of two documents of one restore, which name no chunk both. */
function withFaults(one: Faults | undefined, other: Faults): Faults {
  if (one === undefined) return other
  return {
    missing: [...one.missing, ...other.missing],
    damaged: [...one.damaged, ...other.damaged],
    sizeDiffers: [...one.sizeDiffers, ...other.sizeDiffers],
    unreadable: [...one.unreadable, ...other.unreadable],
  }
}

/**
 * The names in a window of width `share` that `pick` moves on round the circle of all names. Names are keyed hashes, so
 * they are spread evenly. At least one, if there are any: a check that was told to read must not pass having read nothing.
 */
export function choose(names: readonly string[], share: number, pick: number): string[] {
  if (share <= 0 || names.length === 0) return []
  if (share >= 1) return [...names]
  const windows = Math.ceil(1 / share)
  const start = (pick % windows) / windows
  const distance = (name: string) => (Number.parseInt(name.slice(0, 8), 16) / 2 ** 32 - start + 1) % 1
  const chosen = names.filter((name) => distance(name) < Math.max(share, 1 / windows))
  if (chosen.length > 0) return chosen
  return [names.reduce((nearest, name) => (distance(name) < distance(nearest) ? name : nearest))]
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', 'The check was cancelled.', { cause: signal.reason })
}
