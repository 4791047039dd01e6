import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, literal, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../../repository/pieces.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { requireRows } from '../load.ts'
import { unmatched, type Matched } from './match.ts'
import { liveOf, stageOf } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'
import { within, type Leaf } from './untouched.ts'

export interface Source {
  readonly manifest: Manifest
  readonly reader: ChunkReader
  readonly cache: ChunkCache
  /** Of the backed up database: the bytes of its rows. */
  readonly encoding: string
}

/** Makes the empty temporary table. Columns that the target lacks come as text, so that a condition may name them. */
export async function makeStage(wire: Wire, unit: Unit): Promise<void> {
  const stage = stageOf(unit)
  const shared = new Set(unit.shared)
  const list = (unit.from[0]?.columns ?? []).map((c) =>
    shared.has(c.name) ? ident(c.name) : `NULL::pg_catalog.text AS ${ident(c.name)}`,
  )
  await wire.query(
    quietly(
      `DROP TABLE IF EXISTS ${stage};
       CREATE TEMPORARY TABLE ${stage.replace('pg_temp.', '')} AS SELECT ${list.join(', ')} FROM ${liveOf(unit.live)} WITH NO DATA`,
    ),
  )
}

/** For the plans of what follows. */
export async function analyzeStage(wire: Wire, unit: Unit): Promise<void> {
  await wire.query(`ANALYZE ${stageOf(unit)}`)
}

/**
 * Brings ranges of the backup into the unit's temporary table, under the types that the target's columns have now. Throws
 * `restore_failed`, naming the table, if a value does not fit its column any more.
 */
export async function stageRanges(o: {
  wire: Wire
  unit: Unit
  source: Source
  ranges: ReadonlyMap<TableContents, readonly RowRange[]>
  signal?: AbortSignal | undefined
  onBytes: (bytes: number) => void
}): Promise<void> {
  const { source, signal } = o
  for (const [table, ranges] of o.ranges) {
    const rows = ranges.reduce((sum, r) => sum + r.rows, 0)
    if (rows === 0) continue
    const pieces = ranges.flatMap((r) => r.pieces)
    const slabs = counted(readPieces({ ...source, pieces, signal, release: true }), o.onBytes)
    requireRows(table, rows, await copyIntoStage(o, table, slabs))
  }
}

/**
 * Brings the rows of one range that the target lacks, but not those whose places are in `staged`, by looking through the range. `older` tells
 * which live rows are the backup's; null: none are, and all rows are brought. Resolves to the places of all that are staged now; null: every row is.
 */
export async function stageMissing(o: {
  wire: Wire
  unit: Unit
  source: Source
  table: TableContents
  /** Where the table's rows are now. */
  leaf: Leaf
  range: RowRange
  staged: ReadonlySet<number>
  older: ((alias: string) => string) | null
  signal?: AbortSignal | undefined
  onBytes: (bytes: number) => void
}): Promise<ReadonlySet<number> | null> {
  const { wire, source, signal, range, staged, older } = o
  const columns = matchedBy(o)
  const live = older === null || columns === null ? null : await readLive({ ...o, columns, older })
  const positions = columns?.map((c) => c.position) ?? []
  await wire.query('SAVEPOINT holdfast_range')
  let matched: Matched = { missing: new Set(), whole: false }
  const slabs = counted(readPieces({ ...source, pieces: range.pieces, signal, release: true }), o.onBytes)
  async function* rows(): AsyncGenerator<Uint8Array, void, undefined> {
    matched = yield* unmatched({ slabs, positions, live: live ?? new Uint8Array(), known: staged })
  }
  await copyIntoStage(o, o.table, rows())
  if (live !== null && !matched.whole) {
    await wire.query('ROLLBACK TO SAVEPOINT holdfast_range; RELEASE SAVEPOINT holdfast_range')
    return await stageMissing({ ...o, older: null, onBytes: () => undefined })
  }
  await wire.query('RELEASE SAVEPOINT holdfast_range')
  return live === null ? null : matched.missing
}

interface MatchedBy {
  readonly name: string
  readonly position: number
}

/** Columns that tell a row apart, in the backup's order: the key, or all of them. Null: the table has one no more. */
function matchedBy({ unit, table }: { unit: Unit; table: TableContents }): MatchedBy[] | null {
  const names = unit.key?.map((k) => k.name) ?? table.columns.map((c) => c.name)
  const found = names.map((name) => ({ name, position: table.columns.findIndex((c) => c.name === name) }))
  if (found.length === 0 || found.some((c) => c.position < 0 || !unit.shared.includes(c.name))) return null
  return found.sort((a, b) => a.position - b.position)
}

/** These columns of the live rows in the pages of a range that are older, as COPY text in the order in which they lie there. */
async function readLive(o: {
  wire: Wire
  leaf: Leaf
  source: Source
  range: RowRange
  columns: readonly MatchedBy[]
  older: (alias: string) => string
}): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const select = `SELECT ${o.columns.map((c) => ident(c.name)).join(', ')} FROM ONLY ${qualified(o.leaf.schema, o.leaf.name)} l WHERE ${within(o.range, 'l')} AND ${o.older('l')}`
  await o.wire.copyOut(`COPY (${select}) TO STDOUT (FORMAT text, ENCODING ${literal(o.source.encoding)})`, {
    write: (bytes) => void parts.push(new Uint8Array(bytes)),
  })
  return Buffer.concat(parts)
}

/** Resolves to how many rows the server took. Throws `restore_failed`, naming the table. */
async function copyIntoStage(
  { wire, unit, source }: { wire: Wire; unit: Unit; source: Source },
  table: TableContents,
  slabs: AsyncIterable<Uint8Array>,
): Promise<number> {
  // A partition's own columns may be in another order than its root's.
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map((c) => ident(c.name)).join(', ')})`
  const copy = `COPY ${stageOf(unit)}${columns} FROM STDIN (FORMAT text, ENCODING ${literal(source.encoding)})`
  try {
    return await wire.copyIn(copy, slabs)
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError(
      'restore_failed',
      `Rows of ${tableLabel(table)} do not fit the table as it is now: ${messageOf(error)}`,
      { cause: error, details: error.details },
    )
  }
}

/** Of COPY text. */
export function bytesOf(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, r) => sum + r.pieces.reduce((bytes, p) => bytes + p.length, 0), 0)
}

async function* counted(
  slabs: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const slab of slabs) {
    const { length } = slab
    yield slab
    onBytes(length)
  }
}
