import { defineCommand } from '../command.ts'
import { formatBytes, formatCount, formatDuration, formatWhen } from '../format.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'
import { summaryOf } from '../summary.ts'

export const command = defineCommand({
  name: 'list',
  summary: 'list the backups of a repository',
  description: 'Lists the backups of a repository, newest first. Needs no secret.',
  arguments: {},
  options: { repo, source, hostFile, ownerKey },
  examples: [
    { what: 'all backups', command: 'holdfast list --repo /mnt/backups/shop' },
    {
      what: 'the id of the newest',
      command: "holdfast list --repo /mnt/backups/shop --json | jq -r '.backups[0].id'",
    },
  ],
  async run(context, input) {
    const { openForListing } = await import('../repository.ts')
    const { out, signal, clock } = context
    const { repository } = await openForListing(context, input)
    const { backups, refused } = await repository.manifests({ signal })
    if (backups.length === 0) out.line('No backups yet.')
    else {
      out.table(
        [
          { title: 'BACKUP', min: 25 },
          { title: 'TAKEN', min: 16 },
          { title: 'NAME' },
          { title: 'TABLES', align: 'right' },
          { title: 'ROWS', align: 'right' },
          { title: 'SIZE', align: 'right' },
          { title: 'STORED', align: 'right' },
          { title: 'NEW', align: 'right' },
          { title: 'TIME', align: 'right' },
        ],
        backups.map((backup) => [
          backup.id,
          formatWhen(new Date(backup.moment), clock.now()),
          backup.name ?? '',
          formatCount(backup.totals.tables),
          formatCount(backup.totals.rows),
          formatBytes(backup.totals.plainBytes),
          formatBytes(backup.totals.storedBytes),
          formatBytes(backup.totals.newStoredBytes),
          formatDuration(Date.parse(backup.finished) - Date.parse(backup.started)),
        ]),
      )
    }
    for (const { key, reason } of refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    out.result({
      repository: {
        id: repository.id,
        address: repository.storage.address,
        ownerConfirmed: repository.ownerConfirmed,
      },
      backups: backups.map(summaryOf),
      refused,
    })
  },
})
