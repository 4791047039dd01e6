import { throwIfCancelled } from '../lib/abort.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { Opener } from '../repository/crypto/opener.ts'
import { chunkKey } from '../repository/format/chunk-names.ts'
import { getIfPresent } from '../repository/manifests.ts'
import { isHurt } from './documents.ts'
import { isOfDocument, otherSize, readChunk, type CopyRun } from './run.ts'
import type { Survey } from './survey.ts'

const readsAtOnce = 4

/** Keys of the documents that are damaged or forged in `to`, and accepted in `from`. */
export async function findHurtDocuments(
  { to, keyset, signal }: CopyRun,
  { accepted, there }: Survey,
): Promise<string[]> {
  const hurt: string[] = []
  await eachLimited(accepted, readsAtOnce, async (key) => {
    if (!there.keys.has(key)) return
    const bytes = await getIfPresent(to.storage, key, { signal })
    if (bytes !== null && isHurt(key, bytes, keyset)) hurt.push(key)
  })
  return hurt
}

/**
 * Reads every needed chunk that `to` has, and replaces what is not what its name says. Objects are written once, so that a damaged one is deleted and put anew; the good bytes are in hand and
 * verified before. Broken off in between, the chunk is missing, and the next run puts it.
 */
export async function mendChunks(run: CopyRun, needed: ReadonlyMap<string, number>): Promise<void> {
  const { opener, stored, report, signal, onProgress } = run
  if (opener === null) throw new HoldfastError('internal', 'Nothing can be repaired without the keys.')
  const present = [...needed].filter(([name]) => stored.has(name))
  let done = 0
  await eachLimited(present, readsAtOnce, async ([name, size]) => {
    throwIfCancelled(signal)
    onProgress?.({ phase: 'reading', done, total: present.length, unit: 'objects' })
    done += 1
    const key = chunkKey(name)
    try {
      const fault = await faultOf(run, opener, name, size)
      if (fault === null) return
      if (run.avoid.has(name)) {
        report.waiting.push(key)
        return
      }
      await mend(run, name, size)
      report.replaced.push(key)
    } catch (error) {
      if (!isOfDocument(error) && !isHoldfastError(error, 'storage_denied')) throw error
      report.failed.push({ key, code: error.code, reason: error.message })
    }
  })
}

/** What is wrong with a chunk of `to`; null: it is what its name says. Throws `object_damaged` if it is, and has another size all the same. */
async function faultOf(
  { to, signal }: CopyRun,
  opener: Opener,
  name: string,
  size: number,
): Promise<'missing' | 'damaged' | null> {
  try {
    const bytes = await to.storage.get(chunkKey(name), { signal })
    await opener.open(name, Uint8Array.from(bytes))
    if (bytes.length === size) return null
    throw otherSize(to.storage.address, name, bytes.length, size)
  } catch (error) {
    if (isHoldfastError(error, 'storage_not_found')) return 'missing'
    if (isHoldfastError(error, 'object_damaged') && error.details['expected'] === undefined) return 'damaged'
    throw error
  }
}

async function mend(run: CopyRun, name: string, size: number): Promise<void> {
  const { to, stored, signal } = run
  const key = chunkKey(name)
  const good = await readChunk(run, name, size)
  await to.storage.delete(key, { signal })
  stored.delete(name)
  // Cancelled now it would be missing, for no need.
  if ((await to.storage.put(key, good)) === 'exists') {
    const info = await to.storage.head(key)
    if (info?.size !== size) throw otherSize(to.storage.address, name, info?.size ?? 0, size)
  }
  stored.set(name, size)
}
