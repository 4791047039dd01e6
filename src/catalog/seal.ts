import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'

/** Seals secrets that the catalog keeps, and signs what the service gives out and gets back. The key is outside of it. */
export interface Seal {
  /** `place`: table and id of the row, which the sealed bytes are bound to: moved to another row, they don't open. */
  seal(place: string, secrets: Readonly<Record<string, unknown>>): Buffer
  /** Throws `catalog_key_wrong`. */
  open(place: string, sealed: Buffer): Record<string, unknown>
  /** HMAC-SHA-256 by a key that is derived for this purpose alone. */
  sign(purpose: string, text: string): Buffer
}

const keyBytes = 32
/** One byte of format, four that tell keys apart, then nonce, ciphertext and tag. */
const format = 1
const nonceAt = 5
const nonceBytes = 12
const tagBytes = 16

/** A new key, as the text of its file. */
export function newCatalogKey(): string {
  return `${randomBytes(keyBytes).toString('base64url')}\n`
}

/** Reads a key file's text. Throws `catalog_key_missing` if it is none; nothing of it is repeated. */
export function parseCatalogKey(text: string, path: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64url')
  if (key.length === keyBytes && key.toString('base64url') === text.trim()) return key
  throw new HoldfastError('catalog_key_missing', `${path} holds no key of a catalog.`)
}

/**
 * AES-256-GCM with a random nonce for each sealing: a catalog seals thousands of times in its life, far from the number at which random
 * nonces meet.
 */
export function createSeal(key: Buffer): Seal {
  const keyId = createHash('sha256').update('holdfast catalog key').update(key).digest().subarray(0, 4)
  return {
    seal(place, secrets) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from([format]), keyId, nonce, body, cipher.getAuthTag()])
    },
    open(place, sealed) {
      if (sealed[0] !== format || !sealed.subarray(1, nonceAt).equals(keyId)) throw wrong(place)
      try {
        const nonce = sealed.subarray(nonceAt, nonceAt + nonceBytes)
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-tagBytes))
        const body = sealed.subarray(nonceAt + nonceBytes, -tagBytes)
        const text = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
        return JSON.parse(text) as Record<string, unknown>
      } catch (cause) {
        throw wrong(place, cause)
      }
    },
    sign(purpose, text) {
      const derived = Buffer.from(hkdfSync('sha256', key, '', `holdfast ${purpose}`, keyBytes))
      return createHmac('sha256', derived).update(text).digest()
    },
  }
}

function wrong(place: string, cause?: unknown): HoldfastError {
  return new HoldfastError('catalog_key_wrong', `The secrets of ${place} can't be opened with this key.`, {
    cause,
    details: { place },
  })
}
