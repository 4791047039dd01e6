import { resolve } from 'node:path'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { shellWord } from '../../lib/shell-word.ts'
import type { Keyset } from '../../repository/types.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { doneInEach, openVault, unchanged } from '../keys-change.ts'
import { custom, requiredText, wrong } from '../option.ts'
import { opening } from '../options.ts'
import { requireNoFile, writeSecretFile } from '../secret-file.ts'

/** Who can write backups. */

export const admit = defineCommand({
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
    await requireNoFile(input.out)
    const opened = await openVault(context, input)
    const { repository, credentials } = await admitHost({
      ...opened,
      name: input.name,
    })
    await writeSecretFile(input.out, printHostFile(credentials)).catch((error: unknown) => {
      if (!isHoldfastError(error)) throw error
      const { code, message, cause, details } = error
      throw new HoldfastError(code, message, {
        cause,
        details,
        hint: `${error.hint} ${input.name} is admitted, but without its file: first holdfast keys revoke ${shellWord(input.name)}.`,
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

export const revoke = defineCommand({
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
    const change = await revokeHost({ ...opened, host, at })
    const accepts = change.repository.keyset.hosts.find(({ id }) => id === host)?.revoked?.accepts.length ?? 0
    await doneInEach(
      context,
      opened,
      change.repository,
      `${input.name} is revoked; ${accepts} of its backups stay good.`,
    )
  },
})

function findHostId(keyset: Keyset, name: string): string {
  const byId = keyset.hosts.find(({ id }) => id === name)
  if (byId !== undefined) return byId.id
  const byName = keyset.hosts.filter((host) => host.name === name)
  // A name may be taken again after it was revoked: then the one that is still admitted is meant.
  const found = byName.find(({ revoked }) => revoked === null) ?? byName.at(-1)
  if (found !== undefined) return found.id
  throw new HoldfastError('usage', `There is no host ${name}.`, { hint: 'holdfast keys shows the hosts.' })
}
