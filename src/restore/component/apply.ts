import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connectWire, describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import { dumpSchema, schemaSession } from '../../postgres/schema/dump.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyContents, SafetySchema } from '../../repository/format/restore-contents.ts'
import { lockedOut } from '../in-place/locks.ts'
import { readTargetFacts } from '../in-place/target-facts.ts'
import { planComponents, type ComponentRequest, type PlannedComponents } from './plan.ts'
import { sideOf, type Side } from './side.ts'
import { changesBetween, readRolesOver, stateOf } from './state.ts'
import type { Step } from './types.ts'
import { requireAsPlanned } from './verify.ts'

/** Stores what takes the changes back: the last thing before they are committed. */
export type CommitSafety = (contents: SafetyContents) => Promise<void>

/**
 * Runs a plan in one transaction, compares the whole schema with what it should be, and has what takes it back stored before the transaction
 * commits. If the schema has changed since the plan was made: `preview_outdated`. Whatever fails, the target is as it was: `restore_failed`
 * names the object.
 */
export async function applyComponents(
  o: ComponentRequest & { planned: PlannedComponents; commitSafety: CommitSafety },
): Promise<void> {
  const again = await planComponents(o)
  if (again.digest !== o.planned.digest)
    throw new HoldfastError(
      'preview_outdated',
      'The schema or the roles have changed since the preview; nothing was changed.',
    )
  await inTransaction({ ...o, lockTimeoutMs: o.options.lockTimeoutMs }, async (wire) => {
    const rolesBefore = await readRolesOver(wire)
    await runSteps(wire, again.steps, o)
    const now = await requireWhole(o, wire, again)
    const before = stateOf(again.target, rolesBefore)
    await o.commitSafety(
      await schemaSafety(wire, o.target, {
        back: again.undoSteps,
        forth: again.steps,
        objects: changesBetween(before, stateOf(now, await readRolesOver(wire))),
      }),
    )
  })
}

/**
 * Does something to the schema in one transaction, in which the schema can be read; what others commit meanwhile is not seen, and left alone.
 * Commits when `work` is done.
 */
export async function inTransaction(
  o: { target: ServerAddress; lockTimeoutMs: number; signal?: AbortSignal | undefined },
  work: (wire: Wire) => Promise<void>,
): Promise<void> {
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  await wire.query("SET client_encoding = 'UTF8'")
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  try {
    await wire.query(`SET LOCAL lock_timeout = ${o.lockTimeoutMs}`)
    await work(wire)
    throwIfCancelled(o.signal)
    await wire.query('COMMIT')
  } catch (error) {
    if (!isHoldfastError(error, 'connection_lost')) await wire.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Runs steps under the settings under which the SQL of a schema means what it says. */
export async function runSteps(
  wire: Wire,
  steps: readonly Step[],
  { signal, options }: { signal?: AbortSignal | undefined; options: { readonly lockTimeoutMs: number } },
): Promise<void> {
  await wire.query(schemaSession)
  for (const step of steps) {
    throwIfCancelled(signal)
    await run(wire, step).catch((error: unknown) => {
      throw lockedOut(error, `what ${step.object} belongs to`, options.lockTimeoutMs)
    })
  }
}

/** What undoing changes of the schema needs, when they are made and not committed yet. */
export async function schemaSafety(
  wire: Wire,
  target: ServerAddress,
  schema: SafetySchema,
): Promise<SafetyContents> {
  const facts = await readTargetFacts(wire)
  return {
    format: 2,
    target: { ...facts.target, address: describeAddress(target), database: target.database },
    transaction: facts.transaction,
    tables: [],
    madeTables: [],
    droppedTables: [],
    schema,
  }
}

async function run(wire: Wire, step: Step): Promise<void> {
  try {
    await wire.query(step.sql)
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError('restore_failed', `${step.object}: ${messageOf(error)} Nothing was changed.`, {
      cause: error,
      details: { ...error.details, object: step.object },
    })
  }
}

/** Reads the schema as it will be, in the transaction. */
async function requireWhole(o: ComponentRequest, wire: Wire, planned: PlannedComponents): Promise<Side> {
  const { target } = planned
  const [row] = await wire.query('SELECT pg_catalog.getdatabaseencoding()')
  const dump = await dumpSchema({ wire, keepTransaction: true, signal: o.signal })
  const now = sideOf({
    ...dump,
    encoding: row?.[0] ?? '',
    major: target.major,
    isTarget: true,
    noOwner: o.options.noOwner,
  })
  // pg_dump leaves its own.
  await wire.query("SET client_encoding = 'UTF8'")
  requireAsPlanned({ planned, now })
  return now
}
