import { isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { SizedTable } from '../postgres/introspect/tables.ts'
import type { Wire } from '../postgres/wire.ts'
import { createChunker, type Chunker } from '../repository/chunker.ts'
import type { Fingerprint, RowRange } from '../repository/format/contents.ts'
import type { BackupWriter } from '../repository/types.ts'
import { enter, type ConsistentSnapshot } from './consistent.ts'
import { readTask, requireEqualRows, storedRange } from './copy.ts'
import { planProofs, proveTables, type Proof, type ProofTask } from './fingerprint.ts'
import { planReads, type ReadTask } from './ranges.ts'

/** Everything read of one table. */
export interface TableRows {
  readonly ranges: readonly RowRange[]
  readonly fingerprint: Fingerprint
}

type Task = { readonly read: ReadTask } | { readonly proof: ProofTask }

/**
 * Reads and proves tables over `jobs` connections. A worker that can't get a table's lock, because a session waits for
 * a stronger one, leaves the task to the leader, which holds the lock since before the snapshot.
 */
export async function readTables(o: {
  snapshot: ConsistentSnapshot
  /** Resolves when the leader's connection is free to help. */
  leaderFree: Promise<unknown>
  tables: readonly SizedTable[]
  jobs: number
  proof: Proof
  encoding: string
  writer: BackupWriter
  onProgress: OnProgress
}): Promise<Map<number, TableRows>> {
  const tasks = planTasks(o.tables)
  const forLeader: Task[] = []
  /** Tables that a worker could not lock: none waits for them a second time. */
  const blocked = new Set<SizedTable>()
  const ranges = new Map<number, Promise<RowRange>[]>(o.tables.map((t) => [t.oid, []]))
  const prints = new Map<number, Fingerprint>()
  const total = o.tables.reduce((sum, t) => sum + t.bytes, 0)
  let failed = false
  let done = 0

  const perform = async (wire: Wire, chunker: Chunker, task: Task): Promise<void> => {
    if ('proof' in task) {
      const found = await proveTables({ wire, task: task.proof, proof: o.proof, turn: o.writer.sequence })
      for (const [oid, print] of found) prints.set(oid, print)
      return
    }
    for (const read of await readTask({ task: task.read, wire, chunker, encoding: o.encoding })) {
      const stored = storedRange(read)
      // The failure is thrown where the ranges are collected; this stops the other connections at once.
      stored.catch(() => {
        failed = true
      })
      ranges.get(read.table.oid)?.push(stored)
    }
    done += task.read.bytes
    o.onProgress({ phase: 'reading rows', done, total, unit: 'bytes' })
  }

  const work = async (wire: Wire, queue: Task[], leaveToLeader: boolean): Promise<void> => {
    let chunker = createChunker({ store: (bytes) => o.writer.store(bytes) })
    for (let task = queue.shift(); task !== undefined && !failed; task = queue.shift()) {
      if (leaveToLeader && tablesOf(task).some((t) => blocked.has(t))) {
        forLeader.push(task)
        continue
      }
      try {
        await perform(wire, chunker, task)
      } catch (error) {
        if (!leaveToLeader || !isHoldfastError(error, 'lock_timeout')) {
          failed = true
          throw error
        }
        forLeader.push(task)
        for (const table of tablesOf(task)) blocked.add(table)
        await enter(wire, o.snapshot.name)
        chunker = createChunker({ store: (bytes) => o.writer.store(bytes) })
      }
    }
  }

  const wires = await Promise.all(Array.from({ length: o.jobs }, () => o.snapshot.join()))
  const settled = await Promise.allSettled(wires.map((wire) => work(wire, tasks, true)))
  throwFirst(settled)
  await o.leaderFree
  await work(o.snapshot.leader, forLeader, false)
  // A chunk that could not be stored is what failed, not the counts of tables that were not read because of it.
  await Promise.all([...ranges.values()].flat())

  const rows = new Map<number, TableRows>()
  for (const table of o.tables) {
    const own = await Promise.all(ranges.get(table.oid) ?? [])
    own.sort((a, b) => a.from - b.from)
    const fingerprint = prints.get(table.oid)
    requireEqualRows(
      table,
      own.reduce((sum, r) => sum + r.rows, 0),
      fingerprint?.rows ?? -1,
    )
    for (const sample of fingerprint?.samples ?? []) {
      requireEqualRows(table, own[sample.range]?.rows ?? -1, sample.rows)
    }
    if (fingerprint) rows.set(table.oid, { ranges: own, fingerprint })
  }
  return rows
}

function tablesOf(task: Task): readonly SizedTable[] {
  if ('proof' in task) return task.proof.tables
  return task.read.kind === 'range' ? [task.read.table] : task.read.tables
}

/** A table is proved soon after it was read, while its pages are still in memory. */
function planTasks(tables: readonly SizedTable[]): Task[] {
  const proofs = planProofs(tables)
  const alone = new Map(
    proofs.flatMap((p) => (p.tables.length === 1 && p.tables[0] ? [[p.tables[0].oid, p]] : [])),
  )
  const tasks: Task[] = []
  for (const read of planReads(tables)) {
    tasks.push({ read })
    const proof = read.kind === 'range' && read.to === null ? alone.get(read.table.oid) : undefined
    if (proof) tasks.push({ proof })
  }
  const placed = new Set(tasks.flatMap((t) => ('proof' in t ? [t.proof] : [])))
  return [...tasks, ...proofs.filter((p) => !placed.has(p)).map((proof) => ({ proof }))]
}

function throwFirst(settled: readonly PromiseSettledResult<unknown>[]): void {
  for (const one of settled) if (one.status === 'rejected') throw one.reason
}
