import { resolve } from 'node:path'
import { schemaMatcher, tableMatcher } from '../../lib/table-matcher.ts'
import type { TableContents } from '../../repository/format/contents.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { choice, requiredText } from '../option.ts'
import { module, opening, rowChoices } from '../options.ts'
import { rowsText } from '../summary.ts'
import { printable } from '../width.ts'

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
  ],
  cancelled: 'Nothing was written.',
  async run(context, input) {
    const { openBackup } = await import('../repository.ts')
    const { modulesMeant, namingModules } = await import('../config.ts')
    const { heldBackOf, heldBackText } = await import('../../repository/held-back.ts')
    const { exportBackup } = await import('../../export/export.ts')
    const { out, signal, clock } = context
    const modules = await modulesMeant(context, input.module, input.source)
    const wanted = { ...input, table: [...input.table, ...modules.flatMap((one) => one.tables)] }
    await using backup = await openBackup(context, input)
    const tables = await namingModules(modules, () => chooseTables(backup.contents.tables, wanted))
    const path = resolve(input.out)
    await exportBackup({
      ...backup,
      format: input.format,
      out: path,
      tables,
      clock,
      signal,
      onProgress: out.progress,
    })
    out.progressDone('done')
    const rows = tables.reduce((sum, table) => sum + table.rows, 0)
    const bytes = tables.reduce((sum, table) => sum + table.plainBytes, 0)
    out.line(`Wrote backup ${backup.manifest.id} to ${path}: ${rowsText(rows, tables.length, bytes)}`)
    out.note('The files hold the rows in clear.')
    const heldBack = heldBackOf(backup.heldBack, tables)
    for (const held of heldBack) out.warn(printable(heldBackText(held)))
    for (const { what, why } of backup.contents.gaps)
      out.warn(`not in the backup: ${printable(what)}. ${printable(why)}`)
    out.result({
      backup: backup.manifest.id,
      out: path,
      format: input.format,
      tables: tables.map(({ schema: of, name, rows: count }) => ({ schema: of, name, rows: count })),
      gaps: backup.contents.gaps,
      heldBack,
    })
  },
})

/** The tables whose rows are held and wanted. Throws `table_not_found`. */
function chooseTables(
  tables: readonly TableContents[],
  wanted: { schema: readonly string[]; table: readonly string[]; excludeTable: readonly string[] },
): TableContents[] {
  const chosen = [
    ...wanted.schema.map((text) => schemaMatcher(text, tables)),
    ...wanted.table.map((text) => tableMatcher(text, tables)),
  ]
  const excluded = wanted.excludeTable.map((text) => tableMatcher(text, tables))
  return tables.filter(
    (table) =>
      table.data === 'held' &&
      (chosen.length === 0 || chosen.some((matches) => matches(table))) &&
      !excluded.some((matches) => matches(table)),
  )
}
