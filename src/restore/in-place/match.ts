/*
 * Which rows of a range of the backup are in the target still, found by their keys alone. Both sides come in physical order, and
 * what is left of the backup's rows is left in its order, so one pass over both is enough, and no row becomes an object.
 */

const tab = 0x09
const newline = 0x0a

/** What is known of a range after a pass. */
export interface Matched {
  /** Places in the range, from 0, of the rows that are not in the target any more. */
  readonly missing: ReadonlySet<number>
  /** False if `live` holds rows that the range does not, or in another order: then nothing is known. */
  readonly whole: boolean
}

/**
 * Yields the rows of `slabs` (COPY text, cut anywhere) that `live` lacks, but not those whose places are in `known`. `live`: the
 * columns at `positions`, which ascend, of the rows that are left, as COPY text. The bytes are valid until the next ones are asked for.
 */
export async function* unmatched(o: {
  readonly slabs: AsyncIterable<Uint8Array>
  readonly positions: readonly number[]
  readonly live: Uint8Array
  readonly known: ReadonlySet<number>
}): AsyncGenerator<Uint8Array, Matched, undefined> {
  const { positions, live, known } = o
  const missing = new Set<number>()
  let at = 0
  let place = 0

  /** Whether the row that begins at `start` is to be passed on. */
  const wanted = (bytes: Uint8Array, start: number): boolean => {
    const next = at < live.length ? matchRow(bytes, start, positions, live, at) : -1
    const row = place++
    if (next >= 0) {
      at = next
      return false
    }
    missing.add(row)
    return !known.has(row)
  }

  let cut: Uint8Array[] = []
  for await (const slab of o.slabs) {
    let start = 0
    if (cut.length > 0) {
      const end = slab.indexOf(newline)
      if (end < 0) {
        cut.push(new Uint8Array(slab))
        continue
      }
      const row = Buffer.concat([...cut, slab.subarray(0, end + 1)])
      cut = []
      start = end + 1
      if (wanted(row, 0)) yield row
    }
    // Neighbours are passed on together.
    let from = start
    for (let end = slab.indexOf(newline, start); end >= 0; end = slab.indexOf(newline, start)) {
      if (!wanted(slab, start)) {
        if (from < start) yield slab.subarray(from, start)
        from = end + 1
      }
      start = end + 1
    }
    if (from < start) yield slab.subarray(from, start)
    if (start < slab.length) cut.push(new Uint8Array(slab.subarray(start)))
  }
  return { missing, whole: at === live.length && cut.length === 0 }
}

/** Where the row of `live` after the one at `at` begins, if that one is the row at `start`; else -1. */
function matchRow(
  bytes: Uint8Array,
  start: number,
  positions: readonly number[],
  live: Uint8Array,
  at: number,
): number {
  let field = 0
  for (const position of positions) {
    for (; field < position; field++) start = bytes.indexOf(tab, start) + 1
    for (;;) {
      const [one, other] = [bytes[start++], live[at++]]
      const ends = one === tab || one === newline
      if (ends !== (other === tab || other === newline)) return -1
      if (ends) break
      if (one !== other) return -1
    }
    field++
  }
  return at
}
