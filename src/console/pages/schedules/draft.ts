import { keepRules, type KeepRule } from '../../lib/keep-words.ts'
import type { Schedule, ScheduleRule } from '../../lib/types.ts'
import type { weekdays } from '../../lib/schedule-words.ts'

export const shapes = ['day', 'days', 'week', 'month', 'cron'] as const
export type Shape = (typeof shapes)[number]
export type Weekday = (typeof weekdays)[number]

/** A schedule as the form holds it: everything at once, so that going to another shape and back loses nothing. */
export interface Draft {
  readonly name: string
  readonly kind: string
  readonly about: string
  readonly shape: Shape
  readonly at: string
  readonly count: number
  readonly from: string
  readonly on: readonly Weekday[]
  readonly day: number | 'last'
  readonly cron: string
  readonly zone: string
  readonly keep: Readonly<Record<KeepRule, number>>
}

const noKeep: Draft['keep'] = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

export function newDraft(about: string, today: Date): Draft {
  return {
    name: '',
    kind: 'backup',
    about,
    shape: 'day',
    at: '02:00',
    count: 2,
    from: today.toISOString().slice(0, 10),
    on: ['sunday'],
    day: 1,
    cron: '0 2 * * *',
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    keep: { ...noKeep, daily: 30, monthly: 12 },
  }
}

export function draftOf(schedule: Schedule, about: string, today: Date): Draft {
  const { name, kind, zone, keep } = schedule
  const rule = schedule.rule as ScheduleRule
  const counts = keepRules.map((one) => [one, typeof keep?.[one] === 'number' ? keep[one] : 0])
  const base = {
    ...newDraft(about, today),
    name,
    kind,
    zone,
    keep: Object.fromEntries(counts) as Draft['keep'],
  }
  if ('cron' in rule) return { ...base, shape: 'cron', cron: rule.cron }
  switch (rule.every) {
    case 'day':
      return { ...base, shape: 'day', at: rule.at }
    case 'days':
      return { ...base, shape: 'days', at: rule.at, count: rule.count, from: rule.from }
    case 'week':
      return { ...base, shape: 'week', at: rule.at, on: rule.on }
    case 'month':
      return { ...base, shape: 'month', at: rule.at, day: rule.on }
  }
}

export function ruleOf({ shape, at, count, from, on, day, cron }: Draft): ScheduleRule {
  switch (shape) {
    case 'day':
      return { every: 'day', at }
    case 'days':
      return { every: 'days', count, from, at }
    case 'week':
      return { every: 'week', on: [...on], at }
    case 'month':
      return { every: 'month', on: day, at }
    case 'cron':
      return { cron }
  }
}

/**
 * What the form says is kept, on top of what it has no field for, such as `within`: that stays as it was. Null: nothing is ever
 * removed.
 */
export function keepOf({ keep }: Draft, before: Schedule['keep']): Record<string, unknown> | null {
  const others = Object.entries(before ?? {}).filter(([name]) => !keepRules.some((rule) => rule === name))
  const given = keepRules.filter((rule) => keep[rule] > 0).map((rule) => [rule, keep[rule]] as const)
  const all = [...others, ...given]
  return all.length === 0 ? null : Object.fromEntries(all)
}
