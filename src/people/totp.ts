import { createHmac } from 'node:crypto'

/** Codes of six digits that an app makes from a secret and the time: RFC 6238, with HMAC-SHA-1 and 30 seconds, which every app knows. */

const stepSeconds = 30

/** Which code it is at a time: they are counted from 1970. */
export function stepAt(time: Date): number {
  return Math.floor(time.getTime() / 1000 / stepSeconds)
}

/** The code of a step (RFC 4226: HOTP, with the step as its counter). */
export function codeOf(secret: Buffer, step: number, digits = 6): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  // The last four bits say where in it the number stands.
  const offset = (mac.at(-1) ?? 0) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7f_ff_ff_ff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step that a code is of, if it is now, or next to now, since clocks differ; null if it is of none. */
export function stepOf(secret: Buffer, code: string, time: Date): number | null {
  const now = stepAt(time)
  return [now, now - 1, now + 1].find((step) => codeOf(secret, step) === code) ?? null
}

/** RFC 4648 without padding, as apps take secrets. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups
    .map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('')
}

/** What the picture says that an app reads with the camera. */
export function totpAddress(secret: Buffer, email: string): string {
  const label = encodeURIComponent(`Holdfast:${email}`)
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=Holdfast`
}
