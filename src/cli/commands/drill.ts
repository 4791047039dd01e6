import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { jobs, opening } from '../options.ts'

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
  async run() {
    throw new HoldfastError('internal', 'drill is not built yet')
  },
})
