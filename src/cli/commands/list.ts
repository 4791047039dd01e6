import type { VerifiedMark } from '../../repository/format/verified.ts'
import { defineCommand } from '../command.ts'
import { formatAgo, formatBytes, formatCount, formatDuration, formatWhen } from '../format.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'

export const command = defineCommand({
  name: 'list',
  summary: 'list the backups of a repository',
  description:
    'Lists the backups of a repository, newest first, when a drill of the whole of each was last made, and which are pinned. Needs no secret.',
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
    const { pinReason } = await import('../../repository/pins.ts')
    const { listBackups, listedJson } = await import('../listed.ts')
    const { out, signal, clock } = context
    const { repository } = await openForListing(context, input)
    const listed = await listBackups({ repository, signal })
    const { backups, refused, verified, pins } = listed
    const pinned = backups.some(({ id }) => pins.has(id))
    if (backups.length === 0) out.line('No backups yet.')
    else {
      out.table(
        [
          { title: 'BACKUP', min: 25 },
          { title: 'TAKEN', min: 16 },
          { title: 'NAME' },
          { title: 'TABLES', align: 'right', spare: 5 },
          { title: 'ROWS', align: 'right' },
          { title: 'SIZE', align: 'right', spare: 1 },
          { title: 'STORED', align: 'right', spare: 2 },
          { title: 'NEW', align: 'right', spare: 4 },
          { title: 'TIME', align: 'right', spare: 3 },
          { title: 'VERIFIED', min: 12 },
          ...(pinned ? [{ title: 'PINNED', min: 10 }] : []),
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
          verifiedText(verified.marks.get(backup.id), clock.now()),
          ...(pinned ? [pinReason(pins.get(backup.id) ?? [])] : []),
        ]),
      )
    }
    for (const { key, reason } of refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    for (const { key, reason } of verified.refused)
      out.warn(`${key} is not accepted as a drill's mark: ${reason}`)
    out.result({
      repository: {
        id: repository.id,
        address: repository.storage.address,
        ownerConfirmed: repository.ownerConfirmed,
      },
      backups: backups.map((backup) => listedJson(listed, backup)),
      refused,
      refusedMarks: verified.refused,
    })
  },
})

/** By the newest drill of the whole backup: that of a part proves no backup. */
function verifiedText(mark: VerifiedMark | undefined, now: Date): string {
  if (mark === undefined) return ''
  const ago = formatAgo(now.getTime() - Date.parse(mark.when))
  return mark.result === 'passed' ? ago : `FAILED ${ago}`
}
