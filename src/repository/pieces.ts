import { HoldfastError } from '../lib/errors.ts'
import type { Piece } from './format/contents.ts'
import type { Manifest } from './format/manifest.ts'
import type { ChunkReader } from './types.ts'

/**
 * Chunks that were read lately, for chunks that hold pieces of many tables: small tables share one. Concurrent requests
 * for one chunk share one read. Belongs to one operation, and to one signal.
 */
export interface ChunkCache {
  /** The chunk's plain bytes; not to be changed. Throws as `ChunkReader.read` does; a failed read is not remembered. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>
}

const defaultCacheBytes = 32 * 1024 * 1024

/** A cache that keeps at most `maxBytes` of what was read, and always the newest chunk. */
export function createChunkCache({
  reader,
  signal,
  maxBytes = defaultCacheBytes,
}: {
  reader: ChunkReader
  signal?: AbortSignal | undefined
  maxBytes?: number
}): ChunkCache {
  // A Map keeps insertion order: the first entry is the one used longest ago.
  const entries = new Map<string, { bytes: Promise<Uint8Array<ArrayBuffer>>; size: number }>()
  let held = 0

  function forget(name: string): void {
    const entry = entries.get(name)
    if (entry === undefined) return
    held -= entry.size
    entries.delete(name)
  }

  function evict(newest: string): void {
    for (const [name, entry] of entries) {
      if (held <= maxBytes) return
      if (name !== newest && entry.size > 0) forget(name)
    }
  }

  async function load(name: string): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await reader.read(name, { signal })
      const entry = entries.get(name)
      if (entry !== undefined) {
        entry.size = bytes.length
        held += bytes.length
        evict(name)
      }
      return bytes
    } catch (error) {
      forget(name)
      throw error
    }
  }

  return {
    read(name) {
      const known = entries.get(name)
      if (known !== undefined) {
        entries.delete(name)
        entries.set(name, known)
        return known.bytes
      }
      const entry = { bytes: Promise.resolve(new Uint8Array()) as Promise<Uint8Array<ArrayBuffer>>, size: 0 }
      entries.set(name, entry)
      entry.bytes = load(name)
      return entry.bytes
    },
  }
}

/**
 * The bytes of `pieces`, in order. Up to `ahead` reads go on while the consumer is busy with the bytes it
 * got, so at most `ahead` + 1 chunks are in memory, and what the cache holds. The arrays are views that stay valid but must not be changed. Whole chunks
 * bypass the cache; a caller that reads many tables passes one `cache` to all calls.
 *
 * Throws `object_missing`, `object_damaged` (also where a piece lies outside its chunk), `cancelled`. When the
 * iteration has ended, also early, no read is left going.
 */
export async function* readPieces({
  manifest,
  reader,
  pieces,
  ahead = 1,
  signal,
  cache = createChunkCache({ reader, signal }),
  release = false,
}: {
  manifest: Pick<Manifest, 'chunks'>
  reader: ChunkReader
  pieces: readonly Piece[]
  ahead?: number
  signal?: AbortSignal | undefined
  cache?: ChunkCache
  /**
   * The consumer is done with the bytes when it asks for the next ones. Their memory is given back then; left to
   * the garbage collector, it made a third of a restore's work.
   */
  release?: boolean
}): AsyncGenerator<Uint8Array, void, undefined> {
  const under: Promise<Uint8Array<ArrayBuffer>>[] = []
  let next = 0
  let yielded = 0

  function start(): void {
    const piece = pieces[next]
    if (piece === undefined) return
    next += 1
    const bytes = readPiece({ manifest, reader, piece, signal, cache })
    // It is awaited in its turn; until then a failure must not count as unhandled.
    bytes.catch(() => undefined)
    under.push(bytes)
  }

  try {
    for (;;) {
      while (under.length < ahead + 1 && next < pieces.length) start()
      const first = under.shift()
      if (first === undefined) return
      throwIfCancelled(signal)
      const bytes = await first
      const piece = pieces[yielded++]
      start()
      yield bytes
      if (release && piece !== undefined && isWhole(manifest, piece)) bytes.buffer.transfer(0)
    }
  } finally {
    await Promise.allSettled(under)
  }
}

/** `readPieces` for what is known to be small: the bytes as one array. */
export async function readAllPieces(options: Parameters<typeof readPieces>[0]): Promise<Uint8Array> {
  const length = options.pieces.reduce((sum, piece) => sum + piece.length, 0)
  const all = new Uint8Array(length)
  let offset = 0
  for await (const bytes of readPieces(options)) {
    all.set(bytes, offset)
    offset += bytes.length
  }
  return all
}

async function readPiece({
  manifest,
  reader,
  piece,
  signal,
  cache,
}: {
  manifest: Pick<Manifest, 'chunks'>
  reader: ChunkReader
  piece: Piece
  signal: AbortSignal | undefined
  cache: ChunkCache
}): Promise<Uint8Array<ArrayBuffer>> {
  const chunk = manifest.chunks[piece.chunk]
  if (chunk === undefined) throw outside(piece, 'the backup has no such chunk')
  const [name] = chunk
  const bytes = isWhole(manifest, piece) ? await reader.read(name, { signal }) : await cache.read(name)
  if (piece.offset < 0 || piece.length < 0 || piece.offset + piece.length > bytes.length) {
    throw outside(piece, `the chunk has ${bytes.length} bytes`)
  }
  return bytes.subarray(piece.offset, piece.offset + piece.length)
}

/** Whether the piece is all of its chunk: then nobody else shares the bytes. */
function isWhole(manifest: Pick<Manifest, 'chunks'>, piece: Piece): boolean {
  return piece.offset === 0 && piece.length === manifest.chunks[piece.chunk]?.[1]
}

function outside(piece: Piece, why: string): HoldfastError {
  return new HoldfastError(
    'object_damaged',
    `A backup refers to ${piece.length} bytes at ${piece.offset} of chunk ${piece.chunk}, but ${why}.`,
    { details: { ...piece } },
  )
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new HoldfastError('cancelled', 'Reading the backup was cancelled.', { cause: signal.reason })
  }
}
