import { createHash } from 'node:crypto'
import { backupId, chunkNamePattern, labelCheck, timestamp } from './fields.ts'
import type { Manifest } from './manifest.ts'
import { integer, object, oneOf, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/**
 * That a drill was made of a backup, and what came of it. In the clear, so that who lists backups sees which are proved: it
 * names no table and holds no row. docs/FORMAT.md "Marks of drills".
 */
export interface VerifiedMark {
  readonly format: 1
  readonly backup: string
  /** Of the shape of a backup's id: when the drill ended, and 4 random bytes. */
  readonly drill: string
  /** SHA-256 of the names of all that was read, hex: the mark is of this content, whoever stores another under the same id. */
  readonly content: string
  /** ISO 8601, UTC: when the drill ended. */
  readonly when: string
  readonly result: 'passed' | 'failed'
  /** A part proves nothing of the whole. */
  readonly level: 'whole' | 'part'
  /** How many tables were compared with the source's fingerprints, and how far. */
  readonly compared: { readonly hashed: number; readonly sampled: number; readonly counted: number }
  readonly assertions: { readonly passed: number; readonly failed: number }
  /** How many things the drill left open. */
  readonly notVerified: number
  /** What restoring took, rounded up; 0 if the backup could not be restored. */
  readonly seconds: number
  /** Version of who drilled. */
  readonly holdfast: string
}

export const verifiedPrefix = 'verified/'

export const verifiedKey = (mark: Pick<VerifiedMark, 'backup' | 'drill'>): string =>
  `${verifiedPrefix}${mark.backup}/${mark.drill}`

const check = object<VerifiedMark>({
  format: oneOf(1),
  backup: text(backupId),
  drill: text(backupId),
  content: text(chunkNamePattern),
  when: timestamp,
  result: oneOf('passed', 'failed'),
  level: oneOf('whole', 'part'),
  compared: object<VerifiedMark['compared']>({
    hashed: integer(0),
    sampled: integer(0),
    counted: integer(0),
  }),
  assertions: object<VerifiedMark['assertions']>({ passed: integer(0), failed: integer(0) }),
  notVerified: integer(0),
  seconds: integer(0),
  holdfast: labelCheck,
})

/** What a mark's `content` is for this backup: names of chunks are keyed hashes of what they hold, and the contents refer to them by number. */
export function contentOf({ contents, chunks }: Pick<Manifest, 'contents' | 'chunks'>): string {
  const names = chunks.map(([name]) => `${name}\n`).join('')
  return createHash('sha256').update(`${contents}\n${names}`).digest('hex')
}

export function encodeVerified(mark: VerifiedMark, ownerSeed: Uint8Array): Uint8Array {
  const value = check(mark, 'the mark')
  return encodeSigned({ kind: 'verified', value, signer: 'owner', seed: ownerSeed })
}

/** Reads the mark stored under `key`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeVerified(options: { key: string; ownerKey: string; bytes: Uint8Array }): VerifiedMark {
  const { key, ownerKey, bytes } = options
  const document = splitSigned(key, 'verified', bytes)
  if (document.signer !== 'owner' || !verifySigned(document, ownerKey)) {
    throw forged(key, 'it was changed, or signed by someone else than the owner')
  }
  const mark = decodeJson(key, document.json, check)
  if (verifiedKey(mark) !== key) {
    throw damaged(
      key,
      `it is of the drill ${mark.drill} of ${mark.backup}, so it was stored under another name`,
    )
  }
  return mark
}
