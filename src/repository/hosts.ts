import { randomBytes } from 'node:crypto'
import { toBase64url } from './crypto/base64url.ts'
import { publicKeyOf } from './crypto/ed25519.ts'
import { requireLabel } from './format/fields.ts'
import type { Host, HostCredentials, Vault } from './types.ts'

/** Keys for a machine that is to back up: its entry for the key set, and the file that it keeps. */
export function newHost(options: {
  name: string
  repositoryId: string
  ownerKey: string
  vault: Vault
  admitted: Date
}): { host: Host; credentials: HostCredentials } {
  const name = requireLabel('The name of a host', options.name)
  const id = randomBytes(8).toString('hex')
  const seed = new Uint8Array(randomBytes(32))
  return {
    host: { id, name, publicKey: publicKeyOf(seed), admitted: options.admitted.toISOString(), revoked: null },
    credentials: {
      format: 1,
      repository: options.repositoryId,
      host: id,
      name,
      ownerKey: options.ownerKey,
      signingKey: toBase64url(seed),
      namingKey: toBase64url(options.vault.namingKey),
    },
  }
}
