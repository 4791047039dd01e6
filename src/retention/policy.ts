/** Which backups are to stay, of each source and kind by themselves. Whatever any rule keeps stays. */
export interface RetentionPolicy {
  /** The newest so many; 0: none by this rule. */
  readonly last: number
  /** All that are not older than this, in milliseconds, than the newest of their series; 0: none by this rule. */
  readonly withinMs: number
  /** The newest of each of the last so many hours, days, ... in which there is a backup; 0: none by this rule. */
  readonly hourly: number
  readonly daily: number
  /** Weeks begin on Monday, as ISO 8601 has them. */
  readonly weekly: number
  readonly monthly: number
  readonly yearly: number
  /** At most so many by the rules above, the newest first; null: no limit. What else protects a backup is not limited. */
  readonly maxCount: number | null
  /** The newest so many whose last drill passed stay, whatever else is said: at least 1. */
  readonly verified: number
  /** IANA name of the time zone whose calendar tells hours, days, weeks, months and years. */
  readonly zone: string
}

/** Keeps nothing by any rule: to be spread into what is wanted. */
export const noRules: RetentionPolicy = {
  last: 0,
  withinMs: 0,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
  maxCount: null,
  verified: 1,
  zone: 'UTC',
}

/** True if at least one rule keeps backups: a policy without one would leave hardly anything. */
export function hasRule(policy: RetentionPolicy): boolean {
  const { last, withinMs, hourly, daily, weekly, monthly, yearly } = policy
  return [last, withinMs, hourly, daily, weekly, monthly, yearly].some((count) => count > 0)
}

/** The policy in words: `the last 7, 30 daily (Europe/Berlin)`. */
export function describePolicy(policy: RetentionPolicy): string {
  const { last, withinMs, maxCount, zone } = policy
  const generations = (['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const)
    .filter((rule) => policy[rule] > 0)
    .map((rule) => `${policy[rule]} ${rule}`)
  const rules = [
    ...(last > 0 ? [`the last ${last}`] : []),
    ...(withinMs > 0 ? [`all within ${spanText(withinMs)} of the newest`] : []),
    ...generations,
    ...(maxCount === null ? [] : [`at most ${maxCount}`]),
    `the last ${policy.verified} verified`,
  ]
  return `${rules.join(', ')}${generations.length > 0 ? ` (by the calendar of ${zone})` : ''}`
}

const day = 24 * 60 * 60 * 1000

/** `30 days`, `36 hours`, `90 minutes`. */
export function spanText(milliseconds: number): string {
  const [amount, unit] =
    milliseconds % day === 0
      ? [milliseconds / day, 'day']
      : milliseconds % (day / 24) === 0
        ? [milliseconds / (day / 24), 'hour']
        : [Math.round(milliseconds / 60_000), 'minute']
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
