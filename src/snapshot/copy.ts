import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { tableLabel, type SizedTable } from '../postgres/introspect/tables.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import type { Chunker, Run } from '../repository/chunker.ts'
import type { RowRange } from '../repository/format/contents.ts'
import type { ReadTask } from './ranges.ts'

/** A range that was read; `pieces` of `run` can be asked for once the chunker was flushed. */
export interface ReadRange {
  readonly table: SizedTable
  readonly range: number
  readonly from: number
  readonly to: number | null
  readonly rows: number
  readonly run: Run
}

/** Does one task on one connection. The bytes go to the chunker; nothing is durable before the runs' pieces resolve. */
export async function readTask(o: {
  task: ReadTask
  wire: Wire
  chunker: Chunker
  encoding: string
}): Promise<ReadRange[]> {
  const ranges =
    o.task.kind === 'range'
      ? [o.task]
      : o.task.tables.map((table) => ({ table, range: 0, from: 0, to: null }))
  const read: ReadRange[] = []
  for (const { table, range, from, to } of ranges) {
    o.chunker.begin()
    const rows = await o.wire
      .copyOut(copySql(table, from, to, o.encoding), {
        write: (bytes, _rows, endsRow) => o.chunker.write(bytes, endsRow),
      })
      .catch((error: unknown) => {
        throw named(error, table)
      })
    read.push({ table, range, from, to, rows, run: o.chunker.end() })
  }
  await o.chunker.flush()
  return read
}

/**
 * The server's error with the table, which it does not name: damaged pages, a value that is too large. It makes each row one
 * text in memory, of 1 GB at most; what is larger it reports under two codes. One is that of all internal errors, whose texts
 * are never translated.
 */
function named(error: unknown, table: SizedTable): unknown {
  if (!isHoldfastError(error, 'query_failed')) return error
  const { message, details, hint } = error
  const options = { cause: error, details: { ...details, table: tableLabel(table) } }
  const tooLarge =
    details['sqlstate'] === '54000' ||
    (details['sqlstate'] === 'XX000' &&
      isOfTextSize(/^invalid memory alloc request size (\d+)$/.exec(message)?.[1]))
  if (!tooLarge)
    return new HoldfastError('query_failed', `${tableLabel(table)}: ${message}`, { ...options, hint })
  return new HoldfastError(
    'row_too_long',
    `${tableLabel(table)} has a row that the server can't send, since it is longer than 1 GB as text: ${message}`,
    {
      ...options,
      hint: 'No dump of Postgres can hold it either. Split its value, or leave the rows of the table out with --exclude-data.',
    },
  )
}

/** Text that is doubled from below 1 GB, as hexadecimal digits. What asks for far more comes from a damaged length. */
function isOfTextSize(bytes: string | undefined): boolean {
  return bytes !== undefined && Number(bytes) < 2 ** 32
}

/** ENCODING is the database's own, so that bytes are taken as they are whatever the session's encoding is. */
export function copySql(table: SizedTable, from: number, to: number | null, encoding: string): string {
  const name = qualified(table.schema, table.name)
  const options = `TO STDOUT (FORMAT text, ENCODING ${literal(encoding)})`
  const where = rowCondition(table, from, to)
  const columns = table.columns.map((c) => ident(c.name)).join(', ')
  // A whole table needs no query plan: COPY of the table itself is the server's fastest path.
  if (where === '' && columns !== '') return `COPY ${name} (${columns}) ${options}`
  return `COPY (SELECT ${columns} FROM ONLY ${name} AS t${where}) ${options}`
}

/** ` WHERE ...` for the rows of a page range of the table that belong to a backup, or ''. */
export function rowCondition(table: SizedTable, from: number, to: number | null): string {
  const conditions: string[] = []
  if (from > 0) conditions.push(`t.ctid >= '(${from},0)'::pg_catalog.tid`)
  if (to !== null) conditions.push(`t.ctid < '(${to},0)'::pg_catalog.tid`)
  const extra = extensionFilter(table)
  if (extra !== '') conditions.push(extra)
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

/** The condition that the extension gave, which begins with the word WHERE. */
function extensionFilter(table: SizedTable): string {
  const text = table.extensionCondition ?? ''
  return text === '' ? '' : `(${text.replace(/^\s*where\b/i, '')})`
}

/** The range as the contents tell it, once its chunks are durable. */
export async function storedRange(read: ReadRange): Promise<RowRange> {
  return { from: read.from, to: read.to, rows: read.rows, pieces: await read.run.pieces() }
}

/** Compares rows received with the independent count of the source. */
export function requireEqualRows(table: SizedTable, received: number, counted: number): void {
  if (received === counted) return
  throw new HoldfastError(
    'source_mismatch',
    `${tableLabel(table)}: ${received} rows were received, but the source counts ${counted} in the same snapshot.`,
  )
}
