import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { flag } from '../option.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'

export const command = defineCommand({
  name: 'remove',
  summary: 'remove one backup, whatever the rules say',
  description:
    'Removes a backup, for good. What only it needs is removed by the next prunes. One that is pinned, locked or in use is never removed; the newest of its source and the last one ' +
    'that a drill has proved only with --even-last. Takes the right to delete in the storage, and no secret that decrypts.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, or a unique beginning of one') },
  options: {
    repo,
    source,
    hostFile,
    ownerKey,
    evenLast: flag({
      flags: '--even-last',
      description: 'also if it is the newest of its source, or the last that a drill has proved',
    }),
    yes: flag({ flags: '-y, --yes', description: 'do not ask' }),
  },
  examples: [
    { what: 'one that was made by mistake', command: 'holdfast remove 20261121 --repo /mnt/backups/shop' },
  ],
  cancelled: 'The backup is there as before, or gone.',
  async run(context, input) {
    const { inEachCopy, openEachCopy, readTogether, requireComplete } = await import('../copies.ts')
    const { removeBackup } = await import('../../prune/remove.ts')
    const { askYesNo } = await import('../confirm.ts')
    const { formatWhen } = await import('../format.ts')
    const { summaryOf } = await import('../summary.ts')
    const { out, signal, clock } = context
    if (input.backup === 'latest')
      throw new HoldfastError('usage', 'Say which backup by its id: the latest may be another by now.')
    const opened = await openEachCopy(context, input)
    const manifest = await readTogether(context, opened).find(input.backup, { signal })
    const { id } = manifest
    out.line(`Backup ${id}, taken ${formatWhen(new Date(manifest.moment), clock.now())}`)
    if (!input.yes && (await askYesNo(context, 'Remove it for good?')) !== true) {
      throw new HoldfastError('confirmation_missing', 'Nothing was removed, since nobody has agreed to it.', {
        hint: 'Run it with --yes, or on a terminal.',
      })
    }
    const copies = await inEachCopy(opened, async (repository) => {
      await removeBackup({ repository, id, evenLast: input.evenLast, clock, signal }).catch(
        (error: unknown) => {
          // Of one that lacks it nothing is to be removed: when this is run again, say, because another was away.
          if (!isHoldfastError(error, 'backup_not_found')) throw error
        },
      )
    })
    out.line(`Backup ${id} is gone.`)
    requireComplete(
      `The backup ${id} was removed`,
      copies,
      { backup: summaryOf(manifest), copies },
      'Run it again when that is mended: a backup that is left in one copy comes back to the others with holdfast copy.',
    )
    out.result({ removed: summaryOf(manifest), copies })
  },
  server: {
    takes: ['backup', 'repo', 'source', 'evenLast', 'yes'],
    async run(context, client, input) {
      const { removeAtServer } = await import('../server/one-backup.ts')
      await removeAtServer(context, client, input)
    },
  },
})
