import type { Client } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { PrunePreview, PruneReport } from '../../prune/types.ts'
import { describePolicy, type RetentionPolicy } from '../../retention/policy.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { askYesNo } from '../confirm.ts'
import type { keepOptions } from '../keep.ts'
import { tellDecisions, tellPreview, tellReport, type Decision } from '../prune-text.ts'
import { agreedBySecond } from './approval.ts'
import { followJob } from './job.ts'
import { sourceNamed } from './names.ts'

type Input = ServerInput & {
  readonly [K in keyof typeof keepOptions]: ReturnType<(typeof keepOptions)[K]['read']>
} & {
  readonly source: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** A decision as `prune --json` has it, with the backup in the same object. */
type Decided = Decision['backup'] & Pick<Decision, 'keep' | 'reasons'>

/** Of what may be said of backups that stay, those that keep some. */
const rules = ['last', 'within', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

/** A prune of one source of the service: what goes is shown, and with consent removed. */
export async function pruneAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const { out } = context
  const { name: source, settings } = await sourceNamed(client, input.source)
  const given = keepOf(input)
  const own = settings['keep'] as Readonly<Record<string, unknown>> | undefined
  // Rules that were given stand in place of those of the source as a whole, as everywhere.
  const ruled = rules.some((rule) => rule in given)
  const keep = ruled ? given : own === undefined ? null : { ...own, ...given }
  if (keep === null)
    throw new HoldfastError('usage', 'Nothing says which backups are to be kept.', {
      hint: 'Give at least one of --keep-last, --keep-within, --keep-daily and the like, or "keep" in the settings of the source.',
    })
  const params = { keep }
  const look = await client.createJob({ kind: 'prune-preview', source, params })
  const previewed = await followJob(context, client, look, { detach: false })
  const shown = datesIn(previewed ?? {})
  const decisions = (shown['decisions'] as readonly Decided[]).map((one): Decision => ({
    backup: one,
    keep: one.keep,
    reasons: one.reasons,
  }))
  tellDecisions(context, decisions)
  out.line(`Kept: ${describePolicy(shown['policy'] as RetentionPolicy)}.`)
  tellPreview(context, {
    ...(shown as unknown as PrunePreview),
    decisions,
    oldRestores: shown['restores'] as readonly string[],
  })
  if (input.dryRun) {
    out.result(previewed ?? {})
    return
  }
  if (!input.yes && (await askYesNo(context, 'Go on?')) !== true) {
    throw new HoldfastError(
      'confirmation_missing',
      'Nothing was removed or planned, since nobody has agreed to it.',
      { hint: 'Look at what goes; then run it with --yes, or on a terminal.' },
    )
  }
  const begun = await agreedBySecond(context, client, input, (options) =>
    client.createJob({ kind: 'prune', source, params, confirm: source }, options),
  )
  const result = await followJob(context, client, begun, input)
  if (result === null) return
  tellReport(context, datesIn(result) as unknown as PruneReport)
  out.result(result)
}

/** The options as "keep" has them in holdfast.json. */
function keepOf(input: Input): Readonly<Record<string, string | number>> {
  const hours = (ms: number | undefined) => (ms === undefined ? undefined : `${ms / 3_600_000}h`)
  const keep = {
    last: input.keepLast,
    within: hours(input.keepWithin),
    hourly: input.keepHourly,
    daily: input.keepDaily,
    weekly: input.keepWeekly,
    monthly: input.keepMonthly,
    yearly: input.keepYearly,
    maxCount: input.maxCount,
    verified: input.keepVerified,
    restores: hours(input.keepRestores),
    zone: input.zone,
    grace: hours(input.grace),
  }
  return Object.fromEntries(
    Object.entries(keep).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  )
}

/** On their way times were texts. */
function datesIn(result: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(result), (name, value: unknown) => {
    if ((name === 'due' || name === 'until') && typeof value === 'string') return new Date(value)
    if (name === 'writers' && Array.isArray(value)) return value.map((one: string) => new Date(one))
    return value
  }) as Readonly<Record<string, unknown>>
}
