import {
  base64url32,
  backupId,
  chunkNamePattern,
  erasedKey,
  longTextCheck,
  shortId,
  timestamp,
} from './fields.ts'
import type { ManifestChunk } from './manifest.ts'
import { integer, list, nullable, object, oneOf, string, text, tuple } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/** The clear part of an erasure, or of the withdrawal of one. docs/FORMAT.md "Erasures". */
export interface ErasedDocument {
  readonly format: 1
  /** Of the shape of a backup's id, by the clock of the machine that erased. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly when: string
  /** Id of the erasure that this one takes back; null: it is one itself. */
  readonly withdraws: string | null
  /** Epoch whose key its chunk is sealed to. */
  readonly epoch: string
  /** Name of the chunk that holds the contents (`ErasedContents` as JSON). It is also in `chunks`. */
  readonly contents: string
  /** Every chunk that is needed to read it: [name, plain bytes, stored bytes]. */
  readonly chunks: readonly ManifestChunk[]
}

/** The sealed part: which rows no restore may bring. */
export interface ErasedContents {
  readonly format: 1
  /** That of the document: contents belong to one document only. */
  readonly id: string
  /** As it was called when its rows were erased; who names a partitioned table means its partitions. */
  readonly schema: string
  readonly name: string
  /** The columns that make the key, in the order of its values. */
  readonly columns: readonly string[]
  readonly reason: string
  /** Who erased, and where from: `ada at laptop`. */
  readonly who: string
  /** Keyed hashes of the keys, base64url, in their own order. None in a withdrawal. */
  readonly keys: readonly string[]
}

const document = object<ErasedDocument>({
  format: oneOf(1),
  id: text(backupId),
  when: timestamp,
  withdraws: nullable(text(backupId)),
  epoch: text(shortId),
  contents: text(chunkNamePattern),
  chunks: list(tuple<ManifestChunk>(text(chunkNamePattern), integer(0), integer(1))),
})

const contents = object<ErasedContents>({
  format: oneOf(1),
  id: text(backupId),
  schema: string,
  name: string,
  columns: list(string),
  reason: longTextCheck,
  who: string,
  keys: list(text(base64url32)),
})

export function encodeErasedDocument(value: ErasedDocument, ownerSeed: Uint8Array): Uint8Array {
  requireConsistent(erasedKey(value.id), document(value, 'the erasure'))
  return encodeSigned({ kind: 'erased', value, signer: 'owner', seed: ownerSeed })
}

/** Reads the document stored under `key`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeErasedDocument(o: {
  key: string
  ownerKey: string
  bytes: Uint8Array
}): ErasedDocument {
  const { key } = o
  const signed = splitSigned(key, 'erased', o.bytes)
  if (signed.signer !== 'owner' || !verifySigned(signed, o.ownerKey)) {
    throw forged(key, 'it was changed, or signed by someone else than the owner')
  }
  const value = decodeJson(key, signed.json, document)
  if (erasedKey(value.id) !== key) {
    throw damaged(key, `it is the erasure ${value.id}, so it was stored under another name`)
  }
  requireConsistent(key, value)
  return value
}

export function encodeErasedContents(value: ErasedContents): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(contents(value, 'the contents of the erasure')))
}

/** The contents of the erasure `id`, from the plain bytes of the chunk stored under `key`. Throws `object_damaged`, `repository_too_new`. */
export function decodeErasedContents(o: { key: string; id: string; bytes: Uint8Array }): ErasedContents {
  const value = decodeJson(o.key, o.bytes, contents)
  if (value.id !== o.id) throw damaged(o.key, `it belongs to the erasure ${value.id}`)
  if (value.columns.length === 0 || new Set(value.columns).size !== value.columns.length) {
    throw damaged(o.key, 'it.columns make no key')
  }
  return value
}

function requireConsistent(key: string, { chunks, contents: name }: ErasedDocument): void {
  const names = new Set(chunks.map(([one]) => one))
  if (names.size !== chunks.length) throw damaged(key, 'a chunk is in it twice')
  if (!names.has(name)) throw damaged(key, 'its contents are not among its chunks')
}
