import type { OnProgress } from '../lib/progress.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { BackupContents, Piece, TableContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { createChunkCache, readAllPieces, readPieces } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'

/** An opened backup as the formats read it. */
export interface ExportSource {
  readonly contents: BackupContents
  readonly manifest: Manifest
  /** Tables whose rows are to be written, all of them held. */
  readonly tables: readonly TableContents[]
  /** When the export is made, ISO 8601. */
  readonly exported: string
  /** A table's rows in order, as COPY text in the database's encoding. */
  rows(table: TableContents): AsyncGenerator<Uint8Array, void, undefined>
  /** Large objects' pages as COPY text: (oid, page number, bytes). */
  largeObjectPages(): AsyncGenerator<Uint8Array, void, undefined>
  /** The SQL of an entry in the database's encoding, one byte per character. */
  entrySql(entry: SchemaEntry): string
}

/** Reads that go on while a chunk is being written out. */
const ahead = 2

export async function openSource({
  contents,
  manifest,
  reader,
  tables = contents.tables,
  exported,
  signal,
  onProgress,
}: {
  contents: BackupContents
  manifest: Manifest
  reader: ChunkReader
  tables?: readonly TableContents[] | undefined
  exported: string
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}): Promise<ExportSource> {
  const cache = createChunkCache({ reader, signal })
  const common = { manifest, reader, cache, signal, ahead }
  const schema = Buffer.from(await readAllPieces({ ...common, pieces: contents.schema.pieces }))
  const held = tables.filter((table) => table.data === 'held')
  const total = held.reduce((sum, table) => sum + table.plainBytes, 0)
  let done = 0

  async function* read(pieces: readonly Piece[]): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of readPieces({ ...common, pieces })) {
      yield bytes
      done += bytes.length
      onProgress?.({ phase: 'writing rows', done: Math.min(done, total), total, unit: 'bytes' })
    }
  }

  return {
    contents,
    manifest,
    tables: held,
    exported,
    rows: (table) => read(table.ranges.flatMap((range) => range.pieces)),
    largeObjectPages: () => read(contents.largeObjects.ranges.flatMap((range) => range.pieces)),
    entrySql: ({ offset, length }) => schema.toString('latin1', offset, offset + length),
  }
}
