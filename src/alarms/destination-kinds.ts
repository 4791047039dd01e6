import { z } from 'zod'
import { HoldfastError } from '../lib/errors.ts'
import { destinationUrl } from './deliver/http.ts'
import type { Reach } from './deliver/reach.ts'

/** One line without control characters: it goes into headers of mails. Without flags, which a JSON schema has no place for. */
const line = z
  .string()
  .min(1)
  .max(320)
  .regex(/^[^\x00-\x1f\x7f-\x9f]+$/)
const mailbox = line.regex(/^[^@\s]+@[^@\s]+$|^[^<>]*<[^@\s<>]+@[^@\s<>]+>$/)
const url = z.string().min(1).max(2000)

const email = z.strictObject({
  kind: z.literal('email'),
  host: line.regex(/^[\w.:-]+$/),
  port: z.int().min(1).max(65_535),
  /** `tls` from the first byte, `starttls` before anything is said, `none`: never to a public address. */
  security: z.enum(['tls', 'starttls', 'none']),
  user: line.optional(),
  password: z.string().max(1000).optional(),
  from: mailbox,
  to: z.array(mailbox).min(1).max(50),
})
const webhook = z.strictObject({ kind: z.literal('webhook'), url, key: z.string().min(16).max(200) })
const chat = (kind: 'slack' | 'discord' | 'teams') => z.strictObject({ kind: z.literal(kind), url })
const ping = z.strictObject({
  kind: z.literal('ping'),
  success: url,
  fail: url.optional(),
  start: url.optional(),
})

/** As people enter it: a key that a webhook lacks is made. */
export const addressInput = z.discriminatedUnion('kind', [email, webhook.partial({ key: true }), chat('slack'), chat('discord'), chat('teams'), ping]) // prettier-ignore

const addresses = z.discriminatedUnion('kind', [email, webhook, chat('slack'), chat('discord'), chat('teams'), ping]) // prettier-ignore

/** Where a destination leads and how, with its secrets. */
export type DestinationAddress = z.infer<typeof addresses>
export const destinationKinds = [
  'email',
  'webhook',
  'slack',
  'discord',
  'teams',
  'ping',
] as const satisfies DestinationAddress['kind'][]
export type DestinationKind = DestinationAddress['kind']
export type EmailAddress = Omit<Extract<DestinationAddress, { kind: 'email' }>, 'password'>

/** Reads what somebody entered or the catalog has. Throws `destination_wrong`, `destination_refused`; nothing of it is repeated. */
export function readAddress(value: unknown, reach: Reach): DestinationAddress {
  const read = addresses.safeParse(value)
  if (!read.success) {
    const where = [...new Set(read.error.issues.map(({ path }) => path.join('.') || 'kind'))].join(', ')
    throw new HoldfastError('destination_wrong', `The address of the destination is not as it should be: see ${where}.`) // prettier-ignore
  }
  for (const one of urlsOf(read.data)) destinationUrl(one, reach)
  if (read.data.kind === 'email' && read.data.security === 'none' && reach === 'public')
    throw new HoldfastError('destination_refused', 'Mail to a public server is sent by tls or starttls only.')
  return read.data
}

function urlsOf(address: DestinationAddress): string[] {
  if (address.kind === 'email') return []
  if (address.kind !== 'ping') return [address.url]
  return [address.success, address.fail, address.start].filter((one) => one !== undefined)
}

/**
 * What of an address anybody may see who may see the destination, and what is sealed. URLs of chats and pings are secrets: who knows one
 * can write there.
 */
export function splitAddress(address: DestinationAddress): {
  settings: Readonly<Record<string, unknown>>
  secrets: Readonly<Record<string, unknown>>
} {
  if (address.kind === 'email') {
    const { kind: _, password, ...settings } = address
    return { settings, secrets: password === undefined ? {} : { password } }
  }
  const { kind: _, ...secrets } = address
  return { settings: { host: new URL(urlsOf(address)[0] ?? '').host }, secrets }
}

/** The address that `splitAddress` has split. Throws as `readAddress`. */
export function joinAddress(o: {
  kind: string
  settings: Readonly<Record<string, unknown>>
  secrets: Readonly<Record<string, unknown>>
  reach: Reach
}): DestinationAddress {
  const settings = o.kind === 'email' ? o.settings : {}
  return readAddress({ kind: o.kind, ...settings, ...o.secrets }, o.reach)
}
