import { eachLimited } from '../lib/async.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { CallOptions, Lock, LockMode, ObjectLocks, Storage } from '../storage/storage.ts'
import { chunkKey, chunkPrefix } from './format/chunk-names.ts'
import { headerKey, keysetKey, manifestPrefix } from './format/fields.ts'
import type { Manifest, ManifestLock } from './format/manifest.ts'
import { nameTable } from './name-table.ts'

/** For how long everything that a backup needs is to be locked, and how. */
export interface LockRequest {
  /** From the beginning of the backup, by the storage's clock. */
  readonly forMs: number
  readonly mode: LockMode
}

/** The locks of one backup that is being written. */
export interface BackupLock {
  readonly record: ManifestLock
  /** The storage, which locks chunks and manifests as they are put. */
  readonly storage: Storage
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
 * `begun`: the storage's time at the beginning. Locks end with a day, so that all backups of one day lock until the same moment and only the first of
 * them has to lock again what all of them need.
 */
export function lockBackup(
  o: {
    storage: Storage
    locks: ObjectLocks
    request: LockRequest
    begun: Date
    /** Id of the host that writes. */
    host: string
  } & CallOptions,
): BackupLock {
  const { storage, locks, request, begun, host, signal } = o
  const least = begun.getTime() + request.forMs
  const lock: Lock = { until: new Date(Math.ceil(least / dayMs) * dayMs), mode: request.mode }
  const locked = nameTable()

  return {
    record: { until: lock.until.toISOString(), mode: lock.mode },

    storage: {
      ...storage,
      async put(key, data, options) {
        const isChunk = key.startsWith(chunkPrefix)
        if (!isChunk && !key.startsWith(manifestPrefix)) return await storage.put(key, data, options)
        const result = await storage.put(key, data, { ...options, lock })
        if (result === 'exists' && !isChunk) await locks.extend(key, lock, { signal })
        if (result === 'stored' && isChunk) locked.add(key.slice(-64))
        return result
      },
    },

    heed(manifest) {
      const before = manifest.lock
      // Another host's word for it would let whoever stole that host take the locks of all.
      if (before === undefined || manifest.host !== host || Date.parse(before.until) < least) return
      if (before.mode !== lock.mode && before.mode !== 'compliance') return
      for (const [name] of manifest.chunks) locked.add(name)
    },

    async lockChunks({ chunks }, onProgress) {
      const chunkKeys = chunks.filter(([name]) => locked.find(name) === -1).map(([name]) => chunkKey(name))
      const keys = [headerKey, ...chunkKeys]
      let done = 0
      await eachLimited(keys, locksAtOnce, async (key) => {
        await locks.extend(key, lock, { signal })
        done += 1
        onProgress?.({ phase: 'locking', done, total: keys.length, unit: 'objects' })
      })
    },

    lockKeyset: (version) => locks.extend(keysetKey(version), lock, { signal }),
  }
}
