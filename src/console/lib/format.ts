import { useTranslation } from 'react-i18next'

/** Numbers, sizes and times as the reader's language writes them. */
export interface Format {
  readonly locale: string
  readonly number: (value: number) => string
  readonly percent: (value: number) => string
  readonly bytes: (value: number) => string
  readonly seconds: (value: number) => string
  readonly rate: (perSecond: number, unit: string) => string
  /** `14:32` today, `27 Nov, 14:32` otherwise. */
  readonly time: (at: Date, now: Date) => string
  /** All of it, with the zone: for whoever points at a time. */
  readonly exact: (at: Date, zone?: string) => string
  readonly day: (at: Date) => string
  /** `08:00`, of an hour of the day. */
  readonly hour: (hour: number) => string
  /** `3 hours ago`, `in 5 minutes` */
  readonly relative: (at: Date, now: Date) => string
  readonly list: (items: readonly string[]) => string
}

/** The reader's own variant of the language, where the browser names one: it decides how numbers are written. */
function localeOf(language: string, wished: readonly string[]): string {
  const own = wished.find((one) => one.toLowerCase().startsWith(`${language}-`) && isLocale(one))
  return own ?? (language === 'en' ? 'en-GB' : language)
}

/** Some browsers name what is none, such as `en-US@posix` where the system has no language. */
function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length > 0
  } catch {
    return false
  }
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const
const spans = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
  ['week', 4.35],
  ['month', 12],
  ['year', Infinity],
] as const

/** To make a formatter takes far longer than to use it. */
function madeOnce<K, T>(made: Map<K, T>, key: K, make: () => T): T {
  const found = made.get(key) ?? make()
  made.set(key, found)
  return found
}

/** `wished`: languages as the browser names them. */
export function formatOf(language: string, wished: readonly string[]): Format {
  const locale = localeOf(language, wished)
  const number = new Intl.NumberFormat(locale)
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  // Moments of backups are of the calendar that databases use, and of a day of 24 hours.
  const dates = { calendar: 'gregory', hourCycle: 'h23' } as const
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  const hours = new Intl.DateTimeFormat(locale, { ...dates, ...clock })
  const days = new Intl.DateTimeFormat(locale, { ...dates, day: 'numeric', month: 'short' })
  const years = new Intl.DateTimeFormat(locale, { ...dates, day: 'numeric', month: 'short', year: 'numeric' })
  const both = new Intl.DateTimeFormat(locale, { ...dates, ...clock, day: 'numeric', month: 'short' })
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const units = new Map<string, Intl.NumberFormat>()
  const zones = new Map<string | undefined, Intl.DateTimeFormat>()

  const exactly = (zone: string | undefined): Intl.DateTimeFormat =>
    madeOnce(zones, zone, () => {
      const whole = { ...dates, dateStyle: 'full', timeStyle: 'long' } as const
      return new Intl.DateTimeFormat(locale, { ...whole, ...(zone === undefined ? {} : { timeZone: zone }) })
    })

  const unit = (
    value: number,
    name: string,
    digits = 0,
    unitDisplay: 'short' | 'narrow' | 'long' = 'short',
  ): string => {
    const options = { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits } as const
    const make = (): Intl.NumberFormat => new Intl.NumberFormat(locale, options)
    return madeOnce(units, `${name} ${digits} ${unitDisplay}`, make).format(value)
  }

  const bytes = (value: number, per = ''): string => {
    let size = 0
    let rest = value
    while (rest >= 999.5 && size < sizes.length - 1) {
      rest /= 1000
      size++
    }
    // Short, it has no plural.
    if (size === 0 && per === '') return unit(rest, 'byte', 0, 'long')
    return unit(rest, `${sizes[size] ?? 'byte'}${per}`, size >= 3 || (size === 2 && rest < 10) ? 1 : 0)
  }

  return {
    locale,
    number: (value) => number.format(value),
    percent: (value) => share.format(value),
    bytes: (value) => bytes(value),
    seconds(value) {
      if (value < 60) return unit(value, 'second', value < 10 ? 1 : 0, 'narrow')
      const whole = Math.round(value)
      const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
      const narrow = (part: number, name: string): string => unit(part, name, 0, 'narrow')
      return h > 0
        ? `${narrow(h, 'hour')} ${narrow(m, 'minute')}`
        : `${narrow(m, 'minute')} ${narrow(s, 'second')}`
    },
    rate: (perSecond, of) =>
      of === 'bytes' ? bytes(perSecond, '-per-second') : number.format(Math.round(perSecond)),
    time(at, now) {
      if (at.toDateString() === now.toDateString()) return hours.format(at)
      return at.getFullYear() === now.getFullYear() ? both.format(at) : years.format(at)
    },
    exact: (at, zone) => exactly(zone).format(at),
    day: (at) => days.format(at),
    hour: (hour) => hours.format(new Date(2000, 0, 1, hour)),
    relative(at, now) {
      let rest = (at.getTime() - now.getTime()) / 1000
      if (Math.abs(rest) < 10) return ago.format(0, 'second')
      for (const [name, many] of spans) {
        // Rounded first: 59.6 minutes are an hour.
        if (Math.abs(Math.round(rest)) < many) return ago.format(Math.round(rest), name)
        rest /= many
      }
      return ''
    },
    list: (items) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  }
}

const formats = new Map<string, Format>()

/** One for all that is shown: to make it takes longer than to draw the row of a list that it is for. */
export function useFormat(): Format {
  const { language } = useTranslation().i18n
  const { languages } = navigator
  return madeOnce(formats, [language, ...languages].join(' '), () => formatOf(language, languages))
}
