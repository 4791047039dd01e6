import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from './errors.ts'

/** Work that is done again and again, until it is stopped. */
export interface Repeated {
  /** Waits for what is under way. */
  stop(): Promise<void>
}

/** `everyMs`: the pause after each time. Work that fails is told, once for each failure in a row, and done again. */
export function repeat(o: {
  readonly work: () => Promise<void>
  readonly everyMs: number
  readonly log: (text: string) => void
}): Repeated {
  const stopping = new AbortController()
  const loop = run()

  async function run(): Promise<void> {
    let failing: string | null = null
    while (!stopping.signal.aborted) {
      try {
        await o.work()
        failing = null
      } catch (error) {
        if (failing !== messageOf(error)) o.log(messageOf(error))
        failing = messageOf(error)
      }
      await sleep(o.everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
