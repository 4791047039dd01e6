import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { HostCredentials } from '../../repository/types.ts'
import type { Storage } from '../../storage/storage.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import type { CopyResult } from '../copies.ts'
import { flag, text, texts } from '../option.ts'
import { writeSecretFile } from '../secret-file.ts'
import { defaultHostPath, defaultIdentityPath, newPassphrase, readSecret } from '../secrets.ts'

export const command = defineCommand({
  name: 'init',
  summary: 'create a repository',
  description:
    'Creates a repository in an empty or new place, and admits this machine to write to it. ' +
    'The private identity is written to a file that only you can read: it alone opens the backups.',
  arguments: {
    repo: requiredArgument(
      'REPO',
      'where: a path, or an address such as s3://bucket/shop?region=eu-central-1',
    ),
  },
  options: {
    identity: text({
      flags: '-i, --identity <file>',
      description: 'where to write the new private identity; a file that exists is never overwritten',
      env: 'HOLDFAST_IDENTITY_FILE',
      default: 'a file in the configuration directory',
    }),
    useIdentity: text({
      flags: '--use-identity <file>',
      description: 'make no new identity: the one in this file will open the repository',
    }),
    passphrase: flag({
      flags: '--passphrase',
      description:
        'make no identity: a passphrase will open the repository (HOLDFAST_NEW_PASSPHRASE, or asked for)',
    }),
    newPassphraseFile: text({
      flags: '--new-passphrase-file <file>',
      description: 'as --passphrase, with the first line of this file',
    }),
    hostFile: text({
      flags: '--host-file <file>',
      description: 'where to write what lets this machine back up; nothing in it decrypts',
      env: 'HOLDFAST_HOST_FILE',
      default: 'a file in the configuration directory',
    }),
    hostName: text({
      flags: '--host-name <name>',
      description: 'under which name this machine is admitted',
      default: "the machine's own",
    }),
    copy: texts({
      flags: '--copy <address>',
      description: 'an empty place that becomes a copy of the repository; may be repeated',
    }),
  },
  examples: [
    { what: 'a repository on a disk', command: 'holdfast init /mnt/backups/shop' },
    {
      what: 'with the identity on a stick',
      command: 'holdfast init /mnt/backups/shop --identity /media/stick/shop.txt',
    },
    {
      what: 'in a bucket of an object storage',
      command: 'holdfast init "s3://backups/shop?endpoint=https://s3.example.com"',
    },
    {
      what: 'on a disk, with a copy elsewhere',
      command: 'holdfast init /mnt/backups/shop --copy "s3://backups/shop"',
    },
    {
      what: "in a container of Azure's; in a bucket of Google's it would be gs://backups/shop",
      command: 'holdfast init "azblob://backups/shop?account=myaccount"',
    },
    { what: 'opened by a passphrase', command: 'holdfast init /mnt/backups/shop --passphrase' },
  ],
  cancelled: 'No repository was made.',
  run,
})

interface Input {
  readonly repo: string
  readonly identity: string | undefined
  readonly useIdentity: string | undefined
  readonly passphrase: boolean
  readonly newPassphraseFile: string | undefined
  readonly hostFile: string | undefined
  readonly hostName: string | undefined
  readonly copy: readonly string[]
}

async function run(context: CommandContext, input: Input): Promise<void> {
  const { initRepository } = await import('../../repository/init.ts')
  const { printHostFile } = await import('../../repository/hostfile.ts')
  const { openStorageAt } = await import('../storage.ts')
  const { requireDifferent } = await import('../copies.ts')
  const storage = openStorageAt(context, input.repo)
  await requireDifferent([storage, ...input.copy.map((address) => openStorageAt(context, address))])
  const written: { identity: string | null; host: string } = { identity: null, host: '' }
  const result = await initRepository({
    storage,
    clock: context.clock,
    hostName: input.hostName ?? hostname(),
    recipient: await chooseRecipient(context, input),
    signal: context.signal,
    async save({ repositoryId, identityFile, hostCredentials }) {
      if (identityFile !== null) {
        const path = resolve(input.identity ?? defaultIdentityPath(context.env, repositoryId))
        await writeSecretFile(path, identityFile)
        written.identity = path
      }
      written.host = resolve(input.hostFile ?? defaultHostPath(context.env, repositoryId))
      try {
        await writeSecretFile(written.host, printHostFile(hostCredentials))
      } catch (error) {
        // The repository does not exist yet, so this identity opens nothing, and would only be in the way.
        if (written.identity !== null) await rm(written.identity)
        throw error
      }
    },
  })
  report(context, storage.address, result, written)
  const copies = await makeCopies(context, {
    storage,
    credentials: result.hostCredentials,
    places: input.copy,
  })
  const facts = {
    repository: { id: result.repositoryId, address: storage.address, ownerKey: result.ownerKey },
    identityFile: written.identity,
    hostFile: written.host,
    copies,
  }
  const { requireComplete } = await import('../copies.ts')
  requireComplete('The repository was made', [{ address: storage.address, error: null }, ...copies], facts)
  context.out.result(facts)
}

/** Each is made whole or not at all, whatever becomes of the others: the repository is there, and a copy can be made at any time. */
async function makeCopies(
  context: CommandContext,
  o: { storage: Storage; credentials: HostCredentials; places: readonly string[] },
): Promise<CopyResult[]> {
  if (o.places.length === 0) return []
  const { openRepository } = await import('../../repository/open.ts')
  const { openStorageAt } = await import('../storage.ts')
  const { copyTo } = await import('../copy.ts')
  const { resultOf } = await import('../copies.ts')
  const host = o.credentials
  const from = await openRepository({ storage: o.storage, trust: { host }, signal: context.signal })
  const results: CopyResult[] = []
  for (const address of o.places) {
    const storage = openStorageAt(context, address)
    const making = copyTo(context, { from, storage, host, backups: null, opener: null, repair: false })
    results.push(await resultOf(storage.address, making))
  }
  return results
}

async function chooseRecipient(context: CommandContext, input: Input) {
  if (input.useIdentity !== undefined) {
    const identity = await readSecret(input.useIdentity, 'The identity file')
    const passphrase = context.env['HOLDFAST_PASSPHRASE']
    return { kind: 'identity', identity, ...(passphrase === undefined ? {} : { passphrase }) } as const
  }
  if (input.passphrase || input.newPassphraseFile !== undefined) {
    return { kind: 'passphrase', passphrase: await newPassphrase(context, input.newPassphraseFile) } as const
  }
  return { kind: 'new-identity' } as const
}

function report(
  { out }: CommandContext,
  address: string,
  result: { repositoryId: string; ownerKey: string },
  written: { identity: string | null; host: string },
): void {
  out.line(`Created the repository ${result.repositoryId} at ${address}`)
  out.line(`  owner key      ${result.ownerKey}`)
  out.line(`  host file      ${written.host}`)
  if (written.identity !== null) {
    out.line(`  identity file  ${written.identity}`)
    out.line()
    out.line(
      'Keep a copy of the identity file somewhere else, away from this machine and from the repository:',
    )
    out.line('it is the only thing that opens the backups. Without it nobody can restore them, you included.')
  }
}
