import type { Clock } from '../../lib/clock.ts'

/** What a server's answers tell of its clock. */
export interface ServerClock {
  /** Takes the `Date` header of an answer. */
  note(date: string | undefined): void
  /** By how much the server's clock was ahead of this machine's at the last answer, in milliseconds; null before. */
  aheadMs(): number | null
}

export function createServerClock(clock: Clock): ServerClock {
  let ahead: number | null = null
  return {
    note(date) {
      const moment = Date.parse(date ?? '')
      // The header tells whole seconds, cut off.
      if (!Number.isNaN(moment)) ahead = moment + 500 - clock.now().getTime()
    },
    aheadMs: () => ahead,
  }
}
