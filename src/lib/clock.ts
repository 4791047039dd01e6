/** The current time. Engine code gets one passed in and never asks the machine itself. */
export interface Clock {
  now(): Date
}

/** The machine's own clock. Only `src/cli` and tests build with it. */
export const systemClock: Clock = { now: () => new Date() }
