import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connectWire } from '../../postgres/connect.ts'
import { dumpSchema, schemaSession } from '../../postgres/schema/dump.ts'
import type { Wire } from '../../postgres/wire.ts'
import { lockedOut } from '../in-place/locks.ts'
import { planComponents, type ComponentRequest, type PlannedComponents } from './plan.ts'
import { sideOf } from './side.ts'
import type { Step } from './types.ts'
import { requireAsPlanned } from './verify.ts'

/**
 * Runs a plan in one transaction, and compares the whole schema with what it should be before the transaction commits. If the schema has changed
 * since the plan was made: `preview_outdated`. Whatever fails, the target is as it was: `restore_failed` names the object.
 */
export async function applyComponents(o: ComponentRequest & { planned: PlannedComponents }): Promise<void> {
  const again = await planComponents(o)
  if (again.digest !== o.planned.digest)
    throw new HoldfastError(
      'preview_outdated',
      'The schema or the roles have changed since the preview; nothing was changed.',
    )
  const timeout = o.options.lockTimeoutMs
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  await wire.query("SET client_encoding = 'UTF8'")
  await wire.query(schemaSession)
  // So that the schema can be read inside of it; what others commit meanwhile is not seen, and left alone.
  await wire.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  try {
    await wire.query(`SET LOCAL lock_timeout = ${timeout}`)
    for (const step of again.steps) {
      throwIfCancelled(o.signal)
      await run(wire, step).catch((error: unknown) => {
        throw lockedOut(error, `what ${step.object} belongs to`, timeout)
      })
    }
    await requireWhole(o, wire, again)
    throwIfCancelled(o.signal)
    await wire.query('COMMIT')
  } catch (error) {
    if (!isHoldfastError(error, 'connection_lost')) await wire.query('ROLLBACK').catch(() => undefined)
    throw error
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
async function requireWhole(o: ComponentRequest, wire: Wire, planned: PlannedComponents): Promise<void> {
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
  requireAsPlanned({ planned, now })
}
