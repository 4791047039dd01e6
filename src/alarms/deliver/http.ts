import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import { version } from '../../version.ts'
import { reachable, type FoundAddress, type Lookup, type Reach } from './reach.ts'

export interface HttpMessage {
  readonly method: 'GET' | 'POST'
  /** May hold a secret: it is in no error. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpOptions {
  readonly reach: Reach
  readonly lookup: Lookup
  readonly timeoutMs: number
}

/**
 * Sends a request and resolves if it was taken (2xx). Of the answer only its status is read: what stands in it goes to nobody, and it can
 * be as long as it likes. No redirect is followed, so a signature is shown to nobody but who was meant. Throws `destination_failed`,
 * `destination_refused`, with `settled` in its details if another attempt will hardly do better.
 */
export async function sendHttp(message: HttpMessage, o: HttpOptions): Promise<void> {
  const url = destinationUrl(message.url, o.reach)
  const addresses = await reachable({ host: url.hostname, reach: o.reach, lookup: o.lookup })
  const { status, retryAfter } = await exchange(message, { ...o, url, addresses })
  if (status >= 200 && status < 300) return
  const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : ''
  // Too slow, too early, too often: that passes.
  const settled = status >= 300 && status < 500 && ![408, 425, 429].includes(status)
  throw new HoldfastError('destination_failed', `${url.host} answered with status ${status}${redirected}.`, {
    details: { status, settled, retryAfterMs: retryAfterMs(retryAfter) },
  })
}

/** Throws `destination_wrong`, `destination_refused`. */
export function destinationUrl(text: string, reach: Reach): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new HoldfastError('destination_wrong', 'The URL of a destination must begin with https://.')
  if (url.username !== '' || url.password !== '')
    throw new HoldfastError('destination_wrong', 'The URL of a destination holds no user and password.')
  if (url.protocol === 'http:' && reach === 'public')
    throw new HoldfastError('destination_refused', `What is sent to ${url.host} by http:// can be read on its way: use https://.`) // prettier-ignore
  return url
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
}

async function exchange(
  message: HttpMessage,
  o: { url: URL; addresses: readonly FoundAddress[]; timeoutMs: number },
): Promise<Answer> {
  const { url, addresses } = o
  const signal = AbortSignal.timeout(o.timeoutMs)
  // What was looked up and found allowed: a second look could find another address.
  const pinned: LookupFunction = (_host, options, done) => {
    const [first] = addresses
    if (options.all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const sent = request(url, {
        method: message.method,
        headers: {
          'user-agent': `Holdfast/${version}`,
          'content-length': String(Buffer.byteLength(message.body)),
          ...message.headers,
        },
        lookup: pinned,
        // A connection of its own: none that was opened under other rules is used again.
        agent: false,
        signal,
      })
      sent.on('error', reject)
      sent.on('response', (response: IncomingMessage) => {
        response.on('error', () => undefined)
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] })
        response.destroy()
      })
      sent.end(message.body)
    })
  } catch (cause) {
    const why = signal.aborted ? `did not answer within ${o.timeoutMs / 1000} seconds` : `could not be reached: ${messageOf(cause)}` // prettier-ignore
    throw new HoldfastError('destination_failed', `${url.host} ${why}.`, { cause })
  }
}

/** An hour at most: whoever asks for more is asked again. */
function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? '0')
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(0, seconds)) * 1000 : 0
}
