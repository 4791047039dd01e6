import { defineCommand, requiredArgument } from '../command.ts'

export const command = defineCommand({
  name: 'count',
  summary: 'count the rows that modules have now',
  description:
    'Connects to a source, and tells how many rows each of its modules has at this moment. Small tables are counted; of large ones ' +
    'the statistics of the server are told, which its last VACUUM or ANALYZE has left. The source is only read, and no lock is waited for long.',
  arguments: { name: requiredArgument('NAME', 'the source') },
  options: {},
  examples: [
    { what: 'the modules of one', command: 'holdfast source count shop' },
    { what: 'for a program', command: "holdfast source count shop --json | jq '.modules'" },
  ],
  cancelled: 'Nothing was changed.',
  async run(context, input) {
    const { sourceNamed } = await import('../config.ts')
    const { resolveAddress } = await import('../address.ts')
    const { countModules } = await import('../../snapshot/live-counts.ts')
    const { tellLiveCounts } = await import('../live-counts-text.ts')
    const { steadyClock } = await import('../../lib/clock.ts')
    const { out, signal } = context
    const source = await sourceNamed(context, input.name)
    const modules = await countModules({
      address: await resolveAddress(context, source),
      modules: [...source.modules].map(([name, { tables }]) => ({ name, tables })),
      clock: steadyClock,
      signal,
    })
    tellLiveCounts(out, modules)
    out.result({ source: source.name, modules })
  },
  server: {
    takes: ['name'],
    async run(context, client, input) {
      const { countSourceAtServer } = await import('../server/sources.ts')
      await countSourceAtServer(context, client, input)
    },
  },
})
