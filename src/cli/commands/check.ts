import type { ReadShare } from '../check.ts'
import { defineCommand } from '../command.ts'
import { custom, wrong } from '../option.ts'
import { identity, ownerKey, passphraseFile, repo, source } from '../options.ts'

const readDataFlags = '--read-data <share>'

export const command = defineCommand({
  name: 'check',
  summary: 'check that a repository is whole',
  description:
    'Checks that every object a backup, or the undoing of a restore, needs is there, which takes no secret. With ' +
    '--read-data, a share of the objects is read, opened and hashed again, which takes the identity: each time the next share, ' +
    'whatever machine it runs on, so that thirty checks of 1/30 have read all that was there. Several copies are checked each by itself.',
  arguments: {},
  options: {
    repo,
    source,
    identity,
    passphraseFile,
    ownerKey,
    readData: custom<ReadShare | null>({
      flags: readDataFlags,
      description: 'how much to read back: 1/30, a percentage such as 5%, or all',
      default: 'none',
      read: shareOf,
    }),
  },
  examples: [
    { what: 'is everything there?', command: 'holdfast check --repo /mnt/backups/shop' },
    {
      what: 'read a thirtieth each night: all of it in thirty days',
      command: 'holdfast check --repo /mnt/backups/shop --read-data 1/30',
    },
    { what: 'read everything now', command: 'holdfast check --repo /mnt/backups/shop --read-data all' },
  ],
  async run(context, input) {
    const { checkedEach } = await import('../check-copies.ts')
    if (await checkedEach(context, input, (each, repo) => command.run(each, { ...input, repo }))) return
    const { checkAll } = await import('../check.ts')
    await checkAll(context, input)
  },
  server: {
    takes: ['repo', 'readData'],
    async run(context, client, input) {
      const { checkAtServer } = await import('../server/check.ts')
      await checkAtServer(context, client, input)
    },
  },
})

/** Null if nothing is to be read. There are no shares so small that the marks which are kept do not go round. */
function shareOf(given: string | undefined): ReadShare | null {
  if (given === undefined) return null
  if (given === 'all') return { share: 1, rounds: 1 }
  const rounds = /^1\/([1-9]\d{0,2})$/.exec(given)?.[1]
  if (rounds !== undefined) return { share: 1 / Number(rounds), rounds: Number(rounds) }
  const share = Number(/^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(given)?.[1]) / 100
  if (share >= 0.001 && share <= 1) return { share, rounds: Math.ceil(1 / share) }
  throw wrong({ flags: readDataFlags }, given, 'give 1/30 or the like, a percentage such as 5%, or all')
}
