import { throwIfCancelled } from '../../lib/abort.ts'
import type { Clock } from '../../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { OnProgress } from '../../lib/progress.ts'
import { once, textsOf, type Sentence } from '../../lib/sentence.ts'
import type { SafetyContents } from '../../repository/format/restore-contents.ts'
import { applyChanges, refused, requireApplied, type Applied } from './apply.ts'
import { readRenewed, renewKeys } from './copies/renew.ts'
import { dropTables } from './drop.ts'
import { identitiesToOpen, setIdentities } from './identity.ts'
import { lockDoomed, lockedOut, lockTables } from './locks.ts'
import { entrySql } from '../entries.ts'
import { sentence } from '../sentences.ts'
import { finishTables, makeTables, readAbilities, type MakeRequest } from './make.ts'
import { checkKeys } from './key-checks.ts'
import { safetyContents } from './safety-contents.ts'
import { reachedTables } from './reached.ts'
import type { Role } from './role.ts'
import { raiseSequences } from './sequences.ts'
import { planSilence } from './silence-plan.ts'
import { silence, unsilence, whyNotSilenced, withRulesFor } from './silence.ts'
import { readTargetFacts } from './target-facts.ts'
import type { Preview, RenewedKeys, Unit } from './types.ts'
import { requireSameDropping, requireSameTables } from './unchanged.ts'
import { previewOf } from './whole-preview.ts'
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
  if (about.problems.length > 0) {
    return { preview: previewOf(workspace, { found: null, silence: null, seconds: 0 }), digest: '' }
  }
  const from = o.clock.now().getTime()
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await workspace.survey()
  const found = await compareAll(workspace, { onTable: comparing(o) })
  const silence = await planSilence(workspace, plannedOf(found))
  await wire.query('COMMIT')
  const seconds = Math.max(0, (o.clock.now().getTime() - from) / 1000)
  return { preview: previewOf(workspace, { found, silence, seconds }), digest: found.digest }
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
  /**
   * Give up if more bytes of the backup than this would have to be brought while the tables are locked: without a preview before, all
   * that is to be compared comes then.
   */
  readonly mostBytes?: number | undefined
  /** Is told what will be done before anything is, and before an error that says why nothing can be. If it throws, nothing is done. */
  readonly onPreview?: ((preview: Preview, digest: string) => void) | undefined
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
  /** What the sentences of `warnings` and `checks` are made of. */
  readonly parts: readonly Sentence[]
  /** False if there was nothing to do. */
  readonly changed: boolean
  /** Under which keys rows have come, if under new ones. */
  readonly renewed: readonly RenewedKeys[]
}

/**
 * Applies the difference in one transaction. What is planned is found anew under the locks, so what is stored as safety
 * backup, and then written, is what is there; if that is not what was agreed to, nothing is done: `preview_outdated`. Resolves to
 * null, with nothing done, where `mostBytes` was too little.
 * Whatever fails, and whoever dies, the target is as it was: the server ends the transaction.
 */
export async function applyInPlace(o: ApplyRequest): Promise<AppliedChanges | null> {
  const { wire } = o.workspace
  requireApplicable({ problems: textsOf(o.workspace.about.problems) })
  await wire.query('BEGIN')
  try {
    const applied = await applyInside(o)
    await wire.query(applied?.changed === true ? 'COMMIT' : 'ROLLBACK')
    return applied
  } catch (error) {
    if (!isHoldfastError(error, 'connection_lost')) await wire.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function applyInside(o: ApplyRequest): Promise<AppliedChanges | null> {
  const { workspace } = o
  const from = o.clock.now().getTime()
  const { wire, lockTimeoutMs } = workspace
  const chosen = [...workspace.units, ...workspace.dropping].map((t) => t.live)
  await lockTables(wire, chosen, lockTimeoutMs)
  await requireSameTables(workspace, workspace.units)
  await requireSameDropping(workspace)
  if ((await workspace.survey()) > (o.mostBytes ?? Infinity)) return null
  const found = await compareAll(workspace, {
    onTable: comparing(o),
    onCompared: (unit) => lockDoomed(wire, unit, lockTimeoutMs),
    onBrought: (unit) => requireSameTables(workspace, [unit]),
  })
  const planned = plannedOf(found)
  const planSilent = await planSilence(workspace, planned)
  const seconds = Math.max(0, (o.clock.now().getTime() - from) / 1000)
  const preview = previewOf(workspace, { found, silence: planSilent, seconds })
  o.onPreview?.(preview, found.digest)
  requireAgreed(o, found, preview)
  requireApplicable(preview)
  const changed = found.units.filter((u) => planned.has(u))
  const { making, dropping } = workspace
  if (changed.length + making.entries.length + dropping.length === 0)
    return { preview, warnings: [], checks: [], parts: [], changed: false, renewed: [] }
  throwIfCancelled(o.signal)
  o.onProgress?.({ phase: 'applying', done: 0, total: null, unit: 'rows' })
  const pulled = changed.filter((u) => u.pulledIn)
  await lockTables(
    wire,
    pulled.map((u) => u.live),
    lockTimeoutMs,
  )
  // Only now it can't be altered any more.
  if (pulled.length > 0) await requireSameTables(workspace, pulled)
  const { replica } = planSilent
  const facts = await readTargetFacts(wire)
  const { encoding } = facts
  const { warnings, ...dropped } = await write(o, { changed, planned, replica, encoding }).catch(
    (error: unknown) => {
      throw lockedOut(error, 'a table that is to be changed', lockTimeoutMs)
    },
  )
  const looked = replica ? await checkKeys({ wire, planned, lockTimeoutMs }) : []
  o.onProgress?.({ phase: 'storing the safety backup', done: 0, total: null, unit: 'rows' })
  await o.commitSafety(
    await safetyContents({ workspace, store: o.store, facts, changed, planned, ...dropped }),
  )
  throwIfCancelled(o.signal)
  const checks = [
    {
      what: sentence('check_rows', {}, 'rows written'),
      result: sentence('found_equal', {}, 'compared with the plan, row by row: equal'),
    },
    ...looked,
    {
      what: replica
        ? sentence('check_other_keys', {}, 'all other unique keys')
        : sentence('check_keys', {}, 'foreign keys and unique keys'),
      result: sentence('found_by_server', {}, 'checked by the server before the commit'),
    },
  ]
  return {
    preview,
    warnings: textsOf(warnings),
    checks: checks.map(({ what, result }) => ({ what: what.text, result: result.text })),
    parts: once([...warnings, ...checks.flatMap(({ what, result }) => [what, result])]),
    changed: true,
    renewed: await readRenewed(wire, changed),
  }
}

/** Writes all of it, with the application's triggers silent. Resolves to warnings, and what of the tables that were dropped is to be kept. */
async function write(
  o: ApplyRequest,
  {
    changed,
    planned,
    replica,
    encoding,
  }: {
    changed: readonly Unit[]
    planned: ReadonlyMap<Unit, Applied>
    replica: boolean
    encoding: string
  },
): Promise<{ warnings: Sentence[] } & Awaited<ReturnType<typeof dropTables>>> {
  const { wire, making, role } = o.workspace
  const warnings: Sentence[] = []
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
          onSkipped: (what) => warnings.push(sentence('skipped', { what }, what)),
        }
  // Without triggers no foreign key acts.
  const reached = replica ? [] : await reachedTables(wire, changed, o.workspace.foreignKeys)
  const alone: Role = { ...role, mayReplicate: false }
  const silent = reached.filter((t) => whyNotSilenced([t], alone).length === 0)
  for (const reason of whyNotSilenced(reached, alone))
    warnings.push(sentence('may_have_run', { why: reason }, `${reason.text} They may have run, on no row.`))
  const none = { created: 0, updated: 0, deleted: 0 }
  const tables = [...changed.map((u) => withRulesFor(u.live, planned.get(u) ?? none)), ...silent]
  await wire.query('SET CONSTRAINTS ALL DEFERRED')
  await silence(wire, tables, role)
  const opened = new Map<Unit, string[]>()
  for (const unit of changed) opened.set(unit, await identitiesToOpen(wire, unit, o.workspace.foreignKeys))
  for (const [unit, columns] of opened) await setIdentities(wire, unit, columns, 'BY DEFAULT')
  if (make !== null) await makeTables(make)
  // Before the rows, which may refer to others that go.
  const dropped = await dropTables({ wire, dropping: o.workspace.dropping, encoding, store: o.store })
  if (o.workspace.about.newIds) {
    // Rows that keep their keys first, or a new one could be theirs.
    for (const unit of changed.filter((u) => u.pulledIn)) await raiseSequences(wire, unit)
    await renewKeys({ wire, units: changed, foreignKeys: o.workspace.foreignKeys })
  }
  await applyChanges({ wire, units: changed, planned, opened, replica })
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
export function requireApplicable({ problems }: Pick<Preview, 'problems'>): void {
  if (problems.length === 0) return
  throw new HoldfastError('target_lacks', problems.join(' '), { details: { problems } })
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

function comparing(o: { onProgress?: OnProgress | undefined }): (done: number, total: number) => void {
  return (done, total) => o.onProgress?.({ phase: 'comparing', done, total, unit: 'tables' })
}
