import type { Clock } from '../lib/clock.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { heldBackOf, heldBackReason, heldBackRows, type HeldBack } from '../repository/held-back.ts'
import type { ChunkReader } from '../repository/types.ts'
import { createDirectory, createFile, inPlace } from './files.ts'
import { writeFolder } from './folder.ts'
import type { ByteSink, FileSet } from './sink.ts'
import { openSource, type ExportSource } from './source.ts'
import { writeSql } from './sql.ts'
import { writeTables } from './tables.ts'
import { createZip } from './zip.ts'

/**
 * `sql`: one script for psql. `folder`: scripts, CSV files and a restore.sh that needs only psql. `csv`, `json`: a folder with a file of
 * rows per table.
 */
export type ExportFormat = 'folder' | 'sql' | 'csv' | 'json'

export interface ExportRequest {
  readonly contents: BackupContents
  readonly manifest: Manifest
  readonly reader: ChunkReader
  readonly format: ExportFormat
  /** Path of the file or folder to make: a zip file in place of a folder if it ends so. Or where its bytes go, a folder as a zip file. */
  readonly out: string | ByteSink
  /** Whose rows are written; the schema always is written whole. Default: all tables. */
  readonly tables?: readonly TableContents[] | undefined
  /** What `contents` lack because it was erased. */
  readonly heldBack?: readonly HeldBack[] | undefined
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Writes a backup in clear, readable by its owner only. A path appears when all of it is there and durable; if it fails or is
 * cancelled, nothing remains. What goes elsewhere lacks its end then. Throws `export_exists`, `export_unsafe`, `row_too_long`, `object_missing`,
 * `object_damaged`, `cancelled`, and `usage`, `storage_full`, `storage_denied` or `storage_failed` if `out` can't be written.
 */
export async function exportBackup(request: ExportRequest): Promise<void> {
  const { format, out, clock } = request
  const tables = request.tables ?? request.contents.tables
  const erased = heldBackOf(request.heldBack ?? [], tables).map((held) => ({
    what: heldBackRows(held),
    why: heldBackReason,
  }))
  // The files say what they lack, whether the backup lacks it or it is held back.
  const contents = { ...request.contents, gaps: [...request.contents.gaps, ...erased] }
  const open = (): Promise<ExportSource> =>
    openSource({ ...request, contents, tables, exported: clock.now().toISOString() })
  if (typeof out !== 'string') {
    await writeStream(await open(), format, out)
    return
  }
  await inPlace(out, async (path) => {
    const source = await open()
    if (format !== 'sql' && !isZipName(out)) {
      await writeFiles(source, format, await createDirectory(path))
      return
    }
    await using file = await createFile(path)
    await writeStream(source, format, file)
    await file.end()
  })
}

/** True if a folder that is to be written there is written as a zip file. */
export function isZipName(path: string): boolean {
  return path.toLowerCase().endsWith('.zip')
}

async function writeStream(source: ExportSource, format: ExportFormat, to: ByteSink): Promise<void> {
  if (format === 'sql') await writeSql(source, to)
  else await writeFiles(source, format, createZip({ to, modified: new Date(source.exported) }))
}

async function writeFiles(
  source: ExportSource,
  format: Exclude<ExportFormat, 'sql'>,
  files: FileSet,
): Promise<void> {
  if (format === 'folder') await writeFolder(source, files)
  else await writeTables(source, files, format)
}
