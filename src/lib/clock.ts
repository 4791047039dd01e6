import { performance } from 'node:perf_hooks'

/** The current time. Engine code gets one passed in and never asks the machine itself. */
export interface Clock {
  now(): Date
}

/** The machine's own clock. Only `src/cli` and tests build with it. */
export const systemClock: Clock = { now: () => new Date() }

/**
 * For measuring: the time at which this process started, and what has passed since. Unlike the machine's clock it is never set
 * forward or back, so what it measures is how long something took.
 */
export const steadyClock: Clock = { now: () => new Date(performance.timeOrigin + performance.now()) }
