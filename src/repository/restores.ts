import type { ErrorCode } from '../lib/error-codes.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { abandonedSize } from './format/abandoned.ts'
import { backupId, restoreKey, restorePrefix } from './format/fields.ts'
import {
  decodeRestoreDocument,
  type ReportDocument,
  type RestoreDocuments,
  type RestorePart,
  type SafetyDocument,
} from './format/restore-documents.ts'
import { damaged } from './format/signed.ts'
import { idMeant, noSuchId } from './ids.ts'
import { getIfPresent } from './manifests.ts'
import type { Keyset, Repository } from './types.ts'

/** What is known of a restore without opening anything. At least one of its two documents is there. */
export interface StoredRestore {
  readonly id: string
  /** As the documents say, which are of one restore. */
  readonly backup: string | null
  readonly undoes: string | null
  readonly started: string
  /** Null: there is no report. It failed, was killed, or is still running. */
  readonly finished: string | null
  /** With the number of its chunks in place of their list. Null: there is nothing to undo it with. */
  readonly safety: DocumentSummary | null
  readonly report: DocumentSummary | null
}

/** A document with the number of its chunks, and of their stored bytes, in place of their list. */
export interface DocumentSummary {
  readonly chunks: number
  readonly storedBytes: number
}

/** An object under `restores/` that is not accepted. */
export interface RefusedRestore {
  readonly key: string
  readonly code: ErrorCode
  readonly reason: string
}

/** A restore that was asked for, and those of its own documents that are not accepted. */
export interface FoundRestore extends StoredRestore {
  readonly refused: readonly RefusedRestore[]
}

/** What reading the documents of restores takes of a repository. */
export type RestoresOf = Pick<Repository, 'storage'> & { readonly keyset: Pick<Keyset, 'ownerKey'> }

type Visit = (document: SafetyDocument, part: RestorePart) => void

/** Documents are small, unless a restore changed a great many rows. */
const readsAtOnce = 4

/**
 * All restores that left a document signed by the owner, newest first (by their start, then id: by the clocks of the machines that
 * restored), and the objects that were refused, with the reason. A storage that fails is an error, never a shorter list.
 * `visit` is given each document as it is read, in no order. Keep no list of chunks.
 */
export async function listRestores(
  repository: RestoresOf,
  options: CallOptions & { readonly visit?: Visit | undefined } = {},
): Promise<{ readonly restores: readonly StoredRestore[]; readonly refused: readonly RefusedRestore[] }> {
  return await readRestores(repository, await listKeys(repository, options), options)
}

/**
 * The restore with this id, unique beginning of an id, or `latest`. Throws `restore_not_found`, `restore_ambiguous`, and what
 * is wrong with its documents, if nothing of it is accepted.
 */
export async function findRestore(
  repository: RestoresOf,
  reference: string,
  options: CallOptions = {},
): Promise<FoundRestore> {
  const keys = await listKeys(repository, options)
  if (reference === 'latest') return latest(await readRestores(repository, keys, options))
  const ids = keys.map((key) => placeOf(key)?.id).filter((id) => id !== undefined)
  const id = idMeant('restore', ids, reference)
  const own = keys.filter((key) => placeOf(key)?.id === id)
  const { restores, refused } = await readRestores(repository, own, options)
  const [only] = restores
  if (only !== undefined) return { ...only, refused }
  const [reason] = refused
  if (reason === undefined) throw noSuchId('restore', reference)
  throw new HoldfastError(reason.code, reason.reason, { details: { key: reason.key } })
}

/** A document of a restore, whose signature is verified; null if it left none. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export async function readRestoreDocument<P extends RestorePart>(
  repository: RestoresOf,
  o: { readonly id: string; readonly part: P } & CallOptions,
): Promise<RestoreDocuments[P] | null> {
  const { id, part, signal } = o
  if (!backupId.test(id)) throw noSuchId('restore', id)
  const bytes = await getIfPresent(repository.storage, restoreKey(id, part), { signal })
  if (bytes === null) return null
  return decodeRestoreDocument({ id, part, bytes, ownerKey: repository.keyset.ownerKey })
}

/** Keys of all objects under `restores/`, but of those that will never be documents. */
async function listKeys({ storage }: RestoresOf, { signal }: CallOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key, size } of storage.list(restorePrefix, { signal }))
    if (size !== abandonedSize) keys.push(key)
  return keys
}

async function readRestores(
  repository: RestoresOf,
  keys: readonly string[],
  { visit, signal }: CallOptions & { readonly visit?: Visit | undefined },
): Promise<{ restores: StoredRestore[]; refused: RefusedRestore[] }> {
  const found = new Map<string, StoredRestore>()
  const refused: RefusedRestore[] = []
  await eachLimited(keys, readsAtOnce, async (key) => {
    try {
      const place = placeOf(key)
      if (place === null) throw damaged(key, 'no document of a restore has this name')
      const document = await readRestoreDocument(repository, { ...place, signal })
      // Gone since it was listed: a prune may run meanwhile.
      if (document === null) return
      visit?.(document, place.part)
      found.set(place.id, withDocument(found.get(place.id), place.part, document))
    } catch (error) {
      if (!isHoldfastError(error) || !refusals.includes(error.code)) throw error
      refused.push({ key, code: error.code, reason: error.message })
    }
  })
  const restores = [...found.values()].sort((a, b) => compare(b.started, a.started) || compare(b.id, a.id))
  return { restores, refused: refused.sort((a, b) => compare(b.key, a.key)) }
}

/** What is wrong with an object, not with the storage. */
const refusals: readonly ErrorCode[] = ['manifest_forged', 'object_damaged', 'repository_too_new']

function withDocument(
  known: StoredRestore | undefined,
  part: RestorePart,
  document: SafetyDocument | ReportDocument,
): StoredRestore {
  const { id, backup, undoes, started, chunks } = document
  const summary = { chunks: chunks.length, storedBytes: chunks.reduce((sum, [, , size]) => sum + size, 0) }
  const finished = 'finished' in document ? document.finished : (known?.finished ?? null)
  const { safety = null, report = null } = known ?? {}
  return { id, backup, undoes, started, finished, safety, report, [part]: summary }
}

/** Which document lies under a key; null if none can. */
function placeOf(key: string): { id: string; part: RestorePart } | null {
  const [id = '', part, ...more] = key.slice(restorePrefix.length).split('/')
  if (!backupId.test(id) || more.length > 0 || (part !== 'safety' && part !== 'report')) return null
  return { id, part }
}

/**
 * The newest restore. If a document that is damaged or forged could be of a later one, "latest" would quietly mean an earlier
 * restore than the user thinks of, and undo that: so it is an error.
 */
function latest(read: { restores: StoredRestore[]; refused: RefusedRestore[] }): FoundRestore {
  const [newest] = read.restores
  const second = (id: string): string => id.slice(0, id.indexOf('-'))
  const bar = read.refused.find(({ key }) => {
    const place = placeOf(key)
    return (
      place !== null &&
      (newest === undefined || (place.id !== newest.id && second(place.id) >= second(newest.id)))
    )
  })
  if (bar !== undefined) {
    throw new HoldfastError(bar.code, `The latest restore can't be told: ${bar.reason}`, {
      hint: 'holdfast restores shows what was refused and why. A restore that is named by its id can still be used.',
      details: { key: bar.key },
    })
  }
  if (newest === undefined) {
    throw new HoldfastError('restore_not_found', 'The repository knows of no restore', {
      hint: 'Restores from now on leave a report in it.',
    })
  }
  return { ...newest, refused: read.refused.filter(({ key }) => placeOf(key)?.id === newest.id) }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
