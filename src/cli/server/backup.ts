import type { Client } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { tellBackup } from '../backup-text.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { followJob } from './job.ts'

interface Input extends ServerInput {
  readonly source: string | undefined
  readonly name: string | undefined
  readonly description: string | undefined
  readonly proof: 'counts' | 'sampled' | 'full' | undefined
}

/** What `backup --json` prints. */
type Made = Pick<Parameters<typeof tellBackup>[1], 'backup' | 'gaps' | 'copies'>

export async function backUpAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const { source, name, description, proof } = input
  if (source === undefined)
    throw new HoldfastError('usage', 'SOURCE is missing: the name of a source of the service.')
  const settings = (await client.getSource(source)).settings
  const begun = await client.createBackupJob({ source, name, description, proof })
  const result = await followJob(context, client, begun, input)
  if (result === null) return
  const said = settings['proof']
  const made = result as unknown as Made
  tellBackup(context, { of: source, proof: proof ?? (typeof said === 'string' ? said : 'sampled'), ...made })
  context.out.result(result)
}
