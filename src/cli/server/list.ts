import { itemsOf, type Client } from '../../client/client.ts'
import type { CommandContext } from '../command.ts'
import { tellBackups, type ListedBackup } from '../list-text.ts'
import { repositoryNamed } from './names.ts'

/** The backups that the service's catalog knows, of one repository. */
export async function listAtServer(
  context: CommandContext,
  client: Client,
  input: { readonly source: string | undefined; readonly repo: readonly string[] },
): Promise<void> {
  const { signal, out } = context
  const repository = await repositoryNamed(client, input)
  const wanted = { repository: repository.name, source: input.source, limit: 200 }
  const backups: ListedBackup[] = []
  for await (const { summary } of itemsOf((after) => client.getBackups({ ...wanted, after }, { signal })))
    // Sound because the catalog keeps what commands print.
    backups.push(summary as unknown as ListedBackup)
  tellBackups(context, backups, null)
  out.result({ repository: { name: repository.name, address: repository.address }, backups })
}
