import { errorOf, HoldfastClientError } from './error.ts'
import { failureOf, pause, pauseAfter, requestOf, type ClientOptions } from './request.ts'
import type { Event } from './types.ts'

export interface EventsOptions {
  /** Of these kinds only. */
  readonly kinds?: readonly ('job' | 'alarm' | 'backup')[] | undefined
  /** Of this source only, by its name. */
  readonly source?: string | undefined
  /** Of this job only: the first event is how it is when the stream begins. */
  readonly job?: string | undefined
  /** Goes on after this id. */
  readonly after?: string | undefined
  /** Ends it, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** What has changed, and the id to go on after. */
export interface FollowedEvent {
  readonly id: string | null
  readonly event: Exclude<Event, { kind: 'end' }>
}

/** The service gives a sign of life every ten seconds. */
const silentMs = 35_000

/**
 * What changes, as it happens, for ever: a connection that breaks is made anew, and goes on where it was. An event of the kind `reset` says
 * that some may have been missed. Throws what the service refuses, such as `not_signed_in` when the key ends.
 */
export async function* followEvents(
  o: ClientOptions,
  wanted: EventsOptions = {},
): AsyncGenerator<FollowedEvent> {
  let after = wanted.after ?? null
  for (let failed = 0; ;) {
    const closing = new AbortController()
    const signals = [closing.signal, ...(wanted.signal === undefined ? [] : [wanted.signal])]
    try {
      const stream = await open(o, wanted, after, AbortSignal.any(signals))
      for await (const { id, data } of blocksOf(stream, () => closing.abort(new Error('It is silent.')))) {
        failed = 0
        after = id ?? after
        if (data === null) continue
        const event = JSON.parse(data) as Event
        if (event.kind === 'end') throw endedBy(event.code)
        yield { id: after, event }
      }
    } catch (error) {
      wanted.signal?.throwIfAborted()
      if (error instanceof HoldfastClientError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error // prettier-ignore
    } finally {
      closing.abort()
    }
    await pause(pauseAfter(++failed), wanted.signal)
  }
}

async function open(
  o: ClientOptions,
  { kinds, source, job }: EventsOptions,
  after: string | null,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const headers = after === null ? {} : { 'last-event-id': after }
  const call = { method: 'GET', path: '/events', query: { kind: kinds?.join(','), source, job }, gives: 'response' } as const // prettier-ignore
  const request = requestOf(o, call, { headers }, signal)
  let response: Response
  try {
    response = await (o.fetch ?? fetch)(request)
  } catch (cause) {
    throw failureOf(cause, { url: request.url, timedOut: false, signal: undefined })
  }
  if (!response.ok || response.body === null) throw await errorOf(response)
  return response.body
}

function endedBy(code: string): HoldfastClientError {
  return new HoldfastClientError({
    code,
    message: 'The service has ended the stream of events.',
    hint: 'The key may have expired, or been revoked.',
    status: 401,
  })
}

/** The blocks of an event stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them, of which the service uses a part. */
async function* blocksOf(
  stream: ReadableStream<Uint8Array>,
  onSilence: () => void,
): AsyncGenerator<{ id: string | null; data: string | null }> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  try {
    for (let text = ''; ;) {
      const timer = setTimeout(onSilence, silentMs)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split(/\r?\n\r?\n/)
      text = blocks.pop() ?? ''
      for (const block of blocks) yield blockOf(block)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function blockOf(block: string): { id: string | null; data: string | null } {
  let id: string | null = null
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (name === 'id') id = value
    if (name === 'data') data.push(value)
  }
  return { id, data: data.length === 0 ? null : data.join('\n') }
}
