import { paceOf, timeLeft, updatePhase, type Phase } from './progress-phase.ts'
import type { ProgressDisplay } from './progress.ts'

/** Milliseconds between two lines of one phase. */
const every = 1_000

/** What a program is told of an operation's progress, in one line. */
export interface ProgressLine {
  readonly type: 'progress'
  readonly phase: string
  readonly done: number
  readonly total: number | null
  readonly unit: string
  /** 0 to 100, null while the total is not known. */
  readonly percent: number | null
  /** Of `unit`, at the present pace. */
  readonly perSecond: number | null
  readonly secondsLeft: number | null
}

/** Tells progress as JSON, a line for each phase that begins and then one a second at most. */
export function createProgressLines(o: {
  write: (text: string) => void
  now: () => number
}): ProgressDisplay {
  const phases = new Map<string, Phase>()
  let written: { phase: string; at: number } | null = null
  let latest: Phase | null = null

  function tell(phase: Phase, now: number): void {
    o.write(`${JSON.stringify(lineOf(phase))}\n`)
    written = { phase: phase.latest.phase, at: now }
    latest = null
  }

  return {
    update(progress) {
      const now = o.now()
      const phase = updatePhase(phases, progress, now)
      latest = phase
      if (written?.phase !== progress.phase || now - written.at >= every) tell(phase, now)
    },
    clear: () => undefined,
    end: () => {
      if (latest !== null) tell(latest, o.now())
    },
  }
}

function lineOf(phase: Phase): ProgressLine {
  const { done, total, unit, phase: name } = phase.latest
  const pace = paceOf(phase)
  const left = timeLeft(phase)
  return {
    type: 'progress',
    phase: name,
    done,
    total,
    unit,
    percent: total === null ? null : total <= 0 ? 100 : Math.min(100, Math.floor((done / total) * 1000) / 10),
    perSecond: pace === null ? null : Math.round(pace.done / (pace.ms / 1000)),
    secondsLeft: left === null ? null : Math.max(0, Math.round(left / 1000)),
  }
}
