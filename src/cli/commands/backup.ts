import type { Module, Source } from '../../config/config.ts'
import { proofs } from '../../config/declaration.ts'
import type { BackupScope } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { defineCommand, optionalArgument, type CommandContext } from '../command.ts'
import type { OpenedCopies } from '../copies.ts'
import { lockMeant, lockOptions } from '../lock.ts'
import { choice, text } from '../option.ts'
import { excludeData, hostFile, jobs, lockTimeout, module, ownerKey, repo, rowChoices } from '../options.ts'
import { summaryOf } from '../summary.ts'
import { printable } from '../width.ts'

export const command = defineCommand({
  name: 'backup',
  summary: 'back up a database',
  description:
    'Backs up a database into a repository: one consistent state, encrypted, with what is stored already not stored ' +
    'again. Needs the host file that init or keys admit wrote, and no secret that decrypts. The source is only read. ' +
    'Rows can be left out by name; the definition of every table is always kept. Of a source in holdfast.json it takes ' +
    'repository, scope and proof; tables that are chosen or left out here stand in place of those that the file says. ' +
    'Into several copies of a repository it goes at once, and it goes on as long as one of them takes it; the exit status is ' +
    '8 then, and holdfast copy brings the others up to date.',
  arguments: {
    source: optionalArgument(
      'SOURCE',
      'the database: the name of a source in holdfast.json; or postgres://user@host/database, or "service=name" and the like as libpq takes them; what is left out comes from PGHOST, PGDATABASE, ...',
    ),
  },
  options: {
    repo,
    hostFile,
    ownerKey,
    name: text({ flags: '--name <name>', description: 'a name for the backup' }),
    description: text({ flags: '--description <text>', description: 'a longer note, kept with the backup' }),
    ...rowChoices,
    module,
    excludeData,
    jobs,
    proof: {
      ...choice({
        flags: '--proof <kind>',
        description:
          'what the source computes, to compare a restore with: exact counts of all rows; and content hashes of a share of them that rotates from backup to backup; or hashes of all of them',
        choices: proofs,
        default: undefined,
      }),
      default: 'sampled',
    },
    lockTimeout,
    ...lockOptions,
  },
  examples: [
    {
      what: 'a whole database',
      command: 'holdfast backup postgres://app@db.example.com/shop --repo /mnt/backups/shop',
    },
    {
      what: 'a source that holdfast.json describes, with its repository and scope',
      command: 'holdfast backup shop',
    },
    {
      what: 'where the environment names the database',
      command: 'PGSERVICE=shop HOLDFAST_REPO=/mnt/backups/shop holdfast backup',
    },
    {
      what: 'which nobody can delete for a month, in a bucket with object lock',
      command: 'holdfast backup shop --repo s3://backups/shop --lock-for 30d',
    },
    {
      what: 'without the rows of the logs',
      command: "holdfast backup service=shop --repo /mnt/backups/shop --exclude-data 'log_*'",
    },
  ],
  cancelled:
    'No backup was made, and the source is as it was. What was stored already is used by the next backup.',
  async run(context, input) {
    const { jobsOrDefault } = await import('../repository.ts')
    const { copyResults, firstOf, openForWriting, requireComplete } = await import('../copies.ts')
    const { modulesMeant, namingModules, repositoryAddresses, sourceMeant } = await import('../config.ts')
    const { resolveAddress } = await import('../address.ts')
    const { beginBackup } = await import('../../repository/session.ts')
    const { runBackup } = await import('../../snapshot/backup.ts')
    const { describeAddress } = await import('../../postgres/connect.ts')
    const { tellBackup } = await import('../backup-text.ts')
    const { findBackupOf } = await import('../../repository/job-backup.ts')
    const { out, signal, clock, env } = context

    const configured = await sourceMeant(context, input.source)
    const modules = await modulesMeant(context, input.module, configured)
    const proof = input.proof ?? configured?.proof ?? 'sampled'
    // Asked for before the password, which may cost somebody a prompt.
    const repo = await repositoryAddresses(context, { repo: input.repo, source: configured })
    const lock = await lockMeant(context, input, configured)
    const source = await resolveAddress(context, configured ?? input.source)
    const opened = await openForWriting(context, { ...input, repo, source: undefined })
    const job = env['HOLDFAST_JOB'] ?? null
    if (job !== null && Number(env['HOLDFAST_ATTEMPT'] ?? 1) > 1) {
      const before = await findBackupOf({ copies: opened.copies, job, now: clock.now(), signal })
      if (before !== null) return await tellMadeBefore(context, opened, before)
    }
    const [repository, others] = [firstOf(opened), opened.copies.slice(1)]
    await using writer = await beginBackup({
      repository,
      others,
      credentials: opened.host,
      clock,
      lock,
      job,
      signal,
      onProgress: out.progress,
    })
    const making = namingModules(modules, () =>
      runBackup({
        writer,
        source,
        scope: scopeOf(input, configured, modules),
        proof,
        jobs: jobsOrDefault(input.jobs),
        lockTimeoutMs: input.lockTimeout * 1000,
        name: input.name ?? null,
        description: input.description ?? null,
        clock,
        signal,
        onProgress: out.progress,
      }),
    )
    const { manifest, contents } = await making.catch((error: unknown) => {
      for (const { address, failed } of writer.copies())
        if (failed !== null) out.warn(`The copy ${address} was given up before: ${printable(failed.message)}`)
      throw error
    })
    out.progressDone('done')
    const copies = copyResults(opened, writer)

    // Of a partition, what it is of: who names that means the partition, too.
    const tables = contents.tables.map(({ schema, name, rows, data, parents }) => ({ schema, name, rows, data, ...(parents.length === 0 ? {} : { parents }) })) // prettier-ignore
    const result = { backup: summaryOf(manifest), tables, gaps: contents.gaps, copies }
    tellBackup(context, { of: describeAddress(source), proof, backup: manifest, gaps: contents.gaps, copies })
    requireComplete(`The backup ${manifest.id} was made`, copies, result)
    out.result(result)
  },
  server: {
    takes: ['source', 'name', 'description', 'proof'],
    async run(context, client, input) {
      const { backUpAtServer } = await import('../server/backup.ts')
      await backUpAtServer(context, client, input)
    },
  },
})

/** What an earlier attempt at the same job has made. What is in its tables this host can't read: that would take an identity. */
async function tellMadeBefore(
  { out, signal }: CommandContext,
  opened: OpenedCopies,
  manifest: Manifest,
): Promise<void> {
  const { inEachCopy, requireComplete } = await import('../copies.ts')
  const { id } = manifest
  const copies = await inEachCopy(opened, async (copy) => void (await copy.find(id, { signal })))
  out.note(`The backup ${id} was made by an earlier attempt, which could not tell.`)
  const result = { backup: summaryOf(manifest), tables: null, gaps: null, copies }
  requireComplete(`The backup ${id} was made`, copies, result)
  out.result(result)
}

interface Chosen {
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly excludeData: readonly string[]
}

/**
 * Which rows are wanted. What the command line chooses stands in place of what the file chooses, as a whole, and so with what it
 * leaves out: half of each would be neither.
 */
function scopeOf(input: Chosen, source: Source | null, modules: readonly Module[]): BackupScope {
  const given = {
    schemas: input.schema,
    tables: [...input.table, ...modules.flatMap(({ tables }) => tables)],
    excludeTables: input.excludeTable,
    excludeData: input.excludeData,
  }
  const chooses = given.schemas.length + given.tables.length > 0
  const excludes = given.excludeTables.length + given.excludeData.length > 0
  const { schemas, tables } = chooses ? given : (source ?? given)
  const { excludeTables, excludeData } = excludes ? given : (source ?? given)
  return { schemas, tables, excludeTables, excludeData }
}
