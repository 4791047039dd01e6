import { resolve } from 'node:path'
import { writeArchive, type ArchiveReport } from '../export/archive.ts'
import { exportBackup, isZipName, type ExportFormat } from '../export/export.ts'
import { createFile, inPlace } from '../export/files.ts'
import type { ByteSink } from '../export/sink.ts'
import { HoldfastError } from '../lib/errors.ts'
import { schemaMatcher, tableMatcher } from '../lib/table-matcher.ts'
import type { TableContents } from '../repository/format/contents.ts'
import { heldBackOf, heldBackText } from '../repository/held-back.ts'
import type { CommandContext } from './command.ts'
import { modulesMeant, namingModules } from './config.ts'
import { formatBytes, formatCountOf } from './format.ts'
import { openBackup, openForListing, useBackup } from './repository.ts'
import { rowsText } from './summary.ts'
import { printable } from './width.ts'

interface Choice {
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly module: readonly string[]
}

type FilesInput = Choice &
  Parameters<typeof openBackup>[1] & {
    readonly source: Parameters<typeof modulesMeant>[2]
    readonly format: ExportFormat
    readonly out: string
  }

/** `export` in clear: files that other tools read. */
export async function exportFiles(context: CommandContext, input: FilesInput): Promise<void> {
  const { out, signal, clock } = context
  if (input.format === 'sql' && isZipName(input.out))
    throw new HoldfastError('usage', 'SQL is written as text, not as a zip file.', {
      hint: 'Give --out another name, or use --format folder.',
    })
  const modules = await modulesMeant(context, input.module, input.source)
  const wanted = { ...input, table: [...input.table, ...modules.flatMap((one) => one.tables)] }
  await using backup = await openBackup(context, input)
  const tables = await namingModules(modules, () => chooseTables(backup.contents.tables, wanted))
  const to = target(context, input.out)
  await exportBackup({
    ...backup,
    format: input.format,
    out: to.sink ?? to.path,
    tables,
    clock,
    signal,
    onProgress: out.progress,
  })
  out.progressDone('done')
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const bytes = tables.reduce((sum, table) => sum + table.plainBytes, 0)
  to.say(`Wrote backup ${backup.manifest.id} to ${to.name}: ${rowsText(rows, tables.length, bytes)}`)
  out.note('The files hold the rows in clear.')
  const heldBack = heldBackOf(backup.heldBack, tables)
  for (const held of heldBack) out.warn(printable(heldBackText(held)))
  for (const { what, why } of backup.contents.gaps)
    out.warn(`not in the backup: ${printable(what)}. ${printable(why)}`)
  out.result({
    backup: backup.manifest.id,
    out: to.name,
    format: input.format,
    tables: tables.map(({ schema: of, name, rows: count }) => ({ schema: of, name, rows: count })),
    gaps: backup.contents.gaps,
    heldBack,
  })
}

type ArchiveInput = Choice &
  Parameters<typeof openForListing>[1] & { readonly backup: string; readonly out: string }

/** `export --format archive`: one file with what the backup needs, sealed as it is. */
export async function exportArchive(context: CommandContext, input: ArchiveInput): Promise<void> {
  const { out, signal } = context
  if (input.schema.length + input.table.length + input.excludeTable.length + input.module.length > 0)
    throw new HoldfastError('usage', 'An archive holds a whole backup: what is in it is sealed.', {
      hint: 'Leave out the choice of tables. A restore from the archive can be of some of them.',
    })
  const { repository } = await openForListing(context, input)
  const manifest = await repository.find(input.backup, { signal })
  await using _use = await useBackup(context, { repository, manifest })
  const to = target(context, input.out)
  const request = { repository, manifest, signal, onProgress: out.progress }
  let report: ArchiveReport | null = null
  if (to.sink !== null) report = await writeArchive({ ...request, to: to.sink })
  else
    await inPlace(to.path, async (path) => {
      await using file = await createFile(path)
      report = await writeArchive({ ...request, to: file })
      await file.end()
    })
  out.progressDone('done')
  const { objects, bytes, hurt } = report ?? { objects: 0, bytes: 0, hurt: [] }
  to.say(
    `Wrote backup ${manifest.id} to ${to.name}: ${formatCountOf(objects, 'object')}, ${formatBytes(bytes)}`,
  )
  out.note('It is encrypted as it is in the repository: the same identity opens it.')
  if (hurt.length > 0)
    out.warn(
      `${formatCountOf(hurt.length, 'chunk')} of this backup, and so of the archive, ${hurt.length === 1 ? 'is' : 'are'} known to be damaged: holdfast check tells what is lost.`,
    )
  out.result({ backup: manifest.id, out: to.name, format: 'archive', objects, bytes, hurt })
}

interface Target {
  /** Null: a path. */
  readonly sink: ByteSink | null
  readonly path: string
  /** What people are told. */
  readonly name: string
  /** Tells what was done, where it is not in the way of what was written. */
  say(text: string): void
}

function target({ out, stdout }: CommandContext, given: string): Target {
  if (given === '-')
    return { sink: { write: (data) => stdout.bytes(data) }, path: '', name: 'stdout', say: out.note }
  const path = resolve(given)
  return { sink: null, path, name: path, say: out.line }
}

/** The tables whose rows are held and wanted. Throws `table_not_found`. */
function chooseTables(
  tables: readonly TableContents[],
  wanted: Pick<Choice, 'schema' | 'table' | 'excludeTable'>,
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
