import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { choice, requiredText } from '../option.ts'
import { hostFile, module, opening, rowChoices } from '../options.ts'

export const command = defineCommand({
  name: 'export',
  summary: 'write a backup as files that other tools read, or as one file',
  description:
    'Writes a backup, or some of its tables, as ordinary files: a folder with the schema as SQL and the rows as COPY ' +
    'text, one SQL file for psql, or a CSV or JSON file per table. The files hold the rows in clear: only you can read them.\n\n' +
    'An archive is one file with all that the backup needs, encrypted as it is in the repository: writing it takes no private key. It can be given in the ' +
    'place of a repository (--repo FILE), and copied into one, on any machine.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: {
    ...opening,
    hostFile,
    format: choice({
      flags: '-f, --format <format>',
      description: 'what to write',
      choices: ['folder', 'sql', 'csv', 'json', 'archive'],
      default: 'folder',
    }),
    out: requiredText({
      flags: '-o, --out <path>',
      description:
        'where: a new file with sql and archive, else a new folder, or a zip file if the name ends in .zip; - is stdout, on which a folder is a zip file',
      missing: 'where should it be written?',
    }),
    ...rowChoices,
    module,
  },
  examples: [
    {
      what: 'everything, for psql',
      command: 'holdfast export latest --format sql --out shop.sql --repo /mnt/backups/shop',
    },
    {
      what: 'one table for a spreadsheet',
      command: 'holdfast export latest --format csv --table orders --out orders --repo /mnt/backups/shop',
    },
    {
      what: 'a backup as one file, to another machine',
      command:
        'holdfast export latest --format archive --out - --repo /mnt/backups/shop | ssh db2 "cat > shop.holdfast"',
    },
  ],
  cancelled: 'Nothing was written; what went to stdout lacks its end.',
  async run(context, input) {
    const { exportArchive, exportFiles } = await import('../export.ts')
    const { format } = input
    if (input.out === '-') {
      if (context.out.json)
        throw new HoldfastError('usage', '--json and --out - both want stdout.', {
          hint: 'Leave one of them out.',
        })
      if (context.stdout.isTTY === true && format !== 'sql')
        throw new HoldfastError('usage', 'What would be written is nothing for a terminal.', {
          hint: 'Send it to a file or a program: --out - > FILE.',
        })
    }
    if (format === 'archive') await exportArchive(context, input)
    else await exportFiles(context, { ...input, format })
  },
  server: {
    takes: ['backup', 'repo', 'source', 'format', 'out', 'schema', 'table', 'module'],
    async run(context, client, input) {
      const { exportAtServer } = await import('../server/export.ts')
      await exportAtServer(context, client, input)
    },
  },
})
