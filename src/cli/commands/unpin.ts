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
    const { openForListing } = await import('../repository.ts')
    const { removePins } = await import('../../repository/pins.ts')
    const { out, signal } = context
    const { repository } = await openForListing(context, input)
    const { id } = await repository.find(input.backup, { signal })
    const removed = await removePins({ repository, backup: id, signal }).catch((error: unknown) => {
      if (!isHoldfastError(error, 'storage_denied')) throw error
      throw new HoldfastError('storage_denied', error.message, {
        cause: error,
        hint: 'A pin is taken away by deleting it: use a credential that may delete, as prune does.',
      })
    })
    out.line(removed === 0 ? `Backup ${id} was not pinned.` : `Backup ${id} is not pinned any more.`)
    out.result({ backup: id, removed })
  },
})
