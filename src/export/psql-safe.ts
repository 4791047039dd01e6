import { HoldfastError } from '../lib/errors.ts'

/**
 * What psql reads as one piece, in which a backslash or colon means nothing to it. Two lexers that disagree are a way
 * in, so this one reads as psql does with standard_conforming_strings on, and where in doubt refuses.
 */
const opaque = [
  /'[^']*'/y,
  /"[^"]*"/y,
  // A tag can't begin inside a name: names are taken whole below.
  /\$([A-Za-z_\x80-\uffff][A-Za-z_0-9\x80-\uffff]*)?\$[^]*?\$\1\$/y,
  // A carriage return ends a comment too.
  /--[^\n\r]*/y,
]
const escapeString = /[eE]'(?:[^'\\]+|\\[^]|'')*'/y
const name = /[A-Za-z_\x80-\uffff][A-Za-z_0-9$\x80-\uffff]*/y
/** Further text after an escape string, which would be read by the same rules. pg_dump never writes it. */
const continuation = /(?:\s|--[^\n\r]*|\/\*)*'/y

/**
 * SQL that psql hands to the server as it is: throws `export_unsafe` if there is a backslash outside of strings, quoted
 * names and comments, where psql would take it for a command of its own, or if something does not end. A single colon before a name (an array
 * slice) gets a space, so that psql does not put in a variable. `sql` has one byte per character, or is text.
 */
export function psqlSafe(sql: string): string {
  let safe = ''
  let copied = 0
  let at = 0
  while (at < sql.length) {
    const end = pieceEnd(sql, at)
    if (end > at) {
      at = end
      continue
    }
    const character = sql[at]
    if (character === '\\') throw unsafe(sql, at)
    if (character === "'" || character === '"') throw unsafe(sql, at)
    if (character === ':') {
      const next = sql[at + 1] ?? ''
      if (next === ':' || next === '=') at++
      else if (/[A-Za-z_0-9'"{\x80-\uffff]/.test(next)) {
        safe += `${sql.slice(copied, at + 1)} `
        copied = at + 1
      }
    }
    at++
  }
  return safe + sql.slice(copied)
}

/** A text for the rest of a comment's line: nothing in it ends the line. */
export function commentText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\0-\x1f\x7f\u0085\u2028\u2029]/g, ' ')
}

/**
 * Passes on rows of COPY text that psql may read from a script. Throws `export_unsafe` if a line begins with the mark that ends
 * the rows, which a server never writes, and `object_damaged` if the last row does not end.
 */
export async function* psqlSafeRows(
  slabs: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // The last two bytes so far; rows begin after what counts as a newline.
  let tail = '\n'
  for await (const slab of slabs) {
    if (slab.length === 0) continue
    const bytes = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength)
    const border = tail + bytes.toString('latin1', 0, 2)
    if (border.includes('\n\\.') || bytes.includes('\n\\.') || bytes.includes('\r')) {
      throw new HoldfastError(
        'export_unsafe',
        'Stored rows hold a mark that would end them early in a script for psql.',
      )
    }
    tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - 2))).slice(-2)
    yield slab
  }
  if (!tail.endsWith('\n'))
    throw new HoldfastError('object_damaged', 'The last of the stored rows does not end.')
}

function pieceEnd(sql: string, at: number): number {
  for (const pattern of opaque) {
    pattern.lastIndex = at
    if (pattern.test(sql)) return pattern.lastIndex
  }
  escapeString.lastIndex = at
  if (escapeString.test(sql)) {
    const end = escapeString.lastIndex
    continuation.lastIndex = end
    if (continuation.test(sql)) throw unsafe(sql, end)
    return end
  }
  name.lastIndex = at
  if (name.test(sql)) {
    const end = name.lastIndex
    // An escape string that does not end would else be read as a plain one.
    if (end === at + 1 && /[eE]/.test(sql.charAt(at)) && sql[end] === "'") throw unsafe(sql, at)
    return end
  }
  if (sql.startsWith('/*', at)) return commentEnd(sql, at)
  return at
}

/** Comments nest. */
function commentEnd(sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  throw unsafe(sql, start)
}

function unsafe(sql: string, at: number): HoldfastError {
  const near = commentText(sql.slice(Math.max(0, at - 30), at + 30))
  return new HoldfastError('export_unsafe', `The schema's SQL is not safe to hand to psql, near: ${near}`)
}
