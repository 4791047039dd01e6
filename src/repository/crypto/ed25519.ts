import {
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import { fromBase64url, toBase64url } from './base64url.ts'

// The fixed head of a PKCS #8 document that holds an Ed25519 seed (RFC 8410), as Node imports no bare seeds.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The public key that belongs to a 32-byte Ed25519 seed, base64url. */
export function publicKeyOf(seed: Uint8Array): string {
  const x = createPublicKey(privateKey(seed)).export({ format: 'jwk' }).x
  if (x === undefined) throw new Error('an Ed25519 key without a public half')
  return x
}

/** Ed25519 signature of `bytes`, base64url. Deterministic. */
export function sign(seed: Uint8Array, bytes: Uint8Array): string {
  return toBase64url(signBytes(null, bytes, privateKey(seed)))
}

/** True if `signature` (base64url) over `bytes` was made by the holder of `publicKey` (base64url). */
export function verify(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  const raw = fromBase64url(signature, 64)
  const key = openPublicKey(publicKey)
  return raw !== null && key !== null && verifyBytes(null, bytes, key, raw)
}

const verifyInPool = promisify(verifyBytes)

/** As `verify`, on a thread of Node's pool: for many at once. `key` is what `openPublicKey` gave. */
export async function verifyInThread(
  key: KeyObject | null,
  bytes: Uint8Array,
  signature: string,
): Promise<boolean> {
  const raw = fromBase64url(signature, 64)
  return raw !== null && key !== null && (await verifyInPool(null, bytes, key, raw))
}

/** A public key (base64url) that is to verify; null if it is none, which verifies nothing. Opening takes half as long as verifying. */
export function openPublicKey(publicKey: string): KeyObject | null {
  if (fromBase64url(publicKey, 32) === null) return null
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  } catch {
    return null
  }
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}
