import { isHoldfastError } from '../../lib/errors.ts'
import { decodeIdentity, generateIdentity as generateX25519, recipientOf } from '../format/age-keys.ts'
import { openAge } from '../format/age.ts'

/*
 * The library knows every kind of age key, and takes a tenth of a second to load: for an X25519 identity, which is what nearly everybody has, what
 * opens chunks does as well.
 */
const library = () => import('age-encryption')
const x25519Pattern = /^AGE-SECRET-KEY-1/

/** A native age identity: X25519, or the post-quantum hybrid. */
export const identityPattern = /^AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]+$/
/** A native age recipient, of the same two kinds. */
export const recipientPattern = /^age1(pq1)?[02-9ac-hj-np-z]{58,2000}$/

/** `AGE-SECRET-KEY-1...` and its `age1...`. */
export function generateIdentity(): { identity: string; publicKey: string } {
  const identity = generateX25519()
  return { identity, publicKey: recipientOf(identity) }
}

/** The `age1...` of an identity, or null if it is none. */
export async function publicKeyOfIdentity(identity: string): Promise<string | null> {
  if (!identityPattern.test(identity)) return null
  try {
    if (x25519Pattern.test(identity)) return recipientOf(identity)
    return await (await library()).identityToRecipient(identity)
  } catch {
    return null
  }
}

/** True if objects can be encrypted to `publicKey`. */
export async function isRecipient(publicKey: string): Promise<boolean> {
  if (!recipientPattern.test(publicKey)) return false
  const { Encrypter } = await library()
  try {
    new Encrypter().addRecipient(publicKey)
    return true
  } catch {
    return false
  }
}

/** Who a small file is encrypted to: exactly one. A passphrase costs about a second and 256 MB (scrypt, 2^18). */
export type Wrapping = { readonly publicKey: string } | { readonly passphrase: string }
/** What opens it. */
export type Unwrapping = { readonly identity: string } | { readonly passphrase: string }

/** An age file with `plain` inside. */
export async function wrap(plain: Uint8Array, to: Wrapping): Promise<Uint8Array> {
  const { Encrypter } = await library()
  const encrypter = new Encrypter()
  if ('publicKey' in to) encrypter.addRecipient(to.publicKey)
  else encrypter.setPassphrase(to.passphrase)
  return await encrypter.encrypt(plain)
}

/** What the age file holds, or null if this secret does not open it or it is damaged. */
export async function unwrap(file: Uint8Array, secret: Unwrapping): Promise<Uint8Array | null> {
  if ('identity' in secret && x25519Pattern.test(secret.identity)) return openX25519(file, secret.identity)
  const { Decrypter } = await library()
  const decrypter = new Decrypter()
  if ('identity' in secret) decrypter.addIdentity(secret.identity)
  else decrypter.addPassphrase(secret.passphrase)
  try {
    return await decrypter.decrypt(file)
  } catch {
    // age does not tell a wrong key from damage, and must not.
    return null
  }
}

function openX25519(file: Uint8Array, identity: string): Uint8Array | null {
  try {
    return openAge(file, decodeIdentity(identity))
  } catch (error) {
    if (isHoldfastError(error)) return null
    throw error
  }
}
