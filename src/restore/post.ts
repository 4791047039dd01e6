import type { Sentence } from '../lib/sentence.ts'
import { throwIfCancelled } from '../lib/abort.ts'
import { isHoldfastError, messageOf } from '../lib/errors.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { literal } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import { heldBackOf, heldBackRows, type HeldBack } from '../repository/held-back.ts'
import { entryLabel, runEntries, runEntry, type EntrySql } from './entries.ts'
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

/** Runs the plan over all wires; `onDone` is told how many entries were finished. */
export async function runPost(o: {
  wires: readonly Wire[]
  /** All entries of the dump by id: what a constraint depends on tells which tables it locks. */
  byId: ReadonlyMap<number, SchemaEntry>
  plan: PostPlan
  /** Rows that were erased: others may refer to them. */
  heldBack: readonly HeldBack[]
  sql: EntrySql
  signal?: AbortSignal | undefined
  onDone: (count: number) => void
  /** Told of foreign keys that the rows do not meet, and of what `runEntries` skips. */
  onWarning: (said: Sentence) => void
}): Promise<void> {
  await runParallel({ ...o, entries: o.plan.indexes })
  await runParallel({ ...o, entries: o.plan.foreignKeys })
  const [first] = o.wires
  if (first)
    await runEntries({
      ...o,
      wire: first,
      entries: o.plan.rest,
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
async function runParallel(o: {
  wires: readonly Wire[]
  byId: ReadonlyMap<number, SchemaEntry>
  entries: readonly SchemaEntry[]
  heldBack: readonly HeldBack[]
  sql: EntrySql
  signal?: AbortSignal | undefined
  onDone: (count: number) => void
  onWarning: (said: Sentence) => void
}): Promise<void> {
  const waiting = o.entries.map((entry) => ({ entry, locks: locksOf(entry, o.byId) }))
  const unfinished = new Set(o.entries.map((e) => e.id))
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
    await makeConstraint(wire, entry, o)
    running.delete(locks)
    unfinished.delete(entry.id)
    free.push(wire)
    o.onDone(1)
  }
  start()
  await promise
}

/**
 * A foreign key that the source's own rows broke (written while triggers were off), or that leads to rows that were erased, can't
 * be made as it was. It is made for new rows only and told: the rows are what they were, and the restore must not be in vain.
 */
async function makeConstraint(
  wire: Wire,
  entry: SchemaEntry,
  o: {
    byId: ReadonlyMap<number, SchemaEntry>
    heldBack: readonly HeldBack[]
    sql: EntrySql
    onWarning: (said: Sentence) => void
  },
): Promise<void> {
  try {
    await runEntry(wire, entry, o.sql)
  } catch (error) {
    const violated = isHoldfastError(error, 'restore_failed') && error.details['sqlstate'] === '23503'
    if (entry.type !== 'FK CONSTRAINT' || !violated) throw error
    const each = await runUnchecked(wire, entry, o.sql).catch(() => {
      throw error
    })
    const where = each
      ? ' and on each partition by itself, since the server can not have it on all of them so'
      : ''
    const what = entryLabel(entry)
    const why = `${messageOf(error.cause)}${erasedReason(entry, o)}`
    o.onWarning(
      sentence(
        each ? 'key_not_valid_parts' : 'key_not_valid',
        { what, why },
        `The ${what} is NOT VALID${where}: it holds for new rows only, because restored ones break it. ${why}`,
      ),
    )
  }
}

/** Makes a foreign key for new rows only. True: of each partition, for before Postgres 18 a partitioned table can't have one. */
async function runUnchecked(wire: Wire, entry: SchemaEntry, sql: EntrySql): Promise<boolean> {
  const open = (one: SchemaEntry): string => {
    // One character per byte: whatever the encoding is, bytes come out as they went in.
    const text = Buffer.from(sql(one)).toString('latin1')
    return `${text.slice(0, text.lastIndexOf(';'))} NOT VALID`
  }
  try {
    await runEntry(wire, entry, (one) => Buffer.from(`${open(one)};\n`, 'latin1'))
    return false
  } catch {
    await runEntry(wire, entry, (one) => Buffer.from(onPartitions(open(one)), 'latin1'))
    return true
  }
}

/** Does to each partition what the statement does to a partitioned table. Fails where it is none. */
function onPartitions(statement: string): string {
  const [, table = '', what = ''] =
    /^ALTER TABLE (?:ONLY )?([^]+?)\s+(ADD CONSTRAINT [^]+)$/.exec(statement) ?? []
  const body = `DECLARE leaf pg_catalog.regclass;
BEGIN
  FOR leaf IN SELECT relid FROM pg_catalog.pg_partition_tree(${literal(table)}) WHERE isleaf AND level > 0 LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s %s', leaf, ${literal(what)});
  END LOOP;
  IF leaf IS NULL THEN RAISE EXCEPTION 'no partitions'; END IF;
END`
  return `DO ${literal(body)};\n`
}

/** Which of the tables of a foreign key have lost rows to erasures, so that nobody looks for damage. */
function erasedReason(
  entry: SchemaEntry,
  o: { byId: ReadonlyMap<number, SchemaEntry>; heldBack: readonly HeldBack[] },
): string {
  const tables = locksOf(entry, o.byId).tables.flatMap((id) => {
    const table = o.byId.get(id)
    return table?.schema == null ? [] : [{ schema: table.schema, name: table.name }]
  })
  const lost = heldBackOf(o.heldBack, tables)
  return lost.length === 0 ? '' : ` Erased, and so held back: ${lost.map(heldBackRows).join(', ')}.`
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
