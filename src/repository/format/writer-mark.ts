import { backupId, restorePrefix, erasedPrefix, manifestPrefix, shortId } from './fields.ts'
import { type Check, list, object, oneOf, ShapeError, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'
import type { Keyset } from '../types.ts'

/** Who signs what a writer says of itself: a host by its id, or the owner. */
export interface Signer {
  readonly id: string
  readonly seed: Uint8Array
}

/** What a writer says of itself, signed by it. docs/FORMAT.md "Writers". */
export interface WriterMark {
  readonly format: 1
  /** 16 hex digits, random: of this one writer. */
  readonly writer: string
  /** `heeds`: it uses no chunk that one of `plans` lists. `ended`: it stores nothing more, neither chunk nor document. */
  readonly state: 'heeds' | 'ended'
  /** Keys of the documents that it may store. */
  readonly documents: readonly string[]
  /** Ids of the prune plans that were there when it began. */
  readonly plans: readonly string[]
}

export const writingPrefix = 'writing/'

export const writerKey = (writer: string, what: string): string => `${writingPrefix}${writer}/${what}`

const documentKey: Check<string> = (value, place) => {
  if (typeof value === 'string' && isDocumentKey(value)) return value
  throw new ShapeError(`${place} is not the key of a document that names chunks`)
}

/** True for the keys of documents that name chunks: nothing else may be put in their place. */
function isDocumentKey(key: string): boolean {
  const [, id = '', part] = key.split('/')
  if (!backupId.test(id)) return false
  if (key === manifestPrefix + id || key === erasedPrefix + id) return true
  return key === `${restorePrefix}${id}/${part}` && (part === 'safety' || part === 'report')
}

const check = object<WriterMark>({
  format: oneOf(1),
  writer: text(shortId),
  state: oneOf('heeds', 'ended'),
  documents: list(documentKey),
  plans: list(text(backupId)),
})

interface Begun {
  readonly format: 1
  readonly documents: readonly string[]
}

const begun = object<Begun>({ format: oneOf(1), documents: list(documentKey) })

export function encodeWriterMark(mark: WriterMark, signer: Signer): Uint8Array {
  return encodeSigned({
    kind: 'writer',
    value: check(mark, 'the mark'),
    signer: signer.id,
    seed: signer.seed,
  })
}

/** Reads what a writer has signed. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeWriterMark(o: {
  writer: string
  state: WriterMark['state']
  bytes: Uint8Array
  keyset: Pick<Keyset, 'ownerKey' | 'hosts'>
}): WriterMark {
  const { writer, state, keyset } = o
  const key = writerKey(writer, state)
  const document = splitSigned(key, 'writer', o.bytes)
  const host = keyset.hosts.find(({ id, revoked }) => id === document.signer && revoked === null)
  const publicKey = document.signer === 'owner' ? keyset.ownerKey : host?.publicKey
  if (publicKey === undefined || !verifySigned(document, publicKey))
    throw forged(key, 'it was changed, or signed by nobody who may write')
  const mark = decodeJson(key, document.json, check)
  if (mark.writer !== writer || mark.state !== state)
    throw damaged(key, `it is of the writer ${mark.writer}, so it was stored under another name`)
  return mark
}

export function encodeBegun(documents: readonly string[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(begun({ format: 1, documents }, 'it')))
}

/** Keys of the documents that a writer said it may store. Nobody has signed it. Throws `object_damaged`, `repository_too_new`. */
export function decodeBegun(writer: string, bytes: Uint8Array): readonly string[] {
  return decodeJson(writerKey(writer, 'begun'), bytes, begun).documents
}
