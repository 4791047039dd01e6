import { asBytes, parseRows, type TextRow } from '../postgres/copy-text.ts'

export interface CsvOptions {
  /** Of one row: CRLF as RFC 4180 has it, or LF. */
  readonly lineEnd: '\r\n' | '\n'
  /**
   * Older servers and every psql take a line `\.` for the end of the rows even inside of quotes. True: the quotes are closed
   * and opened again around it, which Postgres reads as the same value, and other readers of CSV may not.
   */
  readonly forPostgres: boolean
}

/** The header line. Not quoting it would be as good to Postgres, which skips it. */
export function csvHeader(names: readonly string[], { lineEnd }: CsvOptions): string {
  return `${names.map(quote).join(',')}${lineEnd}`
}

/** COPY text to CSV in the same encoding. Null is an empty field, an empty string is `""`. */
export async function* csvRows({
  slabs,
  columns,
  options,
}: {
  slabs: AsyncIterable<Uint8Array>
  columns: number
  options: CsvOptions
}): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const rows of parseRows({ slabs, columns, decode: asBytes })) {
    yield Buffer.from(rows.map((row) => csvLine(row, options)).join(''), 'latin1')
  }
}

/** One row; values hold text, or bytes one per character. */
export function csvLine(row: TextRow, { lineEnd, forPostgres }: CsvOptions): string {
  return `${row.map((value) => (value === null ? '' : field(value, forPostgres))).join(',')}${lineEnd}`
}

function field(value: string, forPostgres: boolean): string {
  // Quoted if it is empty, has what CSV gives a meaning, or a space or dot that some reader would trim or take for an end.
  if (value !== '' && !/[",\r\n\\]|^\s|\s$/.test(value)) return value
  const quoted = quote(value)
  return forPostgres && value.includes('\\.')
    ? quoted.replaceAll(/(?<=[\r\n])\\\.(?=[\r\n])/g, '"\\."')
    : quoted
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
