import type { Client } from '../../client/client.ts'
import type { CheckReport } from '../../repository/check.ts'
import type { Coverage } from '../../repository/coverage.ts'
import type { LostObject } from '../../repository/lost.ts'
import { tellCoverage, tellLost, tellReport } from '../check-text.ts'
import type { ReadShare } from '../check.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { followJob } from './job.ts'
import { repositoryNamed } from './names.ts'

/** What `check --json` prints. */
interface Checked {
  readonly report: CheckReport
  readonly lost: readonly LostObject[]
  readonly coverage: Coverage | null
}

export async function checkAtServer(
  context: CommandContext,
  client: Client,
  input: ServerInput & { readonly repo: readonly string[]; readonly readData: ReadShare | null },
): Promise<void> {
  const { out } = context
  const { name } = await repositoryNamed(client, input)
  const { readData } = input
  const share = readData?.share === 1 ? 'all' : `${((readData?.share ?? 0) * 100).toFixed(4)}%`
  const begun = await client.createJob({
    kind: 'check',
    repository: name,
    params: readData === null ? {} : { readData: share },
  })
  const result = await followJob(context, client, begun, input)
  if (result === null) return
  const { report, lost, coverage } = result as unknown as Checked
  tellReport(out, report)
  tellLost(out, lost)
  if (coverage !== null) tellCoverage(context, withDates(coverage), readData?.rounds ?? 1)
  out.result(result)
}

/** On its way times were texts. */
function withDates(coverage: Coverage): Coverage {
  const { unreadSince, oldestRead } = coverage
  return {
    ...coverage,
    unreadSince: unreadSince === null ? null : new Date(unreadSince),
    oldestRead: oldestRead === null ? null : new Date(oldestRead),
  }
}
