import type { VerifiedMark } from '../../repository/format/verified.ts'
import { defineCommand } from '../command.ts'
import { formatAgo, formatBytes, formatCount, formatDuration, formatWhen } from '../format.ts'
import { lockText } from '../lock.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'

export const command = defineCommand({
  name: 'list',
  summary: 'list the backups of a repository',
  description:
    'Lists the backups of a repository, newest first, when a drill of the whole of each was last made, which are locked, and which are pinned. Of several copies, in which of them each is complete. Needs no secret.',
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
    const { completeIn, openEachCopy, readTogether } = await import('../copies.ts')
    const { pinReason } = await import('../../repository/pins.ts')
    const { listBackups, listedJson } = await import('../listed.ts')
    const { summaryStore } = await import('../summary-store.ts')
    const { out, signal, clock } = context
    const opened = await openEachCopy(context, input)
    const repository = readTogether(context, opened)
    const several = opened.copies.length + opened.failed.length > 1
    const places = await completeIn(opened.copies, { signal })
    const copiesOf = (id: string): string[] => [...places].filter(([, ids]) => ids.has(id)).map(([address]) => address) // prettier-ignore
    const numbers = [...places.keys()]
    // What is kept of manifests is of one storage.
    const store = several ? null : summaryStore(context.env, repository)
    const listed = await listBackups({ repository, store, signal })
    const { backups, refused, verified, pins, damaged } = listed
    const locked = backups.some(({ lock }) => lock !== undefined)
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
          ...(locked ? [{ title: 'LOCKED', min: 16 }] : []),
          ...(pinned ? [{ title: 'PINNED', min: 10 }] : []),
          ...(several ? [{ title: 'IN', min: 4 }] : []),
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
          damaged.has(backup.id) ? 'DAMAGED' : verifiedText(verified.marks.get(backup.id), clock.now()),
          ...(locked ? [backup.lock === undefined ? '' : lockText(backup.lock, clock.now())] : []),
          ...(pinned ? [pinReason(pins.get(backup.id) ?? [])] : []),
          ...(several ? [copiesOf(backup.id).map((address) => numbers.indexOf(address) + 1).join(' ')] : []), // prettier-ignore
        ]),
      )
      if (several) for (const [index, address] of numbers.entries()) out.line(`In ${index + 1}: ${address}`)
    }
    for (const { key, reason } of refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    if (backups.some(({ id }) => damaged.has(id)))
      out.warn(
        'Some backups are damaged: holdfast check says what is lost, and a new backup mends what it can.',
      )
    for (const { key, reason } of listed.refusedDamage) out.warn(`${key} is not accepted: ${reason}`)
    for (const { key, reason } of verified.refused)
      out.warn(`${key} is not accepted as a drill's mark: ${reason}`)
    out.result({
      repository: {
        id: repository.id,
        address: repository.storage.address,
        ownerKey: repository.keyset.ownerKey,
        ownerConfirmed: repository.ownerConfirmed,
      },
      backups: backups.map((backup) => ({ ...listedJson(listed, backup), copies: copiesOf(backup.id) })),
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
