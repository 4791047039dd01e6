import { steadyClock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'

/** How many requests somebody may have made at once, and how many more each second: far more than a page or a script needs. */
const burst = 6000
const perSecond = 200
const most = 10_000

/** Keeps one caller from taking all of this process. It is counted here, not in the catalog: a request must not cost one more. */
export interface Pace {
  /** Counts a request of this caller. Throws `too_many_attempts`. */
  take(caller: string): void
}

export function createPace(now: () => number = () => steadyClock.now().getTime()): Pace {
  const callers = new Map<string, { left: number; at: number }>()
  return {
    take(caller) {
      const at = now()
      const { left, at: before } = callers.get(caller) ?? { left: burst, at }
      const filled = Math.min(burst, left + ((at - before) / 1000) * perSecond)
      // Who was here longest ago has most likely all of it again.
      callers.delete(caller)
      callers.set(caller, { left: Math.max(0, filled - 1), at })
      if (callers.size > most) callers.delete(callers.keys().next().value ?? '')
      if (filled >= 1) return
      const options = { details: { retryAfterSeconds: 1 } }
      throw new HoldfastError('too_many_attempts', `No more than ${perSecond} requests a second.`, options)
    },
  }
}
