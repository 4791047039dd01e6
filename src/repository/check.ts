import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { faultsOf, findStored, isWhole, openChunk, type Faults, type NeededChunk } from './check-chunks.ts'
import { visitErasures, visitRestores } from './check-restores.ts'
import { readChecked, type EarlierChecks } from './checked.ts'
import { readDamaged, type DamagePlace, type KnownDamage } from './damaged.ts'
import { slotCount } from './format/checked.ts'
import type { Manifest } from './format/manifest.ts'
import type { RestoresOf } from './restores.ts'
import { afterArc, isInArc, nextArc, type Arc } from './rotation.ts'
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
  /** How many of these were not what was stored. */
  readonly readHurt: number
  /** Stored chunks that none of them needs: of backups that are running or were broken off. Not an error. */
  readonly unreferenced: { readonly objects: number; readonly bytes: number }
}

export interface PartCheck extends Faults {
  readonly id: string
}

const readsAtOnce = 4

/** What a check found, and what the next one has to know of it. */
export interface CheckResult extends Pick<Awaited<ReturnType<Repository['manifests']>>, 'refused'> {
  readonly report: CheckReport
  /** What was read back of the circle of names; null: nothing. */
  readonly arc: Arc | null
  readonly earlier: EarlierChecks
  /** What was known to be hurt before. */
  readonly known: KnownDamage
  /** Every chunk that is needed, by name. */
  readonly needed: ReadonlyMap<string, NeededChunk>
}

/**
 * Checks that every chunk that manifests, restores and erasures name is present, by listing once, and with a `reader` opens and re-hashes a
 * `share` (0 to 1) of them: the one that comes after what the marks of earlier checks tell, so that twenty checks with a share of 0.05 have read
 * all of it, on whatever machines. What is known to be damaged is read
 * every time, and without a `reader` counts as damaged still. Throws only if the check itself cannot be done.
 *
 * No list of chunks is held: if anything is wrong, each document is read again to tell what it means for that backup or restore.
 */
export async function checkRepository(options: {
  repository: Pick<Repository, 'storage' | 'manifests' | 'find'> & RestoresOf & DamagePlace
  reader: ChunkReader | null
  share: number
  /** When it begins. Where no check could leave a mark, the day decides which share it is. */
  now: Date
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}): Promise<CheckResult> {
  const { repository, reader, share, now, signal, onProgress } = options
  const needed = new Map<string, NeededChunk>()
  let agreed = true
  const visit = ({ chunks }: Pick<Manifest, 'chunks'>): void => {
    for (const [name, plainBytes, storedBytes] of chunks) {
      const chunk = needed.get(name)
      if (chunk !== undefined) agreed &&= chunk.plainBytes === plainBytes && chunk.storedBytes === storedBytes
      else
        needed.set(name, {
          name,
          plainBytes,
          storedBytes,
          present: null,
          mended: false,
          stored: 0,
          opened: null,
          fault: null,
        })
    }
  }
  const { backups, refused } = await repository.manifests({ visit, signal })
  const restores = await visitRestores(repository, visit, { signal })
  const erasures = await visitErasures(repository, { signal })
  for (const document of erasures.documents) visit(document)
  const unreferenced = await findStored(repository.storage, needed, signal, onProgress)
  const known = await readDamaged(repository, { signal })
  for (const { name, fault } of known.chunks) {
    const chunk = needed.get(name)
    if (chunk !== undefined && fault === 'damaged') chunk.fault = 'damaged'
  }

  const nobodyReads = reader === null || share <= 0
  const earlier = nobodyReads ? { marks: [], refused: [] } : await readChecked({ repository, signal })
  const arc = nobodyReads ? null : arcOf({ needed, share, now, earlier })
  const chosen = [...needed.values()].filter(
    ({ name, present, fault }) => present !== null && arc !== null && (isInArc(arc, name) || fault !== null),
  )
  let read = 0
  let bytesRead = 0
  await eachLimited(chosen, readsAtOnce, async (chunk) => {
    throwIfCancelled(signal)
    if (reader === null) return
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
      readHurt: chosen.filter((chunk) => !isWhole(chunk)).length,
      unreferenced,
    },
    refused: [...refused, ...restores.refused, ...erasures.refused],
    arc,
    earlier,
    known,
    needed,
  }
}

/** Which share is read: the one after the newest mark's. */
function arcOf(o: {
  needed: ReadonlyMap<string, NeededChunk>
  share: number
  now: Date
  earlier: EarlierChecks
}): Arc {
  const [newest] = o.earlier.marks
  const day = Math.floor(o.now.getTime() / 86_400_000)
  const from = newest === undefined ? Math.floor(day * o.share * slotCount) % slotCount : afterArc(newest)
  const names = [...o.needed.values()].filter(({ present }) => present !== null).map(({ name }) => name)
  return nextArc({ names, share: o.share, from })
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

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', 'The check was cancelled.', { cause: signal.reason })
}
