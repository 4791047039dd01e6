import { parseRows, type DecodeValue, type TextRow } from '../postgres/copy-text.ts'
import type { ColumnFacts } from '../repository/format/contents.ts'

/** How a column's values are written; by its type's name alone, so that a column's kind is known without its rows. */
export type JsonKind = 'number' | 'boolean' | 'json' | 'text'

/** The kind of a type as format_type() names it. Arrays, ranges and all others are text as Postgres prints it. */
export function jsonKind(type: string): JsonKind {
  if (/^(smallint|integer|bigint|oid|real|double precision|numeric(\(\d+,-?\d+\))?)$/.test(type))
    return 'number'
  if (type === 'boolean') return 'boolean'
  return type === 'json' || type === 'jsonb' ? 'json' : 'text'
}

/** COPY text to a JSON array of one object per row, in UTF-8. Without rows `[]`. */
export async function* jsonRows({
  slabs,
  columns,
  decode,
}: {
  slabs: AsyncIterable<Uint8Array>
  columns: readonly ColumnFacts[]
  decode: DecodeValue
}): AsyncGenerator<Uint8Array, void, undefined> {
  const keys = columns.map(({ name, type }) => ({ key: `${JSON.stringify(name)}:`, kind: jsonKind(type) }))
  let before = '[\n'
  for await (const rows of parseRows({ slabs, columns: columns.length, decode })) {
    if (rows.length === 0) continue
    yield Buffer.from(before + rows.map((row) => jsonObject(row, keys)).join(',\n'))
    before = ',\n'
  }
  yield Buffer.from(before === ',\n' ? '\n]\n' : '[]\n')
}

function jsonObject(
  row: TextRow,
  keys: readonly { readonly key: string; readonly kind: JsonKind }[],
): string {
  return `{${keys.map(({ key, kind }, i) => key + jsonValue(row[i] ?? null, kind)).join(',')}}`
}

/**
 * A value as JSON. Numbers that a double can't hold exactly (large bigints, long numerics), and NaN and infinity, are strings.
 * `json` and `jsonb` values are put in as they are.
 */
export function jsonValue(text: string | null, kind: JsonKind): string {
  if (text === null) return 'null'
  if (kind === 'boolean') return text === 't' ? 'true' : 'false'
  if (kind === 'json') return text
  return kind === 'number' && isExactNumber(text) ? text : JSON.stringify(text)
}

function isExactNumber(text: string): boolean {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return false
  const value = Number(text)
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return false
  // 15 significant digits always survive; with more, and in exponents, the shortest form decides.
  const digits = text.replace(/[eE].*$/, '').replaceAll(/[-.]|^0+/g, '')
  return digits.length <= 15 || String(value) === text
}
