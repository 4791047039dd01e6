import { defineCommand } from '../command.ts'
import { doneInEach, openVault, passphrasesFor, unchanged } from '../keys-change.ts'
import { hostFile, opening, ownerKey, repo, source } from '../options.ts'
import { admit, revoke } from './keys-hosts.ts'
import { add, confirm, remove } from './keys-recipients.ts'

const rotate = defineCommand({
  name: 'rotate',
  summary: 'begin a new epoch',
  description:
    'Begins a new epoch: new objects are sealed to a new key. Nothing that is stored is rewritten.',
  arguments: {},
  options: opening,
  examples: [{ what: 'once a year', command: 'holdfast keys rotate --repo /mnt/backups/shop' }],
  cancelled: unchanged,
  async run(context, input) {
    const { rotate: rotateKeys } = await import('../../repository/keys.ts')
    const opened = await openVault(context, input)
    const passphrases = await passphrasesFor(context, opened, null)
    const change = await rotateKeys({ ...opened, passphrases })
    await doneInEach(context, opened, change.repository, 'A new epoch has begun.')
  },
})

export const command = defineCommand({
  name: 'keys',
  summary: 'show and change who can open and write a repository',
  description:
    'Shows the owner key, the recipients, who can open the backups, the hosts, which may write them, and the epochs, ' +
    'whose keys the objects are sealed to. Needs no secret; the subcommands, which change keys, need the identity, and are of this machine only.',
  arguments: {},
  options: { repo, source, hostFile, ownerKey },
  examples: [
    { what: 'who has which key?', command: 'holdfast keys --repo /mnt/backups/shop' },
    {
      what: 'let another machine back up',
      command: 'holdfast keys admit db2 --out db2-host.json --repo /mnt/backups/shop',
    },
  ],
  subcommands: [add, remove, confirm, admit, revoke, rotate],
  async run(context, input) {
    const { openForListing } = await import('../repository.ts')
    const { keysSummary, shownOf, tellKeys } = await import('../keys-text.ts')
    const { repository } = await openForListing(context, input)
    tellKeys(context, shownOf(repository))
    context.out.result({ repository: keysSummary(repository) })
  },
  server: {
    takes: ['repo', 'source'],
    async run(context, client, input) {
      const { keysAtServer } = await import('../server/keys.ts')
      await keysAtServer(context, client, input)
    },
  },
})
