import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { damagedAge } from './age-header.ts'

const pieceBytes = 64 * 1024
const tagBytes = 16
const sealedPieceBytes = pieceBytes + tagBytes
export const payloadNonceBytes = 16

/** Size of what `sealPayload` writes for `plainBytes`, the nonce before it included. */
export function payloadSize(plainBytes: number): number {
  return payloadNonceBytes + plainBytes + tagBytes * Math.max(1, Math.ceil(plainBytes / pieceBytes))
}

/** Writes the payload of `plain` into `out` (`payloadSize` bytes), with `nonce` at its beginning. */
export function sealPayload(
  plain: Uint8Array,
  fileKey: Uint8Array,
  nonce: Uint8Array,
  out: Uint8Array,
): void {
  const key = payloadKey(fileKey, nonce)
  out.set(nonce, 0)
  let to = payloadNonceBytes
  let from = 0
  for (let counter = 0; ; counter++) {
    const end = Math.min(from + pieceBytes, plain.length)
    const last = end === plain.length
    const cipher = createCipheriv('chacha20-poly1305', key, pieceNonce(counter, last), {
      authTagLength: tagBytes,
    })
    out.set(cipher.update(plain.subarray(from, end)), to)
    cipher.final()
    to += end - from
    out.set(cipher.getAuthTag(), to)
    to += tagBytes
    from = end
    if (last) return
  }
}

/** The plain bytes of a payload. Throws `object_damaged` if a bit of it was changed, if it was cut, or if something follows. */
export function openPayload(payload: Uint8Array, fileKey: Uint8Array): Buffer<ArrayBuffer> {
  const sealed = payload.length - payloadNonceBytes
  const pieces = Math.ceil(sealed / sealedPieceBytes)
  const size = sealed - pieces * tagBytes
  // Only a file of nothing may have an empty last piece.
  if (sealed < tagBytes || (size > 0 && size <= (pieces - 1) * pieceBytes) || (size === 0 && pieces > 1)) {
    throw damagedAge('it was truncated')
  }
  const key = payloadKey(fileKey, payload.subarray(0, payloadNonceBytes))
  const plain = Buffer.allocUnsafeSlow(size)
  let from = payloadNonceBytes
  for (let counter = 0; counter < pieces; counter++) {
    const end = Math.min(from + sealedPieceBytes, payload.length) - tagBytes
    const nonce = pieceNonce(counter, counter === pieces - 1)
    const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
    cipher.setAuthTag(payload.subarray(end, end + tagBytes))
    plain.set(cipher.update(payload.subarray(from, end)), counter * pieceBytes)
    try {
      cipher.final()
    } catch {
      throw damagedAge('it was changed or truncated')
    }
    from = end + tagBytes
  }
  return plain
}

/** As an object that is made once: Node would prepare bytes anew for each piece. */
function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32)))
}

/** An 11 byte counter, then 1 for the last piece: what makes a cut, a swap and an addition noticed. */
function pieceNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(counter, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}
