import type { KeepEntry } from '../config/declaration.ts'
import { HoldfastError } from '../lib/errors.ts'
import { hasRule, noRules, type RetentionPolicy } from '../retention/policy.ts'
import { custom, integer, text, wrong, type OptionSpec } from './option.ts'

/** The options of what stays, and what they come to together with what holdfast.json says. */

const hour = 60 * 60 * 1000
const units = { h: hour, d: 24 * hour, w: 7 * 24 * hour }

/** Milliseconds of a span such as `30d`. */
export function span(spec: {
  flags: string
  description: string
  default?: string
}): OptionSpec<number | undefined> {
  return custom({
    ...spec,
    read(given) {
      if (given === undefined) return undefined
      const [, count = '', unit = ''] = /^([1-9]\d{0,4})([hdw])$/.exec(given) ?? []
      if (unit !== 'h' && unit !== 'd' && unit !== 'w')
        throw wrong(spec, given, 'give a span such as 12h, 30d or 8w')
      return Number(count) * units[unit]
    },
  })
}

const count = (flags: string, description: string, min = 0, defaultText?: string) =>
  integer({ flags, description, min, max: 100_000, default: undefined, ...(defaultText === undefined ? {} : { defaultText }) }) // prettier-ignore

export const keepOptions = {
  keepLast: count('--keep-last <n>', 'keep the newest so many backups of each source'),
  keepWithin: span({
    flags: '--keep-within <span>',
    description:
      'keep all that are not older, by more than this, than the newest of their source: 12h, 30d, 8w',
  }),
  keepHourly: count('--keep-hourly <n>', 'keep the newest of each of so many hours with a backup'),
  keepDaily: count('--keep-daily <n>', 'of each of so many days'),
  keepWeekly: count('--keep-weekly <n>', 'of each of so many weeks'),
  keepMonthly: count('--keep-monthly <n>', 'of each of so many months'),
  keepYearly: count('--keep-yearly <n>', 'of each of so many years'),
  maxCount: count('--max-count <n>', 'keep at most so many by the options above, the newest', 1),
  keepVerified: count(
    '--keep-verified <n>',
    'keep the newest so many that a drill has proved, always',
    1,
    '1',
  ),
  keepRestores: span({
    flags: '--keep-restores <span>',
    description: 'how long restores in place can be undone',
    default: '90d',
  }),
  zone: text({
    flags: '--zone <name>',
    description: 'the time zone whose calendar tells hours, days and weeks',
    default: 'UTC',
  }),
  grace: span({
    flags: '--grace <span>',
    description: 'how long to wait between planning and removing, at least 1h, by the clock of the storage',
    default: '1d',
  }),
}

type Given = { readonly [K in keyof typeof keepOptions]: ReturnType<(typeof keepOptions)[K]['read']> }

/** What stays, and for how long other things do. */
export interface Keep {
  readonly policy: RetentionPolicy
  readonly restoresMs: number
  readonly graceMs: number
  /** True if the rules are those that the configuration has for one source. */
  readonly ofSource: boolean
}

/**
 * The policy: the rules that were given, else those of the configured source as a whole, since half of each would be neither. Throws `usage` if there are none: that would
 * remove nearly everything.
 */
export function keepMeant(given: Given, configured: KeepEntry | undefined): Keep {
  const own: RetentionPolicy = {
    ...noRules,
    last: given.keepLast ?? 0,
    withinMs: given.keepWithin ?? 0,
    hourly: given.keepHourly ?? 0,
    daily: given.keepDaily ?? 0,
    weekly: given.keepWeekly ?? 0,
    monthly: given.keepMonthly ?? 0,
    yearly: given.keepYearly ?? 0,
  }
  const said = (flags: keyof typeof keepOptions, value: string | undefined): number | undefined => {
    const read = keepOptions[flags].read(value)
    return typeof read === 'number' ? read : undefined
  }
  const rules: RetentionPolicy = hasRule(own)
    ? own
    : {
        ...noRules,
        last: configured?.last ?? 0,
        withinMs: said('keepWithin', configured?.within) ?? 0,
        hourly: configured?.hourly ?? 0,
        daily: configured?.daily ?? 0,
        weekly: configured?.weekly ?? 0,
        monthly: configured?.monthly ?? 0,
        yearly: configured?.yearly ?? 0,
      }
  if (!hasRule(rules)) {
    throw new HoldfastError('usage', 'Nothing says which backups are to be kept.', {
      hint: 'Give at least one of --keep-last, --keep-within, --keep-daily and the like, or "keep" of the source in holdfast.json.',
    })
  }
  const grace = given.grace ?? said('grace', configured?.grace) ?? units.d
  return {
    policy: {
      ...rules,
      maxCount: given.maxCount ?? (hasRule(own) ? null : (configured?.maxCount ?? null)),
      verified: given.keepVerified ?? configured?.verified ?? 1,
      zone: given.zone ?? configured?.zone ?? 'UTC',
    },
    restoresMs: given.keepRestores ?? said('keepRestores', configured?.restores) ?? 90 * units.d,
    graceMs: grace,
    ofSource: !hasRule(own),
  }
}
