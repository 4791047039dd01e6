import { HoldfastError } from '../lib/errors.ts'

/** The values of one row: null, or what the type's output function gave. */
export type TextRow = readonly (string | null)[]

/** Turns the bytes of a value, one per character (Latin-1), into what the rows hold. */
export type DecodeValue = (bytes: string) => string

/** Keeps bytes as they are, one per character: for who writes them back in the same encoding. */
export const asBytes: DecodeValue = (bytes) => bytes

/** Reads bytes as UTF-8; what is none stays as Latin-1, so that nothing is lost. */
export const asUtf8: DecodeValue = (bytes) => {
  if (isAscii(bytes)) return bytes
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return bytes
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JavaScript's strings end a little above. */
const longestRow = 500_000_000

/**
 * Reads rows of COPY's text format, as a server writes it, from slabs of bytes that may cut rows anywhere. Yields the rows of
 * about a slab at a time. All server encodings are fine: in each of them the bytes of tab, newline and backslash mean just
 * that.
 *
 * Throws `object_damaged` where a row has not `columns` values, the last row does not end, or an escape is cut; `row_too_long`.
 */
export async function* parseRows({
  slabs,
  columns,
  decode = asUtf8,
}: {
  slabs: AsyncIterable<Uint8Array>
  columns: number
  decode?: DecodeValue
}): AsyncGenerator<TextRow[], void, undefined> {
  // A row can be longer than many slabs, so what is left over is only joined when the row ends.
  let rest: string[] = []
  let restLength = 0
  for await (const slab of slabs) {
    const text = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength).toString('latin1')
    const end = text.lastIndexOf('\n')
    if (end < 0) {
      rest.push(text)
      restLength += text.length
      if (restLength > longestRow) throw new HoldfastError('row_too_long', 'A row is longer than 500 MB.')
      continue
    }
    const whole = rest.join('') + text.slice(0, end)
    rest = [text.slice(end + 1)]
    restLength = text.length - end - 1
    yield whole.split('\n').map((line) => parseLine(line, columns, decode))
  }
  if (rest.some((text) => text !== '')) throw damaged('the last row does not end')
}

/** One row's line, with its newline. Values hold bytes, one per character. The inverse of parsing with `asBytes`. */
export function encodeRow(row: TextRow): string {
  return `${row.map((value) => (value === null ? '\\N' : value.replaceAll(special, escapeOf))).join('\t')}\n`
}

function parseLine(line: string, columns: number, decode: DecodeValue): TextRow {
  // A row without columns is an empty line, and so is one of a single empty string.
  if (columns === 0 && line === '') return []
  const fields = line.split('\t')
  if (fields.length !== columns) throw damaged(`a row has ${fields.length} values, not ${columns}`)
  return fields.map((field) => parseField(field, decode))
}

/** One value as it stands between tabs, bytes one per character. */
export function parseField(field: string, decode: DecodeValue): string | null {
  return field === '\\N' ? null : decode(unescape(field))
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Up to three octal digits, `x` and up to two hexadecimal ones, or any one character, which stands for itself if it has no meaning. */
const escape = /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([^]?))/g

function unescape(field: string): string {
  if (!field.includes('\\')) return field
  return field.replaceAll(escape, (_, octal?: string, hex?: string, one?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255)
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (one === undefined || one === '') throw damaged('an escape is cut')
    return escapes[one] ?? one
  })
}

// oxlint-disable-next-line no-control-regex
const special = /[\b\f\n\r\t\v\\]/g
const names: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  ...Object.fromEntries(Object.entries(escapes).map(([letter, character]) => [character, `\\${letter}`])),
}
const escapeOf = (character: string): string => names[character] ?? character

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\0-\x7f]*$/.test(text)
}

function damaged(why: string): HoldfastError {
  return new HoldfastError('object_damaged', `The stored rows are not COPY text: ${why}.`)
}
