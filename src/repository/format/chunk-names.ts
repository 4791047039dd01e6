import { createHmac } from 'node:crypto'

/** A chunk's name: HMAC-SHA-256 of its plain bytes under the repository's naming key (32 bytes), in hex. */
export function chunkName(namingKey: Uint8Array, plain: Uint8Array): string {
  return createHmac('sha256', namingKey).update(plain).digest('hex')
}

export const chunkPrefix = 'chunks/'

/** The key a chunk is stored under: spread over 256 directories. */
export function chunkKey(name: string): string {
  return `${chunkPrefix}${name.slice(0, 2)}/${name}`
}

/** Copies of chunks whose own object is damaged. They lie beside it, since nothing is ever written over. */
export const mendedPrefix = 'mended/'

/** The key of such a copy; `copy`: 16 random hex digits. */
export function mendedKey(name: string, copy: string): string {
  return `${mendedPrefix}${name}/${copy}`
}

/** The name of the chunk stored under `key`, as itself or as a copy that mends it; null if no chunk is stored under such a key. */
export function chunkNameOfKey(key: string): string | null {
  if (key.startsWith(mendedPrefix)) {
    const [, name = '', copy = '', ...more] = key.split('/')
    return isChunkName(name) && /^[0-9a-f]{16}$/.test(copy) && more.length === 0 ? name : null
  }
  const name = key.slice(chunkPrefix.length + 3)
  return isChunkName(name) && key === chunkKey(name) ? name : null
}

export function isChunkName(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** Keyed hash of a text that is no chunk: equal texts can be told to be equal, by nobody without the key what they are. */
export function keyedTextHash(namingKey: Uint8Array, text: string): string {
  return createHmac('sha256', namingKey).update('holdfast text\0').update(text).digest('hex')
}
