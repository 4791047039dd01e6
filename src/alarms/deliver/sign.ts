import { createHmac } from 'node:crypto'

/**
 * The signature of a webhook: HMAC-SHA-256 over the time and the body, so that neither can be changed and an old message can't be sent
 * again as a new one. docs/ALARMS.md has what verifies it.
 */
export function signatureOf(o: { key: string; at: Date; body: string }): string {
  const seconds = Math.floor(o.at.getTime() / 1000)
  const mac = createHmac('sha256', o.key).update(`${seconds}.${o.body}`).digest('hex')
  return `t=${seconds},v1=${mac}`
}
