import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../../catalog/catalog.ts'
import { messageOf } from '../../lib/errors.ts'

export interface EventTimes {
  /** Between two looks without a notification. */
  readonly lookMs: number
  /** Between two looks at least: what changes more often is told as it is at its end. */
  readonly pauseMs: number
  /** How often readers get a sign of life, and are asked for whom they act. */
  readonly beatMs: number
}

export const usualTimes: EventTimes = { lookMs: 3_000, pauseMs: 500, beatMs: 10_000 }

/** Looks again and again, until it is stopped. */
export interface Looking {
  stop(): Promise<void>
}

/** `look`: when the catalog notifies, or after a while. `beat`: at its own pace. What fails is told once in a row, and done again. */
export function startLooking(o: {
  catalog: Pick<Catalog, 'listen'>
  times: EventTimes
  log: (text: string) => void
  look: () => Promise<void>
  beat: () => Promise<void>
}): Looking {
  const { times } = o
  const stopping = new AbortController()
  const { signal } = stopping
  let notified = false
  let wake = new AbortController()
  const listening = o.catalog.listen(() => {
    notified = true
    wake.abort()
  })

  function trying(work: () => Promise<void>): () => Promise<void> {
    let failing: string | null = null
    return async () => {
      try {
        await work()
        failing = null
      } catch (error) {
        if (failing !== messageOf(error)) o.log(`Events: ${messageOf(error)}`)
        failing = messageOf(error)
      }
    }
  }

  async function pause(ms: number, until: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal: until }).catch(() => undefined)
  }

  async function lookOn(): Promise<void> {
    const look = trying(o.look)
    while (!signal.aborted) {
      notified = false
      wake = new AbortController()
      await look()
      await pause(times.pauseMs, signal)
      if (!notified) await pause(times.lookMs, AbortSignal.any([wake.signal, signal]))
    }
  }

  async function beatOn(): Promise<void> {
    const beat = trying(o.beat)
    while (!signal.aborted) {
      await pause(times.beatMs, signal)
      if (!signal.aborted) await beat()
    }
  }

  const loops = [lookOn(), beatOn()]
  return {
    async stop() {
      stopping.abort()
      await Promise.all([...loops, listening.close()])
    },
  }
}
