import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import {
  createLargeObjectsSql,
  largeObjectStageCopySql,
  largeObjectStageSql,
  largeObjectStatements,
  largeObjectWriteSql,
} from '../postgres/large-object-restore.ts'
import { literal, qualified } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import type { BackupContents, SequenceValue, TableContents } from '../repository/format/contents.ts'
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
  const sorted = trees(plan).sort((a, b) => b.plainBytes - a.plainBytes)
  await eachLimited(batches(sorted), wires.length, async (group) => {
    const wire = free.pop()
    if (wire === undefined) return
    const run = (tables: readonly TableName[]): Promise<unknown> =>
      wire.query(`ANALYZE ${tables.map((t) => qualified(t.schema, t.name)).join(', ')}`)
    await run(group).catch(async (error: unknown) => {
      // A tree locks all its partitions at once, which may be more than the server has room for.
      if (!isHoldfastError(error, 'query_failed')) throw error
      await run(group.flatMap((tree) => tree.leaves))
    })
    free.push(wire)
  })
}

type TableName = Pick<TableContents, 'schema' | 'name'>

interface Tree extends TableName {
  readonly plainBytes: number
  readonly leaves: readonly TableName[]
}

/**
 * A partitioned table has statistics of its own, which autovacuum does not make. Analyzing it analyzes its partitions, too; of
 * foreign ones, and foreign tables that inherit, by way of the server they are on, which a restore leaves alone.
 */
function trees(plan: RestorePlan): Tree[] {
  const made = new Set(
    plan.entries.flatMap((e) => (e.type === 'TABLE' ? qualified(e.schema ?? '', e.name) : [])),
  )
  const far = aboveForeign(plan.entries)
  const found = new Map<string, { root: TableName; leaves: TableContents[] }>()
  for (const table of plan.tables) {
    if (far.has(qualified(table.schema, table.name))) continue
    const top = table.parents.at(-1)
    const name = top === undefined ? '' : qualified(top.schema, top.name)
    const root = top !== undefined && made.has(name) && !far.has(name) ? top : table
    const tree = found.get(qualified(root.schema, root.name)) ?? { root, leaves: [] }
    tree.leaves.push(table)
    found.set(qualified(root.schema, root.name), tree)
  }
  return [...found.values()].map(({ root: { schema, name }, leaves }) => {
    const plainBytes = leaves.reduce((sum, t) => sum + t.plainBytes, 0)
    return { schema, name, plainBytes, leaves }
  })
}

/** Tables that a foreign table is a partition of or inherits from, at any distance; and, which does no harm, those whose type one uses. */
function aboveForeign(entries: readonly SchemaEntry[]): Set<string> {
  const ids = new Set<number>()
  const names = new Set<string>()
  // What a table is made of stands before it.
  for (const { id, type, schema, name, dependsOn } of entries.toReversed()) {
    if (type !== 'FOREIGN TABLE' && !ids.has(id)) continue
    if (type === 'TABLE') names.add(qualified(schema ?? '', name))
    else if (type !== 'FOREIGN TABLE') continue
    for (const above of dependsOn) ids.add(above)
  }
  return names
}

/** Large tables alone, small ones many to a statement. */
function batches<T extends { readonly plainBytes: number }>(tables: readonly T[]): T[][] {
  const large = tables.filter((t) => t.plainBytes > 1024 * 1024)
  const small = tables.filter((t) => t.plainBytes <= 1024 * 1024)
  const groups = large.map((t) => [t])
  for (let at = 0; at < small.length; at += 100) groups.push(small.slice(at, at + 100))
  return groups
}
