import { createHash } from 'node:crypto'
import { HoldfastError } from '../../lib/errors.ts'
import { connectWire, describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import type { SafetyContents, SafetyObject, SafetySchema } from '../../repository/format/restore-contents.ts'
import { requireCommitted } from '../in-place/undo-workspace.ts'
import { inTransaction, runSteps, schemaSafety, type CommitSafety } from './apply.ts'
import { changesBetween, isAs, readState, shownSql, type SchemaState } from './state.ts'
import type { ComponentChange, ComponentPreview } from './types.ts'

export interface SchemaUndoRequest {
  /** The id of the restore to undo. */
  readonly restore: string
  readonly backup: string | null
  readonly safety: SafetyContents
  readonly schema: SafetySchema
  readonly target: ServerAddress
  /** How long to wait for a lock. */
  readonly lockTimeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface PlannedSchemaUndo {
  readonly preview: ComponentPreview
  /** Equal for equal previews. */
  readonly digest: string
}

/**
 * Finds what taking back a restore of components would change. The statements that do it were made for the schema as the restore had left
 * it: they are run only while everything that it changed is still what it made of it.
 *
 * Throws `undo_elsewhere` and `undo_nothing` as the undoing of rows does.
 */
export async function planSchemaUndo(o: SchemaUndoRequest): Promise<PlannedSchemaUndo> {
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  await wire.query("SET client_encoding = 'UTF8'")
  await requireCommitted(wire, o)
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await wire.query(`SET LOCAL lock_timeout = ${o.lockTimeoutMs}`)
  const planned = planFor(o, await readState(wire, o.signal))
  await wire.query('ROLLBACK')
  return planned
}

/**
 * Takes the changes back in one transaction. Its record, for undoing this, too, is stored before it commits. Throws `preview_outdated`
 * if what is there is not what was planned for, and `restore_failed` if a statement fails, or comes to something else than what was before; then
 * nothing is changed.
 */
export async function applySchemaUndo(
  o: SchemaUndoRequest & { planned: PlannedSchemaUndo; commitSafety: CommitSafety },
): Promise<void> {
  const { schema } = o
  await inTransaction(o, async (wire) => {
    const before = await readState(wire, o.signal)
    if (planFor(o, before).digest !== o.planned.digest)
      throw new HoldfastError(
        'preview_outdated',
        'The schema or the roles have changed since the preview; nothing was changed.',
      )
    await runSteps(wire, schema.back, { signal: o.signal, options: o })
    const after = await readState(wire, o.signal)
    requireTakenBack(schema.objects, before, after)
    const objects = changesBetween(before, after)
    await o.commitSafety(
      await schemaSafety(wire, o.target, { back: schema.forth, forth: schema.back, objects }),
    )
  })
}

function planFor(o: SchemaUndoRequest, now: SchemaState): PlannedSchemaUndo {
  const { objects } = o.schema
  const sqlOf = ({ key }: SafetyObject): string | null => now.get(key)?.sql ?? null
  const standing = objects.filter((one) => sqlOf(one) === one.after)
  const already = objects.filter((one) => sqlOf(one) !== one.after && isAs(sqlOf(one), one.before))
  const others = objects.filter((one) => !standing.includes(one) && !already.includes(one))
  const taken = already.length === objects.length
  const problems = [
    ...others.map(
      (one) => `${one.object} has changed since the restore, which can't be taken back any more.`,
    ),
    ...(taken ? [] : already).map(
      (one) =>
        `${one.object} is as it was before the restore already, so that the rest can't be taken back by the same statements.`,
    ),
  ]
  const preview: ComponentPreview = {
    backup: o.backup,
    moment: null,
    undoes: o.restore,
    target: describeAddress(o.target),
    database: o.target.database,
    components: [],
    changes: standing.map(changeOf),
    warnings: [],
    problems,
  }
  const digest = createHash('sha256').update(JSON.stringify([preview.changes, problems]))
  return { preview, digest: digest.digest('hex') }
}

function changeOf({ object, before, after }: SafetyObject): ComponentChange {
  return {
    component: null,
    object,
    found: before === null ? 'extra' : after === null ? 'missing' : 'changed',
    action: before === null ? 'drop' : after === null ? 'make' : 'replace',
    before: shownSql(after),
    after: shownSql(before),
    note: null,
  }
}

/** The schema is what it was, but for what the restore had changed, which is as it was before it. */
function requireTakenBack(objects: readonly SafetyObject[], before: SchemaState, after: SchemaState): void {
  const wanted = new Map(objects.map((one) => [one.key, one.before]))
  for (const key of new Set([...wanted.keys(), ...before.keys(), ...after.keys()])) {
    const own = wanted.get(key)
    const expected = own === undefined ? (before.get(key)?.sql ?? null) : own
    const is = after.get(key)
    if (isAs(is?.sql ?? null, expected)) continue
    throw new HoldfastError(
      'restore_failed',
      `${is?.object ?? before.get(key)?.object ?? key} is not as it was before the restore, by something that the database does by itself or that others do meanwhile; nothing was changed.`,
    )
  }
}
