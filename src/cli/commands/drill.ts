import { defineCommand, requiredArgument } from '../command.ts'
import { formatCountOf, formatDuration } from '../format.ts'
import { jobs, opening } from '../options.ts'
import { comparedText, rowsText } from '../summary.ts'
import { printable } from '../width.ts'

export const command = defineCommand({
  name: 'drill',
  summary: 'prove that a backup restores',
  description:
    'Restores a backup into a scratch server of its own, compares every table with what the source counted and hashed, ' +
    "and says how long it took. What a scratch server can't host, an extension for example, is reported as not verified.",
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: { ...opening, jobs },
  examples: [
    { what: 'the newest backup', command: 'holdfast drill latest --repo /mnt/backups/shop' },
    {
      what: 'each night, for a monitor',
      command: 'holdfast drill latest --repo /mnt/backups/shop --json --quiet',
    },
  ],
  cancelled: 'The scratch server is gone. Nothing else was touched, and nothing is proved.',
  async run(context, input) {
    const { jobsOrDefault, openBackup, readSchemaText } = await import('../repository.ts')
    const { runDrill } = await import('../../verify/drill.ts')
    const { out, signal, clock } = context
    await using backup = await openBackup(context, input)
    const report = await runDrill({
      ...backup,
      schemaText: await readSchemaText(backup, signal),
      jobs: jobsOrDefault(input.jobs),
      clock,
      signal,
      onProgress: out.progress,
    })
    out.progressDone('done')
    out.line(`Backup ${report.backup} restores, and all that was compared is equal.`)
    out.line(`  restored  ${rowsText(report.rows, report.tables.length, report.plainBytes)}`)
    out.line(
      `  compared  ${comparedText(report.tables)}; ${formatCountOf(report.objects, 'object')} of the schema`,
    )
    out.line(
      `  took      ${formatDuration(report.seconds * 1000)}, with a scratch server of Postgres ${report.server}`,
    )
    for (const { what, why } of report.notVerified)
      out.warn(`not verified: ${printable(what)}: ${printable(why)}`)
    out.result({ drill: report })
  },
})
