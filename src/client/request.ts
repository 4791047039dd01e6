import { errorOf, HoldfastClientError } from './error.ts'

export interface ClientOptions {
  /** Where the service is: what comes before `/api/v1`. */
  readonly url: string
  /** Left out where the browser has a session. */
  readonly key?: string | undefined
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: that of the platform. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined
  /** How long one attempt may take. Default: 30 seconds. */
  readonly timeoutMs?: number | undefined
  /** How often a GET is tried. Default: 4. */
  readonly attempts?: number | undefined
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Of a POST. Default: a new one for each call, so that what is sent twice on the way is done once. */
  readonly idempotencyKey?: string | undefined
}

/** What fetch takes as a body. */
export type Data = NonNullable<RequestInit['body']>

/** A call as data. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly data?: Data
  readonly type?: string
  readonly gives: 'json' | 'nothing' | 'response'
}

export type Send = <T>(call: Call, options?: CallOptions) => Promise<T>

const usualTimeoutMs = 30_000
const usualAttempts = 4
const firstPauseMs = 250
const longestPauseMs = 10_000
/** After these, another attempt may go better. */
const passing: readonly number[] = [429, 502, 503, 504]

export function senderOf(o: ClientOptions): Send {
  return async <T>(call: Call, options: CallOptions = {}): Promise<T> => {
    const attempts = call.method === 'GET' ? (o.attempts ?? usualAttempts) : 1
    for (let attempt = 1; ; attempt++) {
      const response = await answerTo(o, call, options).catch((error: unknown) => {
        if (attempt >= attempts || !(error instanceof HoldfastClientError)) throw error
        return null
      })
      if (response?.ok === true) return (await read(call, response)) as T
      if (response !== null && (attempt >= attempts || !passing.includes(response.status)))
        throw await errorOf(response)
      await pause(pauseAfter(attempt, response), options.signal)
    }
  }
}

/** The request as fetch takes it. */
export function requestOf(o: ClientOptions, call: Call, options: CallOptions, signal: AbortSignal): Request {
  const url = new URL(`${o.url.replace(/\/+$/, '')}/api/v1${call.path}`)
  for (const [name, value] of Object.entries(call.query ?? {}))
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value))
  const headers = new Headers({ ...o.headers, ...options.headers })
  if (o.key !== undefined) headers.set('authorization', `Bearer ${o.key}`)
  // What is sent as it is can't be told from something else by looking at it again: the service takes no such key with it.
  if (call.method === 'POST' && call.data === undefined)
    headers.set('idempotency-key', options.idempotencyKey ?? crypto.randomUUID())
  if (call.body !== undefined) headers.set('content-type', 'application/json')
  if (call.type !== undefined) headers.set('content-type', call.type)
  const body = call.body === undefined ? (call.data ?? null) : JSON.stringify(call.body)
  const init: RequestInit & { duplex?: 'half' } = { method: call.method, headers, body, signal, credentials: 'same-origin' } // prettier-ignore
  // Node and Deno want to be told that a stream is sent before the answer is read.
  return new Request(url, call.data instanceof ReadableStream ? { ...init, duplex: 'half' } : init)
}

async function answerTo(o: ClientOptions, call: Call, options: CallOptions): Promise<Response> {
  const timeoutMs = options.timeoutMs ?? o.timeoutMs ?? usualTimeoutMs
  // What is read in parts, or sent as it is, may take as long as it takes.
  const long = call.gives === 'response' || (call.data !== undefined && options.timeoutMs === undefined)
  const timeout = long ? null : AbortSignal.timeout(timeoutMs)
  const signals = [timeout, options.signal].filter((one) => one !== null && one !== undefined)
  const request = requestOf(o, call, options, AbortSignal.any(signals))
  try {
    return await (o.fetch ?? fetch)(request)
  } catch (cause) {
    throw failureOf(cause, { url: request.url, timedOut: timeout?.aborted === true, signal: options.signal })
  }
}

/** Why there was no answer. */
export function failureOf(
  cause: unknown,
  o: { url: string; timedOut: boolean; signal: AbortSignal | undefined },
): unknown {
  if (o.signal?.aborted === true) return o.signal.reason
  const { host } = new URL(o.url)
  const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const message = why instanceof Error ? why.message : String(why)
  return new HoldfastClientError({
    code: o.timedOut ? 'timed_out' : 'unreachable',
    message: o.timedOut ? `${host} did not answer in time.` : `${host} could not be reached: ${message}`,
    hint: 'See whether the service runs and is reached from here.',
    status: 0,
    cause,
  })
}

async function read({ gives }: Call, response: Response): Promise<unknown> {
  if (gives === 'response') return response
  if (gives === 'nothing' || response.status === 204) {
    await response.body?.cancel()
    return undefined
  }
  try {
    return await response.json()
  } catch (cause) {
    throw new HoldfastClientError({
      code: 'not_understood',
      message: 'The answer is no whole JSON.',
      hint: 'See whether the address is that of the service, and what stands before it.',
      status: response.status,
      cause,
    })
  }
}

/** Twice as long each time, a little less or more, so that many clients do not come at once; or as long as the service asks for. */
export function pauseAfter(attempt: number, response: Response | null = null): number {
  const asked = Number(response?.headers.get('retry-after') ?? 0) * 1000
  const pause = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs) * (0.75 + Math.random() / 2)
  return Math.max(pause, Number.isFinite(asked) ? Math.min(asked, longestPauseMs) : 0)
}

/** Rejects with the reason of the signal if that is aborted meanwhile. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
