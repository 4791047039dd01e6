import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import type { CallOptions } from '../storage/storage.ts'
import { onePlace } from './chunk-place.ts'
import { openChunkWriter } from './chunk-writer.ts'
import { currentEpoch } from './epochs.ts'
import { chunkKey } from './format/chunk-names.ts'
import {
  decodeErasedContents,
  decodeErasedDocument,
  encodeErasedContents,
  encodeErasedDocument,
  type ErasedContents,
  type ErasedDocument,
} from './format/erased.ts'
import { backupId, erasedKey, erasedPrefix } from './format/fields.ts'
import { idMeant, newId, noSuchId } from './ids.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import { announceWriter } from './presence.ts'
import type { RestoresOf } from './restores.ts'
import type { ChunkReader, Repository, Vault } from './types.ts'

/** An erasure as it was stored, and whether it still holds. */
export interface Erasure extends Omit<ErasedContents, 'format'> {
  /** ISO 8601, UTC. */
  readonly when: string
  /** The withdrawal that took it back; null: it is in force. */
  readonly withdrawn: { readonly id: string; readonly when: string; readonly reason: string } | null
}

/** What is to be erased, or withdrawn, by whom and why. */
export type NewErasure = Omit<ErasedContents, 'format' | 'id'>

export interface RefusedErasure {
  readonly key: string
  readonly code: ErrorCode
  readonly reason: string
}

const readsAtOnce = 4
/** What is wrong with an object, not with the storage. */
const refusals: readonly ErrorCode[] = [
  'manifest_forged',
  'object_damaged',
  'object_missing',
  'repository_too_new',
]

/**
 * All erasures, newest first, and the objects under `erased/` that are not accepted. A storage that fails is an error, never a
 * shorter list.
 */
export async function listErasures(
  o: { repository: RestoresOf; reader: ChunkReader } & CallOptions,
): Promise<{ readonly erasures: readonly Erasure[]; readonly refused: readonly RefusedErasure[] }> {
  const { reader, signal } = o
  const found: { document: ErasedDocument; contents: ErasedContents }[] = []
  const refused: RefusedErasure[] = []
  const refuse = (key: string, error: unknown): void => {
    if (!isHoldfastError(error) || !refusals.includes(error.code)) throw error
    refused.push({ key, code: error.code, reason: error.message })
  }
  const documents = await readErasedDocuments(o, refuse)
  await eachLimited(documents, readsAtOnce, async (document) => {
    try {
      const bytes = await reader.read(document.contents, { signal })
      const key = chunkKey(document.contents)
      found.push({ document, contents: decodeErasedContents({ key, id: document.id, bytes }) })
    } catch (error) {
      refuse(erasedKey(document.id), error)
    }
  })
  const withdrawals = new Map(
    found.flatMap(({ document: { id, when, withdraws }, contents: { reason } }) =>
      withdraws === null ? [] : [[withdraws, { id, when, reason }] as const],
    ),
  )
  const erasures = found
    .filter(({ document }) => document.withdraws === null)
    .map(({ document: { id, when }, contents: { format: _format, ...contents } }) => {
      return { ...contents, when, withdrawn: withdrawals.get(id) ?? null }
    })
    .sort((a, b) => (a.id < b.id ? 1 : -1))
  return { erasures, refused }
}

/**
 * The erasures that are in force. Throws what is wrong with any object under `erased/`: of one that can't be read nobody knows
 * whom it is about, and a restore without it could bring back whoever asked to be forgotten.
 */
export async function erasuresInForce(o: Parameters<typeof listErasures>[0]): Promise<readonly Erasure[]> {
  const { erasures, refused } = await listErasures(o)
  const [first] = refused
  if (first === undefined) return erasures.filter(({ withdrawn }) => withdrawn === null)
  throw new HoldfastError(first.code, `Which rows were erased can't be told: ${first.reason}`, {
    hint: `Bring ${first.key} back from another copy of the storage. Who can do without what it has erased moves it out of the storage.`,
    details: { refused },
  })
}

/** The erasure with this id or unique beginning of one. Throws `erasure_not_found`, `erasure_ambiguous`. */
export function findErasure(erasures: readonly Erasure[], reference: string): Erasure {
  const byId = new Map(erasures.map((one) => [one.id, one]))
  const found = byId.get(idMeant('erasure', byId.keys(), reference))
  if (found === undefined) throw noSuchId('erasure', reference)
  return found
}

/** Stores an erasure, or with `withdraws` the withdrawal of one, signed by the owner. Once it resolves every later restore heeds it. */
export async function putErasure(
  o: {
    repository: Repository
    vault: Vault
    when: Date
    withdraws: string | null
    erasure: NewErasure
    /** Its id, if it is to be the same in several copies. */
    id?: string
  } & CallOptions,
): Promise<ErasedDocument> {
  const { repository, vault, when, withdraws, erasure, signal } = o
  const { storage, keyset } = repository
  const epoch = currentEpoch(keyset)
  const id = o.id ?? newId(when)
  // Its own id is in the contents, so no chunk of this name can be there: one that is, is not to be relied on.
  const takeOver = (name: string): never => {
    throw new HoldfastError('storage_failed', `${chunkKey(name)} is taken by another object`)
  }
  await using presence = new AsyncDisposableStack()
  const { avoid, end } = await announceWriter({
    storage,
    signer: { id: 'owner', seed: vault.ownerSeed },
    documents: [erasedKey(id)],
    signal,
  })
  presence.defer(end)
  await using writer = openChunkWriter({
    place: onePlace({ storage, stored: new Map(), keyFor: chunkKey, takeOver, signal }),
    avoid,
    namingKey: vault.namingKey,
    epoch,
    threads: 0,
    signal,
  })
  await writer.store(encodeErasedContents({ format: 1, id, ...erasure, keys: erasure.keys.toSorted() }))
  writer.requireAllStored()
  const chunks = writer.chunks()
  const document: ErasedDocument = {
    format: 1,
    id,
    when: when.toISOString(),
    withdraws,
    epoch: epoch.id,
    contents: chunks[0]?.[0] ?? '',
    chunks,
  }
  const bytes = encodeErasedDocument(document, vault.ownerSeed)
  if (await putOnce(storage, erasedKey(id), bytes, { signal })) return document
  throw new HoldfastError('storage_failed', `${erasedKey(id)} is taken by another object`)
}

/** The documents whose signature holds; `refuse` is told of the others. */
export async function readErasedDocuments(
  { repository, signal }: { repository: RestoresOf } & CallOptions,
  refuse: (key: string, error: unknown) => void,
): Promise<ErasedDocument[]> {
  const keys: string[] = []
  for await (const { key } of repository.storage.list(erasedPrefix, { signal }))
    if (backupId.test(key.slice(erasedPrefix.length))) keys.push(key)
  const documents: ErasedDocument[] = []
  await eachLimited(keys, readsAtOnce, async (key) => {
    const bytes = await getIfPresent(repository.storage, key, { signal })
    if (bytes === null) return
    try {
      documents.push(decodeErasedDocument({ key, ownerKey: repository.keyset.ownerKey, bytes }))
    } catch (error) {
      refuse(key, error)
    }
  })
  return documents
}
