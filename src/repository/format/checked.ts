import { timestamp } from './fields.ts'
import { integer, object, oneOf } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/** Names of chunks are spread evenly over a circle of so many slots, by their first 4 digits. */
export const slotCount = 65_536

/**
 * That a check has read chunks back: all of a stretch of the circle of names. In the clear; it names no chunk. docs/FORMAT.md "Marks
 * of checks".
 */
export interface CheckedMark {
  readonly format: 1
  /** One more than that of the check before it: no clock decides which share comes next. */
  readonly number: number
  /** ISO 8601, UTC: when the check began, by the clock of who checked. */
  readonly when: string
  /** How long it took, rounded up. */
  readonly seconds: number
  /** The first slot that was read. */
  readonly from: number
  /** How many were read, from there on round the circle. */
  readonly slots: number
  /** What was opened and hashed again: chunks, and their plain bytes. */
  readonly objects: number
  readonly bytes: number
  /** How many of them were not what was stored. */
  readonly hurt: number
}

export const checkedPrefix = 'checked/'
export const checkedName = /^(?!0{8})\d{8}$/
export const checkedKey = (number: number): string => checkedPrefix + String(number).padStart(8, '0')

const check = object<CheckedMark>({
  format: oneOf(1),
  number: integer(1, 99_999_999),
  when: timestamp,
  seconds: integer(0),
  from: integer(0, slotCount - 1),
  slots: integer(1, slotCount),
  objects: integer(0),
  bytes: integer(0),
  hurt: integer(0),
})

export function encodeChecked(mark: CheckedMark, ownerSeed: Uint8Array): Uint8Array {
  const value = check(mark, 'the mark')
  return encodeSigned({ kind: 'checked', value, signer: 'owner', seed: ownerSeed })
}

/** Reads the mark stored under `key`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeChecked(o: { key: string; ownerKey: string; bytes: Uint8Array }): CheckedMark {
  const { key, ownerKey, bytes } = o
  const document = splitSigned(key, 'checked', bytes)
  if (document.signer !== 'owner' || !verifySigned(document, ownerKey))
    throw forged(key, 'it was changed, or signed by someone else than the owner')
  const mark = decodeJson(key, document.json, check)
  if (checkedKey(mark.number) !== key)
    throw damaged(key, `it is of the check ${mark.number}, so it was stored under another name`)
  return mark
}
