import assert from 'node:assert/strict'
import type { DayClock } from './day-clock.ts'
import { realOf } from './day-clock.ts'
import type { Ledger } from './day-ledger.ts'
import type { DaySchedule } from './day-schedules.ts'

/* Which alarms a day should have had, from the history of its jobs and schedules, by the words of docs/ALARMS.md. */

/** An alarm as the catalog has it. Times of the day in ms. */
export interface AlarmRow extends Record<string, unknown> {
  readonly id: string
  readonly event: string
  readonly subject: string
  readonly times: number
  readonly keys: readonly string[]
  readonly raised: number
  readonly closed: number | null
}

interface Expected {
  readonly event: string
  readonly subject: string
  times: number
  over: boolean
  readonly severities: Set<string>
}

/** Those that the ends of jobs raise and close. */
export function expectedOfJobs({ jobs }: Ledger): Expected[] {
  const all: Expected[] = []
  const raise = (event: string, subject: string, severity: string): void => {
    const open = all.find((one) => one.event === event && one.subject === subject && !one.over)
    if (open === undefined)
      all.push({ event, subject, times: 1, over: false, severities: new Set([severity]) })
    else {
      open.times++
      open.severities.add(severity)
    }
  }
  const close = (event: string, subject: string): boolean => {
    const open = all.find((one) => one.event === event && one.subject === subject && !one.over)
    if (open !== undefined) open.over = true
    return open !== undefined
  }
  const ends = jobs.filter(({ status }) => status === 'completed' || status === 'failed')
  for (const job of ends.toSorted((a, b) => a.committed - b.committed)) {
    const [source, repository] = [`source:${job.source}`, `repository:${job.repository}`]
    const good = job.status === 'completed'
    if (job.kind === 'backup' && !good) raise('backup_failed', source, 'error')
    if (job.kind === 'backup' && good && close('backup_failed', source))
      all.push({ event: 'backup_recovered', subject: source, times: 1, over: true, severities: new Set() })
    if (job.kind === 'drill' && good) close('drill_failed', source)
    if (job.kind === 'drill' && !good)
      raise('drill_failed', source, job.code === 'drill_failed' ? 'critical' : 'error')
    if (job.kind === 'check' && (good || job.code === 'check_failed')) close('check_not_made', repository)
    if (job.kind === 'check' && good) close('damage_found', repository)
    if (job.kind === 'check' && !good)
      if (job.code === 'check_failed') raise('damage_found', repository, 'critical')
      else raise('check_not_made', repository, 'error')
    if (job.kind === 'prune' && good) close('retention_blocked', source)
    if (job.kind === 'prune' && !good) raise('retention_blocked', source, 'warning')
  }
  return all
}

/** Holds the alarms that jobs raise against the history: each once, in its order, none missing and none more. */
export function checkJobAlarms(ledger: Ledger, alarms: readonly AlarmRow[]): number {
  const expected = expectedOfJobs(ledger)
  const found = alarms.filter(({ event }) => !['backup_late', 'run_late'].includes(event))
  const line = (one: { event: string; subject: string; times: number }, over: boolean, keys: readonly string[]) =>
    `${one.subject} ${one.event} ${one.times} ${over ? 'over' : 'open'} ${one.event === 'backup_recovered' ? '' : keys.toSorted().join(',')}` // prettier-ignore
  const group = (lines: readonly string[]) => lines.toSorted((a, b) => key(a).localeCompare(key(b)))
  const key = (text: string): string => text.split(' ').slice(0, 2).join(' ')
  assert.deepEqual(
    group(
      found.toSorted((a, b) => a.raised - b.raised).map((one) => line(one, one.closed !== null, one.keys)),
    ),
    group(expected.map((one) => line(one, one.over, [...one.severities]))),
  )
  return found.length
}

interface Span {
  readonly from: number
  readonly to: number
}

/** When the schedule was late, by the machine's clock. `until`: it was switched off then. */
export function lateSpans(
  schedule: DaySchedule & { readonly id: string; readonly sourceId: string | null },
  o: { ledger: Ledger; clock: DayClock; graceMs: number; firstDue: number; until: number },
): Span[] {
  const { ledger, clock, graceMs } = o
  const own = ledger.decisions.filter((one) => one.schedule === schedule.id)
  const over = ledger.jobs.filter(({ status }) => ['completed', 'failed', 'cancelled'].includes(status))
  const counts = over.filter(
    (job) =>
      job.schedule === schedule.id ||
      (job.status === 'completed' && job.kind === schedule.kind && (schedule.sourceId === null || job.source === schedule.sourceId)),
  ) // prettier-ignore
  const moments = [...own, ...counts].map(({ committed }) => committed).toSorted((a, b) => a - b)
  const spans: Span[] = []
  for (const [i, from] of [clock.real, ...moments].entries()) {
    const to = Math.min(moments[i] ?? Infinity, o.until)
    const seen = own.filter(({ committed }) => committed <= from)
    const ended = counts.filter(({ committed }) => committed <= from)
    const settled = Math.max(-Infinity, ...ended.map((job) => job.ended ?? 0))
    const lasted = ended
      .filter((job) => job.schedule === schedule.id && job.status === 'completed')
      .slice(-15)
      .map((job) => (job.ended ?? 0) - (job.started ?? 0))
    const allowed = graceMs + 2 * (lasted.length === 0 ? 0 : middle(lasted))
    const due = seen.at(-1)?.due ?? o.firstDue
    const last = seen.findLast(({ ran }) => ran)?.at ?? null
    for (const time of [due, last]) {
      if (time === null || settled >= time) continue
      const late = Math.max(from, realOf(clock, time + allowed))
      if (late < to) spans.push({ from: late, to })
    }
  }
  return spans
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (i: number): number => sorted[i] ?? 0
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2
}

/** A moment after a commit others may still see what was before. */
const visibleMs = 200

/**
 * After each look an alarm is open if the schedule was late all the time that the look took, and none is if it never was; what changed in
 * between may have been seen or not. Resolves to how many alarms there were.
 */
export function checkLate(
  o: { subject: string; event: string; spans: readonly Span[] },
  { ledger, alarms }: { ledger: Ledger; alarms: readonly AlarmRow[] },
): number {
  const rows = alarms.filter(({ event, subject }) => event === o.event && subject === o.subject)
  const united = unite(o.spans)
  let open = false
  let raised = 0
  for (const { begun, committed, at } of ledger.looks) {
    const isOpen = rows.some((row) => row.raised <= at && (row.closed === null || row.closed > at))
    const told = `${o.event} of ${o.subject} at ${new Date(at).toISOString()}: ${JSON.stringify({ begun, committed, united, rows })}`
    if (united.some(({ from, to }) => from < begun - visibleMs && to > committed + visibleMs))
      assert.ok(isOpen, `late, and no alarm: ${told}`)
    if (!united.some(({ from, to }) => from < committed + visibleMs && to > begun - visibleMs))
      assert.ok(!isOpen, `an alarm, and not late: ${told}`)
    if (isOpen && !open) raised++
    open = isOpen
  }
  assert.equal(rows.length, raised, `${o.event} of ${o.subject}: more alarms than times it was late`)
  return raised
}

function unite(spans: readonly Span[]): Span[] {
  const all: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last === undefined || last.to < span.from) all.push(span)
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return all
}
