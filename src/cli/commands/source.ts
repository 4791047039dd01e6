import type { Client } from '../../client/client.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { command as add } from './source-add.ts'
import { command as count } from './source-count.ts'
import { command as test } from './source-test.ts'

const name = requiredArgument('NAME', 'the source')

const list = defineCommand({
  name: 'list',
  summary: 'list the sources',
  description: 'Lists the sources that holdfast.json describes.',
  arguments: {},
  options: {},
  examples: [{ what: 'all of them', command: 'holdfast source list' }],
  run: runList,
  server: { takes: [], run: listAtServer },
})

const show = defineCommand({
  name: 'show',
  summary: 'show what is configured of a source',
  description:
    'Shows all that holdfast.json says of a source. Where its password is, is shown; the password is not read.',
  arguments: { name },
  options: {},
  examples: [{ what: 'one of them', command: 'holdfast source show shop' }],
  async run(context, input) {
    const { requireConfig } = await import('../config.ts')
    const { findSource } = await import('../../config/config.ts')
    const { sourceSummary, tellSource } = await import('../source-text.ts')
    const config = await requireConfig(context, 'There is nothing to show')
    const source = findSource(config, input.name)
    tellSource(context.out, config, source)
    context.out.result({ source: sourceSummary(config, source), file: config.file })
  },
  server: {
    takes: ['name'],
    async run(context, client, input) {
      const { showSourceAtServer } = await import('../server/sources.ts')
      await showSourceAtServer(context, client, input)
    },
  },
})

const remove = defineCommand({
  name: 'remove',
  summary: 'take a source out of the configuration',
  description: 'Takes a source out of holdfast.json. Its backups stay, and so does the rest of the file.',
  arguments: { name },
  options: {},
  examples: [{ what: 'a database that is gone', command: 'holdfast source remove shop' }],
  cancelled: 'The file is as it was, or the source is out of it.',
  async run(context, input) {
    const { requireConfig } = await import('../config.ts')
    const { findSource, parseTree } = await import('../../config/config.ts')
    const { withoutSource } = await import('../../config/edit.ts')
    const { changeConfigFile } = await import('../../config/file.ts')
    const { file, ...config } = await requireConfig(context, 'There is nothing to remove')
    findSource({ file, ...config }, input.name)
    const change = (text: string): string => withoutSource(parseTree(text, file), input.name)
    await changeConfigFile({ path: file, change, signal: context.signal })
    context.out.line(`Removed source ${input.name} from ${file}. Its backups stay.`)
    context.out.result({ removed: input.name, file })
  },
})

export const command = defineCommand({
  name: 'source',
  summary: 'show and change which databases are configured',
  description:
    'Describes databases once, in holdfast.json, so that commands can name them: holdfast backup shop. The file holds no ' +
    'secret, only where one is. Alone, it lists the sources.',
  arguments: {},
  options: {},
  examples: [
    { what: 'which are there?', command: 'holdfast source' },
    { what: 'a new one', command: 'holdfast source add shop postgres://app@db.example.com/shop' },
    { what: 'would a backup work?', command: 'holdfast source test shop' },
  ],
  subcommands: [add, list, show, test, count, remove],
  run: runList,
  server: { takes: [], run: listAtServer },
})

async function listAtServer(context: CommandContext, client: Client): Promise<void> {
  const { listSourcesAtServer } = await import('../server/sources.ts')
  await listSourcesAtServer(context, client)
}

async function runList(context: CommandContext): Promise<void> {
  const { requireConfig } = await import('../config.ts')
  const { passwordText, placesText, sourceSummary, tellSources } = await import('../source-text.ts')
  const { out } = context
  const config = await requireConfig(context, 'There are no sources')
  const sources = [...config.sources.values()]
  tellSources(
    out,
    sources.map((source) => ({
      ...source,
      password: passwordText(source.password),
      repository: placesText(source.repository ?? config.repository),
      modules: [...source.modules.keys()],
    })),
  )
  out.result({ file: config.file, sources: sources.map((source) => sourceSummary(config, source)) })
}
