import { HoldfastError } from '../lib/errors.ts'
import { asBytes, type DecodeValue } from '../postgres/copy-text.ts'
import { valueDecoder } from '../postgres/schema/names.ts'
import type { TableContents } from '../repository/format/contents.ts'
import { csvHeader, csvRows, type CsvOptions } from './csv.ts'
import { fileName } from './files.ts'
import { jsonRows } from './json.ts'
import { toManifestText } from './manifest-text.ts'
import { writeText, type FileSet } from './sink.ts'
import type { ExportSource } from './source.ts'

/** A folder with one file of rows per table, and a page that says which is which. */
export async function writeTables(
  source: ExportSource,
  files: FileSet,
  format: 'csv' | 'json',
): Promise<void> {
  const { contents } = source
  const decode = format === 'json' ? jsonDecoder(contents.server.encoding) : asBytes
  for (const table of source.tables) {
    const name = fileName(table.schema, table.name, format)
    if (format === 'csv')
      await writeCsv({ source, table, files, name, options: { lineEnd: '\r\n', forPostgres: false } })
    else await writeJson({ source, table, files, name, decode })
  }
  await writeText(files, 'BACKUP_MANIFEST.md', toManifestText({ source, format }))
  await files.end()
}

export async function writeCsv({
  source,
  table,
  files,
  name,
  options,
}: {
  source: ExportSource
  table: TableContents
  files: FileSet
  name: string
  options: CsvOptions
}): Promise<void> {
  const { encoding } = source.contents.server
  await using file = await files.create(name)
  const header = csvHeader(
    table.columns.map(({ name }) => name),
    options,
  )
  await file.write(headerBytes(header, encoding))
  for await (const rows of csvRows({ slabs: source.rows(table), columns: table.columns.length, options })) {
    await file.write(rows)
  }
  await file.end()
}

async function writeJson({
  source,
  table,
  files,
  name,
  decode,
}: {
  source: ExportSource
  table: TableContents
  files: FileSet
  name: string
  decode: DecodeValue
}): Promise<void> {
  await using file = await files.create(name)
  for await (const rows of jsonRows({ slabs: source.rows(table), columns: table.columns, decode }))
    await file.write(rows)
  await file.end()
}

/** Rows stay in the database's encoding, and so should the names above them; a letter that can't be written becomes `?`. */
function headerBytes(header: string, encoding: string): Uint8Array {
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return Buffer.from(header)
  const limit = encoding === 'LATIN1' ? 0xff : 0x7f
  return Buffer.from(
    [...header].map((letter) => ((letter.codePointAt(0) ?? 0) <= limit ? letter : '?')).join(''),
    'latin1',
  )
}

function jsonDecoder(encoding: string): DecodeValue {
  const decode = valueDecoder(encoding)
  if (decode !== null) return decode
  throw new HoldfastError(
    'usage',
    `JSON is always UTF-8, and text of encoding ${encoding} can't be converted here.`,
    {
      hint: 'Export with --format csv or sql, which keep the encoding.',
    },
  )
}
