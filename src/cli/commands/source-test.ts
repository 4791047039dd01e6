import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { ServerAddress } from '../../postgres/server-address.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import type { Source } from '../../config/config.ts'
import type { SourceCheck } from '../source-checks.ts'
import { tellChecks } from '../checks-text.ts'

export const command = defineCommand({
  name: 'test',
  summary: 'find out whether a backup of a source would work',
  description:
    'Connects to a source, and tells what a backup would meet: whether it can be reached, whether the role may read ' +
    'everything, what would be left out, and why. The source is only read. The exit status is 0 if a backup ' +
    'would work, else that of the first problem.',
  arguments: { name: requiredArgument('NAME', 'the source') },
  options: {},
  examples: [
    { what: 'before the first backup', command: 'holdfast source test shop' },
    { what: 'for a program', command: "holdfast source test shop --json | jq '.checks'" },
  ],
  cancelled: 'Nothing was changed.',
  async run(context, input) {
    const { sourceNamed } = await import('../config.ts')
    const { out } = context
    const source = await sourceNamed(context, input.name)
    const checks = await examine(context, source)
    out.line(`Source ${source.name}`)
    tellChecks(out, checks)
    const problems = checks.filter(({ result }) => result === 'bad')
    const [first] = problems
    if (first?.code !== undefined && first.code !== null) {
      throw new HoldfastError(first.code, problems.map(({ text }) => `${text}.`).join(' '), {
        hint: first.hint ?? '',
        details: { source: source.name, checks },
      })
    }
    out.line('A backup would work.')
    out.result({ source: source.name, checks })
  },
  server: {
    takes: ['name'],
    async run(context, client, input) {
      const { testSourceAtServer } = await import('../server/sources.ts')
      await testSourceAtServer(context, client, input)
    },
  },
})

async function examine(context: CommandContext, source: Source): Promise<SourceCheck[]> {
  const { resolveAddress } = await import('../address.ts')
  const { examineSource } = await import('../../snapshot/examine.ts')
  const { checksOf, failedChecks, refusal } = await import('../source-checks.ts')
  const { clock, signal } = context
  let address: ServerAddress
  try {
    address = await resolveAddress(context, source)
  } catch (error) {
    if (!isHoldfastError(error, 'password_missing')) throw error
    return [refusal(error)]
  }
  try {
    return checksOf(await examineSource({ address, scope: source, clock, signal }))
  } catch (error) {
    const failures = ['connection_failed', 'login_failed', 'database_missing', 'connection_lost']
    if (!isHoldfastError(error) || !failures.includes(error.code)) throw error
    return failedChecks(address, error)
  }
}
