import type { Clock } from '../../lib/clock.ts'
import type { DestinationAddress } from '../destination-kinds.ts'
import type { Message } from '../message.ts'
import type { PingKind } from '../pings.ts'
import { discordBody, slackBody, teamsBody, webhookBody } from './formats.ts'
import { sendHttp, type HttpMessage } from './http.ts'
import { sendMail } from './mail.ts'
import type { Lookup, Reach } from './reach.ts'
import { signatureOf } from './sign.ts'

/** What an outbox row holds: a message, or a ping. */
export type Outgoing = Message | { readonly ping: PingKind }

export interface SendOptions {
  readonly address: DestinationAddress
  readonly reach: Reach
  /** Its id, by which a receiver knows a repetition. */
  readonly delivery: string
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly lookup: Lookup
}

const httpTimeoutMs = 10_000
const mailTimeoutMs = 20_000

/** Sends it once. Resolves when the destination has taken it. Throws `destination_failed`, `destination_refused`, `destination_wrong`. */
export async function send(o: SendOptions): Promise<void> {
  const { address, reach, lookup, delivery, outgoing } = o
  if ('ping' in outgoing) {
    const url = address.kind === 'ping' ? pingUrl(address, outgoing.ping) : null
    if (url === null) return
    return await sendHttp({ method: 'GET', url, headers: {}, body: '' }, { reach, lookup, timeoutMs: httpTimeoutMs }) // prettier-ignore
  }
  if (address.kind === 'email') {
    const { password, ...rest } = address
    return await sendMail({ address: rest, password, delivery, message: outgoing, reach, lookup, timeoutMs: mailTimeoutMs }) // prettier-ignore
  }
  const message = httpMessage(o, outgoing)
  if (message !== null) await sendHttp(message, { reach, lookup, timeoutMs: httpTimeoutMs })
}

function httpMessage({ address, delivery, clock }: SendOptions, message: Message): HttpMessage | null {
  const post = (url: string, body: string, headers: Readonly<Record<string, string>> = {}): HttpMessage => ({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', 'idempotency-key': delivery, ...headers },
    body,
  })
  switch (address.kind) {
    case 'slack':
      return post(address.url, slackBody(message))
    case 'discord':
      return post(address.url, discordBody(message))
    case 'teams':
      return post(address.url, teamsBody(message))
    case 'webhook': {
      const body = webhookBody(delivery, message)
      const signature = signatureOf({ key: address.key, at: clock.now(), body })
      return post(address.url, body, { 'holdfast-signature': signature })
    }
    case 'ping':
    case 'email':
      return null
  }
}

/** Null: the watcher has no such URL. */
function pingUrl(address: Extract<DestinationAddress, { kind: 'ping' }>, how: PingKind): string | null {
  return address[how] ?? null
}
