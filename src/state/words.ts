/** Numbers and times as a sentence says them, in English. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function count(of: number, one: string): string {
  return `${grouped.format(of)} ${one}${of === 1 ? '' : 's'}`
}

/** `3 hours`, in the unit in which it is at least two. */
export function span(ms: number): string {
  const steps = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ] as const
  const [length, name] = steps.find(([one]) => ms >= 2 * one) ?? ([1000, 'second'] as const)
  return count(Math.max(0, Math.floor(ms / length)), name)
}

/** As somebody says it at `now`, in that zone: `14:32`, `Tuesday 14:32`, `28 November 2026 14:32`. */
export function time(at: Date, { now, zone }: { now: Date; zone: string }): string {
  const part = (options: Intl.DateTimeFormatOptions, of = at) =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone }).format(of)
  const clock = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const named = zone === 'UTC' ? `${clock} UTC` : clock
  const day = (of: Date) => part({ dateStyle: 'short' }, of)
  if (day(at) === day(now)) return named
  const near = Math.abs(now.getTime() - at.getTime()) < 6 * 86_400_000
  return near
    ? `${part({ weekday: 'long' })} ${named}`
    : `${part({ day: 'numeric', month: 'long', year: 'numeric' })} ${named}`
}
