import type { Client } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { DrillReport } from '../../verify/types.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { tellDrill } from '../drill/text.ts'
import { followJob } from './job.ts'

interface Input extends ServerInput {
  readonly backup: string | undefined
  readonly source: string | undefined
}

export async function drillAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const { backup, source } = input
  if (source === undefined)
    throw new HoldfastError('usage', 'Whose backup? Name a source of the service with --source.')
  const params = backup === undefined || backup === 'latest' ? {} : { backup }
  const begun = await client.createJob({ kind: 'drill', source, params })
  const result = await followJob(context, client, begun, input)
  if (result === null) return
  // Sound because it is what the command printed, which leaves out only rows of assertions that found some.
  const report = result['drill'] as DrillReport
  tellDrill(context.out, {
    ...report,
    assertions: report.assertions.map((one) => ({ ...one, firstRows: [] })),
  })
  context.out.result(result)
}
