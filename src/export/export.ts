import type { Clock } from '../lib/clock.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { heldBackOf, heldBackReason, heldBackRows, type HeldBack } from '../repository/held-back.ts'
import type { ChunkReader } from '../repository/types.ts'
import { inPlace } from './files.ts'
import { writeFolder } from './folder.ts'
import { openSource } from './source.ts'
import { writeSql } from './sql.ts'
import { writeTables } from './tables.ts'

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
  /** Path of the file or folder to make. */
  readonly out: string
  /** Whose rows are written; the schema always is written whole. Default: all tables. */
  readonly tables?: readonly TableContents[] | undefined
  /** What `contents` lack because it was erased. */
  readonly heldBack?: readonly HeldBack[] | undefined
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Writes a backup in clear, readable by its owner only. `out` appears when all of it is there and durable; if it fails or is
 * cancelled, nothing remains. Throws `export_exists`, `export_unsafe`, `row_too_long`, `object_missing`,
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
  await inPlace(out, async (path) => {
    const source = await openSource({ ...request, contents, tables, exported: clock.now().toISOString() })
    if (format === 'sql') await writeSql(source, path)
    else if (format === 'folder') await writeFolder(source, path)
    else await writeTables(source, path, format)
  })
}
