import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { Keyset, Repository } from '../../repository/types.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { formatWhen } from '../format.ts'
import { custom, flag, requiredText, text, wrong } from '../option.ts'
import { hostFile, opening, ownerKey, repo, source } from '../options.ts'
import type { OpenedVault } from '../repository.ts'
import { writeSecretFile } from '../secret-file.ts'
import { newPassphrase, readSecret } from '../secrets.ts'

const unchanged = 'The keys are as they were, unless the last line says otherwise.'

const add = defineCommand({
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
      clock: context.clock,
      signal: context.signal,
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

const remove = defineCommand({
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
      clock: context.clock,
      signal: context.signal,
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

const confirm = defineCommand({
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
    const { repository, secrets } = opened
    const change = await confirmRecipient({
      repository,
      clock: context.clock,
      signal: context.signal,
      ownerKey: input.ownerKey,
      ...secrets,
    })
    await doneInEach(
      context,
      opened,
      change.repository,
      'The owner is confirmed; this identity is enough from now on.',
    )
  },
})

const admit = defineCommand({
  name: 'admit',
  summary: 'let another machine back up',
  description:
    'Admits a machine and writes its host file, which you carry to it. Nothing in the file decrypts.',
  arguments: { name: requiredArgument('NAME', 'a name for the machine') },
  options: {
    ...opening,
    out: requiredText({
      flags: '-o, --out <file>',
      description: 'where to write the host file',
      missing: 'where should the host file go?',
    }),
  },
  examples: [
    {
      what: 'a second server',
      command: 'holdfast keys admit db2 --out db2-host.json --repo /mnt/backups/shop',
    },
  ],
  cancelled: unchanged,
  async run(context, input) {
    const { admitHost } = await import('../../repository/keys.ts')
    const { printHostFile } = await import('../../repository/hostfile.ts')
    // Before anything is changed: an admitted machine whose file could not be written would have to be revoked.
    if (existsSync(input.out))
      throw new HoldfastError('secret_file_exists', `There is a file at ${input.out} already.`)
    const opened = await openVault(context, input)
    const { repository, credentials } = await admitHost({
      ...opened,
      clock: context.clock,
      signal: context.signal,
      name: input.name,
    })
    await writeSecretFile(input.out, printHostFile(credentials)).catch((error: unknown) => {
      if (!isHoldfastError(error)) throw error
      const { code, message, cause, details } = error
      throw new HoldfastError(code, message, {
        cause,
        details,
        hint: `${error.hint} ${input.name} is admitted, but without its file: first holdfast keys revoke ${input.name}.`,
      })
    })
    await doneInEach(
      context,
      opened,
      repository,
      `${input.name} may back up now, with the host file ${resolve(input.out)}`,
    )
  },
})

const revoke = defineCommand({
  name: 'revoke',
  summary: 'let a machine back up no more',
  description:
    'Revokes a machine. Its backups from before that moment stay good, each by its hash; nothing that its key signs later is accepted.',
  arguments: { name: requiredArgument('HOST', 'name or id of the machine') },
  options: {
    ...opening,
    at: custom<Date | undefined>({
      flags: '--at <time>',
      description: 'since when its backups are not to be trusted, e.g. 2026-11-20T14:00:00Z',
      default: 'now',
      read(given) {
        if (given === undefined) return undefined
        const at = new Date(given)
        if (!Number.isNaN(at.getTime()) && /^\d{4}-\d\d-\d\d/.test(given)) return at
        throw wrong({ flags: '--at <time>' }, given, 'give a time such as 2026-11-20T14:00:00Z')
      },
    }),
  },
  examples: [
    {
      what: 'a machine was broken into on Friday',
      command: 'holdfast keys revoke db2 --at 2026-11-20T00:00:00Z --repo /mnt/backups/shop',
    },
  ],
  cancelled: unchanged,
  async run(context, input) {
    const { revokeHost } = await import('../../repository/keys.ts')
    const opened = await openVault(context, input)
    const host = findHostId(opened.repository.keyset, input.name)
    const at = input.at ?? context.clock.now()
    const change = await revokeHost({ ...opened, clock: context.clock, signal: context.signal, host, at })
    const accepts = change.repository.keyset.hosts.find(({ id }) => id === host)?.revoked?.accepts.length ?? 0
    await doneInEach(
      context,
      opened,
      change.repository,
      `${input.name} is revoked; ${accepts} of its backups stay good.`,
    )
  },
})

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
    const change = await rotateKeys({ ...opened, clock: context.clock, signal: context.signal, passphrases })
    await doneInEach(context, opened, change.repository, 'A new epoch has begun.')
  },
})

export const command = defineCommand({
  name: 'keys',
  summary: 'show and change who can open and write a repository',
  description:
    'Shows the owner key, the recipients, who can open the backups, the hosts, which may write them, and the epochs, ' +
    'whose keys the objects are sealed to. Needs no secret; the subcommands, which change keys, need the identity.',
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
    const { repository } = await openForListing(context, input)
    show(context, repository)
  },
})

function show({ out, clock }: CommandContext, repository: Repository): void {
  const { keyset } = repository
  const when = (moment: string): string => formatWhen(new Date(moment), clock.now())
  out.line(`Repository  ${repository.id} at ${repository.storage.address}`)
  out.line(`Owner key   ${keyset.ownerKey}${repository.ownerConfirmed ? '' : '  (not confirmed)'}`)
  out.line()
  out.table(
    [
      { title: 'RECIPIENT' },
      { title: 'OPENS WITH', min: 20 },
      { title: 'ADDED', min: 16 },
      { title: 'OWNER' },
    ],
    keyset.recipients.map(({ name, kind, publicKey, added, anchor }) => [
      name,
      publicKey ?? 'a passphrase',
      when(added),
      kind === 'passphrase' || anchor !== null ? 'confirmed' : 'not confirmed',
    ]),
  )
  out.line()
  out.table(
    [{ title: 'HOST' }, { title: 'ID', min: 16 }, { title: 'ADMITTED', min: 16 }, { title: 'STATE' }],
    keyset.hosts.map(({ name, id, admitted, revoked }) => [
      name,
      id,
      when(admitted),
      revoked === null ? 'may write' : `revoked as of ${when(revoked.at)}`,
    ]),
  )
  out.line()
  out.table(
    [
      { title: 'EPOCH', min: 16 },
      { title: 'BEGUN', min: 16 },
      { title: 'SEALS TO', min: 20 },
    ],
    keyset.epochs.map(({ id, created, publicKey }) => [id, when(created), publicKey]),
  )
  out.result({ repository: publicPart(repository) })
}

/** Tells what was changed in one copy, and changes the others alike. What was not reached has the old keys until it is brought up to date. */
async function doneInEach(
  context: CommandContext,
  opened: OpenedVault,
  repository: Repository,
  text: string,
): Promise<void> {
  const { changeOthers, requireComplete } = await import('../copies.ts')
  context.out.line(text)
  const copies = await changeOthers(context, opened, repository)
  const result = { repository: publicPart(repository), copies }
  requireComplete('The keys were changed', copies, result)
  context.out.result(result)
}

/** Without the vaults: they are encrypted, but nothing that a list of keys is for. */
function publicPart(repository: Repository): Record<string, unknown> {
  const { keyset } = repository
  return {
    id: repository.id,
    address: repository.storage.address,
    ownerConfirmed: repository.ownerConfirmed,
    ownerKey: keyset.ownerKey,
    version: keyset.version,
    recipients: keyset.recipients.map(({ name, kind, publicKey, added, anchor }) => ({
      name,
      kind,
      publicKey,
      added,
      confirmed: kind === 'passphrase' || anchor !== null,
    })),
    hosts: keyset.hosts,
    epochs: keyset.epochs,
  }
}

interface OpeningInput {
  readonly repo: readonly string[]
  readonly source: string | undefined
  readonly identity: string | undefined
  readonly passphraseFile: string | undefined
  readonly ownerKey: string | undefined
}

async function openVault(context: CommandContext, input: OpeningInput): Promise<OpenedVault> {
  const { openWithVault } = await import('../repository.ts')
  return openWithVault(context, input)
}

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

/** New keys have to be encrypted for every recipient, and for a passphrase that takes the passphrase itself. */
async function passphrasesFor(
  context: CommandContext,
  { repository, secrets }: OpenedVault,
  leaving: string | null,
): Promise<string[]> {
  const given = secrets.passphrase === undefined ? [] : [secrets.passphrase]
  const needed = repository.keyset.recipients.filter(
    ({ name, kind }) => kind === 'passphrase' && name !== leaving,
  )
  if (needed.length <= given.length || context.ask === null) return given
  const asked: string[] = []
  for (const { name } of needed) asked.push(await context.ask(`Passphrase of ${name}: `))
  for (const passphrase of asked) context.redactor.add(passphrase)
  return [...given, ...asked]
}

function findHostId(keyset: Keyset, name: string): string {
  const byId = keyset.hosts.find(({ id }) => id === name)
  if (byId !== undefined) return byId.id
  const byName = keyset.hosts.filter((host) => host.name === name)
  // A name may be taken again after it was revoked: then the one that is still admitted is meant.
  const found = byName.find(({ revoked }) => revoked === null) ?? byName.at(-1)
  if (found !== undefined) return found.id
  throw new HoldfastError('usage', `There is no host ${name}.`, { hint: 'holdfast keys shows the hosts.' })
}
