import type { JobProgress } from './types.ts'

const rateOverMs = 10_000

/** How far a file is on its way, and how fast it went lately: `done` bytes at `now`, in milliseconds. */
export function newRate(total: number): (done: number, now: number) => JobProgress {
  const seen: { done: number; at: number }[] = []
  return (done, now) => {
    seen.push({ done, at: now })
    while (seen.length > 2 && now - (seen[0]?.at ?? now) > rateOverMs) seen.shift()
    const first = seen[0] ?? { done, at: now }
    const perSecond = now - first.at < 500 ? null : ((done - first.done) / (now - first.at)) * 1000
    return {
      phase: 'sending the file',
      done,
      total,
      unit: 'bytes',
      percent: total === 0 ? null : (done / total) * 100,
      perSecond,
      secondsLeft: perSecond === null || perSecond === 0 ? null : (total - done) / perSecond,
    }
  }
}
