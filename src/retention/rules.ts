import type { Calendar, Period } from './calendar.ts'
import { spanText, type RetentionPolicy } from './policy.ts'
import type { RetainableBackup, RetentionReason } from './types.ts'

const periods: readonly (readonly [Period, string])[] = [
  ['hourly', 'hour'],
  ['daily', 'day'],
  ['weekly', 'week'],
  ['monthly', 'month'],
  ['yearly', 'year'],
]

/**
 * What the rules of a policy keep of one series, by id, with the reasons. `dated` are the backups that count, newest first; `sound`
 * those of them whose drill has not failed.
 */
export function applyRules(o: {
  readonly policy: RetentionPolicy
  readonly calendar: Calendar
  readonly dated: readonly RetainableBackup[]
  readonly sound: readonly RetainableBackup[]
}): ReadonlyMap<string, readonly RetentionReason[]> {
  const { policy, calendar, dated, sound } = o
  const reasons = new Map<string, RetentionReason[]>()
  const keep = ({ id }: RetainableBackup, reason: RetentionReason): void => {
    reasons.set(id, [...(reasons.get(id) ?? []), reason])
  }
  for (const backup of lastOf(policy.last, dated, sound))
    keep(backup, { rule: 'last', text: `among the last ${policy.last}` })
  for (const backup of within(policy.withinMs, dated))
    keep(backup, { rule: 'within', text: `within ${spanText(policy.withinMs)} of the newest` })
  for (const [rule, noun] of periods) {
    if (policy[rule] === 0) continue
    for (const [name, backup] of generations(rule, calendar, dated, sound).slice(0, policy[rule]))
      keep(backup, { rule, text: `the newest of the ${noun} ${name}` })
  }
  return reasons
}

/**
 * The newest `count`. One whose drill failed is nothing to rely on and does not use up the number; it stays while it is newer than
 * those that do, for whoever wants to know why. Where there are not enough, the newest of the failed make up the number.
 */
function lastOf(
  count: number,
  dated: readonly RetainableBackup[],
  sound: readonly RetainableBackup[],
): RetainableBackup[] {
  if (count === 0) return []
  const counted = sound.slice(0, count)
  const until = dated.findIndex((backup) => backup === counted.at(-1)) + 1
  return dated.slice(0, until).concat(dated.slice(until).slice(0, count - counted.length))
}

/** Those that are not much older than the newest. From its moment on, not from now: when backups stop, those there are must not run out. */
function within(withinMs: number, dated: readonly RetainableBackup[]): RetainableBackup[] {
  const [newest] = dated
  if (newest === undefined || withinMs === 0) return []
  return dated.filter(({ moment }) => Date.parse(newest.moment) - Date.parse(moment) <= withinMs)
}

/**
 * Of each stretch of the calendar with a backup the newest whose drill has not failed, or the newest if all of them have. The newest
 * stretch comes first; those without a backup are not there, so they do not use up the number.
 */
function generations(
  rule: Period,
  calendar: Calendar,
  dated: readonly RetainableBackup[],
  sound: readonly RetainableBackup[],
): [string, RetainableBackup][] {
  const nameOf = ({ moment }: RetainableBackup): string => calendar.nameOf(rule, new Date(moment))
  const newestBy = (backups: readonly RetainableBackup[]): Map<string, RetainableBackup> =>
    new Map(backups.toReversed().map((backup) => [nameOf(backup), backup]))
  const better = newestBy(sound)
  // Named once more from the newest on, for the order.
  const names = new Set(dated.map(nameOf))
  const newest = newestBy(dated)
  return [...names].flatMap((name): [string, RetainableBackup][] => {
    const backup = better.get(name) ?? newest.get(name)
    return backup === undefined ? [] : [[name, backup]]
  })
}
