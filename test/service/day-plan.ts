import { randomOf } from '../oracle/random.ts'
import { playedCommands, realCommands } from '../support/service.ts'
import { fileURLToPath } from 'node:url'
import type { CommandLine } from '../../src/jobs/command.ts'
import type { DaySchedule } from './day-schedules.ts'

/** A day as it is to be: what is scheduled, how fast it goes, and how long the parts of the service wait. */
export interface DayPlan {
  readonly seed: string
  /** Backups are real ones of real databases. */
  readonly real: boolean
  readonly commandLine: CommandLine
  /** When it begins, in ms since 1970; null: now. */
  readonly begins: number | null
  readonly hours: number
  readonly factor: number
  readonly schedules: readonly DaySchedule[]
  readonly leaseSeconds: number
  readonly tickMs: number
  readonly alarmsMs: number
  /** Of the day: what is late. */
  readonly graceMs: number
  /** Between two disasters, at most. */
  readonly pauseMs: number
}

/** Clocks are put back in the first and forward in the second, four hours after it begins. */
const begins = ['2024-10-26T20:00:00Z', '2024-03-30T21:00:00Z']

/** Of so many hours, each in so many seconds. */
export function playedDay(seed: string, hours: number, secondsOfHour: number): DayPlan {
  const factor = 3600 / secondsOfHour
  const slow = (minutes: number): string => `slow ${Math.round((minutes * 60_000) / factor)}`
  const usual = { kind: 'backup', zone: 'UTC', overlap: 'skip', jitterSeconds: 0 } as const
  const quarters = { minutes: [0, 15, 30, 45] }
  const schedules: DaySchedule[] = [
    { ...usual, name: 'quarter', source: 's0', when: quarters, part: 'done' },
    { ...usual, name: 'quarter-long', source: 's1', when: quarters, part: slow(40) },
    { ...usual, name: 'hour-long', source: 's2', when: { minutes: [5] }, overlap: 'queue', part: slow(90) },
    { ...usual, name: 'hour-jitter', source: 's3', when: { minutes: [0] }, jitterSeconds: 900, part: 'done' },
    { ...usual, name: 'hour-flaky', source: 's4', when: { minutes: [20] }, part: 'flaky' },
    { ...usual, name: 'hour-refused', source: 's5', when: { minutes: [10, 40] }, part: 'refused' },
    { ...usual, name: 'hour-away', source: 's6', when: { minutes: [25, 55] }, part: 'away' },
    { ...usual, name: 'day-berlin', source: 's7', when: { hour: 2, minute: 30 }, zone: 'Europe/Berlin', part: 'done' },
    { ...usual, name: 'day-tokyo', source: 's8', when: { hour: 9, minute: 15 }, zone: 'Asia/Tokyo', part: slow(70) },
    { ...usual, name: 'hour-berlin', source: 's9', when: { minutes: [35] }, zone: 'Europe/Berlin', jitterSeconds: 300, part: 'done' },
    { ...usual, name: 'drills', kind: 'drill', source: 's0', when: { minutes: [50] }, overlap: 'queue', part: '' },
    { ...usual, name: 'checks', kind: 'check', source: null, when: { minutes: [30] }, part: '' },
  ] // prettier-ignore
  return {
    seed,
    real: false,
    commandLine: { ...playedCommands, arguments: [...realCommands.arguments.slice(0, 1), fileURLToPath(new URL('day-command.ts', import.meta.url))] }, // prettier-ignore
    begins: Date.parse(randomOf(seed).fork('day').pick(begins)),
    hours,
    factor,
    schedules,
    leaseSeconds: 3,
    tickMs: 100,
    alarmsMs: 250,
    graceMs: 30 * 60_000,
    pauseMs: 1_500,
  }
}

/** So many minutes of real time, with a schedule for every minute of each of some databases. */
export function realDay(seed: string, minutes: number): DayPlan {
  const every = { minutes: Array.from({ length: 60 }, (_, i) => i) }
  const usual = {
    kind: 'backup',
    when: every,
    zone: 'UTC',
    overlap: 'skip',
    jitterSeconds: 0,
    part: '',
  } as const
  return {
    ...playedDay(seed, minutes / 60, 3600),
    real: true,
    commandLine: realCommands,
    begins: null,
    schedules: [
      { ...usual, name: 'first', source: 's0' },
      { ...usual, name: 'second', source: 's1', overlap: 'queue', jitterSeconds: 20 },
      { ...usual, name: 'third', source: 's2', jitterSeconds: 45 },
      { ...usual, name: 'fourth', source: 's3' },
      { ...usual, name: 'drills', kind: 'drill', source: 's0', when: { minutes: every.minutes.filter((i) => i % 5 === 2) } },
      { ...usual, name: 'checks', kind: 'check', source: null, when: { minutes: every.minutes.filter((i) => i % 5 === 4) } },
    ], // prettier-ignore
    leaseSeconds: 8,
    tickMs: 500,
    alarmsMs: 1_000,
    graceMs: 60_000,
    pauseMs: 20_000,
  }
}
