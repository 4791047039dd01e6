import { isApiError, open } from './api.ts'
import type { Event } from './types.ts'

/** How one stream of events is read: `live` once the service has begun it. */
export interface StreamListener {
  readonly onEvent: (event: Event) => void
  /** `anew`: it does not go on after something, so what changed before is not told. */
  readonly onLive: (anew: boolean) => void
  /** The stream has gone away, or was not let in. It is tried again. */
  readonly onAway: () => void
}

const firstPauseMs = 1_000
const mostPauseMs = 30_000

/**
 * Follows GET /events until it is aborted, and goes on where it broke off. Not by EventSource, which can send no key, and does not say why
 * it was refused.
 */
export async function followEvents(listener: StreamListener, signal: AbortSignal): Promise<void> {
  let last: string | null = null
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    try {
      const response: Response = await open('/events', {
        signal,
        headers: { accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) },
      })
      listener.onLive(last === null)
      for await (const { id, data } of messagesOf(response)) {
        pauseMs = firstPauseMs
        last = id ?? last
        if (data !== null) listener.onEvent(JSON.parse(data) as Event)
      }
    } catch (error) {
      if (signal.aborted || isApiError(error, 'not_signed_in')) return
    }
    listener.onAway()
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, mostPauseMs)
  }
}

/** Sooner if the network is there again. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const go = (): void => resolve()
  signal.addEventListener('abort', go)
  addEventListener('online', go)
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', go)
  removeEventListener('online', go)
}

/** What stands between two empty lines; `data` null: only that the reader has had all up to `id`. */
async function* messagesOf(
  response: Response,
): AsyncGenerator<{ readonly id: string | null; readonly data: string | null }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) return
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const parts = (text + value).split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const lines = part.split('\n')
        const field = (name: string): string | null =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null
        yield { id: field('id'), data: field('data') }
      }
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
