import { HoldfastError } from '../../lib/errors.ts'
import { decodeIdentity } from '../format/age-keys.ts'
import { defaultThreads, startPool } from './pool.ts'

/** Opens stored chunks in worker threads. */
export interface Opener {
  /** The plain bytes of the chunk `name`. Takes `stored` over, ArrayBuffer and all. Throws `object_damaged`. */
  open(name: string, stored: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  [Symbol.asyncDispose](): Promise<void>
}

/** `epochs`: the identity (`AGE-SECRET-KEY-1...`) of every epoch by its id; which one a chunk needs is found by trying. */
export function createOpener(options: {
  namingKey: Uint8Array
  epochs: ReadonlyMap<string, string>
  threads?: number | undefined
}): Opener {
  const { namingKey, epochs, threads = defaultThreads() } = options
  // The newest epoch is the last, and the likeliest.
  const identities = [...epochs.values()].reverse().map(decodeIdentity)
  const pool = startPool({ threads, setup: { work: 'open', namingKey, identities } })
  let jobs = 0

  return {
    async open(name, stored) {
      const reply = await pool.pick().ask({ kind: 'open', job: jobs++, name, stored }, [stored.buffer])
      if (reply.kind !== 'bytes') throw new HoldfastError('internal', 'A worker thread gave another answer.')
      return reply.bytes
    },
    [Symbol.asyncDispose]: async () => pool.dispose(),
  }
}
