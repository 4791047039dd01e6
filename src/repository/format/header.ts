import { base64url32, headerKey, repositoryId, timestamp } from './fields.ts'
import { object, oneOf, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/** The first object of a repository, written last when it is made. docs/FORMAT.md "Repository header". */
export interface RepositoryHeader {
  readonly format: 1
  /** 16 random bytes, hex. */
  readonly id: string
  readonly created: string
  /** Ed25519 public key of the owner, base64url. */
  readonly ownerKey: string
}

const check = object<RepositoryHeader>({
  format: oneOf(1),
  id: text(repositoryId),
  created: timestamp,
  ownerKey: text(base64url32),
})

const ownerKeyOnly = (value: unknown): string => {
  const key = typeof value === 'object' && value !== null && 'ownerKey' in value ? value.ownerKey : null
  if (typeof key !== 'string') throw damaged(headerKey, 'it names no owner key')
  return key
}

export function encodeHeader(header: RepositoryHeader, ownerSeed: Uint8Array): Uint8Array {
  return encodeSigned({ kind: 'repository', value: header, signer: 'owner', seed: ownerSeed })
}

/**
 * Reads a header. It is signed with the key that it names itself, which proves nothing but that it is whole: the caller
 * must confirm the owner key in another way. This is the one document that is decoded before it is verified.
 */
export function decodeHeader(bytes: Uint8Array): RepositoryHeader {
  const document = splitSigned(headerKey, 'repository', bytes)
  const ownerKey = decodeJson(headerKey, document.json, ownerKeyOnly)
  if (document.signer !== 'owner' || !verifySigned(document, ownerKey)) {
    throw forged(headerKey, 'the signature does not belong to it')
  }
  return decodeJson(headerKey, document.json, check)
}
