import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { choice, requiredText } from '../option.ts'
import { excludeTable, opening, schema, table } from '../options.ts'

export const command = defineCommand({
  name: 'export',
  summary: 'write a backup as files that other tools read',
  description:
    'Writes a backup, or some of its tables, as ordinary files: a folder with the schema as SQL and the rows as COPY ' +
    'text, one SQL file for psql, or a CSV or JSON file per table. The files hold the rows in clear: only you can read them.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: {
    ...opening,
    format: choice({
      flags: '-f, --format <format>',
      description: 'what to write',
      choices: ['folder', 'sql', 'csv', 'json'],
      default: 'folder',
    }),
    out: requiredText({
      flags: '-o, --out <path>',
      description: 'where: a new file with sql, else a new folder',
      missing: 'where should it be written?',
    }),
    schema,
    table,
    excludeTable,
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
  ],
  cancelled: 'Nothing was written.',
  async run() {
    throw new HoldfastError('internal', 'export is not built yet')
  },
})
