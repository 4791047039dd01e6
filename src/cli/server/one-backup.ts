import type { Client, JobDetail } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { askYesNo } from '../confirm.ts'
import { formatWhen } from '../format.ts'
import { printable } from '../width.ts'
import { agreedBySecond } from './approval.ts'
import { followJob } from './job.ts'
import { backupNamed, type NamedBackup } from './names.ts'

interface Input extends ServerInput {
  readonly backup: string
  readonly source: string | undefined
  readonly repo: readonly string[]
}

export async function pinAtServer(
  context: CommandContext,
  client: Client,
  input: Input & { readonly reason: string },
): Promise<void> {
  const { reason } = input
  await change(context, client, input, {
    begin: ({ backup, repository }) => client.pinBackup(backup.id, { reason }, { repository }),
    done: (id) => `Backup ${id} is kept until holdfast unpin: ${printable(reason)}`,
  })
}

export async function unpinAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  await change(context, client, input, {
    begin: ({ backup: { id }, repository }) =>
      agreedBySecond(context, client, input, (options) =>
        client.deleteBackupPin(id, { confirm: id }, { repository }, options),
      ),
    done: (id, { removed }) =>
      removed === 0 ? `Backup ${id} was not pinned.` : `Backup ${id} is not pinned any more.`,
  })
}

export async function removeAtServer(
  context: CommandContext,
  client: Client,
  input: Input & { readonly evenLast: boolean; readonly yes: boolean },
): Promise<void> {
  if (input.backup === 'latest')
    throw new HoldfastError('usage', 'Say which backup by its id: the latest may be another by now.')
  const { out, clock } = context
  const { evenLast } = input
  await change(context, client, input, {
    async begin({ backup: { id, moment }, repository }) {
      out.line(`Backup ${id}, taken ${formatWhen(new Date(moment), clock.now())}`)
      if (!input.yes && (await askYesNo(context, 'Remove it for good?')) !== true)
        throw new HoldfastError(
          'confirmation_missing',
          'Nothing was removed, since nobody has agreed to it.',
          {
            hint: 'Run it with --yes, or on a terminal.',
          },
        )
      return await agreedBySecond(context, client, input, (options) =>
        client.deleteBackup(id, { confirm: id, evenLast }, { repository }, options),
      )
    },
    done: (id) => `Backup ${id} is gone.`,
  })
}

async function change(
  context: CommandContext,
  client: Client,
  input: Input,
  o: {
    begin: (named: NamedBackup) => Promise<JobDetail>
    done: (id: string, result: Readonly<Record<string, unknown>>) => string
  },
): Promise<void> {
  const named = await backupNamed(client, input)
  const result = await followJob(context, client, await o.begin(named), input)
  if (result === null) return
  context.out.line(o.done(named.backup.id, result))
  context.out.result(result)
}
