import { setTimeout as sleep } from 'node:timers/promises'

/** What a stream of events has sent. */
export interface Received {
  readonly id: string | null
  readonly event: { readonly kind: string; readonly id?: string } & Readonly<Record<string, unknown>>
}

/** A reader of GET /events that notes what it gets. */
export interface EventReader {
  readonly received: Received[]
  /** The id that came first. */
  begun(): string | null
  /** The id that came last, with an event or without. */
  lastId(): string | null
  /** Signs of life so far. */
  beats(): number
  /** Waits until what was received is as it is wanted. */
  until(wanted: (received: readonly Received[]) => boolean): Promise<void>
  /** Settles when the stream has ended, in whatever way. */
  readonly ended: Promise<void>
  close(): void
}

/** Opens the stream; throws its status and body if it is refused. */
export async function followEvents(o: {
  fetch: (request: Request) => Response | Promise<Response>
  url: string
  key: string
  after?: string | null
}): Promise<EventReader> {
  const closing = new AbortController()
  const headers = new Headers({ authorization: `Bearer ${o.key}` })
  if (o.after !== undefined && o.after !== null) headers.set('last-event-id', o.after)
  const response = await o.fetch(new Request(o.url, { headers, signal: closing.signal }))
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const received: Received[] = []
  let begun: string | null = null
  let lastId: string | null = null
  let beats = 0
  const reader = response.body?.getReader()
  const take = (block: string): void => {
    let data: string | null = null
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) lastId = line.slice(4)
      begun ??= lastId
      if (line.startsWith('data: ')) data = line.slice(6)
      if (line.startsWith(':')) beats++
    }
    if (data !== null) received.push({ id: lastId, event: JSON.parse(data) as Received['event'] })
  }
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for (let text = ''; ;) {
      const part = await reader?.read()
      if (part === undefined || part.done) return
      text += decoder.decode(part.value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  }
  const ended = read().catch(() => undefined)
  return {
    received,
    begun: () => begun,
    lastId: () => lastId,
    beats: () => beats,
    async until(wanted) {
      for (let i = 0; i < 1200; i++) {
        if (wanted(received)) return
        await sleep(25)
      }
      throw new Error(`It never came; there was ${JSON.stringify(received.slice(-5)).slice(0, 2000)}`)
    },
    ended,
    close() {
      void reader?.cancel().catch(() => undefined)
      closing.abort()
    },
  }
}
