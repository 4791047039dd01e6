import { createHash } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import type { SizedTable } from '../postgres/introspect/tables.ts'
import { qualified } from '../postgres/quote.ts'
import { rowHash } from '../postgres/row-hash.ts'
import type { Wire } from '../postgres/wire.ts'
import type { Fingerprint } from '../repository/format/contents.ts'
import { rowCondition } from './copy.ts'
import { rangePages, smallTableBytes } from './ranges.ts'

export type Proof = 'counts' | 'sampled' | 'full'

/** With `sampled`, small tables are hashed whole; of others one range in so many, and the next backup hashes the next ones. */
export const sampleEvery = 32

/** Queries that one connection runs for the proof; results in `merge`'s order of tables. */
export interface ProofTask {
  readonly tables: readonly SizedTable[]
  readonly bytes: number
}

/** Large tables alone, small ones by the hundred in one statement, so that 2,000 of them are not 2,000 round trips. */
export function planProofs(tables: readonly SizedTable[]): ProofTask[] {
  const tasks: ProofTask[] = []
  let small: SizedTable[] = []
  for (const table of tables) {
    if (table.bytes > smallTableBytes) tasks.push({ tables: [table], bytes: table.bytes })
    else if (small.push(table) === 100) {
      tasks.push({ tables: small, bytes: 100 * smallTableBytes })
      small = []
    }
  }
  if (small.length > 0) tasks.push({ tables: small, bytes: small.length * smallTableBytes })
  return tasks.sort((a, b) => b.bytes - a.bytes)
}

/**
 * Asks the source itself for the fingerprints, by queries that share nothing with those that copy: no page ranges for
 * the counts, no text format. `turn` rotates the sample: pass the backup's sequence number.
 */
export async function proveTables(o: {
  wire: Wire
  task: ProofTask
  proof: Proof
  turn: number
}): Promise<Map<number, Fingerprint>> {
  const selects = o.task.tables.map((table, index) => {
    const from = `FROM ONLY ${qualified(table.schema, table.name)} AS t${rowCondition(table, 0, null)}`
    const hash = hashedWhole(table, o.proof) ? `coalesce(sum(${hashOf(table)}), 0)::pg_catalog.text` : `''`
    return `SELECT ${index}, count(*), ${hash} ${from}`
  })
  const counted = await o.wire.query(selects.join(' UNION ALL '))
  const prints = new Map<number, Fingerprint>()
  for (const [index, rows, hash] of counted) {
    const table = o.task.tables[Number(index)]
    if (table === undefined || rows === null || rows === undefined) continue
    prints.set(table.oid, {
      rows: Number(rows),
      expression: o.proof === 'counts' ? null : hashOf(table),
      hash: hashedWhole(table, o.proof) ? (hash ?? '0') : null,
      samples:
        o.proof === 'sampled' && !hashedWhole(table, o.proof) ? await sampleTable(o.wire, table, o.turn) : [],
    })
  }
  if (prints.size !== o.task.tables.length) {
    throw new HoldfastError(
      'internal',
      `The source counted ${prints.size} of ${o.task.tables.length} tables.`,
    )
  }
  return prints
}

/** Small tables cost next to nothing, so a sample takes all of them. */
function hashedWhole(table: SizedTable, proof: Proof): boolean {
  return proof === 'full' || (proof === 'sampled' && table.bytes <= smallTableBytes)
}

async function sampleTable(wire: Wire, table: SizedTable, turn: number): Promise<Fingerprint['samples']> {
  const samples: { range: number; rows: number; hash: string }[] = []
  const size = rangePages(table)
  const count = Math.max(1, Math.ceil(table.pages / size))
  for (const range of sampledRanges(table, count, turn)) {
    const where = rowCondition(table, range * size, range === count - 1 ? null : (range + 1) * size)
    const [row] = await wire.query(
      `SELECT count(*), coalesce(sum(${hashOf(table)}), 0)::pg_catalog.text
       FROM ONLY ${qualified(table.schema, table.name)} AS t${where}`,
    )
    samples.push({ range, rows: Number(row?.[0]), hash: row?.[1] ?? '0' })
  }
  return samples
}

/** Partitions that are compared together, through their root, may have their columns in different orders. */
function hashOf(table: SizedTable): string {
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  return rowHash(table.loadVia === null ? table.columns : table.columns.toSorted(byName))
}

/**
 * Which of a table's `count` ranges are hashed at a turn: `sampleEvery` turns in a row hash each of them once.
 * Tables begin at different ranges, so that each backup hashes about the same share of the whole.
 */
export function sampledRanges(
  table: { readonly schema: string; readonly name: string },
  count: number,
  turn: number,
): number[] {
  const start = createHash('sha256').update(`${table.schema}\0${table.name}`).digest().readUInt32BE(0)
  const ranges: number[] = []
  for (let range = (start + turn) % sampleEvery; range < count; range += sampleEvery) ranges.push(range)
  return ranges
}
