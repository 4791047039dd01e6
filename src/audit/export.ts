import { HoldfastError } from '../lib/errors.ts'
import { entryFields, type AuditEntry } from './entry.ts'

export const exportFormats = ['csv', 'json'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** The trail as a file, piece by piece: JSON with an entry in each line, or CSV (RFC 4180). */
export async function* printTrail(
  entries: AsyncIterable<AuditEntry>,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${entryFields.join(',')}\r\n`
  let before = '[\n'
  for await (const entry of entries) {
    if (format === 'csv') {
      yield `${entryFields.map((field) => csvCell(entry[field])).join(',')}\r\n`
      continue
    }
    yield before + JSON.stringify(Object.fromEntries(entryFields.map((field) => [field, entry[field]])))
    before = ',\n'
  }
  if (format === 'json') yield before === '[\n' ? '[]\n' : '\n]\n'
}

/** Of what a spreadsheet would take for a formula, and of what begins like the mark itself. */
const marked = /^['=+\-@\t\r]/

/**
 * A text is always quoted, so that an empty one is not nothing. One that a spreadsheet would run gets an apostrophe before it, as
 * spreadsheets have it; one that begins with an apostrophe does too, so that whoever reads it takes one away.
 */
function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  return `"${`${marked.test(value) ? "'" : ''}${value}`.replaceAll('"', '""')}"`
}

/** Reads what `printTrail` has printed, of either format. Throws `audit_unreadable`. */
export async function* parseTrail(pieces: AsyncIterable<string>): AsyncGenerator<AuditEntry> {
  let format: ExportFormat | null = null
  let number = 0
  for await (const text of recordsIn(pieces)) {
    number += 1
    if (format === null) {
      format = text.startsWith('[') ? 'json' : 'csv'
      if (format === 'csv' && text !== entryFields.join(',')) throw unreadable(1)
      continue
    }
    if (format === 'json' && /^\]?$/.test(text)) continue
    yield format === 'json' ? fromJson(text, number) : fromCsv(text, number)
  }
  if (format === null) throw unreadable(1)
}

/** Lines, with those line breaks in them that are between quotes; in JSON there are none such. */
async function* recordsIn(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let pending = ''
  let csv: boolean | null = null
  for await (const piece of pieces) {
    pending += piece
    csv ??= pending === '' ? null : !pending.startsWith('[')
    for (let from = 0; ;) {
      const end = pending.indexOf('\n', from)
      if (end === -1) break
      const line = pending.slice(0, end)
      if (csv === true && (line.split('"').length - 1) % 2 === 1) {
        from = end + 1
        continue
      }
      yield line.replace(/\r$/, '')
      pending = pending.slice(end + 1)
      from = 0
    }
  }
  if (pending !== '') yield pending
}

function fromJson(text: string, line: number): AuditEntry {
  try {
    return checked(JSON.parse(text.replace(/,$/, '')) as Record<string, unknown>, line)
  } catch (cause) {
    throw unreadable(line, cause)
  }
}

function fromCsv(text: string, line: number): AuditEntry {
  const cells = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)].map(
    ([, quoted, plain]) => {
      if (quoted === undefined) return plain === '' ? null : Number(plain)
      return quoted.replaceAll('""', '"').replace(/^'/, '')
    },
  )
  if (cells.length !== entryFields.length) throw unreadable(line)
  return checked(Object.fromEntries(entryFields.map((field, i) => [field, cells[i]])), line)
}

function checked(value: Record<string, unknown>, line: number): AuditEntry {
  const optional = ['role', 'address', 'agent', 'request', 'source', 'code', 'before', 'after']
  const sound = entryFields.every((field) => {
    const one = value[field]
    if (field === 'number') return Number.isSafeInteger(one)
    return typeof one === 'string' || (one === null && optional.includes(field))
  })
  if (!sound) throw unreadable(line)
  return value as unknown as AuditEntry
}

function unreadable(record: number, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'audit_unreadable',
    `Record ${record} of the file is none of an exported audit trail.`,
    { cause },
  )
}
