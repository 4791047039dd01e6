import type { OnProgress } from '../lib/progress.ts'
import type { BackupContents, Fingerprint, RowRange, TableContents } from '../repository/format/contents.ts'
import type { SafetyContents } from '../repository/format/restore-contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import type { HeldBack } from '../repository/held-back.ts'
import { createChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'
import { erasedTables, type ErasedRows, type ErasedTables } from './erased-tables.ts'

/*
 * Erased rows are cut out of what a backup says of itself, before anything is done with it: out of the lists of pieces, the numbers
 * of rows, and the fingerprints. So whoever restores, compares or exports needs no knowledge of them, and can't forget them.
 */

interface Reading {
  readonly reader: ChunkReader
  /** In force. */
  readonly erasures: readonly ErasedRows[]
  readonly namingKey: Uint8Array
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * The contents of a backup without the rows that were erased, and how many these are. Only tables with erasures are read; all
 * others are the same objects as before. Throws `erasure_unclear`, and what reading throws.
 */
export async function holdBack(
  o: Reading & { readonly manifest: Pick<Manifest, 'chunks'>; readonly contents: BackupContents },
): Promise<{ readonly contents: BackupContents; readonly heldBack: readonly HeldBack[] }> {
  if (o.erasures.length === 0) return { contents: o.contents, heldBack: [] }
  const erased = erasedTables(o)
  const heldBack: HeldBack[] = []
  const tables: TableContents[] = []
  const encoding = o.contents.server.encoding
  const cache = createChunkCache(o)
  const total = o.contents.tables
    .filter((table) => isConcerned(table, erased))
    .reduce((sum, table) => sum + table.plainBytes, 0)
  let done = 0
  const onBytes = (count: number): unknown =>
    o.onProgress?.({ phase: 'looking for erased rows', done: (done += count), total, unit: 'bytes' })
  for (const table of o.contents.tables) {
    const left = isConcerned(table, erased)
      ? await withoutErased({ ...o, erased, table, encoding, cache, onBytes })
      : table
    tables.push(left)
    const { schema, name, parents } = table
    const rows = table.rows - left.rows
    if (rows > 0) heldBack.push({ schema, name, rows, parents })
  }
  if (heldBack.length === 0) return { contents: o.contents, heldBack }
  return { contents: { ...o.contents, tables }, heldBack }
}

/** The rows that undoing a restore would put back, without those that were erased since. */
export async function holdBackUndo(
  o: Reading & { readonly safety: SafetyContents; readonly manifest: Pick<Manifest, 'chunks'> },
): Promise<{ readonly safety: SafetyContents; readonly heldBack: readonly HeldBack[] }> {
  const erased = erasedTables(o)
  const heldBack: HeldBack[] = []
  const tables: SafetyContents['tables'][number][] = []
  const encoding = o.safety.target.encoding
  const cache = createChunkCache(o)
  for (const table of o.safety.tables) {
    if (!erased.concern([table])) {
      tables.push(table)
      continue
    }
    // The action, then the row as it was: that is what would come back. What a row became is deleted or changed, never brought.
    const fields = [null, ...table.columns.map((c) => c.name)]
    const cut = await erased.cut({ ...o, names: [table], fields, encoding, cache, pieces: table.pieces })
    tables.push({ ...table, pieces: cut.pieces })
    const { schema, name } = table
    if (cut.rows > 0) heldBack.push({ schema, name, rows: cut.rows, parents: [] })
  }
  return { safety: { ...o.safety, tables }, heldBack }
}

function isConcerned(table: TableContents, erased: ErasedTables): boolean {
  return table.data === 'held' && table.rows > 0 && erased.concern([table, ...table.parents])
}

async function withoutErased(
  o: Parameters<typeof holdBack>[0] & {
    erased: ErasedTables
    table: TableContents
    encoding: string
    cache: ReturnType<typeof createChunkCache>
    onBytes: (count: number) => void
  },
): Promise<TableContents> {
  const { table, erased } = o
  const names = [table, ...table.parents]
  const fields = table.columns.map((c) => c.name)
  const ranges: RowRange[] = []
  for (const range of table.ranges) {
    const { pieces, rows } = await erased.cut({ ...o, names, fields, pieces: range.pieces })
    o.onBytes(range.pieces.reduce((sum, { length }) => sum + length, 0))
    ranges.push(rows === 0 ? range : { ...range, pieces, rows: range.rows - rows })
  }
  const lost = new Set(ranges.flatMap((range, index) => (range === table.ranges[index] ? [] : [index])))
  if (lost.size === 0) return table
  return {
    ...table,
    ranges,
    rows: ranges.reduce((sum, range) => sum + range.rows, 0),
    plainBytes: ranges.flatMap((range) => range.pieces).reduce((sum, { length }) => sum + length, 0),
    fingerprint: table.fingerprint === null ? null : fingerprintOf(table.fingerprint, table, ranges, lost),
    // A file that is known tells a restore in place which ranges are untouched, by their numbers of rows: these are others now.
    filenode: null,
  }
}

/** The source counted and hashed all rows: of what is left only counts are known, and hashes of ranges that lost none. */
function fingerprintOf(
  { rows, expression, samples }: Fingerprint,
  table: TableContents,
  ranges: readonly RowRange[],
  lost: ReadonlySet<number>,
): Fingerprint {
  const cut = table.rows - ranges.reduce((sum, range) => sum + range.rows, 0)
  return { rows: rows - cut, expression, hash: null, samples: samples.filter((s) => !lost.has(s.range)) }
}
