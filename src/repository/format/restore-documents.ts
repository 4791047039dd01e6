import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { backupId, chunkNamePattern, restoreKey, shortId, timestamp } from './fields.ts'
import type { ManifestChunk } from './manifest.ts'
import { type Check, integer, list, nullable, object, oneOf, ShapeError, text, tuple } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/**
 * The clear part of a safety backup: the rows that a restore was about to change, stored before it committed. docs/FORMAT.md
 * "Restores".
 */
export interface SafetyDocument {
  readonly format: 1
  /** Of the restore: as the id of a backup, by the clock of the machine that restores. */
  readonly id: string
  /** Id of the backup that is restored; null if none is, because a restore is undone. */
  readonly backup: string | null
  /** Id of the restore that this one undoes. */
  readonly undoes: string | null
  /** ISO 8601, UTC. */
  readonly started: string
  /** Epoch whose key the chunks first stored by this restore are sealed to. */
  readonly epoch: string
  /** Name of the chunk that holds the contents (`SafetyContents` as JSON). It is also in `chunks`. */
  readonly contents: string
  /** Every chunk that is needed to read it: [name, plain bytes, stored bytes]. */
  readonly chunks: readonly ManifestChunk[]
}

/** The clear part of the report of a restore that was done. Its contents are a `RestoreRecord`. */
export interface ReportDocument extends SafetyDocument {
  readonly finished: string
}

/** The documents of one restore, by the last part of their keys. */
export interface RestoreDocuments {
  readonly safety: SafetyDocument
  readonly report: ReportDocument
}

/** Which of the two documents of a restore. */
export type RestorePart = keyof RestoreDocuments

const signedKinds = { safety: 'safety', report: 'restore' } as const

const safety = {
  format: oneOf(1),
  id: text(backupId),
  backup: nullable(text(backupId)),
  undoes: nullable(text(backupId)),
  started: timestamp,
  epoch: text(shortId),
  contents: text(chunkNamePattern),
  chunks: list(tuple<ManifestChunk>(text(chunkNamePattern), integer(0), integer(1))),
}

const checks: { readonly [P in RestorePart]: Check<RestoreDocuments[P]> } = {
  safety: object<SafetyDocument>(safety),
  report: object<ReportDocument>({ ...safety, finished: timestamp }),
}

/** The signed object of a document. Throws `internal` for one that no reader would accept. */
export function encodeRestoreDocument<P extends RestorePart>(o: {
  part: P
  document: RestoreDocuments[P]
  ownerSeed: Uint8Array
}): Uint8Array {
  const { part, document, ownerSeed } = o
  try {
    requireConsistent(restoreKey(document.id, part), checks[part](document, 'it'))
  } catch (cause) {
    if (!(cause instanceof ShapeError) && !isHoldfastError(cause)) throw cause
    throw new HoldfastError(
      'internal',
      `The ${part} document of the restore ${document.id} is not valid: ${cause.message}`,
      { cause },
    )
  }
  return encodeSigned({ kind: signedKinds[part], value: document, signer: 'owner', seed: ownerSeed })
}

/** Reads the document that is stored as `part` of the restore `id`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeRestoreDocument<P extends RestorePart>(o: {
  part: P
  id: string
  bytes: Uint8Array
  ownerKey: string
}): RestoreDocuments[P] {
  const key = restoreKey(o.id, o.part)
  const signed = splitSigned(key, signedKinds[o.part], o.bytes)
  if (signed.signer !== 'owner' || !verifySigned(signed, o.ownerKey)) {
    throw forged(key, 'it was changed, or signed by someone else than the owner')
  }
  const document = decodeJson<RestoreDocuments[P]>(key, signed.json, checks[o.part])
  if (document.id !== o.id) {
    throw damaged(key, `it belongs to the restore ${document.id}, so it was stored under another name`)
  }
  requireConsistent(key, document)
  return document
}

function requireConsistent(key: string, { chunks, contents }: SafetyDocument): void {
  const names = new Set(chunks.map(([name]) => name))
  if (names.size !== chunks.length) throw damaged(key, 'a chunk is in it twice')
  if (!names.has(contents)) throw damaged(key, 'its contents are not among its chunks')
}
