import { isHoldfastError } from '../lib/errors.ts'
import {
  erasedPrefix,
  headerKey,
  keysetPrefix,
  manifestPrefix,
  restorePrefix,
} from '../repository/format/fields.ts'
import { pinPrefix } from '../repository/format/pin.ts'
import { splitSigned, verifySigned, type SignedKind } from '../repository/format/signed.ts'
import { verifiedPrefix } from '../repository/format/verified.ts'
import type { Keyset } from '../repository/types.ts'

/** The kind of document that lies under a key; null: no signed one. */
export function kindOf(key: string): SignedKind | null {
  if (key === headerKey) return 'repository'
  if (key.startsWith(restorePrefix)) return key.endsWith('/safety') ? 'safety' : 'restore'
  const kinds: readonly (readonly [string, SignedKind])[] = [
    [keysetPrefix, 'keyset'],
    [manifestPrefix, 'manifest'],
    [verifiedPrefix, 'verified'],
    [erasedPrefix, 'erased'],
    [pinPrefix, 'pin'],
  ]
  return kinds.find(([prefix]) => key.startsWith(prefix))?.[1] ?? null
}

/**
 * True if the bytes are a whole document of the kind that belongs under the key, signed by the owner or a host: what tells a damaged one from that in
 * another copy. What it says is for its reader to judge.
 */
export function isGenuine(
  key: string,
  bytes: Uint8Array,
  keyset: Pick<Keyset, 'ownerKey' | 'hosts'>,
): boolean {
  const kind = kindOf(key)
  if (kind === null) return true
  try {
    const document = splitSigned(key, kind, bytes)
    const host = keyset.hosts.find(({ id }) => id === document.signer)
    const signer = document.signer === 'owner' ? keyset.ownerKey : host?.publicKey
    return signer !== undefined && verifySigned(document, signer)
  } catch (error) {
    if (isHoldfastError(error)) return false
    throw error
  }
}
