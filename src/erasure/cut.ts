import { HoldfastError } from '../lib/errors.ts'
import { parseField, type DecodeValue } from '../postgres/copy-text.ts'
import type { Piece } from '../repository/format/contents.ts'

const tab = 0x09
const newline = 0x0a

/** What is left of a stream of rows. */
export interface Cut {
  /** The same pieces without the bytes of the rows that were cut. */
  readonly pieces: readonly Piece[]
  /** How many rows were cut. */
  readonly rows: number
}

/**
 * Cuts rows out of a stream of COPY text: whoever reads the pieces that are returned can't see them. Nothing is kept of the
 * bytes but a row that is cut by the border of two slabs, and of that no more than its key needs. Throws `object_damaged`.
 */
export async function cutRows(o: {
  readonly pieces: readonly Piece[]
  /** The bytes of each piece, in order. */
  readonly slabs: AsyncIterable<Uint8Array>
  /** Where in a row the values are that `isErased` gets: numbers of fields, counted from 0. */
  readonly fields: readonly number[]
  readonly decode: DecodeValue
  /** Whether the row with these values goes. Rows that have a null among them are not asked about. */
  readonly isErased: (values: readonly string[]) => boolean
}): Promise<Cut> {
  const kept: Piece[] = []
  const last = Math.max(...o.fields)
  let rows = 0
  let index = 0
  /** Where the row begins: a piece, and a place in it. */
  let start = { index: 0, at: 0 }
  let head: Uint8Array[] = []
  let headTabs = 0
  let ended = true

  const keep = (end: number): void => {
    for (let n = start.index; n <= index; n++) {
      const piece = o.pieces[n]
      if (piece === undefined) continue
      const from = n === start.index ? start.at : 0
      const to = n === index ? end : piece.length
      append(kept, { chunk: piece.chunk, offset: piece.offset + from, length: to - from })
    }
  }
  for await (const slab of o.slabs) {
    const bytes = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength)
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const part = bytes.subarray(from, end)
      const line = head.length === 0 ? part : Buffer.concat([...head, part])
      const values = valuesOf(line, o.fields, last, o.decode)
      if (values !== null && o.isErased(values)) rows++
      else keep(end + 1)
      head = []
      headTabs = 0
      from = end + 1
      start = { index, at: from }
    }
    // A value may be of a gigabyte; the key is all that is asked for.
    if (headTabs <= last && from < bytes.length) {
      // A copy: the slab's memory may be used anew.
      head.push(new Uint8Array(bytes.subarray(from)))
      headTabs += tabsIn(bytes, from)
    }
    if (bytes.length > 0) ended = from === bytes.length
    index++
  }
  if (!ended) throw damaged('the last row does not end')
  return { pieces: kept, rows }
}

/** Adds a piece, as one with the piece before if they meet. */
function append(pieces: Piece[], next: Piece): void {
  if (next.length === 0) return
  const before = pieces.at(-1)
  const meets = before?.chunk === next.chunk && before.offset + before.length === next.offset
  if (before === undefined || !meets) pieces.push(next)
  else pieces[pieces.length - 1] = { ...before, length: before.length + next.length }
}

/** The values of these fields; null if one of them is null. */
function valuesOf(
  line: Buffer,
  fields: readonly number[],
  last: number,
  decode: DecodeValue,
): string[] | null {
  const ends: number[] = []
  for (let at = 0; ends.length <= last;) {
    const end = line.indexOf(tab, at)
    ends.push(end < 0 ? line.length : end)
    if (end < 0) break
    at = end + 1
  }
  if (ends.length <= last) throw damaged('a row lacks values')
  const values: string[] = []
  for (const field of fields) {
    const from = field === 0 ? 0 : (ends[field - 1] ?? line.length) + 1
    const value = parseField(line.toString('latin1', from, ends[field] ?? line.length), decode)
    if (value === null) return null
    values.push(value)
  }
  return values
}

function tabsIn(bytes: Buffer, from: number): number {
  let count = 0
  for (let at = bytes.indexOf(tab, from); at >= 0; at = bytes.indexOf(tab, at + 1)) count++
  return count
}

function damaged(why: string): HoldfastError {
  return new HoldfastError('object_damaged', `The stored rows are not COPY text: ${why}.`)
}
