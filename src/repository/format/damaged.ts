import type { Keyset } from '../types.ts'
import { backupId, chunkNamePattern, timestamp } from './fields.ts'
import { integer, list, object, oneOf, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'
import type { Signer } from './writer-mark.ts'

/** A chunk that was found not to be what was stored. */
export interface DamagedChunk {
  readonly name: string
  /** `damaged`: it could not be opened, or holds other bytes. `size`: the object has another size than was stored. */
  readonly fault: 'missing' | 'damaged' | 'size'
  /** ISO 8601, UTC: when this was found first. */
  readonly found: string
}

/**
 * All that is known to be hurt. The newest such list stands in place of those before it: who finds or mends something writes it anew. In
 * the clear; it names no table and holds no row. docs/FORMAT.md "What is known to be hurt".
 */
export interface DamagedList {
  readonly format: 1
  readonly number: number
  /** ISO 8601, UTC, by the clock of who wrote it. */
  readonly when: string
  /** By name. */
  readonly chunks: readonly DamagedChunk[]
  /** Ids of the backups that need one of them. */
  readonly backups: readonly string[]
}

export const damagedPrefix = 'damaged/'
export const damagedName = /^(?!0{8})\d{8}$/
export const damagedKey = (number: number): string => damagedPrefix + String(number).padStart(8, '0')

const check = object<DamagedList>({
  format: oneOf(1),
  number: integer(1, 99_999_999),
  when: timestamp,
  chunks: list(
    object<DamagedChunk>({
      name: text(chunkNamePattern),
      fault: oneOf('missing', 'damaged', 'size'),
      found: timestamp,
    }),
  ),
  backups: list(text(backupId)),
})

export function encodeDamaged(value: DamagedList, { id, seed }: Signer): Uint8Array {
  return encodeSigned({ kind: 'damaged', value: check(value, 'the list'), signer: id, seed })
}

/**
 * Reads the list stored under `key`: of the owner, or of a host that was not revoked. Throws `manifest_forged`, `object_damaged`,
 * `repository_too_new`.
 */
export function decodeDamaged(o: {
  key: string
  keyset: Pick<Keyset, 'ownerKey' | 'hosts'>
  bytes: Uint8Array
}): DamagedList {
  const { key, keyset } = o
  const document = splitSigned(key, 'damaged', o.bytes)
  const host = keyset.hosts.find(({ id, revoked }) => id === document.signer && revoked === null)
  const publicKey = document.signer === 'owner' ? keyset.ownerKey : host?.publicKey
  if (publicKey === undefined || !verifySigned(document, publicKey))
    throw forged(key, 'it was changed, or signed by nobody who may write')
  const found = decodeJson(key, document.json, check)
  if (damagedKey(found.number) !== key)
    throw damaged(key, `it is number ${found.number}, so it was stored under another name`)
  return found
}
