import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { ServerAddress } from '../../postgres/connect.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { confirmation, confirmDatabase } from '../confirm.ts'
import { flag } from '../option.ts'
import { tellHeld, tellRelease } from '../quarantine-text.ts'
import { tellKept } from '../schemas-text.ts'
import { tellBeside } from '../swap-text.ts'

export const command = defineCommand({
  name: 'release',
  summary: 'let a restored database work: switch on what the restore left off',
  description:
    'A restored copy is in quarantine: event triggers, cron jobs, webhooks, publications, subscriptions and foreign servers are off. ' +
    'This lists them, asks for the name of the database, and puts each back as the backup had it, in one transaction. ' +
    'A restore in place keeps the database, or the schemas, that it replaced, until they are let go here, too.',
  arguments: { target: requiredArgument('TARGET', 'the restored database') },
  options: {
    list: flag({
      flags: '--list',
      description: 'only show what is off, and which databases and schemas are kept',
    }),
    swapBack: flag({
      flags: '--swap-back',
      description:
        'after a restore in place: give the name back to the database, or the schemas, that had it before',
    }),
    dropOld: flag({
      flags: '--drop-old',
      description: 'after a restore in place: drop the databases and schemas that were replaced',
    }),
    ...confirmation,
  },
  examples: [
    { what: 'what is off?', command: 'holdfast release postgres://admin@db2/shop --list' },
    { what: 'let it work', command: 'holdfast release postgres://admin@db2/shop' },
    {
      what: 'take a restore in place back',
      command: 'holdfast release postgres://admin@db1/shop --swap-back',
    },
    { what: 'from a script', command: 'holdfast release postgres://admin@db2/shop --yes --confirm shop' },
  ],
  cancelled:
    'Nothing was switched on, and no name was exchanged: each is one transaction. --drop-old may have dropped some; run it again.',
  async run(context, input) {
    const { resolveAddress } = await import('../address.ts')
    const { describeAddress } = await import('../../postgres/connect.ts')
    const { inspectQuarantine, releaseQuarantine } = await import('../../restore/quarantine/release.ts')
    const { out, signal } = context
    const target = await resolveAddress(context, input.target)
    if (input.list) {
      await listAll(context, target)
      return
    }
    if (input.swapBack || input.dropOld) {
      const { dropReplaced, giveBack } = await import('../replaced.ts')
      await (input.swapBack ? giveBack : dropReplaced)(context, input, target)
      return
    }
    const held = await inspectQuarantine(target, signal)
    tellHeld(out, describeAddress(target), held)
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
  server: {
    takes: ['target', 'yes', 'confirm'],
    async run(context, client, input) {
      const { releaseAtServer } = await import('../server/release.ts')
      await releaseAtServer(context, client, input)
    },
  },
})

/** What is off in the database, and what is kept beside it; it need not be there itself. */
async function listAll(context: CommandContext, target: ServerAddress): Promise<void> {
  const { describeAddress } = await import('../../postgres/connect.ts')
  const { inspectQuarantine } = await import('../../restore/quarantine/release.ts')
  const { listAllKept } = await import('../replaced.ts')
  const { out, signal, clock } = context
  const held = await inspectQuarantine(target, signal).catch((error: unknown) => {
    if (isHoldfastError(error, 'nothing_quarantined') || isHoldfastError(error, 'database_missing'))
      return null
    throw error
  })
  if (held === null) out.line(`${describeAddress(target)} is not in quarantine.`)
  else tellHeld(out, describeAddress(target), held)
  const { beside, schemas } = await listAllKept(target, signal)
  out.line(beside.length === 0 ? 'No database is kept beside it.' : 'Beside it:')
  tellBeside(out, beside, clock.now())
  if (schemas.length > 0) out.line('Inside of it:')
  tellKept(out, schemas, clock.now())
  out.result({ quarantined: held, beside, schemas })
}
