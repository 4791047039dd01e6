import { createHash, createHmac, randomBytes } from 'node:crypto'

/** 32 random bytes, as text that fits into a cookie or an address. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret: it is random, so there is nothing to guess, and nothing to slow down. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** What a page must send along when it changes something: bound to the session, and worth nothing without it. */
export function csrfOf(session: string): string {
  return createHmac('sha256', session).update('holdfast csrf').digest('base64url')
}
