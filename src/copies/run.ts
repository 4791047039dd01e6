import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { chunkKey } from '../repository/format/chunk-names.ts'
import { manifestKey } from '../repository/format/fields.ts'
import { signingSeedOf } from '../repository/hostfile.ts'
import { newId } from '../repository/ids.ts'
import { announceWriter, type Presence } from '../repository/presence.ts'
import type { CopyRequest, Left } from './types.ts'

/** What a copy has of its own while it is brought up to date. */
export interface CopyRun extends CopyRequest {
  /** Stored size by name of the chunks in `to`: those that were there, and those that were put. */
  readonly stored: Map<string, number>
  /** Names that a prune plan of `to` lists. */
  readonly avoid: ReadonlySet<string>
  /** What was done so far. */
  readonly report: {
    readonly documents: string[]
    readonly replaced: string[]
    readonly waiting: string[]
    readonly failed: Left[]
    objects: number
    bytes: number
  }
}

/** A writer in `to`. */
export interface Announced extends Presence {
  /** Key of a document that will never be: free as long as this writer was not given up. */
  readonly sentinel: string
}

/**
 * Says in `to` that a writer is at work. The first of its documents will never be: as long as its key is free, this writer was not given up, also where the keys
 * of the others are taken.
 */
export async function announce(
  { to, credentials, clock, signal }: CopyRequest,
  documents: readonly string[],
): Promise<Announced> {
  const sentinel = manifestKey(newId(clock.now()))
  const signer = { id: credentials.host, seed: signingSeedOf(credentials) }
  const presence = await announceWriter({
    storage: to.storage,
    signer,
    documents: [sentinel, ...documents],
    signal,
  })
  return { ...presence, sentinel }
}

/** The object of a chunk, as good as can be told. Throws `object_missing`, `object_damaged`. */
export async function readChunk(
  { from, opener, signal }: Pick<CopyRequest, 'from' | 'opener' | 'signal'>,
  name: string,
  size: number,
): Promise<Uint8Array> {
  const key = chunkKey(name)
  const { address } = from.storage
  const bytes = await from.storage.get(key, { signal }).catch((error: unknown) => {
    if (!isHoldfastError(error, 'storage_not_found')) throw error
    throw new HoldfastError('object_missing', `${key} is missing in ${address}.`, { cause: error })
  })
  if (bytes.length !== size) throw otherSize(address, name, bytes.length, size)
  // The opener takes its bytes over.
  await opener?.open(name, Uint8Array.from(bytes)).catch((error: unknown) => {
    if (!isHoldfastError(error, 'object_damaged')) throw error
    throw new HoldfastError('object_damaged', `${key} in ${address} is damaged. ${error.message}`, { cause: error }) // prettier-ignore
  })
  return bytes
}

/** What is wrong with one document or its chunks, and not with a storage. */
export function isOfDocument(error: unknown): error is HoldfastError {
  const codes = ['object_missing', 'object_damaged', 'manifest_forged', 'repository_too_new', 'copies_differ']
  return isHoldfastError(error) && codes.includes(error.code)
}

export function otherSize(address: string, name: string, size: number, should: number): HoldfastError {
  return new HoldfastError(
    'object_damaged',
    `${chunkKey(name)} in ${address} has ${size} bytes, not ${should}.`,
    { details: { key: chunkKey(name), size, expected: should } },
  )
}
