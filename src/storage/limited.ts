import type { Clock } from '../lib/clock.ts'
import { aroundLocks } from './locks.ts'
import { pause, type Pause } from './pause.ts'
import { throwIfCancelled } from './signal.ts'
import type { CallOptions, Storage } from './storage.ts'

export interface Limits {
  /** Calls that are under way at once; null: any number. */
  readonly requests: number | null
  /** Both ways together; null: as fast as it goes. */
  readonly bytesPerSecond: number | null
}

/**
 * `inner`, held to limits. The rate holds from object to object, not within one: each goes at full speed, and the next begins when the
 * time that it should have taken is over. A list is one request, and its bytes are not counted.
 *
 * `cancelled` ends every pause, and from then on nothing is held up: what is still stored then are marks that somebody has ended, which
 * are small and would come after all that was sent before them.
 */
export function limitedStorage(
  inner: Storage,
  o: Limits & {
    readonly clock: Clock
    readonly cancelled?: AbortSignal | undefined
    readonly pause?: Pause
  },
): Storage {
  const places = createPlaces(o.requests ?? Infinity)
  const wait = o.pause ?? pause
  const msPerByte = o.bytesPerSecond === null ? 0 : 1000 / o.bytesPerSecond
  /** When what was sent and received so far should have been done. */
  let free = -Infinity

  function take(bytes: number): void {
    if (msPerByte > 0) free = Math.max(free, o.clock.now().getTime()) + bytes * msPerByte
  }

  async function untilFree(call: CallOptions | undefined): Promise<void> {
    const { cancelled } = o
    const signals = [call?.signal, cancelled].filter((signal) => signal !== undefined)
    for (let ms = free - o.clock.now().getTime(); ms > 0; ms = free - o.clock.now().getTime()) {
      if (cancelled?.aborted === true) break
      await wait(ms, AbortSignal.any(signals)).catch((error: unknown) => {
        if (cancelled?.aborted !== true) throw error
      })
    }
    throwIfCancelled(call)
  }

  async function run<T>(call: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    await places.enter(call)
    try {
      return await work()
    } finally {
      places.leave()
    }
  }

  return {
    address: inner.address,
    put: (key, data, call) =>
      run(call, async () => {
        await untilFree(call)
        take(data.length)
        return await inner.put(key, data, call)
      }),
    get: (key, call) =>
      run(call, async () => {
        await untilFree(call)
        const data = await inner.get(key, call)
        take(data.length)
        return data
      }),
    head: (key, call) => run(call, () => inner.head(key, call)),
    delete: (key, call) => run(call, () => inner.delete(key, call)),
    fixed: inner.fixed,
    ...aroundLocks(inner.locks, (work, call) => run(call, work)),
    async *list(prefix, call) {
      // Who goes through a list makes other calls meanwhile, and would wait for a place that it holds itself.
      const objects = inner.list(prefix, call)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await run(call, () => objects.next())
          if (next.done === true) return
          yield next.value
        }
      } finally {
        await objects.return?.()
      }
    },
  }
}

interface Places {
  /** Resolves when there is a place, to those who have waited longest first. Throws `cancelled`. */
  enter(call: CallOptions | undefined): Promise<void>
  leave(): void
}

function createPlaces(count: number): Places {
  const waiting: (() => void)[] = []
  let taken = 0
  return {
    async enter(call) {
      throwIfCancelled(call)
      if (taken < count) {
        taken += 1
        return
      }
      // Who leaves hands the place on; one that is cancelled by then hands it on in turn.
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (call?.signal?.aborted === true) this.leave()
      throwIfCancelled(call)
    },
    leave() {
      const next = waiting.shift()
      if (next === undefined) taken -= 1
      else next()
    },
  }
}
