import { defineCommand } from '../command.ts'
import { flag, texts } from '../option.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'
import { keepOptions } from '../keep.ts'

export const command = defineCommand({
  name: 'prune',
  summary: 'remove backups that are not to be kept',
  description:
    'Decides by rules which backups stay, and removes the others with what only they need: in two steps. The first plans, and removes ' +
    'nothing; the next prune, when the time of grace is over, looks again and removes what still goes. So run it regularly. ' +
    'Rules count for each source by itself; a backup that any of them keeps stays. Always kept are the newest of ' +
    'each source, the newest that drills have proved, what is pinned or in use, and what is dated in the future. ' +
    'It is safe beside backups and restores on other machines. It takes the right to delete in the storage, and no secret that decrypts.',
  arguments: {},
  options: {
    repo,
    source,
    hostFile,
    ownerKey,
    ...keepOptions,
    only: texts({
      flags: '--only <source>',
      description:
        'only backups of this source, as the beginning of what the column SOURCE shows; may be repeated',
    }),
    despiteRefused: flag({
      flags: '--despite-refused',
      description: 'go on although there are objects that can not be read; what only they need goes',
    }),
    dryRun: flag({
      flags: '--dry-run',
      description: 'show what stays, what goes and why, and touch nothing',
    }),
    yes: flag({ flags: '-y, --yes', description: 'do not ask' }),
  },
  examples: [
    {
      what: 'what would go?',
      command: 'holdfast prune --keep-last 7 --keep-daily 30 --dry-run --repo /mnt/backups/shop',
    },
    {
      what: 'each night',
      command:
        'holdfast prune --keep-within 7d --keep-weekly 8 --keep-monthly 24 --zone Europe/Berlin --yes --repo /mnt/backups/shop',
    },
    {
      what: 'as holdfast.json says of a source',
      command: 'holdfast prune --source shop --yes',
    },
  ],
  cancelled: 'What is kept is whole. The next prune goes on where this one ended.',
  async run(context, input) {
    const { pruneRepository } = await import('../prune.ts')
    await pruneRepository(context, input)
  },
  server: {
    takes: [
      'source',
      'keepLast',
      'keepWithin',
      'keepHourly',
      'keepDaily',
      'keepWeekly',
      'keepMonthly',
      'keepYearly',
      'maxCount',
      'keepVerified',
      'keepRestores',
      'zone',
      'grace',
      'dryRun',
      'yes',
    ],
    async run(context, client, input) {
      const { pruneAtServer } = await import('../server/prune.ts')
      await pruneAtServer(context, client, input)
    },
  },
})
