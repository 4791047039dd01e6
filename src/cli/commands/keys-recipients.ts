import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { doneInEach, openVault, passphrasesFor, unchanged } from '../keys-change.ts'
import { flag, requiredText, text } from '../option.ts'
import { opening } from '../options.ts'
import { newPassphrase, readSecret } from '../secrets.ts'

/** Who can open the backups. */

export const add = defineCommand({
  name: 'add',
  summary: 'let another identity or passphrase open the repository',
  description: 'Adds a recipient: someone who can open the backups, old and new.',
  arguments: { name: requiredArgument('NAME', 'a name for the recipient') },
  options: {
    ...opening,
    recipient: text({ flags: '--recipient <key>', description: "the recipient's public key: age1..." }),
    recipientIdentity: text({
      flags: '--recipient-identity <file>',
      description: "the recipient's private identity, which also vouches for the owner to its holder",
    }),
    passphrase: flag({
      flags: '--passphrase',
      description: 'a passphrase (HOLDFAST_NEW_PASSPHRASE, or asked for)',
    }),
    newPassphraseFile: text({
      flags: '--new-passphrase-file <file>',
      description: 'a passphrase: the first line of this file',
    }),
  },
  examples: [
    {
      what: 'a colleague, by the public key that age-keygen printed',
      command: 'holdfast keys add ada --recipient age1... --repo /mnt/backups/shop',
    },
    {
      what: 'a passphrase for the safe',
      command: 'holdfast keys add safe --passphrase --repo /mnt/backups/shop',
    },
  ],
  cancelled: unchanged,
  async run(context, input) {
    const { addRecipient } = await import('../../repository/keys.ts')
    const recipient = await newRecipientOf(context, input)
    const opened = await openVault(context, input)
    const change = await addRecipient({
      ...opened,
      name: input.name,
      recipient,
    })
    await doneInEach(context, opened, change.repository, `${input.name} can open the repository now.`)
    if (recipient.kind === 'public-key') {
      context.out.line(
        `Give ${input.name} this owner key, for --owner-key: ${change.repository.keyset.ownerKey}`,
      )
    }
  },
})

export const remove = defineCommand({
  name: 'remove',
  summary: 'take a recipient out',
  description:
    "Removes a recipient and begins a new epoch: what is stored from now on it can't open. What it has copied before, it has.",
  arguments: { name: requiredArgument('NAME', 'the recipient') },
  options: opening,
  examples: [{ what: 'someone has left', command: 'holdfast keys remove ada --repo /mnt/backups/shop' }],
  cancelled: unchanged,
  async run(context, input) {
    const { removeRecipient } = await import('../../repository/keys.ts')
    const opened = await openVault(context, input)
    const passphrases = await passphrasesFor(context, opened, input.name)
    const change = await removeRecipient({
      ...opened,
      name: input.name,
      passphrases,
    })
    await doneInEach(
      context,
      opened,
      change.repository,
      `${input.name} is no recipient any more, and a new epoch has begun.`,
    )
  },
})

export const confirm = defineCommand({
  name: 'confirm',
  summary: 'confirm the owner, as a recipient that was added by public key',
  description:
    'Keeps the owner key that the owner gave you in the repository, so that your identity alone is enough from now on.',
  arguments: {},
  options: {
    ...opening,
    ownerKey: requiredText({
      flags: '--owner-key <key>',
      description: 'as the owner gave it to you',
      env: 'HOLDFAST_OWNER_KEY',
      missing: 'ask the owner for it',
    }),
  },
  examples: [
    {
      what: 'once, after being added',
      command: 'holdfast keys confirm --owner-key KEY --identity ada.txt --repo /mnt/backups/shop',
    },
  ],
  cancelled: unchanged,
  async run(context, input) {
    const { confirmRecipient } = await import('../../repository/keys.ts')
    const opened = await openVault(context, input)
    const { repository, secrets, clock, signal } = opened
    const { ownerKey } = input
    const change = await confirmRecipient({ repository, clock, signal, ownerKey, ...secrets })
    await doneInEach(
      context,
      opened,
      change.repository,
      'The owner is confirmed; this identity is enough from now on.',
    )
  },
})

async function newRecipientOf(
  context: CommandContext,
  input: {
    recipient: string | undefined
    recipientIdentity: string | undefined
    passphrase: boolean
    newPassphraseFile: string | undefined
  },
) {
  const passphrase = input.passphrase || input.newPassphraseFile !== undefined
  const given = [input.recipient !== undefined, input.recipientIdentity !== undefined, passphrase]
  if (given.filter(Boolean).length !== 1) {
    throw new HoldfastError('usage', 'Give one of --recipient, --recipient-identity and --passphrase.')
  }
  if (input.recipient !== undefined) return { kind: 'public-key', publicKey: input.recipient } as const
  if (passphrase) {
    return { kind: 'passphrase', passphrase: await newPassphrase(context, input.newPassphraseFile) } as const
  }
  const { readIdentityFile } = await import('../../repository/identityfile.ts')
  const [first] = await readIdentityFile(await readSecret(input.recipientIdentity ?? '', 'The identity file'))
  return { kind: 'identity', identity: first?.identity ?? '' } as const
}
