import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'

export const command = defineCommand({
  name: 'unpin',
  summary: 'let a pinned backup go',
  description:
    'Takes away all pins of a backup, so that the next prune may remove it. Takes the right to delete in the storage: who only ' +
    'backs up can not let a backup go.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: { repo, source, hostFile, ownerKey },
  examples: [
    {
      what: 'a pinned backup is not needed any more',
      command: 'holdfast unpin 20261121 --repo /mnt/backups/shop',
    },
  ],
  cancelled: 'The backup is still pinned, unless it was said otherwise.',
  async run(context, input) {
    const { inEachCopy, openEachCopy, readTogether, requireComplete } = await import('../copies.ts')
    const { removePins } = await import('../../repository/pins.ts')
    const { out, signal } = context
    const opened = await openEachCopy(context, input)
    const { id } = await readTogether(context, opened).find(input.backup, { signal })
    let removed = 0
    const copies = await inEachCopy(opened, async (repository) => {
      const here = await removePins({ repository, backup: id, signal }).catch((error: unknown) => {
        if (!isHoldfastError(error, 'storage_denied')) throw error
        throw new HoldfastError('storage_denied', error.message, {
          cause: error,
          hint: 'A pin is taken away by deleting it: use a credential that may delete, as prune does.',
        })
      })
      removed = Math.max(removed, here)
    })
    out.line(removed === 0 ? `Backup ${id} was not pinned.` : `Backup ${id} is not pinned any more.`)
    requireComplete(
      `The backup ${id} is not pinned any more`,
      copies,
      { backup: id, removed, copies },
      'Run it again when that is mended: a pin that is left in one copy comes back to the others with holdfast copy.',
    )
    out.result({ backup: id, removed, copies })
  },
  server: {
    takes: ['backup', 'repo', 'source'],
    async run(context, client, input) {
      const { unpinAtServer } = await import('../server/one-backup.ts')
      await unpinAtServer(context, client, input)
    },
  },
})
