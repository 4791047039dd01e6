import { HoldfastError } from '../lib/errors.ts'

/** A stretch of the calendar of which one backup may be kept. */
export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

/** Tells which stretch of a time zone's calendar a moment is in. */
export interface Calendar {
  /** A name of the stretch: equal for moments of one, and for no others. People can read it: `2026-11-21`, `2026-W47`. */
  nameOf(period: Period, moment: Date): string
}

/** The calendar of a time zone. Throws `usage` for a name that is none. */
export function calendarOf(zone: string): Calendar {
  const format = formatOf(zone)
  /** Taking a moment apart costs more than all the rest, and every rule asks for each. */
  const known = new Map<number, ReadonlyMap<string, string>>()
  const partsOf = (moment: Date): ReadonlyMap<string, string> => {
    const time = moment.getTime()
    const parts =
      known.get(time) ?? new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]))
    known.set(time, parts)
    return parts
  }
  return {
    nameOf(period, moment) {
      const parts = partsOf(moment)
      const [year, month, date] = (['year', 'month', 'day'] as const).map((name) => Number(parts.get(name)))
      if (year === undefined || month === undefined || date === undefined) return ''
      if (period === 'yearly') return four(year)
      if (period === 'monthly') return `${four(year)}-${two(month)}`
      if (period === 'weekly') return weekOf(year, month, date)
      const day = `${four(year)}-${two(month)}-${two(date)}`
      if (period === 'daily') return day
      // When clocks are set back an hour comes twice, with another distance from UTC: these are two hours.
      return `${day} ${parts.get('hour') ?? ''}h ${parts.get('timeZoneName') ?? ''}`
    },
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      timeZoneName: 'longOffset',
    })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new HoldfastError('usage', `${JSON.stringify(zone)} is no time zone that this machine knows.`, {
      cause,
      hint: 'Give a name such as Europe/Berlin, America/New_York or UTC.',
    })
  }
}

/** The week of ISO 8601: it begins on Monday, and belongs to the year that its Thursday is in. */
function weekOf(year: number, month: number, date: number): string {
  const day = Date.UTC(year, month - 1, date)
  const weekday = (new Date(day).getUTCDay() + 6) % 7
  const thursday = new Date(day + (3 - weekday) * 86_400_000)
  const weekYear = thursday.getUTCFullYear()
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(weekYear, 0, 1)) / (7 * 86_400_000))
  return `${four(weekYear)}-W${two(week)}`
}

const two = (value: number): string => String(value).padStart(2, '0')
const four = (value: number): string => String(value).padStart(4, '0')
