import { defineCommand, optionalArgument } from '../command.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'
import { keepOptions } from '../keep.ts'

export const command = defineCommand({
  name: 'stats',
  summary: 'what backups hold and take in the storage',
  description:
    'Shows of each source and backup how much it holds, what it takes in the storage, what only it needs, and how that grows. With rules ' +
    'as prune takes them, or those of a source in holdfast.json, it shows what a prune would free. Needs no secret.',
  arguments: { place: optionalArgument('REPO', 'the repository, as --repo takes it') },
  options: { repo, source, hostFile, ownerKey, ...keepOptions },
  examples: [
    { what: 'what is in there?', command: 'holdfast stats /mnt/backups/shop' },
    {
      what: 'what would pruning free?',
      command: 'holdfast stats /mnt/backups/shop --keep-last 7 --keep-monthly 12',
    },
  ],
  async run(context, input) {
    const { tellStats } = await import('../stats.ts')
    await tellStats(context, { ...input, repo: input.place === undefined ? input.repo : [input.place] })
  },
  server: {
    takes: ['place', 'repo', 'source'],
    async run(context, client, input) {
      const { statsAtServer } = await import('../server/stats.ts')
      await statsAtServer(context, client, input)
    },
  },
})
