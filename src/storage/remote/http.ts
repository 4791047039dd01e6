import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Clock } from '../../lib/clock.ts'
import { requireSecure } from './address.ts'
import { openAgents, type Agents } from './agents.ts'
import { readBody } from './body.ts'
import { createServerClock, type ServerClock } from './server-clock.ts'
import { usualTimeouts, type Timeouts } from './timeouts.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

/** An answer of any status, with all of its body. */
export interface HttpAnswer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpClient {
  /**
   * One attempt; follows no redirections. Throws Node's errors, `ETIMEDOUT` also for silence, and `usage` for plain http that the address
   * does not allow.
   */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** As `ServerClock.aheadMs`. */
  clockAheadMs(): number | null
}

export interface HttpOptions {
  readonly location: { readonly ca: string | null; readonly insecure: boolean }
  /** The machine's clock. */
  readonly clock: Clock
  readonly timeouts?: Timeouts | undefined
}

/** For storages whose own clients can not be told how long to wait. Sends nothing yet. Throws `usage`. */
export async function openHttp({
  location,
  clock,
  timeouts = usualTimeouts,
}: HttpOptions): Promise<HttpClient> {
  const agents = await openAgents(location.ca)
  const serverClock = createServerClock(clock)
  return {
    async send(request) {
      requireSecure(request.url, location)
      return await exchange(request, { agents, timeouts, serverClock })
    },
    clockAheadMs: serverClock.aheadMs,
  }
}

async function exchange(
  { method, url, headers, body, signal }: HttpRequest,
  o: { readonly agents: Agents; readonly timeouts: Timeouts; readonly serverClock: ServerClock },
): Promise<HttpAnswer> {
  const { agents, timeouts } = o
  signal?.throwIfAborted()
  const secure = url.protocol === 'https:'
  const sent = secure
    ? requestHttps(url, { method, headers, agent: agents.https })
    : requestHttp(url, { method, headers, agent: agents.http })
  let answer: IncomingMessage | null = null
  /** Why it was ended from here: what Node throws then says only that the connection is gone. */
  let ended: Error | null = null
  const end = (reason: Error): void => {
    ended ??= reason
    answer?.destroy(ended)
    sent.destroy(ended)
  }
  const cancel = (): void => end(new Error('The request was cancelled.'))
  const connecting = setTimeout(() => end(timedOut('no connection')), timeouts.connectMs)
  sent.once('socket', (socket) => {
    const connected = (): void => clearTimeout(connecting)
    if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', connected)
    else connected()
  })
  sent.setTimeout(timeouts.silentMs, () => end(timedOut('silence')))
  signal?.addEventListener('abort', cancel)
  try {
    answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // Also for what comes after the answer has begun, which nobody else would hear.
      sent.on('error', reject)
      sent.once('response', resolve)
      sent.end(body)
    })
    const told = headersOf(answer)
    o.serverClock.note(told['date'])
    // That to a HEAD announces the length of what it does not send.
    const length = method === 'HEAD' ? undefined : told['content-length']
    const bytes = await readBody(answer, length === undefined ? undefined : Number(length))
    return { status: answer.statusCode ?? 0, headers: told, body: bytes }
  } catch (error) {
    throw ended ?? error
  } finally {
    clearTimeout(connecting)
    signal?.removeEventListener('abort', cancel)
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const told = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(told)
}

function timedOut(what: string): Error {
  return Object.assign(new Error(`${what} for too long`), { code: 'ETIMEDOUT' })
}
