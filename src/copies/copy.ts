import { throwIfCancelled } from '../lib/abort.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError } from '../lib/errors.ts'
import { chunkKey } from '../repository/format/chunk-names.ts'
import { erasedPrefix } from '../repository/format/fields.ts'
import type { ManifestChunk } from '../repository/format/manifest.ts'
import { requireAdmitted } from '../repository/hostfile.ts'
import { getIfPresent, putOnce } from '../repository/manifests.ts'
import { markUse } from '../repository/uses.ts'
import { chunksNamedBy, idOf } from './documents.ts'
import { copyNotes } from './notes.ts'
import { findHurtDocuments, mendChunks } from './repair.ts'
import { replaceDocuments } from './replace.ts'
import { announce, isOfDocument, otherSize, readChunk, type CopyRun } from './run.ts'
import { listChunks, survey, type Survey } from './survey.ts'
import type { CopyPreview, CopyReport, CopyRequest } from './types.ts'

const readsAtOnce = 6

/** What `to` lacks. Writes nothing. */
export async function previewCopy(request: Parameters<typeof survey>[0]): Promise<CopyPreview> {
  return await survey(request, await listChunks(request.to.storage, request))
}

/**
 * Brings a copy of a repository up to date: what it lacks is read from the other, chunks before the document that names them. Broken off anywhere,
 * every backup in it is whole, and the next run goes on. It is a writer like any other in `to`, and a reader like any other in `from`, so that neither
 * prune takes anything away from it.
 */
export async function copyRepository(request: CopyRequest): Promise<CopyReport> {
  const { to, keyset, credentials } = request
  requireAdmitted(keyset, credentials)
  const list = await survey(request, await listChunks(to.storage, request))
  const announced = await announce(request, list.documents)
  await using held = new AsyncDisposableStack()
  held.defer(() => announced.end())
  // Listed anew: what was there before the announcement may be gone.
  const stored = await listChunks(to.storage, request)
  const report: CopyRun['report'] = { documents: [], replaced: [], waiting: [], failed: [], objects: 0, bytes: 0 } // prettier-ignore
  const run: CopyRun = { ...request, stored, avoid: announced.avoid, report }
  if (request.repair) await mendChunks(run, list.needed)
  const hurt = request.repair ? await findHurtDocuments(run, list) : []
  const later: string[] = []
  for (const key of [...list.work, ...hurt.filter((one) => !list.work.includes(one))]) {
    throwIfCancelled(request.signal)
    const isTaken = list.there.abandoned.has(key) || hurt.includes(key)
    if ((await copyDocument(run, list, key, isTaken)) === 'later') later.push(key)
  }
  if (later.length > 0) await replaceDocuments(run, later)
  const notes = await copyNotes(run)
  const { refused, onlyHere } = list
  return { ...report, ...notes, refused, onlyHere }
}

/** Copies what one document names, then the document itself, unless its key is taken by what must be deleted first. */
async function copyDocument(
  run: CopyRun,
  list: Survey,
  key: string,
  isTaken: boolean,
): Promise<'done' | 'later'> {
  const { from, to, keyset, report, signal } = run
  // Erasures are never pruned, and no use of one is known.
  await using _use = key.startsWith(erasedPrefix) ? null : await markUse({ storage: from.storage, id: idOf(key) ?? '', signal }) // prettier-ignore
  const bytes = await getIfPresent(from.storage, key, { signal })
  if (bytes === null) return 'done'
  try {
    const chunks = chunksNamedBy(key, bytes, keyset)
    const isThere = list.there.keys.has(key) && !isTaken
    // What is there already may be needed by a document that is there, too: then no prune takes it away.
    if (chunks.some(([name]) => run.avoid.has(name) && !(isThere && run.stored.has(name)))) {
      report.waiting.push(key)
      return 'done'
    }
    await eachLimited(chunks, readsAtOnce, async (chunk) => await copyChunk(run, list, chunk))
    if (isTaken) return 'later'
    if (isThere) return 'done'
    if (!(await putOnce(to.storage, key, bytes, { signal })))
      throw new HoldfastError('copies_differ', `${key} in ${to.storage.address} is another document than in ${from.storage.address}.`) // prettier-ignore
    report.documents.push(key)
  } catch (error) {
    if (!isOfDocument(error)) throw error
    // A prune may have removed it in the meantime, chunks and all.
    if ((await getIfPresent(from.storage, key, { signal })) === null) return 'done'
    report.failed.push({ key, code: error.code, reason: error.message })
  }
  return 'done'
}

async function copyChunk(run: CopyRun, list: Survey, [name, , size]: ManifestChunk): Promise<void> {
  const { to, stored, report, signal, onProgress } = run
  throwIfCancelled(signal)
  const known = stored.get(name)
  if (known === size) return
  if (known !== undefined) throw otherSize(to.storage.address, name, known, size)
  const bytes = await readChunk(run, name, size)
  if ((await to.storage.put(chunkKey(name), bytes, { signal })) === 'exists') {
    const info = await to.storage.head(chunkKey(name), { signal })
    if (info?.size !== size) throw otherSize(to.storage.address, name, info?.size ?? 0, size)
  } else {
    report.objects += 1
    report.bytes += size
  }
  stored.set(name, size)
  onProgress?.({ phase: 'copying', done: report.bytes, total: Math.max(list.bytes, report.bytes), unit: 'bytes' }) // prettier-ignore
}
