/** Unpadded base64url (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** The bytes, or null if `text` is not the one canonical encoding of some bytes (of `length` of them, if given). */
export function fromBase64url(text: string, length?: number): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return null
  if (length !== undefined && bytes.length !== length) return null
  return new Uint8Array(bytes)
}
