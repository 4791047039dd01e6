import type { Position } from '../../catalog/changes.ts'
import { printPosition } from './position.ts'
import type { ToldChange } from './read.ts'

/** What of the changes a reader wants. Null: of all. */
export interface EventFilter {
  readonly kinds: readonly string[]
  readonly sourceId: string | null
  readonly jobId: string | null
}

/** One stream of events. What it is given it sends in that order. */
export interface Reader {
  readonly stream: ReadableStream<Uint8Array>
  /** Sends what the reader wants of it; `after`: the position with which it has had a change, and all before. */
  tell(changes: readonly ToldChange[], after: (change: ToldChange) => Position): void
  /** Notes, without telling anything, that it has had all up to here. */
  beat(position: Position): void
  /** Sends one event that is no change. */
  say(event: { readonly kind: 'reset' } | { readonly kind: 'end'; readonly code: string }): void
  /** Resolves when what was sent so far is on its way. Rejects when the reader is gone. */
  drained(): Promise<void>
  /** What was told until `begin` waits for what `catchUp` tells before it. */
  readonly catchUp: Pick<Reader, 'tell' | 'say'>
  /** Lets go what waits, behind what it has caught up with. */
  begin(position: Position): void
  /** Ends the stream behind what was sent. What waits is not sent: its ids would say that the reader has caught up. */
  end(): void
}

/** Bytes that wait for a reader before it is taken for one that does not read. */
const mostBytes = 1024 * 1024
const highWaterBytes = 64 * 1024
/** What an EventSource waits before it connects anew. */
const retryMs = 2_000

const encoder = new TextEncoder()

/** `cut`: called when the reader does not read; it ends the connection, and with it the stream. `onGone`: it has ended, in whatever way. */
export function newReader(o: { filter: EventFilter; cut: (() => void) | null; onGone: () => void }): Reader {
  const { filter } = o
  let waiting: string[] | null = []
  let waitingBytes = 0
  let gone = false
  let onPull: (() => void) | null = null
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null

  const leave = (): void => {
    if (gone) return
    gone = true
    waiting = null
    onPull?.()
    o.onGone()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
        given.enqueue(encoder.encode(`retry: ${retryMs}\n\n`))
      },
      pull() {
        onPull?.()
        onPull = null
      },
      cancel: leave,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: highWaterBytes }),
  )

  function send(text: string): void {
    if (!gone) controller?.enqueue(encoder.encode(text))
  }

  /** Behind what it is to be told first. */
  function sendInTurn(text: string): void {
    if (waiting === null || gone) return send(text)
    waiting.push(text)
    waitingBytes += text.length
  }

  /** Whoever reads at all has made room since the last time. */
  function dropIfFull(): void {
    const unread = highWaterBytes - (controller?.desiredSize ?? highWaterBytes)
    if (gone || unread + waitingBytes < mostBytes) return
    leave()
    if (o.cut !== null) o.cut()
    else controller?.error(new Error('The reader does not read.'))
  }

  const wants = ({ event, sourceId }: ToldChange): boolean =>
    filter.kinds.includes(event.kind) &&
    (filter.sourceId === null || filter.sourceId === sourceId) &&
    (filter.jobId === null || (event.kind === 'job' && event.id === filter.jobId))

  const speaking = (say: (text: string) => void): Pick<Reader, 'tell' | 'say'> => ({
    tell(changes, after) {
      for (const change of changes)
        if (wants(change)) say(`id: ${printPosition(after(change))}\ndata: ${change.text}\n\n`)
    },
    say: (event) => say(`data: ${JSON.stringify(event)}\n\n`),
  })

  const inTurn = speaking(sendInTurn)
  const catchUp = speaking(send)
  return {
    stream,
    tell(changes, after) {
      dropIfFull()
      inTurn.tell(changes, after)
    },
    say: catchUp.say,
    catchUp,
    beat: (position) => sendInTurn(beatText(position)),
    async drained() {
      if (!gone && (controller?.desiredSize ?? 1) <= 0)
        await new Promise<void>((resolve) => (onPull = resolve))
      if (gone) throw new Error('The reader is gone.')
    },
    begin(position) {
      send(beatText(position))
      for (const text of waiting ?? []) send(text)
      waiting = null
      waitingBytes = 0
    },
    end() {
      if (gone) return
      leave()
      controller?.close()
    },
  }
}

/** An id without data: no event, but what the reader goes on after. */
function beatText(position: Position): string {
  return `id: ${printPosition(position)}\n: \n\n`
}
