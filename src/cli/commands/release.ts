import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { confirmDatabase, confirming } from '../confirm.ts'
import { flag } from '../option.ts'
import { tellHeld, tellRelease } from '../quarantine-text.ts'

export const command = defineCommand({
  name: 'release',
  summary: 'let a restored database work: switch on what the restore left off',
  description:
    'A restored copy is in quarantine: event triggers, cron jobs, webhooks, publications, subscriptions and foreign servers are off. ' +
    'This lists them, asks for the name of the database, and puts each back as the backup had it, in one transaction.',
  arguments: { target: requiredArgument('TARGET', 'the restored database') },
  options: {
    list: flag({ flags: '--list', description: 'only show what is off' }),
    ...confirming,
  },
  examples: [
    { what: 'what is off?', command: 'holdfast release postgres://admin@db2/shop --list' },
    { what: 'let it work', command: 'holdfast release postgres://admin@db2/shop' },
    { what: 'from a script', command: 'holdfast release postgres://admin@db2/shop --yes --confirm shop' },
  ],
  cancelled: 'Nothing was switched on: it is one transaction.',
  async run(context, input) {
    const { resolveAddress } = await import('../address.ts')
    const { describeAddress } = await import('../../postgres/connect.ts')
    const { inspectQuarantine, releaseQuarantine } = await import('../../restore/quarantine/release.ts')
    const { out, signal } = context
    const target = resolveAddress(context, input.target)
    const held = await inspectQuarantine(target, signal)
    tellHeld(out, describeAddress(target), held)
    if (input.list) {
      out.result({ quarantined: held })
      return
    }
    await confirmDatabase(context, input, target.database)
    const report = await releaseQuarantine(target, signal)
    tellRelease(out, report)
    if (report.kept.length > 0) {
      throw new HoldfastError(
        'release_incomplete',
        `${report.kept.length} of ${held.length} are off still: ${report.kept[0]?.why}`,
        { details: { release: report } },
      )
    }
    out.result({ release: report })
  },
})
