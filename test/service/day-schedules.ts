import assert from 'node:assert/strict'
import type { Decision, JobChange, Ledger } from './day-ledger.ts'
import type { DayClock } from './day-clock.ts'

/* What a day's schedules should have come to, by an enumeration of minutes that knows nothing of expressions of cron. */

/** A schedule in the words of this test. */
export interface DaySchedule {
  readonly name: string
  readonly kind: 'backup' | 'drill' | 'check'
  /** Null: of the repository. */
  readonly source: string | null
  /** Of every hour, or at an hour and a minute of the zone. */
  readonly when: { readonly minutes: readonly number[] } | { readonly hour: number; readonly minute: number }
  readonly zone: string
  readonly overlap: 'skip' | 'queue'
  readonly jitterSeconds: number
  /** What the command does: day-command.ts. */
  readonly part: string
}

const minuteMs = 60_000

/** The times of the schedule from `from` up to `to`, in ms since 1970. */
export function expectedTimes({ when, zone }: DaySchedule, from: number, to: number): number[] {
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const texts = new Map<number, string>()
  const days = new Map<string, number[]>()
  for (let at = Math.ceil(from / minuteMs) * minuteMs - 24 * 60 * minuteMs; at <= to; at += minuteMs) {
    const text = local.format(at)
    texts.set(at, text)
    days.set(text.slice(0, 10), [...(days.get(text.slice(0, 10)) ?? []), at])
  }
  const wanted = (text: string | undefined): boolean =>
    'minutes' in when && when.minutes.includes(Number(text?.slice(14, 16)))
  const times =
    'minutes' in when
      ? [...texts.keys()].filter((at) => wanted(texts.get(at)))
      : // The first of those that come twice; one that there is not is an hour later.
        [...days.values()].flatMap((minutes) => {
          const find = (hour: number) =>
            minutes.find((at) => texts.get(at)?.slice(11) === `${two(hour)}:${two(when.minute)}`)
          return find(when.hour) ?? find(when.hour + 1) ?? []
        })
  return times.filter((at) => at > from && at <= to)
}

const two = (number: number): string => String(number).padStart(2, '0')

export interface ScheduleFigures {
  expected: number
  ran: number
  skipped: number
  missed: number
}

/**
 * Holds every decision of a schedule against the times that it should have, and the jobs there were. `marks`: times at which a scheduler
 * found nothing to do.
 */
export function checkSchedule(
  schedule: DaySchedule & { readonly id: string },
  o: { ledger: Ledger; clock: DayClock; from: number; to: number; marks: readonly number[]; slackMs: number },
): ScheduleFigures {
  const { clock, from, to, marks } = o
  const decisions = o.ledger.decisions.filter((one) => one.schedule === schedule.id)
  const jobs = o.ledger.jobs.filter((one) => one.schedule === schedule.id)
  const slack = o.slackMs * clock.factor
  const times = expectedTimes(schedule, from, to + 48 * 3_600_000)
  const firstAfter = (at: number): number | undefined => times.find((time) => time > at)
  const figures = { expected: times.filter((at) => at <= to).length, ran: 0, skipped: 0, missed: 0 }
  const made = jobs.filter(({ status, attempt }) => status === 'pending' && attempt === 0)
  let next = { at: times[0], due: null as number | null }
  for (const decision of decisions) {
    const { was, was_due: due, at } = decision
    const told = `${schedule.name} at ${new Date(was).toISOString()}: ${JSON.stringify(decision)}`
    assert.equal(was, next.at, `another time than expected: ${told}`)
    if (next.due !== null) assert.equal(due, next.due, told)
    assert.ok(due >= was && due <= was + schedule.jitterSeconds * 1000, `not within its jitter: ${told}`)
    assert.ok(at >= due, `before its time: ${told}`)
    assert.equal(decision.next, firstAfter(Math.max(was, at)), `not the time after this: ${told}`)
    next = { at: decision.next, due: decision.due }
    checkOverlap(schedule, decision, { jobs, clock, told })
    if (decision.ran) figures.ran++
    else figures.skipped++
    figures.missed += times.filter((time) => time > was && time <= at).length
    // Whoever looks and finds nothing while something is long due does not do its work, unless another is at it just then.
    const idle = marks.filter((mark) => mark > due + slack && mark < at - slack)
    assert.deepEqual(idle, [], `it was due, and a scheduler found nothing: ${told}`)
  }
  assert.ok((next.due ?? next.at ?? Infinity) > to - slack, `${schedule.name} was not begun to the end`)
  const wanted = decisions.filter(({ ran }) => ran).map(({ committed }) => committed)
  assert.deepEqual(made.map(({ committed }) => committed), wanted, `jobs of ${schedule.name}`) // prettier-ignore
  return figures
}

/** A moment after a commit others may still see what was before. */
const visibleMs = 200

/** Whether what the rule of overlaps says was done, as far as what was at that moment is certain. */
function checkOverlap(
  { overlap }: DaySchedule,
  decision: Decision,
  o: { jobs: readonly JobChange[]; clock: DayClock; told: string },
): void {
  const there = overlap === 'skip' ? ['pending', 'waiting', 'running'] : ['pending', 'waiting']
  const spans = [...Map.groupBy(o.jobs, ({ job }) => job).values()].flatMap((changes) =>
    changes.flatMap((change, i) =>
      there.includes(change.status)
        ? [{ from: change.committed, to: changes[i + 1]?.committed ?? Infinity }]
        : [],
    ),
  )
  const { begun, committed } = decision
  if (decision.ran) {
    const held = spans.filter(({ from, to }) => from < begun - visibleMs && to > committed + visibleMs)
    assert.deepEqual(held, [], `begun although the run before was there: ${o.told}`)
  } else {
    const maybe = spans.some(({ from, to }) => from < committed && to > begun - visibleMs)
    assert.ok(maybe, `left out although no run was there: ${o.told}`)
  }
}
