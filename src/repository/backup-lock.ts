import { eachLimited } from '../lib/async.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { CallOptions, Lock, LockMode, ObjectLocks, Storage } from '../storage/storage.ts'
import { chunkKey, chunkNameOfKey } from './format/chunk-names.ts'
import { headerKey, keysetKey, manifestPrefix } from './format/fields.ts'
import type { Manifest, ManifestLock } from './format/manifest.ts'
import { nameTable } from './name-table.ts'
import { mendedKeys } from './stored-chunks.ts'

/** For how long everything that a backup needs is to be locked, and how. */
export interface LockRequest {
  /** From the beginning of the backup, by the storage's clock. */
  readonly forMs: number
  readonly mode: LockMode
}

/** The locks of one backup that is being written to one storage. */
export interface BackupLock {
  /** The storage, which locks chunks and manifests as they are put, once `begin` was called. */
  readonly storage: Storage
  /** `begun`: the storage's time at the beginning. What is locked from then on, and until when. */
  begin(begun: Date): ManifestLock
  /** Takes down what an earlier backup of this host has locked for long enough. */
  heed(manifest: Manifest): void
  /**
   * Locks the header, and those chunks of a backup that were there already and are not known to be locked for long enough. To be called before the
   * manifest is put, as is the other.
   */
  lockChunks(manifest: Manifest, onProgress?: OnProgress): Promise<void>
  /** Locks the key set of this version: without it nothing can be opened. */
  lockKeyset(version: number): Promise<void>
}

const locksAtOnce = 32
const dayMs = 24 * 60 * 60 * 1000

/**
 * Locks end with a day, so that all backups of one day lock until the same moment and only the first of them has to lock again what all of them
 * need.
 */
export function lockBackup(
  o: {
    storage: Storage
    locks: ObjectLocks
    request: LockRequest
    /** Id of the host that writes. */
    host: string
  } & CallOptions,
): BackupLock {
  const { storage, locks, request, host, signal } = o
  let begun: { readonly least: number; readonly lock: Lock } | null = null
  const locked = nameTable()
  const beginning = (): { readonly least: number; readonly lock: Lock } => {
    if (begun !== null) return begun
    throw new HoldfastError('internal', 'A backup was to be locked before it is known from when on.')
  }

  return {
    begin(at) {
      const least = at.getTime() + request.forMs
      begun = { least, lock: { until: new Date(Math.ceil(least / dayMs) * dayMs), mode: request.mode } }
      return { until: begun.lock.until.toISOString(), mode: request.mode }
    },

    storage: {
      ...storage,
      async put(key, data, options) {
        const name = chunkNameOfKey(key)
        if (name === null && !key.startsWith(manifestPrefix)) return await storage.put(key, data, options)
        const { lock } = beginning()
        const result = await storage.put(key, data, { ...options, lock })
        if (result === 'exists' && name === null) await locks.extend(key, lock, { signal })
        if (result === 'stored' && name !== null) locked.add(name)
        return result
      },
    },

    heed(manifest) {
      const { least, lock } = beginning()
      const before = manifest.lock
      // Another host's word for it would let whoever stole that host take the locks of all.
      if (before === undefined || manifest.host !== host || Date.parse(before.until) < least) return
      if (before.mode !== lock.mode && before.mode !== 'compliance') return
      for (const [name] of manifest.chunks) locked.add(name)
    },

    async lockChunks({ chunks }, onProgress) {
      const { lock } = beginning()
      // Of a chunk that was mended the copy is what counts, and it may be younger than the lock that is known.
      const mended = await mendedKeys(storage, { signal })
      const chunkKeys = chunks.flatMap(([name]) => {
        const copy = mended.get(name)
        return copy !== undefined ? [copy] : locked.find(name) === -1 ? [chunkKey(name)] : []
      })
      const keys = [headerKey, ...chunkKeys]
      let done = 0
      await eachLimited(keys, locksAtOnce, async (key) => {
        await locks.extend(key, lock, { signal })
        done += 1
        onProgress?.({ phase: 'locking', done, total: keys.length, unit: 'objects' })
      })
    },

    lockKeyset: (version) => locks.extend(keysetKey(version), beginning().lock, { signal }),
  }
}
