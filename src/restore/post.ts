import type { Sentence } from '../lib/sentence.ts'
import { throwIfCancelled } from '../lib/abort.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import type { HeldBack } from '../repository/held-back.ts'
import { runEntries, runEntry, type EntrySql } from './entries.ts'
import { makeForeignKey } from './foreign-keys.ts'
import { makeIndex } from './indexes.ts'
import type { LeftOut } from './left-out.ts'
import { sentence } from './sentences.ts'

/** How the entries that follow the rows are run: two parallel stages, then the rest in the dump's order. */
export interface PostPlan {
  /** Indexes, primary keys, unique and exclusion constraints. */
  readonly indexes: readonly SchemaEntry[]
  /** Foreign keys: after all indexes, and before row level security, which could hide rows from the check. */
  readonly foreignKeys: readonly SchemaEntry[]
  readonly rest: readonly SchemaEntry[]
}

/** Sorts the `post` entries. Whatever hangs on an entry of the rest (an index of a late materialized view) joins the rest. */
export function planPost(entries: readonly SchemaEntry[]): PostPlan {
  const indexes: SchemaEntry[] = []
  const foreignKeys: SchemaEntry[] = []
  const rest: SchemaEntry[] = []
  const late = new Set<number>()
  for (const entry of entries) {
    const parallel = !entry.dependsOn.some((id) => late.has(id))
    if (parallel && ['INDEX', 'INDEX ATTACH', 'CONSTRAINT'].includes(entry.type)) indexes.push(entry)
    else if (parallel && entry.type === 'FK CONSTRAINT') foreignKeys.push(entry)
    else {
      rest.push(entry)
      late.add(entry.id)
    }
  }
  return { indexes, foreignKeys, rest }
}

interface PostRequest {
  readonly wires: readonly Wire[]
  /** All entries of the dump by id: what a constraint depends on tells which tables it locks. */
  readonly byId: ReadonlyMap<number, SchemaEntry>
  /** Rows that were erased: others may refer to them. */
  readonly heldBack: readonly HeldBack[]
  /** Null: whatever can't be made fails all. */
  readonly leftOut: LeftOut | null
  readonly sql: EntrySql
  readonly signal?: AbortSignal | undefined
  readonly onDone: (count: number) => void
  /** Told of foreign keys that the rows do not meet, of what `runEntries` skips, and of indexes that are not quite as they were. */
  readonly onWarning: (said: Sentence) => void
}

/** Runs the plan over all wires; `onDone` is told how many entries were finished. */
export async function runPost(o: PostRequest & { plan: PostPlan }): Promise<void> {
  const { indexes, foreignKeys, rest } = o.plan
  const [first] = o.wires
  if (first === undefined) return
  await runParallel(o, indexes)
  await runParallel(o, foreignKeys)
  await runEntries({
    ...o,
    wire: first,
    entries: rest,
    onSkipped: (what) => o.onWarning(sentence('skipped', { what }, what)),
  })
}

interface Locks {
  /** Ids of table entries. */
  readonly tables: readonly number[]
  /** CREATE INDEX lets other CREATE INDEX on the same table go on; everything else wants the table for itself. */
  readonly shared: boolean
}

/**
 * Runs each entry as soon as what it depends on is there and no running entry locks its tables in a conflicting way: the server would
 * make it wait with a connection idle, or two foreign keys deadlock.
 */
async function runParallel(o: PostRequest, entries: readonly SchemaEntry[]): Promise<void> {
  const waiting = entries.map((entry) => ({ entry, locks: locksOf(entry, o.byId) }))
  const unfinished = new Set(entries.map((e) => e.id))
  const running = new Set<Locks>()
  const free = [...o.wires]
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let failed = false

  const start = (): void => {
    if (failed) return
    if (unfinished.size === 0) return resolve()
    for (let at = 0; at < waiting.length && free.length > 0;) {
      const next = waiting[at]
      const wire = free[free.length - 1]
      if (next === undefined || wire === undefined) return
      if (next.entry.dependsOn.some((id) => unfinished.has(id)) || conflicts(next.locks, running)) {
        at++
        continue
      }
      waiting.splice(at, 1)
      free.pop()
      running.add(next.locks)
      perform(wire, next.entry, next.locks).then(start, (error: unknown) => {
        failed = true
        reject(error)
      })
    }
  }
  const perform = async (wire: Wire, entry: SchemaEntry, locks: Locks): Promise<void> => {
    throwIfCancelled(o.signal)
    if ((await o.leftOut?.takeIfInNeed(wire, entry)) !== true) {
      await make(wire, entry, { ...o, tables: locks.tables.flatMap((id) => o.byId.get(id) ?? []) })
    }
    running.delete(locks)
    unfinished.delete(entry.id)
    free.push(wire)
    o.onDone(1)
  }
  start()
  await promise
}

async function make(
  wire: Wire,
  entry: SchemaEntry,
  o: PostRequest & { tables: readonly SchemaEntry[] },
): Promise<void> {
  if (entry.type === 'FK CONSTRAINT') return await makeForeignKey(wire, entry, o)
  if (entry.type === 'INDEX ATTACH') return await runEntry(wire, entry, o.sql)
  try {
    await makeIndex(wire, entry, { ...o, table: o.tables.find((t) => entry.dependsOn.includes(t.id)) })
  } catch (error) {
    if (o.leftOut === null) throw error
    o.leftOut.take(entry, error)
  }
}

function conflicts(locks: Locks, running: ReadonlySet<Locks>): boolean {
  for (const other of running) {
    if (locks.shared && other.shared) continue
    if (other.tables.some((t) => locks.tables.includes(t))) return true
  }
  return false
}

function locksOf(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): Locks {
  const tables = new Set<number>()
  const visit = (one: SchemaEntry, depth: number): void => {
    for (const id of one.dependsOn) {
      const on = byId.get(id)
      if (on === undefined || depth > 3) continue
      if (on.type === 'TABLE' || on.type === 'MATERIALIZED VIEW') tables.add(id)
      // A foreign key depends on the other table's unique index or constraint, an attached index on both indexes.
      else if (['CONSTRAINT', 'INDEX', 'FK CONSTRAINT', 'TABLE ATTACH'].includes(on.type))
        visit(on, depth + 1)
    }
  }
  visit(entry, 0)
  return { tables: [...tables], shared: entry.type === 'INDEX' }
}
