import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { confirming } from '../confirm.ts'
import { choice, flag, requiredText } from '../option.ts'
import { excludeTable, jobs, opening, schema, table } from '../options.ts'
import { planSummary, problemsError, tellPlan, tellReport } from '../restore-text.ts'
import { printable } from '../width.ts'

const options = {
  ...opening,
  to: requiredText({
    flags: '--to <target>',
    description:
      'the database to restore into: postgres://user@host/database, or "service=name" and the like',
    missing: 'restore into which database?',
  }),
  createDatabase: flag({
    flags: '-C, --create-database',
    description: 'make the target database, with the properties of the one that was backed up',
  }),
  inPlace: flag({
    flags: '--in-place',
    description:
      'replace the target, which is there: restore beside it, compare, and exchange the names; the old database is kept',
  }),
  jobs,
  schema,
  table,
  excludeTable,
  noOwner: flag({ flags: '--no-owner', description: 'everything belongs to the role that restores' }),
  noGrants: flag({ flags: '--no-grants', description: 'leave out grants and default privileges' }),
  roles: choice({
    flags: '--roles <which>',
    description: 'which missing roles to make: those that owners and grants name, all of the backup, or none',
    choices: ['needed', 'all', 'none'],
    default: 'needed',
  }),
  restart: flag({
    flags: '--restart',
    description: 'first clear what an interrupted restore left in the target',
  }),
  quarantine: flag({
    flags: '--quarantine',
    description: 'with --in-place: leave off what works by itself or calls other systems',
  }),
  noQuarantine: flag({
    flags: '--no-quarantine',
    description:
      'leave on what works by itself or calls other systems, because the restored database is to replace the original',
  }),
  plan: flag({
    flags: '--plan',
    description: 'print what would be done, and what stands in its way; touch nothing',
  }),
  ...confirming,
}

export const command = defineCommand({
  name: 'restore',
  summary: 'restore a backup into a new or empty database',
  description:
    'Restores a backup, or some of its tables, into a database that is new or empty, and compares the result with what ' +
    'the source counted and hashed. What stands in the way is found and told before anything is touched. A copy must not begin to ' +
    'work by itself: event triggers, cron jobs, webhooks, publications, subscriptions and foreign servers are off until holdfast release.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options,
  examples: [
    {
      what: 'into a new database',
      command:
        'holdfast restore latest --to postgres://admin@db2/shop --create-database --repo /mnt/backups/shop',
    },
    {
      what: 'what would happen?',
      command:
        'holdfast restore latest --to postgres://admin@db2/shop --create-database --plan --repo /mnt/backups/shop',
    },
    {
      what: 'one table, into an empty database',
      command: 'holdfast restore 20261121 --to postgres:///scratch --table orders --repo /mnt/backups/shop',
    },
    {
      what: 'in place of the live database',
      command: 'holdfast restore latest --to postgres://admin@db1/shop --in-place --repo /mnt/backups/shop',
    },
  ],
  cancelled:
    'What was restored is removed again, and the target is as it was. Only a second Ctrl-C leaves it half done: then --restart clears it.',
  async run(context, input) {
    const { jobsOrDefault, openBackup, readSchemaText } = await import('../repository.ts')
    const { resolveAddress } = await import('../address.ts')
    const { planRestore } = await import('../../restore/plan.ts')
    const { runRestore } = await import('../../restore/run.ts')
    const { defaultRestoreOptions } = await import('../../restore/types.ts')
    const { out, signal, clock } = context
    const target = resolveAddress(context, input.to)
    await using backup = await openBackup(context, input)
    const schemaText = await readSchemaText(backup, signal)
    if (input.inPlace) {
      const { replaceDatabase } = await import('../replace.ts')
      requireWhole(input)
      const { noOwner, noGrants, roles, restart, quarantine } = input
      const options = { noOwner, noGrants, roles, restart, quarantine }
      await replaceDatabase(context, input, { backup, schemaText, target, options })
      return
    }
    const plan = await planRestore({
      ...backup,
      schemaText,
      target,
      options: {
        ...defaultRestoreOptions,
        createDatabase: input.createDatabase,
        schemas: input.schema,
        tables: input.table,
        excludeTables: input.excludeTable,
        noOwner: input.noOwner,
        noGrants: input.noGrants,
        roles: input.roles,
        restart: input.restart,
        quarantine: !input.noQuarantine,
      },
      signal,
    })
    if (input.plan) {
      tellPlan(out, plan)
      if (plan.problems.length > 0) throw problemsError(plan)
      out.result({ plan: planSummary(plan) })
      return
    }
    if (plan.problems.length > 0) throw problemsError(plan)
    for (const warning of plan.warnings) out.warn(printable(warning))
    const jobsToRun = jobsOrDefault(input.jobs)
    const report = await runRestore({
      ...backup,
      schemaText,
      plan,
      target,
      jobs: jobsToRun,
      clock,
      signal,
      onProgress: out.progress,
    })
    out.progressDone('done')
    for (const warning of report.warnings.slice(plan.warnings.length)) out.warn(printable(warning))
    tellReport(out, report)
    out.result({ restore: report })
  },
})

/** Throws `usage` for what has no meaning together with `--in-place`. */
function requireWhole(input: {
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly createDatabase: boolean
}): void {
  if (input.createDatabase)
    throw new HoldfastError(
      'usage',
      '--in-place replaces a database that is there; --create-database makes one.',
    )
  if (input.schema.length + input.table.length + input.excludeTable.length > 0)
    throw new HoldfastError('usage', 'Only a whole database can be restored with --in-place.')
}
