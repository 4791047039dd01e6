import type { Piece } from './format/contents.ts'

/** A chunk is closed at the end of a row once it holds this many bytes. */
const target = 4 * 1024 * 1024
/** A chunk is closed at this many bytes wherever that falls, so that memory does not follow the largest value. */
const limit = 16 * 1024 * 1024
const smallestBuffer = 64 * 1024
/** On their way to the storage at most: enough of a usual size to outlast a slow write, and no more than two of the largest. */
const mostPending = { chunks: 8, bytes: limit }

interface PendingPiece {
  readonly chunk: Promise<number>
  readonly offset: number
  readonly length: number
}

/** The bytes of one table or range, spread over chunks that are still being stored. */
export interface Run {
  readonly bytes: number
  /** Resolves when every chunk is durable. */
  pieces(): Promise<Piece[]>
}

/** Cuts streams of COPY text into chunks. Several runs may share a chunk (small tables); a long run spans many. */
export interface Chunker {
  begin(): void
  /** Returns a promise when too many chunks are under way: wait for it before writing on. */
  write(bytes: Uint8Array, endsRow: boolean): void | Promise<void>
  end(): Run
  /** Closes the open chunk, so that the next run begins a new one. */
  flush(): void | Promise<void>
}

/** `store` takes ownership of the buffer and resolves to the chunk's index. */
export function createChunker(o: { store: (bytes: Uint8Array<ArrayBuffer>) => Promise<number> }): Chunker {
  let buffer = Buffer.allocUnsafeSlow(smallestBuffer)
  let used = 0
  let runStart = 0
  let runBytes = 0
  let pieces: PendingPiece[] = []
  let opened = Promise.withResolvers<number>()
  const pending = new Set<Promise<number>>()
  let pendingBytes = 0

  const closePiece = (): void => {
    if (used > runStart) pieces.push({ chunk: opened.promise, offset: runStart, length: used - runStart })
    runStart = used
  }

  const flush = (): void | Promise<void> => {
    if (used === 0) return undefined
    closePiece()
    const size = used
    const stored = o.store(buffer.subarray(0, size))
    opened.resolve(stored)
    // Who waits for the pieces sees the failure; here it must only not go unhandled.
    stored.catch(() => undefined)
    opened.promise.catch(() => undefined)
    pending.add(stored)
    pendingBytes += size
    const settled = (): void => {
      pending.delete(stored)
      pendingBytes -= size
    }
    stored.then(settled, settled)
    opened = Promise.withResolvers<number>()
    // The next chunk is most likely about as large: growing would copy, and give the garbage collector work.
    buffer = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(smallestBuffer, Math.ceil(size * 1.1))))
    used = 0
    runStart = 0
    return isFull() ? untilRoom() : undefined
  }

  const isFull = (): boolean => pending.size >= mostPending.chunks || pendingBytes > mostPending.bytes

  const untilRoom = async (): Promise<void> => {
    while (isFull()) await Promise.race(pending)
  }

  const write = (bytes: Uint8Array, endsRow: boolean): void | Promise<void> => {
    if (used + bytes.length > limit) return writeAcross(bytes, endsRow)
    if (used + bytes.length > buffer.length) grow(used + bytes.length)
    buffer.set(bytes, used)
    used += bytes.length
    runBytes += bytes.length
    return endsRow && used >= target ? flush() : undefined
  }

  const grow = (needed: number): void => {
    const larger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(needed, buffer.length * 2)))
    buffer.copy(larger, 0, 0, used)
    buffer = larger
  }

  const writeAcross = async (bytes: Uint8Array, endsRow: boolean): Promise<void> => {
    // The caller's view is valid only until this returns its promise settled: it waits, so no copy is needed.
    let rest = bytes
    while (rest.length > 0) {
      const room = limit - used
      const part = rest.subarray(0, room)
      rest = rest.subarray(part.length)
      await write(part, endsRow && rest.length === 0)
      if (used >= limit) await flush()
    }
  }

  return {
    begin(): void {
      runStart = used
      runBytes = 0
      pieces = []
    },
    write,
    end(): Run {
      closePiece()
      const own = pieces
      return {
        bytes: runBytes,
        pieces: () =>
          Promise.all(own.map(async (p) => ({ chunk: await p.chunk, offset: p.offset, length: p.length }))),
      }
    },
    flush,
  }
}
