import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { fromBase64url } from './crypto/base64url.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { base64url32, labelCheck, repositoryId, shortId } from './format/fields.ts'
import { object, oneOf, text } from './format/shape.ts'
import { decodeJson } from './format/signed.ts'
import type { HostCredentials, Keyset } from './types.ts'

const check = object<HostCredentials>({
  format: oneOf(1),
  repository: text(repositoryId),
  host: text(shortId),
  name: labelCheck,
  ownerKey: text(base64url32),
  signingKey: text(base64url32),
  namingKey: text(base64url32),
})

/** The text of a host file: one JSON document. Belongs into a file of mode 0600; nothing in it decrypts. */
export function printHostFile(credentials: HostCredentials): string {
  return JSON.stringify(credentials, null, 2) + '\n'
}

/** Reads a host file. Throws `usage` if it is none, `repository_too_new` for an unknown format. */
export function parseHostFile(file: string): HostCredentials {
  try {
    const credentials = decodeJson('The host file', new Uint8Array(Buffer.from(file)), check)
    for (const key of [credentials.ownerKey, credentials.signingKey, credentials.namingKey]) {
      if (fromBase64url(key, 32) === null)
        throw new HoldfastError('usage', 'A key in the host file is damaged')
    }
    return credentials
  } catch (error) {
    if (!isHoldfastError(error, 'object_damaged')) throw error
    throw new HoldfastError('usage', 'This is not a host file', {
      cause: error,
      hint: 'Give the file that holdfast init or holdfast keys admit wrote.',
    })
  }
}

/** The key that names chunks, as bytes. */
export function namingKeyOf(credentials: HostCredentials): Uint8Array {
  const key = fromBase64url(credentials.namingKey, 32)
  if (key === null) throw new HoldfastError('usage', 'The naming key in the host file is damaged')
  return key
}

/** The key that signs, as bytes. Throws `host_not_admitted`. */
export function signingSeedOf(credentials: HostCredentials): Uint8Array {
  const seed = fromBase64url(credentials.signingKey, 32)
  if (seed === null)
    throw new HoldfastError('host_not_admitted', 'The signing key in the host file is damaged')
  return seed
}

/** Throws `host_not_admitted` unless the key set lets this machine write. Call it before any work, and before the manifest. */
export function requireAdmitted(keyset: Keyset, credentials: HostCredentials): void {
  const host = keyset.hosts.find((entry) => entry.id === credentials.host)
  const refuse = (reason: string): never => {
    throw new HoldfastError('host_not_admitted', `The host ${credentials.name} ${reason}`, {
      details: { host: credentials.host },
    })
  }
  const seed = fromBase64url(credentials.signingKey, 32)
  if (host === undefined) return refuse('was never admitted to this repository')
  if (host.revoked !== null) return refuse(`was revoked as of ${host.revoked.at}`)
  if (seed === null || publicKeyOf(seed) !== host.publicKey)
    return refuse('has another signing key than was admitted')
}
