import { createRetry, type Retry } from '../../src/storage/retry.ts'

/** A retry that does not wait: the pauses between its attempts are only noted, in milliseconds, and pass on its clock. */
export function notedRetry(): { readonly retry: Retry; readonly waits: number[] } {
  const waits: number[] = []
  let now = 0
  const retry = createRetry({
    clock: { now: () => new Date(now) },
    random: () => 0.5,
    pause: async (ms) => {
      waits.push(ms)
      now += ms
    },
  })
  return { retry, waits }
}
