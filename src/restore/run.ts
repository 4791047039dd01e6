import { throwIfCancelled } from '../lib/abort.ts'
import { useOpened } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { once, textsOf, type Sentence } from '../lib/sentence.ts'
import { connectWire, type ServerAddress } from '../postgres/connect.ts'
import { locksExhausted } from '../postgres/failures.ts'
import { schemaSession } from '../postgres/schema/dump.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import type { BackupContents, SequenceValue } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { createChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'
import { compareTables } from './compare.ts'
import { entrySql, runEntries, type EntrySql } from './entries.ts'
import { analyze, restoreLargeObjects, setSequences } from './finish.ts'
import { createLeftOut, type LeftOut } from './left-out.ts'
import { loadTables, type LoadRequest, type SampleTransactions } from './load.ts'
import { lend, lendingPoints } from './loans.ts'
import { planPost, runPost } from './post.ts'
import { sentence } from './sentences.ts'
import { requireNoProblems } from './problems.ts'
import { finishTarget, prepareTarget, restoreSettings, undoTarget } from './prepare.ts'
import type { Ending, Prepared } from './prepare.ts'
import { loadCronJobs } from './quarantine/cron-rows.ts'
import { isCronTable } from './quarantine/plan.ts'
import { quietSql } from './quarantine/switch-off.ts'
import { createRescue } from './rescue.ts'
import type { RestoredTable, RestorePlan, RestoreReport } from './types.ts'

export interface RestoreRequest {
  readonly plan: RestorePlan
  readonly manifest: Manifest
  readonly contents: BackupContents
  readonly schemaText: Uint8Array
  readonly reader: ChunkReader
  readonly target: ServerAddress
  /** Connections that load rows and build indexes. */
  readonly jobs: number
  /** True: what the rows do not let be fails the restore. Default: it is left out and told, and all else is restored. */
  readonly allOrNothing?: boolean
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Runs a plan without problems. If anything fails, what was made is removed again, and the target is as it was before.
 * A killed process can't do that: then the marker it left in the target makes the next restore refuse, until it is told to begin anew.
 */
export async function runRestore(o: RestoreRequest): Promise<RestoreReport> {
  requireNoProblems(o.plan.problems)
  const started = o.clock.now()
  const prepared = await prepareTarget(o)
  try {
    const made = entrySql({ text: o.schemaText, noOwner: o.plan.options.noOwner, target: o.plan.abilities })
    const sql = quietSql(made, o.plan.quarantine)
    const onWarning = (what: Sentence): unknown => prepared.warnings.push(what)
    const leftOut = o.allOrNothing === true ? null : createLeftOut({ onWarning })
    const done = await fillTarget(o, { sql, prepared, leftOut })
    const filled = o.clock.now()
    const quarantined = await finishTarget({ ...o, prepared, sql, leftOut, ...lastEntries(o.plan.entries) })
    const finished = o.clock.now()
    const granting = { name: 'granting', seconds: (finished.getTime() - filled.getTime()) / 1000 }
    return {
      backup: o.plan.backup,
      target: o.plan.target,
      tables: done.tables,
      rows: done.tables.reduce((sum, t) => sum + t.rows, 0),
      plainBytes: o.plan.totals.plainBytes,
      started: started.toISOString(),
      finished: finished.toISOString(),
      seconds: (finished.getTime() - started.getTime()) / 1000,
      phases: [...done.phases, granting],
      warnings: [...o.plan.warnings, ...textsOf(prepared.warnings)],
      parts: once([...o.plan.parts, ...prepared.warnings]),
      gaps: o.contents.gaps,
      heldBack: o.plan.heldBack,
      rolesCreated: prepared.rolesCreated,
      quarantined,
    }
  } catch (error) {
    throw await undone(o, prepared, error)
  }
}

/** Undoes the restore, and gives back the error to throw: the cause, and whether the target is as it was. */
async function undone(o: RestoreRequest, prepared: Prepared, error: unknown): Promise<unknown> {
  try {
    await undoTarget(o.target, prepared)
  } catch (failure) {
    return new HoldfastError(
      'target_unfinished',
      `The restore failed: ${messageOf(error)} What it had made could not be removed: ${messageOf(failure)}`,
      { cause: error },
    )
  }
  const exhausted = locksExhausted(error)
  if (exhausted !== undefined) return exhausted
  if (isHoldfastError(error) && error.code !== 'query_failed') return error
  return new HoldfastError('restore_failed', `The restore failed: ${messageOf(error)}`, { cause: error })
}

/** Those that were made, and with a whole database those that come with an extension, which have no entry of their own. */
function restoredSequences({ plan, contents }: RestoreRequest): SequenceValue[] {
  const keys = (entries: readonly SchemaEntry[]): Set<string> =>
    new Set(entries.filter((e) => e.type === 'SEQUENCE').map((e) => `${e.schema}\0${e.name}`))
  const made = keys(plan.entries)
  const known = keys(contents.schema.entries)
  const whole = plan.largeObjects && plan.options.withoutExtensions.length === 0
  return contents.sequences.filter((s) => {
    const key = `${s.schema}\0${s.name}`
    return made.has(key) || (whole && !known.has(key))
  })
}

/** What is run in the transaction that ends the restore. Event triggers would fire at whatever is still done, so they come last. */
export function lastEntries(entries: readonly SchemaEntry[]): Pick<Ending, 'grants' | 'eventTriggers'> {
  const isOfEventTrigger = (e: SchemaEntry): boolean =>
    e.type === 'EVENT TRIGGER' || (e.phase === 'last' && e.name.startsWith('EVENT TRIGGER '))
  const last = entries.filter((e) => e.phase === 'last')
  return {
    grants: [...entries.filter((e) => e.phase === 'acl'), ...last.filter((e) => !isOfEventTrigger(e))],
    eventTriggers: last.filter(isOfEventTrigger),
  }
}

async function fillTarget(
  o: RestoreRequest,
  { sql, prepared, leftOut }: { sql: EntrySql; prepared: Prepared; leftOut: LeftOut | null },
): Promise<{ tables: readonly RestoredTable[]; phases: RestoreReport['phases'] }> {
  await using connections = new AsyncDisposableStack()
  const wires = await Promise.all(
    Array.from({ length: o.jobs }, () =>
      useOpened(connections, connectWire({ address: o.target, signal: o.signal, settings: restoreSettings })),
    ),
  )
  for (const wire of wires) await wire.query(schemaSession)
  const [first] = wires
  if (first === undefined) throw new HoldfastError('usage', 'A restore needs at least one job.')
  const ways = { lend: () => lend(o.target, o.plan.entries, sql), load: loadTables }
  return await fill({ ...o, ...ways, wires, first, sql, leftOut, warnings: prepared.warnings })
}

/** How a restore goes about it. */
export interface Filling extends RestoreRequest {
  readonly wires: readonly Wire[]
  /** One of them: what is not done by several. */
  readonly first: Wire
  readonly sql: EntrySql
  /** Null: nothing may be left out. */
  readonly leftOut: LeftOut | null
  /** Taken down what is not as it was. */
  readonly warnings: Sentence[]
  /** Gives owners the rights that they need to get what is made. */
  readonly lend: () => Promise<unknown>
  readonly load: (o: LoadRequest) => Promise<SampleTransactions>
}

/** Makes what the plan has of the phases `pre` and `post`, and loads and compares the rows. Throws `restore_differs`. */
export async function fill(
  o: Filling,
): Promise<{ tables: readonly RestoredTable[]; phases: RestoreReport['phases'] }> {
  const phases: { name: string; seconds: number }[] = []
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = o.clock.now().getTime()
    const result = await work()
    phases.push({ name, seconds: (o.clock.now().getTime() - from) / 1000 })
    throwIfCancelled(o.signal)
    return result
  }
  const counter = (name: string, total: number, unit: 'bytes' | 'objects' | 'tables') => {
    let done = 0
    return (count: number): void => o.onProgress?.({ phase: name, done: (done += count), total, unit })
  }
  const { plan, wires, first, sql, warnings } = o
  const onWarning = (what: Sentence): unknown => warnings.push(what)
  const onSkipped = (what: string): unknown => onWarning(sentence('skipped', { what }, what))
  const rescue = createRescue({ onWarning })
  const cache = createChunkCache({ reader: o.reader, signal: o.signal })
  const entriesOf = (name: string) => plan.entries.filter((e) => e.phase === name)
  const pre = entriesOf('pre')
  const onMade = counter('making tables', pre.length, 'objects')
  const make = (entries: readonly SchemaEntry[]): Promise<void> =>
    runEntries({ wire: first, entries, sql, signal: o.signal, onDone: onMade, onSkipped })
  await phase('making tables', async () => {
    const lends = !plan.current.superuser && !plan.options.noOwner
    let made = 0
    for (const next of lends ? lendingPoints(pre) : []) {
      await make(pre.slice(made, next))
      await o.lend()
      made = next
    }
    await make(pre.slice(made))
  })
  const jobs = plan.options.quarantine ? plan.tables.filter(isCronTable) : []
  const tables = plan.tables.filter((t) => !jobs.includes(t))
  const transactions = await phase('loading rows', () =>
    o.load({
      ...o,
      tables,
      cache,
      encoding: o.contents.server.encoding,
      rescue,
      onBytes: counter('loading rows', plan.totals.plainBytes, 'bytes'),
    }),
  )
  const compared = await phase('comparing rows', async () => {
    const done = await compareTables({
      wires,
      tables,
      transactions,
      onDone: counter('comparing rows', tables.length, 'tables'),
    })
    for (const table of jobs) {
      const more = await loadCronJobs({
        ...o,
        wire: first,
        table,
        cache,
        encoding: o.contents.server.encoding,
      })
      done.tables.push(...more.tables)
      done.differences.push(...more.differences)
    }
    return done
  })
  if (compared.differences.length > 0) {
    const [one] = compared.differences
    throw new HoldfastError(
      'restore_differs',
      `${one?.table}: ${one?.what}. ${compared.differences.length} differences in all.`,
      {
        details: { differences: compared.differences },
      },
    )
  }
  const post = entriesOf('post')
  const byId = new Map(o.contents.schema.entries.map((e) => [e.id, e]))
  await phase('building indexes and constraints', () =>
    runPost({
      wires,
      byId,
      plan: planPost(post),
      heldBack: plan.heldBack,
      leftOut: o.leftOut,
      sql,
      signal: o.signal,
      onDone: counter('building indexes and constraints', post.length, 'objects'),
      onWarning,
    }),
  )
  await rescue.restoreChecks(first)
  await phase('setting sequences and large objects', async () => {
    await setSequences(first, restoredSequences(o))
    if (plan.largeObjects) await restoreLargeObjects({ ...o, wire: first, cache })
  })
  await phase('analyzing', () => analyze(wires, plan))
  return { tables: compared.tables, phases }
}
