import { defineCommand, optionalArgument } from '../command.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate } from '../format.ts'
import { choice, text } from '../option.ts'
import { excludeData, hostFile, jobs, lockTimeout, ownerKey, repo, rowChoices } from '../options.ts'
import { secondsOf, summaryOf } from '../summary.ts'
import { printable } from '../width.ts'

export const command = defineCommand({
  name: 'backup',
  summary: 'back up a database',
  description:
    'Backs up a database into a repository: one consistent state, encrypted, with what is stored already not stored ' +
    'again. Needs the host file that init or keys admit wrote, and no secret that decrypts. The source is only read. ' +
    'Rows can be left out by name; the definition of every table is always kept.',
  arguments: {
    source: optionalArgument(
      'SOURCE',
      'the database: postgres://user@host/database, or "service=name" and the like as libpq takes them; what is left out comes from PGHOST, PGDATABASE, ...',
    ),
  },
  options: {
    repo,
    hostFile,
    ownerKey,
    name: text({ flags: '--name <name>', description: 'a name for the backup' }),
    description: text({ flags: '--description <text>', description: 'a longer note, kept with the backup' }),
    ...rowChoices,
    excludeData,
    jobs,
    proof: choice({
      flags: '--proof <kind>',
      description:
        'what the source computes, to compare a restore with: exact counts of all rows; and content hashes of a share of them that rotates from backup to backup; or hashes of all of them',
      choices: ['counts', 'sampled', 'full'],
      default: 'sampled',
    }),
    lockTimeout,
  },
  examples: [
    {
      what: 'a whole database',
      command: 'holdfast backup postgres://app@db.example.com/shop --repo /mnt/backups/shop',
    },
    {
      what: 'where the environment names the database',
      command: 'PGSERVICE=shop HOLDFAST_REPO=/mnt/backups/shop holdfast backup',
    },
    {
      what: 'without the rows of the logs',
      command: "holdfast backup service=shop --repo /mnt/backups/shop --exclude-data 'log_*'",
    },
  ],
  cancelled:
    'No backup was made, and the source is as it was. What was stored already is used by the next backup.',
  async run(context, input) {
    const { openForWriting, jobsOrDefault } = await import('../repository.ts')
    const { resolveAddress } = await import('../address.ts')
    const { beginBackup } = await import('../../repository/session.ts')
    const { runBackup } = await import('../../snapshot/backup.ts')
    const { describeAddress } = await import('../../postgres/connect.ts')
    const { out, signal, clock } = context

    const source = resolveAddress(context, input.source)
    const { repository, host } = await openForWriting(context, input)
    await using writer = await beginBackup({ repository, credentials: host, signal })
    const { manifest, contents } = await runBackup({
      writer,
      source,
      scope: {
        schemas: input.schema,
        tables: input.table,
        excludeTables: input.excludeTable,
        excludeData: input.excludeData,
      },
      proof: input.proof,
      jobs: jobsOrDefault(input.jobs),
      lockTimeoutMs: input.lockTimeout * 1000,
      name: input.name ?? null,
      description: input.description ?? null,
      clock,
      signal,
      onProgress: out.progress,
    })
    out.progressDone('done')

    const { totals } = manifest
    const took = secondsOf(manifest) * 1000
    if (out.quiet) out.line(manifest.id)
    else {
      out.line(`Backup ${manifest.id} of ${describeAddress(source)}`)
      out.line(
        `  holds   ${formatCountOf(totals.rows, 'row')} in ${formatCountOf(totals.tables, 'table')}, ${formatBytes(totals.plainBytes)} as text`,
      )
      out.line(
        `  stored  ${formatBytes(totals.newStoredBytes)} in ${formatCountOf(totals.newChunks, 'new chunk')}; ${formatCount(totals.reusedChunks)} reused`,
      )
      out.line(`  took    ${formatDuration(took)}, ${formatRate(totals.plainBytes, took)}`)
      out.line(`  proof   ${input.proof}: rows received equal rows counted by the source`)
    }
    for (const gap of contents.gaps)
      out.warn(`not in the backup: ${printable(gap.what)}. ${printable(gap.why)}`)
    out.result({ backup: summaryOf(manifest), gaps: contents.gaps })
  },
})
