import type { Progress } from '../lib/progress.ts'

/** One step of an operation, as far as it has been told. */
export interface Phase {
  readonly began: number
  latest: Progress
  /** When `latest` came. */
  at: number
  /** [time, done], over the last ten seconds: rate and time left follow the present, not the average. */
  readonly samples: [number, number][]
}

const sampleEvery = 100
const window = 10_000

/** Takes in what was told at `now`, in milliseconds of a clock that only goes forward. */
export function updatePhase(phases: Map<string, Phase>, progress: Progress, now: number): Phase {
  const phase = phases.get(progress.phase) ?? { began: now, latest: progress, at: now, samples: [] }
  phases.set(progress.phase, phase)
  phase.latest = progress
  phase.at = now
  // Ten samples a second at most, or a report per chunk would make this the work.
  if (now - (phase.samples.at(-1)?.[0] ?? -Infinity) >= sampleEvery) phase.samples.push([now, progress.done])
  while (now - (phase.samples[0]?.[0] ?? now) > window) phase.samples.shift()
  return phase
}

/** What was done lately, and in how many milliseconds; null before there is a second to tell from. */
export function paceOf(phase: Phase): { done: number; ms: number } | null {
  const first = phase.samples[0]
  const ms = first === undefined ? 0 : phase.at - first[0]
  return first === undefined || ms < 1_000 ? null : { done: phase.latest.done - first[1], ms }
}

/** Milliseconds until it is done, at the present pace; null where that can't be told. */
export function timeLeft(phase: Phase): number | null {
  const pace = paceOf(phase)
  const { done, total } = phase.latest
  return pace === null || total === null || pace.done <= 0 ? null : (total - done) / (pace.done / pace.ms)
}
