import { setImmediate as turn } from 'node:timers/promises'
import type { Storage } from '../../src/storage/storage.ts'
import type { Random } from '../oracle/random.ts'

/** A storage whose calls take a while, each as long as chance will have it: so those of several machines come in any order. */
export function slow(inner: Storage, random: Random): Storage {
  const wait = async (): Promise<void> => {
    for (let turns = random.skewed(40); turns > 0; turns--) await turn()
  }
  return {
    address: inner.address,
    put: async (...call) => (await wait(), await inner.put(...call)),
    get: async (...call) => (await wait(), await inner.get(...call)),
    head: async (...call) => (await wait(), await inner.head(...call)),
    delete: async (...call) => (await wait(), await inner.delete(...call)),
    async *list(...call) {
      await wait()
      yield* inner.list(...call)
      await wait()
    },
  }
}
