import type { KeyObject } from 'node:crypto'
import { HoldfastError } from '../../lib/errors.ts'
import { sign, verify, verifyInThread } from '../crypto/ed25519.ts'
import { type Check, ShapeError } from './shape.ts'

/** The kinds of signed documents. */
export type SignedKind = (typeof kinds)[number]

/** A signed document taken apart. Nothing in `json` may be used before `verifySigned` has returned true for it. */
export interface SignedDocument {
  /** The object it was read from, for messages. */
  readonly key: string
  readonly kind: SignedKind
  readonly json: Uint8Array
  readonly signer: string
  readonly signature: string
  /** Lines 1 and 2 with their newlines. */
  readonly signedBytes: Uint8Array
}

const kinds = [
  'repository',
  'keyset',
  'manifest',
  'safety',
  'restore',
  'verified',
  'erased',
  'pin',
  'writer',
  'checked',
  'damaged',
] as const
const newline = 0x0a

/** Writes a document: docs/FORMAT.md "Signed documents". */
export function encodeSigned(options: {
  kind: SignedKind
  value: object
  signer: string
  seed: Uint8Array
}): Uint8Array {
  const signed = Buffer.from(`holdfast ${options.kind} 1\n${JSON.stringify(options.value)}\n`)
  const last = `signature ${options.signer} ${sign(options.seed, signed)}\n`
  return new Uint8Array(Buffer.concat([signed, Buffer.from(last)]))
}

/**
 * Takes the three lines apart. Throws `repository_too_new` for a kind or version this Holdfast does not know, and
 * `object_damaged` for anything that is not three such lines.
 */
export function splitSigned(key: string, kind: SignedKind, bytes: Uint8Array): SignedDocument {
  const first = bytes.indexOf(newline)
  const head = /^holdfast ([a-z]{1,20}) ([0-9]{1,6})$/.exec(
    ascii(bytes.subarray(0, Math.max(first, 0)).subarray(0, 64)),
  )
  if (head === null) throw damaged(key, 'it does not begin like an object of Holdfast')
  const [, foundKind = '', version] = head
  if (version !== '1' || !kinds.some((known) => known === foundKind))
    throw tooNew(key, `holdfast ${foundKind} ${version}`)
  if (foundKind !== kind) throw damaged(key, `it holds a ${foundKind} where a ${kind} belongs`)

  const second = bytes.indexOf(newline, first + 1)
  const third = second < 0 ? -1 : bytes.indexOf(newline, second + 1)
  if (third < 0 || third !== bytes.length - 1) throw damaged(key, 'it is not three whole lines')
  const last = /^signature ([a-z0-9]{1,64}) ([A-Za-z0-9_-]{86})$/.exec(
    ascii(bytes.subarray(second + 1, third)),
  )
  if (last === null) throw damaged(key, 'its last line is no signature')
  const [, signer = '', signature = ''] = last
  return {
    key,
    kind,
    json: bytes.subarray(first + 1, second),
    signer,
    signature,
    signedBytes: bytes.subarray(0, second + 1),
  }
}

/** True if the document was signed by the holder of `publicKey` (base64url). */
export function verifySigned(document: SignedDocument, publicKey: string): boolean {
  return verify(publicKey, document.signedBytes, document.signature)
}

/** As `verifySigned`, on another thread. `key` is what `openPublicKey` gave for the public key. */
export async function verifySignedInThread(
  document: SignedDocument,
  key: KeyObject | null,
): Promise<boolean> {
  return await verifyInThread(key, document.signedBytes, document.signature)
}

/** Line 2, decoded and checked. `newest`: the highest `format` that is known. Throws `repository_too_new` for another, `object_damaged` otherwise. */
export function decodeJson<T>(key: string, json: Uint8Array, check: Check<T>, newest = 1): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json))
  } catch {
    // No cause: V8's message quotes the text, which may be a vault.
    throw damaged(key, 'it is not JSON in UTF-8')
  }
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (Number.isSafeInteger(format) && !(Number(format) >= 1 && Number(format) <= newest))
    throw tooNew(key, `format ${String(format)}`)
  try {
    return check(value, 'it')
  } catch (cause) {
    if (cause instanceof ShapeError) throw damaged(key, cause.message, cause)
    throw cause
  }
}

/** The error for an object that is not what was stored. */
export function damaged(key: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError('object_damaged', `${key} is damaged: ${reason}`, { cause, details: { key } })
}

/** The error for an object that nobody trusted has signed. */
export function forged(key: string, reason: string): HoldfastError {
  return new HoldfastError('manifest_forged', `${key} is not to be trusted: ${reason}`, { details: { key } })
}

function tooNew(key: string, what: string): HoldfastError {
  return new HoldfastError('repository_too_new', `${key} was written by a newer Holdfast (${what})`, {
    details: { key },
  })
}

function ascii(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
