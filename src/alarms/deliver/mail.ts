import { isIP } from 'node:net'
import nodemailer from 'nodemailer'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { EmailAddress } from '../destination-kinds.ts'
import type { Message } from '../message.ts'
import { plainText } from '../words.ts'
import { bodyOf } from './formats.ts'
import { reachable, type Lookup, type Reach } from './reach.ts'

/**
 * Sends a mail by SMTP. Its Message-ID is the id of the delivery, so that a mailbox that gets it twice can tell. Throws
 * `destination_failed`, `destination_refused`.
 */
export async function sendMail(o: {
  address: EmailAddress
  password: string | undefined
  delivery: string
  message: Message
  reach: Reach
  lookup: Lookup
  timeoutMs: number
}): Promise<void> {
  const { address, message } = o
  const [found] = await reachable({ host: address.host, reach: o.reach, lookup: o.lookup })
  const transport = nodemailer.createTransport({
    // What was looked up and found allowed.
    host: found?.address ?? '',
    port: address.port,
    secure: address.security === 'tls',
    requireTLS: address.security === 'starttls',
    ignoreTLS: address.security === 'none',
    ...(isIP(address.host) === 0 ? { tls: { servername: address.host } } : {}),
    ...(address.user === undefined ? {} : { auth: { user: address.user, pass: o.password ?? '' } }),
    connectionTimeout: o.timeoutMs,
    greetingTimeout: o.timeoutMs,
    socketTimeout: o.timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: address.from,
      to: [...address.to],
      subject: `[Holdfast] ${plainText(message.title, 200)}`,
      text: `${bodyOf(message)}\n\n-- \nHoldfast, ${message.severity}, ${message.at}\n`,
      messageId: `<${o.delivery}@holdfast.invalid>`,
      date: new Date(message.at),
      // So that no out-of-office reply comes back (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    })
  } catch (cause) {
    const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown }
    // A wrong password, and what a server refuses for ever (5xx).
    const settled = code === 'EAUTH' || (typeof responseCode === 'number' && responseCode >= 500)
    const text = `The mail server ${address.host} did not take it: ${plainText(messageOf(cause), 300)}`
    throw new HoldfastError('destination_failed', text, { cause, details: { settled } })
  } finally {
    transport.close()
  }
}
