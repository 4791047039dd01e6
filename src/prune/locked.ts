import { eachLimited } from '../lib/async.ts'
import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

const asksAtOnce = 16

/** Which of these objects are locked, until when. `now` is the storage's time. */
export async function locksOf(
  storage: Storage,
  keys: readonly string[],
  { now, signal }: { readonly now: Date } & CallOptions,
): Promise<ReadonlyMap<string, Date>> {
  const found = new Map<string, Date>()
  const { locks } = storage
  if (locks === undefined) return found
  await eachLimited(keys, asksAtOnce, async (key) => {
    const lock = await locks.of(key, { signal })
    if (lock !== null && lock.until > now) found.set(key, lock.until)
  })
  return found
}

/**
 * Deletes an object unless it is locked: where versions are kept, that would only take it out of sight. True if it is gone. `now` is the storage's
 * time.
 */
export async function deleteUnlocked(
  storage: Storage,
  key: string,
  o: { readonly now: Date } & CallOptions,
): Promise<boolean> {
  if ((await locksOf(storage, [key], o)).size > 0) return false
  try {
    await storage.delete(key, { signal: o.signal })
    return true
  } catch (error) {
    // Locked meanwhile.
    if (isHoldfastError(error, 'storage_denied') && (await locksOf(storage, [key], o)).size > 0) return false
    throw error
  }
}
