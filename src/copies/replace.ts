import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { erasedPrefix } from '../repository/format/fields.ts'
import { getIfPresent, putOnce } from '../repository/manifests.ts'
import { markUse } from '../repository/uses.ts'
import { chunksNamedBy, idOf } from './documents.ts'
import { announce, type Announced, type CopyRun } from './run.ts'
import { listChunks } from './survey.ts'

/**
 * Puts documents whose chunks are all there under keys that are taken: by a damaged object, or by what a prune puts in the place of a document whose writer it has given up. That
 * must be deleted first, which is safe only when nothing else is missing: a writer that was given up and wakes may store the document
 * in the same moment. docs/CONSISTENCY.md "A copy is brought up to date".
 */
export async function replaceDocuments(run: CopyRun, keys: readonly string[]): Promise<void> {
  const { from, to, keyset, report, signal } = run
  const announced = await announce(run, keys)
  await using held = new AsyncDisposableStack()
  held.defer(() => announced.end())
  const stored = await listChunks(to.storage, { signal })
  for (const key of keys) {
    throwIfCancelled(signal)
    await using _use = key.startsWith(erasedPrefix) ? null : await markUse({ storage: from.storage, id: idOf(key) ?? '', signal }) // prettier-ignore
    const bytes = await getIfPresent(from.storage, key, { signal })
    if (bytes === null) continue
    const chunks = chunksNamedBy(key, bytes, keyset)
    if (chunks.some(([name, , size]) => announced.avoid.has(name) || stored.get(name) !== size)) {
      report.waiting.push(key)
      continue
    }
    try {
      await replaceDocument(run, announced, key, bytes)
      report.documents.push(key)
    } catch (error) {
      if (!isHoldfastError(error, 'storage_denied')) throw error
      report.failed.push({ key, code: error.code, reason: `${key} can be put only when what lies there is deleted, and that is refused: ${error.message}` }) // prettier-ignore
    }
  }
}

async function replaceDocument(
  { to, signal }: CopyRun,
  { sentinel }: Announced,
  key: string,
  bytes: Uint8Array,
): Promise<void> {
  const { storage } = to
  const old = await storage.get(key, { signal })
  await storage.delete(key, { signal })
  // Who gives this writer up takes the sentinel first, then this key, which was perhaps still taken then.
  if ((await storage.head(sentinel, { signal })) !== null) {
    await storage.put(key, old)
    throw new HoldfastError('writer_overtaken', `A prune has taken this run for dead and gone on without it.`)
  }
  if (await putOnce(storage, key, bytes, { signal })) return
  throw new HoldfastError('storage_failed', `${key} is taken by another object`)
}
