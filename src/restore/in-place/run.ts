import { throwIfCancelled } from '../../lib/abort.ts'
import type { Clock } from '../../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { OnProgress } from '../../lib/progress.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { SafetyContents } from '../../repository/format/restore-contents.ts'
import { applyChanges, refused, requireApplied, type Applied } from './apply.ts'
import { dropTables } from './drop.ts'
import { identitiesToOpen, setIdentities } from './identity.ts'
import { lockDoomed, lockedOut, lockTables } from './locks.ts'
import { entrySql } from '../entries.ts'
import { finishTables, makeTables, readAbilities, type MakeRequest } from './make.ts'
import { madeTablesOf } from './made.ts'
import { sumCounts } from './preview.ts'
import { safetyContents } from './safety-contents.ts'
import { reachedTables } from './reached.ts'
import { raiseSequences } from './sequences.ts'
import { silence, unsilence, whyNotSilenced } from './silence.ts'
import { readTargetFacts } from './target-facts.ts'
import type { Preview, Question, TablePreview, Unit } from './types.ts'
import { requireSameTables } from './unchanged.ts'
import { compareAll, type Comparison, type Workspace } from './workspace.ts'

/** A preview, and what tells whether the rows have changed since. */
export interface PreviewedChanges {
  readonly preview: Preview
  readonly digest: string
}

/** Computes what would be done, in one snapshot of the target; nothing is locked, and nothing but temporary tables written. */
export async function previewInPlace(
  workspace: Workspace,
  o: { clock: Clock; signal?: AbortSignal | undefined; onProgress?: OnProgress | undefined },
): Promise<PreviewedChanges> {
  const { wire, about } = workspace
  if (about.problems.length > 0) return { preview: previewOf(workspace, null, 0), digest: '' }
  const from = o.clock.now().getTime()
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const found = await compareAll(workspace, comparing(o), () => Promise.resolve())
  await wire.query('COMMIT')
  const seconds = Math.max(0, (o.clock.now().getTime() - from) / 1000)
  return { preview: previewOf(workspace, found, seconds), digest: found.digest }
}

/** What tables are made from. */
export interface MadeFrom extends Pick<MakeRequest, 'source' | 'sequences'> {
  /** SQL of the backup's schema. */
  readonly text: Uint8Array
  /** What is made belongs to the role that restores. */
  readonly noOwner: boolean
}

export interface ApplyRequest {
  readonly workspace: Workspace
  /** Of the preview that was agreed to; null: whatever is found is agreed to. */
  readonly expected: string | null
  /** Leave out rows that are in conflict, and apply the others. */
  readonly skipConflicts: boolean
  /** SQL of the backup's schema, for tables that are made. */
  readonly make: MadeFrom | null
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
  /** Stores bytes of the safety backup; resolves to the chunk's index when it is durable. */
  readonly store: (bytes: Uint8Array<ArrayBuffer>) => Promise<number>
  /** Stores the safety backup's document: the last thing before the commit. */
  readonly commitSafety: (contents: SafetyContents) => Promise<void>
}

export interface AppliedChanges {
  /** What was done, in the words of a preview. */
  readonly preview: Preview
  readonly warnings: readonly string[]
  readonly checks: readonly { readonly what: string; readonly result: string }[]
  /** False if there was nothing to do. */
  readonly changed: boolean
}

/**
 * Applies the difference in one transaction. What is planned is found anew under the locks, so what is stored as safety
 * backup, and then written, is what is there; if that is not what was agreed to, nothing is done: `preview_outdated`.
 * Whatever fails, and whoever dies, the target is as it was: the server ends the transaction.
 */
export async function applyInPlace(o: ApplyRequest): Promise<AppliedChanges> {
  const { wire } = o.workspace
  requireApplicable(o.workspace)
  await wire.query('BEGIN')
  try {
    const applied = await applyInside(o)
    await wire.query(applied.changed ? 'COMMIT' : 'ROLLBACK')
    return applied
  } catch (error) {
    if (!isHoldfastError(error, 'connection_lost')) await wire.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function applyInside(o: ApplyRequest): Promise<AppliedChanges> {
  const { workspace } = o
  const { wire, lockTimeoutMs } = workspace
  const chosen = [...workspace.units, ...workspace.dropping].map((t) => t.live)
  await lockTables(wire, chosen, lockTimeoutMs)
  await requireSameTables(workspace)
  const found = await compareAll(workspace, comparing(o), (unit) => lockDoomed(wire, unit, lockTimeoutMs))
  const preview = previewOf(workspace, found, 0)
  requireAgreed(o, found, preview)
  const planned = plannedOf(found)
  const changed = found.units.filter((u) => planned.has(u))
  const { making, dropping } = workspace
  if (changed.length + making.entries.length + dropping.length === 0)
    return { preview, warnings: [], checks: [], changed: false }
  throwIfCancelled(o.signal)
  o.onProgress?.({ phase: 'applying', done: 0, total: null, unit: 'rows' })
  const pulled = changed.filter((u) => u.pulledIn).map((u) => u.live)
  await lockTables(wire, pulled, lockTimeoutMs)
  const facts = await readTargetFacts(wire)
  const { warnings, ...dropped } = await write(o, changed, planned, facts.encoding).catch(
    (error: unknown) => {
      throw lockedOut(error, 'a table that is to be changed', lockTimeoutMs)
    },
  )
  o.onProgress?.({ phase: 'storing the safety backup', done: 0, total: null, unit: 'rows' })
  await o.commitSafety(
    await safetyContents({ workspace, store: o.store, facts, changed, planned, ...dropped }),
  )
  throwIfCancelled(o.signal)
  return {
    preview,
    warnings,
    checks: [
      { what: 'rows written', result: 'compared with the plan, row by row: equal' },
      { what: 'foreign keys and unique keys', result: 'checked by the server before the commit' },
    ],
    changed: true,
  }
}

/** Writes all of it, with the application's triggers silent. Resolves to warnings, and what of the tables that were dropped is to be kept. */
async function write(
  o: ApplyRequest,
  changed: readonly Unit[],
  planned: ReadonlyMap<Unit, Applied>,
  encoding: string,
): Promise<{ warnings: string[] } & Awaited<ReturnType<typeof dropTables>>> {
  const { wire, making } = o.workspace
  const warnings: string[] = []
  const make: MakeRequest | null =
    o.make === null
      ? null
      : {
          ...o.make,
          sql: entrySql({ ...o.make, target: await readAbilities(wire) }),
          wire,
          making,
          signal: o.signal,
          onBytes: () => undefined,
          onSkipped: (what) => warnings.push(what),
        }
  const reached = await reachedTables(wire, changed, o.workspace.foreignKeys)
  const silent = reached.filter((t) => whyNotSilenced([t]).length === 0)
  for (const reason of whyNotSilenced(reached)) warnings.push(`${reason} They may have run, on no row.`)
  const tables = [...changed.map((u) => u.live), ...silent]
  await wire.query('SET CONSTRAINTS ALL DEFERRED')
  await silence(wire, tables)
  const opened = new Map<Unit, string[]>()
  for (const unit of changed) opened.set(unit, await identitiesToOpen(wire, unit))
  for (const [unit, columns] of opened) await setIdentities(wire, unit, columns, 'BY DEFAULT')
  if (make !== null) await makeTables(make)
  // Before the rows, which may refer to others that go.
  const dropped = await dropTables({ wire, dropping: o.workspace.dropping, encoding, store: o.store })
  await applyChanges(wire, changed, planned, opened)
  for (const unit of changed) await requireApplied(wire, unit)
  for (const unit of changed) warnings.push(...(await raiseSequences(wire, unit)))
  // Also because a table whose checks are still to come can't be altered.
  await wire.query('SET CONSTRAINTS ALL IMMEDIATE').catch((error: unknown) => {
    throw refused(error)
  })
  for (const [unit, columns] of opened) await setIdentities(wire, unit, columns, 'ALWAYS')
  await unsilence(wire, tables)
  if (make !== null) await finishTables(make)
  return { warnings, ...dropped }
}

/** Units with changes that will be written, and how many. */
function plannedOf(found: Comparison): Map<Unit, Applied> {
  const planned = new Map<Unit, Applied>()
  for (const [n, unit] of found.previewed.entries()) {
    const table = found.tables[n]
    if (table === undefined || table.create + table.update + table.delete === 0) continue
    planned.set(unit, { created: table.create, updated: table.update, deleted: table.delete })
  }
  return planned
}

/** Throws `target_lacks` with what stands in the way. */
export function requireApplicable({ about }: Workspace): void {
  if (about.problems.length === 0) return
  throw new HoldfastError('target_lacks', about.problems.join(' '), { details: { problems: about.problems } })
}

function requireAgreed(o: ApplyRequest, found: Comparison, preview: Preview): void {
  if (o.expected !== null && o.expected !== found.digest) {
    throw new HoldfastError(
      'preview_outdated',
      'Rows have changed since the preview: what would be done now is something else. Nothing was changed.',
    )
  }
  const open = preview.questions.filter((q) => q.about === 'references' || !o.skipConflicts)
  if (open.length === 0) return
  throw new HoldfastError('restore_undecided', open.map((q) => q.text).join(' '), {
    details: { questions: open },
  })
}

function previewOf(workspace: Workspace, found: Comparison | null, seconds: number): Preview {
  const tables = found?.tables ?? []
  const totals = sumCounts(tables)
  const changed = tables.filter((t) => t.create + t.update + t.delete > 0)
  return {
    ...workspace.about,
    tables,
    totals,
    makes: madeTablesOf(workspace.making),
    drops: workspace.dropping.map(({ schema, name, rows }) => ({ schema, name, rows })),
    questions: [...referenceQuestions(workspace, found), ...conflictQuestions(workspace, totals.conflicts)],
    estimate: {
      // Applying finds the difference once more, under the locks.
      seconds: Math.ceil(seconds * 2),
      locks: changed.map((t) => tableLabel(t)),
      closed: (found?.previewed ?? [])
        .filter((u, n) => isClosed(u, tables[n]))
        .map((u) => tableLabel(u.live)),
      temporaryBytes: workspace.units.reduce(
        (sum, u) => sum + u.from.reduce((bytes, t) => bytes + t.plainBytes, 0),
        0,
      ),
    },
  }
}

function referenceQuestions(workspace: Workspace, found: Comparison | null): Question[] {
  if (workspace.missingReferences !== null) return []
  return (found?.tables ?? [])
    .filter((t) => t.neededBy.length > 0 && t.create > 0)
    .map((t) => ({
      about: 'references' as const,
      text: `${rowsText(t.create)} of ${tableLabel(t)} that others need ${t.create === 1 ? 'is' : 'are'} gone, and rows of ${t.neededBy.join(', ')} refer to them: bring them back too (--references bring), or leave out the rows that need them (--references skip)?`,
    }))
}

function conflictQuestions({ about }: Workspace, conflicts: number): Question[] {
  if (conflicts === 0) return []
  return [
    {
      about: 'conflicts',
      text:
        about.undoes === null
          ? `${rowsText(conflicts)} can't be changed without breaking a key: leave them out and go on (--skip-conflicts)?`
          : `${rowsText(conflicts)} can't be put back, since somebody has changed them or what they depend on after the restore: leave them out (--skip-conflicts), or put back also what was changed since (--overwrite)?`,
    },
  ]
}

/** Whether applying the table's changes takes a lock that keeps others from reading, too. */
function isClosed({ live, key }: Unit, table: TablePreview | undefined): boolean {
  if (table === undefined || table.create + table.update + table.delete === 0) return false
  const keys = new Set(key?.map((k) => k.name))
  const numbers = live.columns.filter((c) => c.identity === 'a' && !keys.has(c.name)).map((c) => c.name)
  return live.rules.length > 0 || table.changedColumns.some((c) => numbers.includes(c.name))
}

function rowsText(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}

function comparing(o: { onProgress?: OnProgress | undefined }): (done: number, total: number) => void {
  return (done, total) => o.onProgress?.({ phase: 'comparing', done, total, unit: 'tables' })
}
