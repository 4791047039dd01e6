import { HoldfastError } from '../../lib/errors.ts'
import type { RestoreOptions } from '../../restore/types.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { restoreId } from '../expected.ts'
import { inPlaceOptions, requireNoInPlace } from '../in-place-options.ts'
import { choice, flag, requiredText } from '../option.ts'
import { excludeTable, jobs, module, opening, schema, table } from '../options.ts'
import { planSummary, problemsError, tellPlan, tellReport } from '../restore-text.ts'
import { printable } from '../width.ts'

const options = {
  ...opening,
  to: requiredText({
    flags: '--to <target>',
    description:
      'the database to restore into: the name of a source in holdfast.json, postgres://user@host/database, or "service=name" and the like',
    missing: 'restore into which database?',
  }),
  createDatabase: flag({
    flags: '-C, --create-database',
    description: 'make the target database, with the properties of the one that was backed up',
  }),
  jobs,
  schema,
  table,
  module,
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
  swap: flag({
    flags: '--swap',
    description:
      'put the restored database in the place of the target: restore beside it, compare, exchange the names; the old one is kept',
  }),
  swapSchemas: flag({
    flags: '--swap-schemas',
    description:
      'as --swap, inside of the target, in one transaction: schemas take the places of those of the same names, which are kept; what --swap does where a database can not be renamed',
  }),
  quarantine: flag({
    flags: '--quarantine',
    description: 'with --swap: leave off what works by itself or calls other systems',
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
  ...restoreId,
  ...inPlaceOptions,
}

export const command = defineCommand({
  name: 'restore',
  summary: 'restore into a new database, or into the one in use',
  description:
    'Restores a backup, or some of its tables, into a database that is new or empty, and compares the result with what ' +
    'the source counted and hashed. What stands in the way is found and told before anything is touched. A report of it is ' +
    'stored in the repository: see holdfast restores. A copy must not begin to work by itself: event triggers, cron jobs, ' +
    'webhooks, publications, subscriptions and foreign servers are off until holdfast release.\n\n' +
    'With --in-place the database is one in use: the rows of the chosen tables are compared with those of the backup, the ' +
    'difference is shown, and when the name of the database has been typed, it is applied in one transaction. If ' +
    'nothing else is said, what was deleted comes back, and nothing else is touched. The rows that change are stored before ' +
    'in the repository: holdfast undo takes the restore back. With --new-ids the rows come as new ones beside what is there: ' +
    'their keys are given anew, what refers to them follows, and rows of other tables that refer to them come along.\n\n' +
    'With --component it is objects of the schema that are compared, shown and brought back in the same way, and no row is touched. ' +
    'If nothing else is said, only what is missing is made.\n\n' +
    'With --swap a whole database is restored beside the one in use, compared, and the two exchange their names. The old one ' +
    'is kept until holdfast release lets it go. Where a database can not be renamed, as with many providers, its schemas are replaced inside of ' +
    'it, in one transaction, and the old ones are kept; --swap-schemas does that anywhere.',
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
      what: 'rows of two tables were deleted: what would come back?',
      command:
        'holdfast restore latest --to postgres://admin@db1/shop --in-place --table orders --table order_lines --preview --repo /mnt/backups/shop',
    },
    {
      what: 'an UPDATE without WHERE: all rows as they were, but those changed since',
      command:
        'holdfast restore latest --to postgres://admin@db1/shop --in-place --table customers --update-changed --keep-newer updated_at --repo /mnt/backups/shop',
    },
    {
      what: "yesterday's order 1042 beside the one of today, as a new order with all that belongs to it",
      command:
        'holdfast restore latest --to postgres://admin@db1/shop --in-place --new-ids --table orders --where "id = 1042" --preview --repo /mnt/backups/shop',
    },
    {
      what: 'policies and grants as they were in the backup; first, what would change?',
      command:
        'holdfast restore latest --to postgres://admin@db1/shop --in-place --component policies --component grants --replace --preview --repo /mnt/backups/shop',
    },
    {
      what: 'one table, into an empty database',
      command: 'holdfast restore 20261121 --to postgres:///scratch --table orders --repo /mnt/backups/shop',
    },
    {
      what: 'a module of a source that holdfast.json describes',
      command: 'holdfast restore latest --to postgres:///scratch --source shop --module crm',
    },
    {
      what: 'the whole database, in the place of the one in use',
      command: 'holdfast restore latest --to postgres://admin@db1/shop --swap --repo /mnt/backups/shop',
    },
  ],
  cancelled:
    'A restore in place has changed nothing, unless it said that it was done. Else what was restored is removed again, and the target is as it was. Only a second Ctrl-C leaves it half done: then --restart clears it.',
  async run(context, input) {
    if (input.inPlace && input.component.length > 0) {
      const { restoreComponents } = await import('../restore-component.ts')
      return restoreComponents(context, input)
    }
    if (input.inPlace) {
      const { restoreInPlace } = await import('../restore-rows.ts')
      return restoreInPlace(context, input)
    }
    const swaps = input.swap || input.swapSchemas
    if (!swaps) requireNoInPlace(input, context.env)
    const { jobsOrDefault, openBackup, readSchemaText } = await import('../repository.ts')
    const { resolveAddress } = await import('../address.ts')
    const { modulesMeant, namingModules } = await import('../config.ts')
    const { planRestore } = await import('../../restore/plan.ts')
    const { runRestore } = await import('../../restore/run.ts')
    const { defaultRestoreOptions } = await import('../../restore/types.ts')
    const { recordOfRestore } = await import('../../restore/record.ts')
    const { storeReport, whoRestores } = await import('../restore-report.ts')
    const { out, signal, clock } = context
    const modules = await modulesMeant(context, input.module, input.source)
    const target = await resolveAddress(context, input.to)
    await using backup = await openBackup(context, input)
    const schemaText = await readSchemaText(backup, signal)
    if (swaps) {
      const { replaceDatabase, replaceSchemas } = await import('../replace.ts')
      requireWhole(input)
      const { noOwner, noGrants, roles, restart, quarantine } = input
      const options = { noOwner, noGrants, roles, restart, quarantine }
      await (input.swapSchemas ? replaceSchemas : replaceDatabase)(
        context,
        { ...input, scope: scopeOf(input) },
        { backup, schemaText, target, options },
      )
      return
    }
    const options: RestoreOptions = {
      ...defaultRestoreOptions,
      createDatabase: input.createDatabase,
      schemas: input.schema,
      tables: [...input.table, ...modules.flatMap(({ tables }) => tables)],
      excludeTables: input.excludeTable,
      noOwner: input.noOwner,
      noGrants: input.noGrants,
      roles: input.roles,
      restart: input.restart,
      quarantine: !input.noQuarantine,
    }
    const plan = await namingModules(modules, () =>
      planRestore({ ...backup, schemaText, target, options, signal }),
    )
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
    const record = recordOfRestore({
      report,
      moment: plan.moment,
      who: whoRestores(target),
      scope: scopeOf(input),
    })
    const id = await storeReport(context, backup, record, input.id)
    if (id !== null) out.line(`  report    holdfast restores ${id}`)
    out.result({ restore: { ...report, id } })
  },
  server: {
    takes: [
      'backup',
      'identity',
      'passphraseFile',
      'to',
      'source',
      'repo',
      'createDatabase',
      'restart',
      'schema',
      'table',
      'excludeTable',
      'module',
      'noOwner',
      'noGrants',
      'roles',
      'swap',
      'swapSchemas',
      'quarantine',
      'plan',
      'inPlace',
      'component',
      'where',
      'createMissing',
      'updateChanged',
      'deleteExtra',
      'recoverDeleted',
      'replace',
      'newIds',
      'keepNewer',
      'references',
      'skipConflicts',
      'preview',
      'html',
      'yes',
      'confirm',
    ],
    async run(context, client, input) {
      const { restoreAtServer } = await import('../server/restore.ts')
      await restoreAtServer(context, client, input)
    },
  },
})

/** What was asked for, as options: but for the target and what opens the repository. */
function scopeOf(input: {
  readonly createDatabase: boolean
  readonly swap: boolean
  readonly swapSchemas: boolean
  readonly noQuarantine: boolean
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly noOwner: boolean
  readonly noGrants: boolean
  readonly roles: string
  readonly restart: boolean
}): string[] {
  const patterns = (name: string, given: readonly string[]) => given.map((pattern) => `${name} ${pattern}`)
  return [
    ...(input.createDatabase ? ['--create-database'] : []),
    ...(input.swap ? ['--swap'] : []),
    ...(input.swapSchemas ? ['--swap-schemas'] : []),
    ...(input.noQuarantine ? ['--no-quarantine'] : []),
    ...patterns('--schema', input.schema),
    ...patterns('--table', input.table),
    ...patterns('--exclude-table', input.excludeTable),
    ...(input.noOwner ? ['--no-owner'] : []),
    ...(input.noGrants ? ['--no-grants'] : []),
    ...(input.roles === 'needed' ? [] : [`--roles ${input.roles}`]),
    ...(input.restart ? ['--restart'] : []),
  ]
}

/** Throws `usage` for what has no meaning together with `--swap`. */
function requireWhole(input: {
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly createDatabase: boolean
}): void {
  if (input.createDatabase)
    throw new HoldfastError('usage', '--swap replaces a database that is there; --create-database makes one.')
  if (input.schema.length + input.table.length + input.excludeTable.length > 0)
    throw new HoldfastError(
      'usage',
      'Only a whole database can be swapped; parts of one are restored with --in-place.',
    )
}
