import { HoldfastError } from '../../lib/errors.ts'
import { sealChunk } from '../format/chunk.ts'
import { chunkName } from '../format/chunk-names.ts'
import { defaultThreads, startPool } from './pool.ts'

/** Names and seals chunks. */
export interface Sealer {
  /** Takes the bytes over, ArrayBuffer and all, and computes their name. `seal` or `drop` must follow. */
  name(bytes: Uint8Array<ArrayBuffer>): Promise<NamedChunk>
  [Symbol.asyncDispose](): Promise<void>
}

/** A chunk that waits to hear whether it is needed, in a worker thread mostly. */
export interface NamedChunk {
  readonly name: string
  readonly plainBytes: number
  /** The stored form: compressed and encrypted. */
  seal(): Promise<Uint8Array<ArrayBuffer>>
  /** Lets go of the bytes: the chunk is stored already. */
  drop(): void
}

/**
 * `namingKey` is the repository's naming key, `epochPublicKey` the X25519 key to encrypt to (32 bytes each), `level` the
 * zstd level. There is no limit to what may wait: callers bound what they have in flight. With no `threads` the work is done in this one:
 * for a chunk or two, since to start a thread takes longer.
 */
export function createSealer(options: {
  namingKey: Uint8Array
  epochPublicKey: Uint8Array
  level?: number
  threads?: number | undefined
}): Sealer {
  const { namingKey, epochPublicKey, level = 1, threads = defaultThreads() } = options
  if (threads === 0) return sealerOfThisThread({ namingKey, epochPublicKey, level })
  const pool = startPool({ threads, setup: { work: 'seal', namingKey, epochPublicKey, level } })
  let jobs = 0

  return {
    async name(bytes) {
      const job = jobs++
      const worker = pool.pick()
      const plainBytes = bytes.length
      const reply = await worker.ask({ kind: 'name', job, bytes }, [bytes.buffer])
      if (reply.kind !== 'name') throw new HoldfastError('internal', 'A worker thread gave another answer.')
      return {
        name: reply.name,
        plainBytes,
        async seal() {
          const sealed = await worker.ask({ kind: 'seal', job })
          if (sealed.kind !== 'bytes')
            throw new HoldfastError('internal', 'A worker thread gave another answer.')
          return sealed.bytes
        },
        drop: () => worker.tell({ kind: 'drop', job }),
      }
    },
    [Symbol.asyncDispose]: async () => pool.dispose(),
  }
}

function sealerOfThisThread(o: {
  readonly namingKey: Uint8Array
  readonly epochPublicKey: Uint8Array
  readonly level: number
}): Sealer {
  return {
    name: async (bytes) => ({
      name: chunkName(o.namingKey, bytes),
      plainBytes: bytes.length,
      seal: async () => sealChunk(bytes, o.epochPublicKey, o.level),
      drop: () => undefined,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
