import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { abandoned } from './format/abandoned.ts'
import { shortId } from './format/fields.ts'
import { decodeBegun, decodeWriterMark, writerKey, writingPrefix } from './format/writer-mark.ts'
import { getIfPresent } from './manifests.ts'
import { deadAfterMs, readTraces, type Trace } from './sign-of-life.ts'
import type { Keyset } from './types.ts'

/** A writer as its traces in the storage show it. */
export interface SeenWriter {
  readonly id: string
  /** When it was first and last heard of, by the storage's clock. */
  readonly begun: Date
  readonly seen: Date
  /** True if it will store nothing more: it said so, or every document that it may store is there. */
  readonly settled: boolean
  /** True if it has been silent for so long that it is to be given up. */
  readonly silent: boolean
  /** Ids of the plans whose chunks it does not use. */
  readonly heeds: ReadonlySet<string>
  /** Keys of the documents that it may store. */
  readonly documents: readonly string[]
  /** Everything that it has left, in the order in which it is to be removed. */
  readonly traces: readonly string[]
}

/** All writers that have left traces. `now` is the storage's time. */
export async function readWriters(
  o: { storage: Storage; keyset: Pick<Keyset, 'ownerKey' | 'hosts'>; now: Date } & CallOptions,
): Promise<SeenWriter[]> {
  const { storage, signal } = o
  const writers: SeenWriter[] = []
  for (const [id, trace] of await readTraces(storage, writingPrefix, { signal }))
    if (shortId.test(id)) writers.push(await readWriter({ ...o, id, trace }))
  return writers
}

async function readWriter(
  o: { storage: Storage; keyset: Pick<Keyset, 'ownerKey' | 'hosts'>; now: Date; id: string; trace: Trace } & CallOptions, // prettier-ignore
): Promise<SeenWriter> {
  const { storage, id, trace, now, signal } = o
  const { parts, seen } = trace
  const read = async <T>(what: string, decode: (bytes: Uint8Array) => T): Promise<T | null> => {
    const bytes = parts.has(what) ? await getIfPresent(storage, writerKey(id, what), { signal }) : null
    if (bytes === null) return null
    try {
      return decode(bytes)
    } catch (error) {
      // What can't be relied on is as if it was not there: then the writer is waited for.
      if (!isHoldfastError(error)) throw error
      return null
    }
  }
  const signed = (state: 'heeds' | 'ended') => (bytes: Uint8Array) =>
    decodeWriterMark({ ...o, writer: id, state, bytes })
  const ended = await read('ended', signed('ended'))
  const heeds = ended ?? (await read('heeds', signed('heeds')))
  const begun = await read('begun', (bytes) => decodeBegun(id, bytes))
  const documents = [...new Set([...(begun ?? []), ...(heeds?.documents ?? [])])]
  return {
    id,
    begun: parts.get('begun') ?? seen,
    seen,
    // What is left of one whose traces were being removed.
    settled: ended !== null || !parts.has('begun') || (await areTaken(storage, documents, signal)),
    silent: now.getTime() - seen.getTime() > deadAfterMs,
    heeds: new Set(heeds?.plans),
    documents,
    traces: [...parts.keys()]
      .sort(
        (a, b) =>
          Number(a === 'begun') - Number(b === 'begun') || Number(a === 'ended') - Number(b === 'ended'),
      ) // prettier-ignore
      .map((what) => writerKey(id, what)),
  }
}

/**
 * Gives up a writer: takes the keys of its documents, so that it can never store one of them. Where it has stored one, that stays
 * and counts. No clock has a part in it: of the two, one gets the key.
 */
export async function abandonWriter(
  storage: Storage,
  { documents }: Pick<SeenWriter, 'documents'>,
  options: CallOptions,
): Promise<void> {
  for (const key of documents) await storage.put(key, abandoned, options)
}

async function areTaken(
  storage: Storage,
  documents: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const key of documents) if ((await storage.head(key, { signal })) === null) return false
  return documents.length > 0
}
