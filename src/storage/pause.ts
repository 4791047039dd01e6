import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../lib/errors.ts'

/** Waits. Throws `cancelled` as soon as the signal fires. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>

export const pause: Pause = async (ms, signal) => {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    throw new HoldfastError('cancelled', 'The operation was cancelled.', { cause: error })
  }
}
