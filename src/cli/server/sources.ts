import type { Client } from '../../client/client.ts'
import type { CommandContext } from '../command.ts'
import { tellSources } from '../source-text.ts'

export async function listSourcesAtServer({ out, signal }: CommandContext, client: Client): Promise<void> {
  const { items: sources } = await client.getSources({ signal })
  const { items: repositories } = await client.getRepositories({ signal })
  const nameOf = (id: string): string => repositories.find((one) => one.id === id)?.name ?? id
  tellSources(
    out,
    sources.map(({ name, address, repositoryId, settings }) => ({
      name,
      address,
      password: 'kept by the service, if it needs one',
      repository: nameOf(repositoryId),
      modules: Object.keys(settings['modules'] ?? {}),
    })),
  )
  out.result({ sources })
}
