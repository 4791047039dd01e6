import { CronExpressionParser } from 'cron-parser'
import { HoldfastError, messageOf } from '../lib/errors.ts'

export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

/** When something is to be done, in a time zone: an expression of cron with its five fields, or what people say instead. `at`: `02:30`. */
export type ScheduleRule =
  | { readonly cron: string }
  | { readonly every: 'day'; readonly at: string }
  /** Every so many days, counted from a day such as `2026-11-01`. */
  | { readonly every: 'days'; readonly count: number; readonly from: string; readonly at: string }
  | { readonly every: 'week'; readonly on: readonly (typeof weekdays)[number][]; readonly at: string }
  /** A day that every month has, or the last one. */
  | { readonly every: 'month'; readonly on: number | 'last'; readonly at: string }

/**
 * The first time after `after` that the rule means, null if there is none. Where clocks are put forward, a time that does not exist is
 * meant an hour later; where they are put back, of a time that comes twice the first is meant. A rule for several times an hour
 * means all of them. Known limit: where they are put forward by half an hour only (Australia/Lord_Howe), a time in that half hour is left
 * out. Throws `schedule_invalid`.
 */
export function nextRun(rule: ScheduleRule, zone: string, after: Date): Date | null {
  const expression = cronOf(rule)
  const times = iterate(expression, zone, after)
  if (!('every' in rule) || rule.every !== 'days') return times()
  const from = dayNumber(rule.from)
  for (let tries = 0; tries <= rule.count; tries++) {
    const time = times()
    if (time === null || (localDay(time, zone) - from) % rule.count === 0) return time
  }
  return null
}

/** Throws `schedule_invalid` if a rule means nothing, or never. */
export function requireRule(rule: ScheduleRule, zone: string, now: Date): void {
  if (nextRun(rule, zone, now) === null) throw invalid('its time never comes')
}

function cronOf(rule: ScheduleRule): string {
  if ('cron' in rule) {
    // A sixth field would be seconds, and nobody backs up by the second.
    if (rule.cron.trim().split(/\s+/).length !== 5) throw invalid(`"${rule.cron}" has not five fields`)
    return rule.cron
  }
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(rule.at) ?? []
  if (hour === undefined || minute === undefined)
    throw invalid(`"${rule.at}" is no time of day such as 02:30`)
  const at = `${Number(minute)} ${Number(hour)}`
  switch (rule.every) {
    case 'day':
      return `${at} * * *`
    case 'days':
      if (!Number.isInteger(rule.count) || rule.count < 1 || rule.count > 366)
        throw invalid('the days are to be 1 to 366')
      dayNumber(rule.from)
      return `${at} * * *`
    case 'week':
      if (rule.on.length === 0) throw invalid('it names no day of the week')
      return `${at} * * ${rule.on.map((day) => weekdays.indexOf(day)).join(',')}`
    case 'month':
      if (rule.on !== 'last' && !(Number.isInteger(rule.on) && rule.on >= 1 && rule.on <= 28))
        throw invalid('the day of the month is to be 1 to 28, which every month has, or "last"')
      return `${at} ${rule.on === 'last' ? 'L' : rule.on} * *`
  }
}

/** Times of the expression after `after`, one by one; null when there are no more. */
function iterate(expression: string, zone: string, after: Date): () => Date | null {
  requireZone(zone)
  // Asked from within the hour that comes twice, cron-parser does not know that a time was there in the first one already; from within
  // the one after an hour that was left out, nothing of what was meant for that one.
  const changed = zoneOffset(new Date(after.getTime() - 2 * hourMs), zone) !== zoneOffset(after, zone)
  let before = changed ? new Date(after.getTime() - 4 * hourMs) : after
  return () => {
    let next: Date | null
    do {
      next = firstAfter(expression, zone, before)
      before = next ?? before
    } while (next !== null && next <= after)
    return next
  }
}

/** What cron-parser is asked to look past when it finds nothing. */
const lookPastHours = 48

function firstAfter(expression: string, zone: string, after: Date): Date | null {
  const tryFrom = (hours: number): Date | null => {
    const times = parse(expression, zone, new Date(after.getTime() + hours * hourMs))
    try {
      return times.next().toDate()
    } catch {
      return null
    }
  }
  const next = tryFrom(0)
  if (next !== null) return next
  // It gives up on a day on which clocks are put back by half an hour (Australia/Lord_Howe), as if no time ever came any more; from
  // behind that moment it finds them again. It searches long for what is not there, so the moment is found in few steps.
  let found = tryFrom(lookPastHours)
  for (let from = 0, to = lookPastHours; found !== null && to - from > 1;) {
    const middle = Math.floor((from + to) / 2)
    const earlier = tryFrom(middle)
    if (earlier === null) from = middle
    else to = middle
    found = earlier ?? found
  }
  return found
}

function parse(expression: string, zone: string, currentDate: Date) {
  try {
    return CronExpressionParser.parse(expression, { currentDate, tz: zone })
  } catch (cause) {
    throw invalid(`"${expression}" is no expression of cron: ${messageOf(cause)}`, cause)
  }
}

function requireZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw invalid(`"${zone}" is no time zone such as Europe/Berlin`, cause)
  }
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** How far the clocks of the zone are ahead of UTC, to the second. */
function zoneOffset(time: Date, zone: string): number {
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return Date.parse(`${local.format(time).replace(' ', 'T')}Z`) - Math.floor(time.getTime() / 1000) * 1000
}

/** Days from 1970, of a date such as `2026-11-01`. */
function dayNumber(date: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN
  if (Number.isNaN(ms)) throw invalid(`"${date}" is no date such as 2026-11-01`)
  return ms / dayMs
}

/** The same, of the date that it is in a zone. */
function localDay(time: Date, zone: string): number {
  // The one locale that writes dates as ISO 8601 does.
  return dayNumber(new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(time))
}

function invalid(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('schedule_invalid', `The schedule can't be used: ${why}.`, { cause })
}
