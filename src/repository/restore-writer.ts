import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { onePlace } from './chunk-place.ts'
import { openChunkWriter } from './chunk-writer.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { currentEpoch } from './epochs.ts'
import { chunkKey } from './format/chunk-names.ts'
import { restoreKey } from './format/fields.ts'
import type { RestoreRecord, SafetyContents } from './format/restore-contents.ts'
import { decodeRestoreRecord, decodeSafetyContents } from './format/restore-contents-decode.ts'
import { encodeRestoreDocument, type RestoreDocuments, type RestorePart } from './format/restore-documents.ts'
import { putOnce } from './manifests.ts'
import { pieceOutside } from './restore-reader.ts'
import { announceWriter } from './presence.ts'
import { readerOf } from './session.ts'
import type { ChunkReader, Repository, Vault, WrittenChunks } from './types.ts'

/** Which restore a document is of. */
export interface RestoreIdentity {
  /** `newId(started)`; the same for both documents. */
  readonly id: string
  /** Id of the backup that is restored, null if none is. */
  readonly backup: string | null
  /** Id of the restore that this one undoes, null if it does not. */
  readonly undoes: string | null
  readonly started: Date
}

/** Writes what one restore leaves in the repository: the rows it is about to change, as chunks, and the documents that name them. */
export interface RestoreWriter extends WrittenChunks {
  /**
   * Makes the safety backup exist: stores the contents, then signs and stores the document that names all chunks stored so
   * far. Once it has resolved everything is durable, and the changes may be committed; not before. Waits for nothing: every `store` must
   * have resolved. Throws `internal` if one has failed, or what is given could not be read again; and what the storage throws.
   */
  putSafety(restore: RestoreIdentity, contents: SafetyContents): Promise<void>

  /** Stores the report of a restore that was done. It names no chunk but its own. Throws as `putSafety` does. */
  putReport(restore: RestoreIdentity & { readonly finished: Date }, record: RestoreRecord): Promise<void>

  /** Stops the workers. Without a document the chunks that were stored are of no use, and do no harm. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Opens a writer for the restore `id`, with what the owner's identity has opened. It lists no chunks, whatever the repository holds. A chunk that was
 * stored already is read back and compared before it is relied on: unlike a host, who restores can open it. `parts` are the documents that
 * it may store.
 */
export async function openRestoreWriter(o: {
  repository: Repository
  vault: Vault
  id: string
  parts: readonly RestorePart[]
  threads?: number | undefined
  signal?: AbortSignal | undefined
}): Promise<RestoreWriter> {
  const { repository, vault, parts, signal } = o
  const { keyset } = repository
  // Of several copies one is written to. What it has already is read there: that another one has it whole would not do.
  const storage = repository.copies?.home ?? repository.storage
  if (publicKeyOf(vault.ownerSeed) !== keyset.ownerKey) {
    throw new HoldfastError('internal', 'The vault belongs to another repository')
  }
  const epoch = currentEpoch(keyset)
  const presence = await announceWriter({
    storage,
    signer: { id: 'owner', seed: vault.ownerSeed },
    documents: parts.map((part) => restoreKey(o.id, part)),
    signal,
  })
  /** Opened when it is first needed, which is hardly ever. */
  let reader: ChunkReader | null = null
  const takeOver = async (name: string): Promise<void> => {
    reader ??= readerOf({ ...repository, storage, copies: undefined }, vault, 1)
    await requireWhole(reader, name, signal)
  }
  const writer = openChunkWriter({
    place: onePlace({ storage, stored: new Map(), takeOver, signal }),
    namingKey: vault.namingKey,
    epoch,
    avoid: presence.avoid,
    threads: o.threads,
    signal,
  })

  async function put<P extends RestorePart>(part: P, document: RestoreDocuments[P]): Promise<void> {
    writer.requireAllStored()
    if (document.id !== o.id || !parts.includes(part))
      throw new HoldfastError(
        'internal',
        `The writer of the restore ${o.id} may not store ${restoreKey(document.id, part)}.`,
      )
    const bytes = encodeRestoreDocument({ part, document, ownerSeed: vault.ownerSeed })
    const key = restoreKey(document.id, part)
    if (await putOnce(storage, key, bytes, { signal })) return
    throw new HoldfastError('storage_failed', `${key} is taken by another object`)
  }

  /** Stores contents, if they can be read again, as the last chunk. Its entry in the list. */
  async function putContents<T>(value: T, decode: (key: string, bytes: Uint8Array) => T) {
    writer.requireAllStored()
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    try {
      decode('What a restore leaves', bytes)
    } catch (cause) {
      if (!isHoldfastError(cause)) throw cause
      throw new HoldfastError('internal', cause.message, { cause })
    }
    const index = await writer.store(bytes)
    const chunk = writer.chunks()[index]
    if (chunk === undefined) throw new HoldfastError('internal', 'A chunk was stored and is not listed.')
    return chunk
  }

  return {
    store: (bytes) => writer.store(bytes),
    stats: writer.stats,
    chunks: () => writer.chunks(),

    async putSafety({ id, backup, undoes, started }, contents) {
      // Before its own chunk: what refers to rows must refer to what is stored by now.
      const outside = pieceOutside(writer.chunks(), contents)
      if (outside !== null) throw new HoldfastError('internal', `A safety backup is not valid: ${outside}`)
      const [name] = await putContents(contents, decodeSafetyContents)
      await put('safety', {
        format: 1,
        id,
        backup,
        undoes,
        started: started.toISOString(),
        epoch: epoch.id,
        contents: name,
        chunks: writer.chunks(),
      })
    },

    async putReport({ id, backup, undoes, started, finished }, record) {
      const chunk = await putContents(record, decodeRestoreRecord)
      await put('report', {
        format: 1,
        id,
        backup,
        undoes,
        started: started.toISOString(),
        finished: finished.toISOString(),
        epoch: epoch.id,
        contents: chunk[0],
        chunks: [chunk],
      })
    },

    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await reader?.[Symbol.asyncDispose]()
      await presence.end()
    },
  }
}

/** Undoing must not depend on an object that is not what its name says. */
async function requireWhole(
  reader: ChunkReader,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await reader.read(name, { signal })
  } catch (cause) {
    if (!isHoldfastError(cause, 'object_damaged')) throw cause
    throw new HoldfastError('object_damaged', cause.message, {
      cause,
      hint: `Move ${chunkKey(name)} out of the storage and run it again: it is stored anew, and that mends what else needs it.`,
      details: cause.details,
    })
  }
}
