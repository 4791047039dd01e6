import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { bech32 } from '@scure/base'
import { HoldfastError } from '../../lib/errors.ts'
import { privateKeyOf, rawPublicKey } from './x25519.ts'

const publicPrefix = 'age'
const secretPrefix = 'age-secret-key-'

/** `age1...` for the 32 bytes of an X25519 public key. */
export function encodeRecipient(publicKey: Uint8Array): string {
  return bech32.encodeFromBytes(publicPrefix, publicKey)
}

/** The 32 bytes behind `age1...`. Throws `usage` for anything else. */
export function decodeRecipient(text: string): Uint8Array {
  // Recipients are written in lower case, identities in upper case, and nothing else is accepted.
  const bytes = text === text.toLowerCase() ? decode(text, publicPrefix) : null
  if (bytes === null)
    throw new HoldfastError('usage', `Not an age recipient (age1...): ${JSON.stringify(text)}`)
  return bytes
}

/** `AGE-SECRET-KEY-1...` for the 32 bytes of an X25519 secret. */
export function encodeIdentity(secret: Uint8Array): string {
  return bech32.encodeFromBytes(secretPrefix, secret).toUpperCase()
}

/** The 32 bytes behind `AGE-SECRET-KEY-1...`. Throws `usage` for anything else, without repeating it. */
export function decodeIdentity(text: string): Uint8Array {
  const bytes = text === text.toUpperCase() ? decode(text.toLowerCase(), secretPrefix) : null
  if (bytes === null) throw new HoldfastError('usage', 'Not an age identity (AGE-SECRET-KEY-1...).')
  return bytes
}

/** The recipient `age1...` that belongs to an identity `AGE-SECRET-KEY-1...`. */
export function recipientOf(identity: string): string {
  return encodeRecipient(rawPublicKey(createPublicKey(privateKeyOf(decodeIdentity(identity)))))
}

/** A new random identity, `AGE-SECRET-KEY-1...`. */
export function generateIdentity(): string {
  const { privateKey } = generateKeyPairSync('x25519')
  return encodeIdentity(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32))
}

function decode(text: string, prefix: string): Uint8Array | null {
  try {
    const decoded = bech32.decodeToBytes(text)
    return decoded.prefix === prefix && decoded.bytes.length === 32 ? decoded.bytes : null
  } catch {
    return null
  }
}
