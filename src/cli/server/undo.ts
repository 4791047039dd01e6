import type { Client } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { CommandContext } from '../command.ts'
import { agreeAndFollow, type AgreeInput } from './agreed.ts'
import { restoreNamed } from './restores.ts'
import { loginAt, opensOf } from './target.ts'

type Input = AgreeInput & {
  readonly restore: string
  readonly source: string | undefined
  readonly to: string | undefined
  readonly identity: string | undefined
  readonly passphraseFile: string | undefined
  readonly overwrite: boolean
  readonly skipConflicts: boolean
}

/** Takes a restore in place back that the service has made. */
export async function undoAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const restore = await restoreNamed(client, input)
  const { items } = await client.getSources()
  const source = items.find(({ id }) => id === restore.sourceId)
  if (source === undefined)
    throw new HoldfastError('source_not_found', `The source ${restore.source} is not there any more.`)
  const as = loginAt(context, input.to, source)
  const { overwrite, skipConflicts } = input
  const opens = await opensOf(context, input)
  const wanted = {
    ...opens,
    as,
    overwrite: overwrite || undefined,
    skipConflicts: skipConflicts || undefined,
  }
  await agreeAndFollow(context, client, await client.undoRestore(restore.id, wanted), input)
}
