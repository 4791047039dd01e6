import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand } from '../command.ts'
import { flag } from '../option.ts'

export const command = defineCommand({
  name: 'tour',
  summary: 'see it all work, on a sample database',
  description:
    'A guided tour of under a minute: starts a Postgres server of its own with a sample application in it, backs it up, ' +
    'has a bad day, restores into a new database, and compares. Nothing else on this machine is touched.',
  arguments: {},
  options: {
    keep: flag({
      flags: '--keep',
      description: "keep the repository and the servers' files, and say where they are",
    }),
  },
  examples: [
    { what: 'from a checkout', command: 'npm start' },
    { what: 'and look around afterwards', command: 'holdfast tour --keep' },
  ],
  cancelled: 'The tour was broken off; its server is stopped and its files are gone.',
  async run() {
    throw new HoldfastError('internal', 'tour is not built yet')
  },
})
