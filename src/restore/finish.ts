import { eachLimited } from '../lib/async.ts'
import { HoldfastError } from '../lib/errors.ts'
import {
  createLargeObjectsSql,
  largeObjectStageCopySql,
  largeObjectStageSql,
  largeObjectStatements,
  largeObjectWriteSql,
} from '../postgres/large-object-restore.ts'
import { literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import type { BackupContents, SequenceValue } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'
import type { RestorePlan } from './types.ts'

const batch = 500

/** Sets the sequences of the restored schema to the values of the backup. */
export async function setSequences(wire: Wire, sequences: readonly SequenceValue[]): Promise<void> {
  for (let at = 0; at < sequences.length; at += batch) {
    const calls = sequences
      .slice(at, at + batch)
      .map(
        (s) =>
          `SELECT pg_catalog.setval(${literal(qualified(s.schema, s.name))}, ${s.lastValue}, ${s.isCalled})`,
      )
    await wire.query(calls.join(';\n'))
  }
}

/** Makes the large objects under their own ids, fills them, and gives them their owners and grants. */
export async function restoreLargeObjects(o: {
  wire: Wire
  contents: BackupContents
  plan: RestorePlan
  manifest: Manifest
  reader: ChunkReader
  cache: ChunkCache
  signal?: AbortSignal | undefined
}): Promise<void> {
  const { objects, ranges } = o.contents.largeObjects
  if (objects.length === 0) return
  for (const sql of createLargeObjectsSql(objects)) await o.wire.query(sql)
  await o.wire.query(largeObjectStageSql)
  for (const range of ranges) {
    const pages = await o.wire.copyIn(largeObjectStageCopySql, readPieces({ ...o, pieces: range.pieces }))
    if (pages !== range.rows) {
      throw new HoldfastError(
        'restore_differs',
        `The server took ${pages} of ${range.rows} pages of large objects.`,
      )
    }
    for (const sql of largeObjectWriteSql) await o.wire.query(sql)
  }
  const { noOwner, noGrants } = o.plan.options
  const statements = largeObjectStatements({
    objects,
    noOwner,
    noGrants,
    currentUser: o.plan.current.name,
    initial: null,
  })
  for (let at = 0; at < statements.length; at += batch) {
    await o.wire.query(statements.slice(at, at + batch).join(';\n'))
  }
}

/** Statistics for the planner: without them the first queries after a restore are slow in ways that look like damage. */
export async function analyze(wires: readonly Wire[], plan: RestorePlan): Promise<void> {
  const free = [...wires]
  const tables = trees(plan).sort((a, b) => b.plainBytes - a.plainBytes)
  await eachLimited(batches(tables), wires.length, async (group) => {
    const wire = free.pop()
    if (wire === undefined) return
    await wire.query(`ANALYZE ${group.map((t) => qualified(t.schema, t.name)).join(', ')}`)
    free.push(wire)
  })
}

/**
 * A partitioned table has statistics of its own, which autovacuum does not make. Analyzing it analyzes its partitions, too; of
 * foreign ones by way of the server they are on, which a restore leaves alone.
 */
function trees(plan: RestorePlan): { schema: string; name: string; plainBytes: number }[] {
  const made = new Set(
    plan.entries.flatMap((e) => (e.type === 'TABLE' ? qualified(e.schema ?? '', e.name) : [])),
  )
  const foreign = new Set(plan.entries.flatMap((e) => (e.type === 'FOREIGN TABLE' ? e.id : [])))
  const reaching = plan.entries.some(
    (e) => e.type === 'TABLE ATTACH' && e.dependsOn.some((id) => foreign.has(id)),
  )
  const found = new Map<string, { schema: string; name: string; plainBytes: number }>()
  for (const table of plan.tables) {
    const root = reaching ? undefined : table.parents.at(-1)
    const { schema, name } = root !== undefined && made.has(qualified(root.schema, root.name)) ? root : table
    const plainBytes = (found.get(qualified(schema, name))?.plainBytes ?? 0) + table.plainBytes
    found.set(qualified(schema, name), { schema, name, plainBytes })
  }
  return [...found.values()]
}

/** Large tables alone, small ones many to a statement. */
function batches<T extends { readonly plainBytes: number }>(tables: readonly T[]): T[][] {
  const large = tables.filter((t) => t.plainBytes > 1024 * 1024)
  const small = tables.filter((t) => t.plainBytes <= 1024 * 1024)
  const groups = large.map((t) => [t])
  for (let at = 0; at < small.length; at += 100) groups.push(small.slice(at, at + 100))
  return groups
}
