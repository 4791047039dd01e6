import { calendarOf, type Calendar } from './calendar.ts'
import { applyRules } from './rules.ts'
import type { RetainableBackup, RetentionDecision, RetentionFacts, RetentionReason } from './types.ts'

/** Clocks of machines differ: what is ahead by less than this is taken as it is. */
const toleranceMs = 60 * 60 * 1000

/** Stretches of the calendar have an order of their own. */
const noPeriods = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

/**
 * Decides for each backup whether it stays, and why. One that is known to be damaged takes no other's place: what would stay if it
 * was not there stays. But it is no reason for it to go either, since what is said of it may be wrong, or be mended: where it would stay if it was whole
 * it stays. Where the moments of backups contradict the order they were made in, a clock was wrong: what stays by either order stays. The result is in
 * series, newest first by the moment. Pure: the same facts give
 * the same plan. Planning again on what stays removes nothing more; and a newer backup never brings back one that goes, unless it frees a
 * place among as many as may be kept.
 */
export function planRetention<B extends RetainableBackup>(facts: RetentionFacts<B>): RetentionDecision<B>[] {
  const decisions = planAll(facts)
  const isWhole = ({ id }: B): boolean => !facts.damaged.has(id)
  if (facts.backups.every(isWhole)) return decisions
  const others = planAll({ ...facts, backups: facts.backups.filter(isWhole) })
  const kept = new Map(others.filter(({ keep }) => keep).map(({ backup, reasons }) => [backup.id, reasons]))
  return decisions.map((decision) => {
    const { backup, keep, reasons } = decision
    const more = kept.get(backup.id) ?? []
    if (keep || more.length > 0) return { backup, keep: true, reasons: merged(keep ? reasons : [], more) }
    return isWhole(backup)
      ? decision
      : {
          backup,
          keep,
          reasons: [{ rule: 'none', key: 'damaged', text: 'it is damaged, and no rule keeps it' }],
        }
  })
}

/** All reasons once. */
function merged(one: readonly RetentionReason[], other: readonly RetentionReason[]): RetentionReason[] {
  return [...new Map([...one, ...other].map((reason) => [`${reason.rule} ${reason.text}`, reason])).values()]
}

function planAll<B extends RetainableBackup>(facts: RetentionFacts<B>): RetentionDecision<B>[] {
  const calendar = calendarOf(facts.policy.zone)
  const series = Map.groupBy(facts.backups, ({ source, kind, scope }) => `${source}/${kind}/${scope ?? ''}`)
  return [...series.values()].flatMap((backups) => planSeries(facts, calendar, backups.toSorted(newestFirst)))
}

/** Where a maximum lets fewer stay than rules keep, rules may keep fewer of those that are left: again, until nothing more goes. */
function planSeries<B extends RetainableBackup>(
  facts: RetentionFacts<B>,
  calendar: Calendar,
  backups: readonly B[],
): RetentionDecision<B>[] {
  const decided = new Map<string, RetentionDecision<B>>()
  for (let left = backups; ;) {
    const decisions = planOnce(facts, calendar, left)
    for (const decision of decisions) decided.set(decision.backup.id, decision)
    const stay = decisions.filter(({ keep }) => keep).map(({ backup }) => backup)
    if (facts.policy.maxCount === null || stay.length === left.length) break
    left = stay
  }
  return backups.flatMap(({ id }) => decided.get(id) ?? [])
}

function planOnce<B extends RetainableBackup>(
  facts: RetentionFacts<B>,
  calendar: Calendar,
  backups: readonly B[],
): RetentionDecision<B>[] {
  const { policy, now, verified } = facts
  // What a clock that was wrong has dated ahead says nothing of the others: it does not count, nor make them old.
  const dated = backups.filter(({ moment }) => Date.parse(moment) <= now.getTime() + toleranceMs)
  const sound = dated.filter(({ id }) => verified.get(id) !== 'failed')
  const byRule = new Map<string, readonly RetentionReason[]>()
  const over = new Set<string>()
  for (const order of [newestFirst, madeLast]) {
    const rules = order === madeLast ? { ...policy, ...noPeriods } : policy
    const ruled = applyRules({
      policy: rules,
      calendar,
      dated: dated.toSorted(order),
      sound: sound.toSorted(order),
    })
    const ids = backups.toSorted(order).flatMap(({ id }) => (ruled.has(id) ? [id] : []))
    for (const [place, id] of ids.entries())
      if (place >= (policy.maxCount ?? Infinity)) over.add(id)
      else byRule.set(id, merged(byRule.get(id) ?? [], ruled.get(id) ?? []))
  }
  const guards = guardsOf(facts, backups, dated, sound)

  return backups.map((backup) => {
    const { id } = backup
    const reasons = [...(byRule.get(id) ?? []), ...(guards.get(id) ?? [])]
    if (reasons.length > 0) return { backup, keep: true, reasons }
    const why: RetentionReason = over.has(id)
      ? { rule: 'max-count', text: `${policy.maxCount} newer ones are kept, and no more may be` }
      : verified.get(id) === 'failed'
        ? { rule: 'none', key: 'failed', text: 'a drill of it failed' }
        : { rule: 'none', text: 'no rule keeps it' }
    return { backup, keep: false, reasons: [why] }
  })
}

/** What keeps backups whatever the rules say, by id. */
function guardsOf(
  { policy, verified, pins, used }: RetentionFacts,
  backups: readonly RetainableBackup[],
  dated: readonly RetainableBackup[],
  sound: readonly RetainableBackup[],
): ReadonlyMap<string, readonly RetentionReason[]> {
  const passed = dated.filter(({ id }) => verified.get(id) === 'passed')
  const first = (of: readonly RetainableBackup[], count: number): readonly RetainableBackup[] =>
    [newestFirst, madeLast].flatMap((order) => of.toSorted(order).slice(0, count))
  const proved = new Set(first(passed, Math.max(1, policy.verified)))
  const newest = new Set([...first(dated, 1), ...first(sound, 1)])
  const counting = new Set(dated)
  return new Map(
    backups.map((backup): [string, RetentionReason[]] => {
      const pin = pins.get(backup.id)
      return [
        backup.id,
        [
          ...(newest.has(backup) ? [{ rule: 'newest', text: 'the newest of its source' } as const] : []),
          ...(proved.has(backup)
            ? [{ rule: 'verified', text: 'among the last that a drill has proved' } as const]
            : []),
          ...(counting.has(backup)
            ? []
            : [{ rule: 'future', text: 'dated in the future, by a clock that was wrong' } as const]),
          ...(pin === undefined ? [] : [{ rule: 'pinned', text: `pinned: ${pin}`, value: pin } as const]),
          ...(used.has(backup.id) ? [{ rule: 'used', text: 'in use' } as const] : []),
        ],
      ]
    }),
  )
}

/** By the moment, which is what rules speak of; then as all other lists of backups. */
function newestFirst(a: RetainableBackup, b: RetainableBackup): number {
  return (
    Date.parse(b.moment) - Date.parse(a.moment) ||
    b.sequence - a.sequence ||
    (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
  )
}

/** Another order only where a clock was set back: then the newest by the moment are not those that were made last. */
function madeLast(a: RetainableBackup, b: RetainableBackup): number {
  return b.sequence - a.sequence || newestFirst(a, b)
}
