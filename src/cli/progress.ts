import type { OnProgress, Progress } from '../lib/progress.ts'
import {
  formatBytes,
  formatCount,
  formatCountOf,
  formatDuration,
  formatPercent,
  formatRate,
} from './format.ts'
import { paceOf, timeLeft, updatePhase, type Phase } from './progress-phase.ts'
import { displayWidth, printable, truncate } from './width.ts'

/** Where progress is drawn: a terminal's line, or lines in a log. */
export interface ProgressScreen {
  /** Columns of the terminal, null where it is none. */
  readonly columns: () => number | null
  readonly write: (text: string) => void
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

export interface ProgressDisplay {
  readonly update: OnProgress
  /** Takes the bar away, so that a line can be printed; the next update draws it again. */
  clear(): void
  /** Ends the display. `done`: with a line per phase that took a while. */
  end(how: 'done' | 'quietly' | 'failed'): void
}

const redrawEvery = 100
/** Milliseconds from the start at which a log gets its lines; after the last of them, once per `laterEvery`. */
const logAt = [5_000, 15_000, 30_000, 60_000]
const laterEvery = 60_000

/** Shows one operation's progress: one line redrawn in place, or a line now and then. */
export function createProgressDisplay(screen: ProgressScreen): ProgressDisplay {
  const phases = new Map<string, Phase>()
  const began = screen.now()
  let drawnAt = -Infinity
  let drawn = false
  let nextLog = logAt[0] ?? laterEvery
  let logged = 0

  function update(progress: Progress): void {
    const now = screen.now()
    const phase = updatePhase(phases, progress, now)
    show(phase, now)
  }

  function show(phase: Phase, now: number): void {
    const columns = screen.columns()
    if (columns !== null) {
      if (now - drawnAt < redrawEvery) return
      screen.write(`\r${barLine(phase, columns - 1)}\u001b[K`)
      drawnAt = now
      drawn = true
    } else if (now - began >= nextLog) {
      screen.write(`${parts(phase).join(', ')}\n`)
      logged++
      nextLog = logAt[logged] ?? now - began + laterEvery
    }
  }

  function clear(): void {
    if (drawn) screen.write('\r\u001b[K')
    drawn = false
    drawnAt = -Infinity
  }

  return {
    update,
    clear,
    end(how) {
      clear()
      if (how !== 'done') return
      for (const phase of phases.values()) {
        const took = phase.at - phase.began
        if (took >= 1_000) screen.write(`${doneLine(phase.latest, took)}\n`)
      }
    },
  }
}

/** What there is to say, in the order of its worth. */
function parts(phase: Phase): string[] {
  const { done, total, unit } = phase.latest
  const name = printable(phase.latest.phase)
  const amount =
    total === null ? formatAmount(done, unit) : `${formatDone(done, unit)} of ${formatAmount(total, unit)}`
  const found = total === null ? [name] : [`${name} ${formatPercent(done, total)}`]
  const pace = paceOf(phase)
  if (pace === null) return [...found, amount]
  const left = timeLeft(phase)
  return [
    ...found,
    ...(left === null || left <= 0 ? [] : [`${formatDuration(left)} left`]),
    amount,
    ...(unit === 'bytes' ? [formatRate(pace.done, pace.ms)] : []),
  ]
}

function barLine(phase: Phase, columns: number): string {
  const all = parts(phase)
  while (all.length > 1 && displayWidth(all.join('  ')) > columns) all.pop()
  const text = truncate(all.join('  '), columns)
  const { done, total } = phase.latest
  const room = Math.min(30, columns - displayWidth(text) - 4)
  if (total === null || room < 6) return text
  const full = total <= 0 ? room : Math.min(room, Math.floor((done / total) * room))
  return `[${'#'.repeat(full)}${'.'.repeat(room - full)}]  ${text}`
}

function doneLine({ phase, done, unit }: Progress, took: number): string {
  const rate = unit === 'bytes' ? `, ${formatRate(done, took)}` : ''
  return `${printable(phase)}: ${formatAmount(done, unit)} in ${formatDuration(took)}${rate}`
}

/** Bytes come in several units, and other things are named once: `3 MB of 1.2 GB`, `10 of 12 tables`. */
function formatDone(amount: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? formatBytes(amount) : formatCount(amount)
}

function formatAmount(amount: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? formatBytes(amount) : formatCountOf(amount, unit.replace(/s$/, ''), unit)
}
