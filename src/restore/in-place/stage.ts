import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { RowRange, TableContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../../repository/pieces.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { requireRows } from '../load.ts'
import { liveOf, stageOf } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'

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
  const { wire, unit, source, signal } = o
  const stage = stageOf(unit)
  for (const [table, ranges] of o.ranges) {
    const rows = ranges.reduce((sum, r) => sum + r.rows, 0)
    if (rows === 0) continue
    const pieces = ranges.flatMap((r) => r.pieces)
    // A partition's own columns may be in another order than its root's.
    const columns =
      table.columns.length === 0 ? '' : ` (${table.columns.map((c) => ident(c.name)).join(', ')})`
    const copy = `COPY ${stage}${columns} FROM STDIN (FORMAT text, ENCODING ${literal(source.encoding)})`
    const loaded = await wire
      .copyIn(copy, counted(readPieces({ ...source, pieces, signal, release: true }), o.onBytes))
      .catch((error: unknown) => {
        if (!isHoldfastError(error, 'query_failed')) throw error
        throw new HoldfastError(
          'restore_failed',
          `Rows of ${tableLabel(table)} do not fit the table as it is now: ${messageOf(error)}`,
          { cause: error, details: error.details },
        )
      })
    requireRows(table, rows, loaded)
  }
  await wire.query(`ANALYZE ${stage}`)
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
