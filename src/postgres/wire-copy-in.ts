import type { Socket } from 'node:net'
import { setImmediate as immediate } from 'node:timers/promises'
import { copyDataHeader } from './wire-messages.ts'

/** The server holds a whole CopyData message in memory. */
const FRAME_BYTES = 1 << 20

/**
 * After so many bytes the event loop gets its turn: a server that has failed takes what still comes faster than it is made, so that
 * each write is done at once, and what the server has said would never be read.
 */
const HEAR_AFTER_BYTES = 4 << 20

/**
 * Sends the slabs of `source` as CopyData. The next slab is asked for when the kernel has taken the one before, which
 * is the back-pressure, and lets a source use its buffer again.
 * `sent` resolves to true when the source has ended and all is sent, to false after `stop()`; it rejects with what
 * the source throws.
 */
export function sendCopyData(
  socket: Socket,
  source: AsyncIterable<Uint8Array>,
): { readonly sent: Promise<boolean>; stop(): void } {
  let stopped = false
  let onStop: (() => void) | undefined

  /** What `work` resolves to, or undefined as soon as there is a stop. Leaves nothing behind that grows. */
  function unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      onStop = () => resolve(undefined)
      work.then(resolve, reject)
    })
  }

  async function send(): Promise<boolean> {
    const iterator = source[Symbol.asyncIterator]()
    let unheard = 0
    while (!stopped) {
      const next = await unlessStopped(iterator.next())
      if (stopped || next === undefined) break
      if (next.done === true) return true
      await unlessStopped(writeSlab(socket, next.value))
      unheard += next.value.length
      if (unheard < HEAR_AFTER_BYTES) continue
      unheard = 0
      await immediate()
    }
    // Not awaited: a source that waits for something would hold up the error that stopped us.
    iterator.return?.().catch(() => {})
    return false
  }

  return {
    sent: send(),
    stop() {
      stopped = true
      onStop?.()
    },
  }
}

/** Resolves when the slab is out of our hands, also if that is because the socket is dead. */
function writeSlab(socket: Socket, slab: Uint8Array): Promise<void> {
  if (slab.length === 0) return Promise.resolve()
  return new Promise((resolve) => {
    socket.cork()
    for (let at = 0; at < slab.length; at += FRAME_BYTES) {
      const part = slab.subarray(at, at + FRAME_BYTES)
      socket.write(copyDataHeader(part.length))
      socket.write(part, at + part.length === slab.length ? () => resolve() : undefined)
    }
    socket.uncork()
  })
}
