import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { toBase64url } from './base64url.ts'

/**
 * Proof, to the holder of an age identity, that the owner key is the one that the identity was told to trust. Without it,
 * who can write the storage could put a whole repository of their own there, with a vault encrypted to the same public
 * keys. docs/FORMAT.md "Vault and anchor".
 */
export function anchorOf(options: { identity: string; repositoryId: string; ownerKey: string }): string {
  const key = hkdfSync('sha256', options.identity, options.repositoryId, 'holdfast anchor 1', 32)
  return toBase64url(createHmac('sha256', new Uint8Array(key)).update(options.ownerKey).digest())
}

/** Compares two anchors in constant time. */
export function sameAnchor(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
