import type { CallOptions } from '../storage/storage.ts'
import { chunkKey } from './format/chunk-names.ts'
import type { RestoreRecord, SafetyContents } from './format/restore-contents.ts'
import { decodeRestoreRecord, decodeSafetyContents } from './format/restore-contents-decode.ts'
import type { ReportDocument, SafetyDocument } from './format/restore-documents.ts'
import { damaged } from './format/signed.ts'
import { readRestoreDocument, type RestoresOf } from './restores.ts'
import type { ChunkReader } from './types.ts'

/** A safety backup, opened. Its rows are read with `readPieces`, which takes `document` as the manifest. */
export interface StoredSafety {
  readonly document: SafetyDocument
  readonly contents: SafetyContents
}

/** The report of a restore, opened. */
export interface StoredReport {
  readonly document: ReportDocument
  readonly record: RestoreRecord
}

type ReadOptions = CallOptions & {
  readonly repository: RestoresOf
  readonly reader: ChunkReader
  /** Of the restore. */
  readonly id: string
}

/**
 * The safety backup of a restore, but for the rows; null if it left none. Throws `manifest_forged`, `object_damaged`,
 * `object_missing`, `repository_too_new`.
 */
export async function readSafety(o: ReadOptions): Promise<StoredSafety | null> {
  const document = await readRestoreDocument(o.repository, { ...o, part: 'safety' })
  if (document === null) return null
  const key = chunkKey(document.contents)
  const contents = decodeSafetyContents(key, await o.reader.read(document.contents, { signal: o.signal }))
  const outside = pieceOutside(document.chunks, contents)
  if (outside !== null) throw damaged(key, outside)
  return { document, contents }
}

/** The report of a restore; null if it left none, for it is under way, or did not end well. Throws as `readSafety` does. */
export async function readReport(o: ReadOptions): Promise<StoredReport | null> {
  const document = await readRestoreDocument(o.repository, { ...o, part: 'report' })
  if (document === null) return null
  const bytes = await o.reader.read(document.contents, { signal: o.signal })
  return { document, record: decodeRestoreRecord(chunkKey(document.contents), bytes) }
}

/** The first piece that does not lie within these chunks, in words; null if all do. */
export function pieceOutside(chunks: SafetyDocument['chunks'], contents: SafetyContents): string | null {
  for (const [at, { pieces }] of contents.tables.entries()) {
    const index = pieces.findIndex(
      ({ chunk, offset, length }) => offset + length > (chunks[chunk]?.[1] ?? -1),
    )
    if (index >= 0) return `it.tables[${at}].pieces[${index}] lies outside of the chunks`
  }
  return null
}
