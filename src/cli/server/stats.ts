import type { Client } from '../../client/client.ts'
import type { RepositoryStats } from '../../prune/stats.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { formatBytes } from '../format.ts'
import { tellSizes } from '../stats-text.ts'
import { followJob } from './job.ts'
import { repositoryNamed } from './names.ts'

export async function statsAtServer(
  context: CommandContext,
  client: Client,
  input: ServerInput & {
    readonly place: string | undefined
    readonly source: string | undefined
    readonly repo: readonly string[]
  },
): Promise<void> {
  const repo = input.place === undefined ? input.repo : [input.place]
  const { name } = await repositoryNamed(client, { ...input, repo })
  const result = await followJob(
    context,
    client,
    await client.createJob({ kind: 'stats', repository: name }),
    input,
  )
  if (result === null) return
  const { stats, freeBytes } = result
  // Sound because it is what the command printed.
  tellSizes(context, stats as RepositoryStats)
  if (typeof freeBytes === 'number') context.out.line(`Free there: ${formatBytes(freeBytes)}.`)
  context.out.result(result)
}
