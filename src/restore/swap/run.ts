import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { withDatabase, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { ident } from '../../postgres/quote.ts'
import { dropDatabase } from '../clear.ts'
import { requireNoProblems } from '../problems.ts'
import { runRestore, type RestoreRequest } from '../run.ts'
import { connectMaintenance } from '../target.ts'
import type { RestoreReport } from '../types.ts'
import { exchange, type NamedDatabase } from './exchange.ts'
import { besideContents, labelStatements, ownStatements, readOwn } from './properties.ts'
import type { SwapPlan } from './plan.ts'
import { stateSql, type SwapState } from './state.ts'

export interface SwapRequest extends Omit<RestoreRequest, 'plan'> {
  readonly plan: SwapPlan
}

export interface SwapReport {
  readonly backup: string
  readonly target: string
  /** What was live, and is kept. */
  readonly kept: string
  /** Null: it was restored and compared by an earlier run. */
  readonly restore: RestoreReport | null
  readonly warnings: readonly string[]
}

/**
 * Restores beside the live database, compares, and lets the two exchange their names. Until the last transaction the live one
 * is untouched; if that fails, what was restored stays beside it, ready for the next run.
 */
export async function runSwap(o: SwapRequest): Promise<SwapReport> {
  const { plan, target } = o
  requireNoProblems(plan.problems)
  for (const left of plan.cleared) await dropDatabase(withDatabase(target, left.name), left.oid)
  const restore = plan.ready === null ? await fillBeside(o) : null
  // From here on it is a matter of moments, and is not cancelled half way.
  if (restore !== null && o.signal?.aborted === true)
    await dropDatabase(withDatabase(target, plan.besideName), null)
  throwIfCancelled(o.signal)
  const warnings: string[] = []
  o.onProgress?.({ phase: 'taking its place', done: 0, total: 1, unit: 'objects' })
  await takePlace(o, warnings)
  o.onProgress?.({ phase: 'taking its place', done: 1, total: 1, unit: 'objects' })
  return { backup: plan.backup, target: plan.target, kept: plan.keepAs, restore, warnings }
}

function stateOf(o: SwapRequest, state: SwapState['state'], comment: string | null = null): SwapState {
  const { plan } = o
  const at = o.clock.now().toISOString()
  const quarantine = plan.restore?.options.quarantine ?? plan.ready?.quarantine ?? false
  return { state, of: plan.name, id: plan.id, backup: plan.backup, at, quarantine, comment }
}

async function fillBeside(o: SwapRequest): Promise<RestoreReport | null> {
  const { restore, besideName, live } = o.plan
  if (restore?.database == null) throw new HoldfastError('internal', 'A swap without a database to restore.')
  const filling = stateSql(besideName, stateOf(o, 'filling'))
  const report = await runRestore({
    ...o,
    // From the moment it is there it says what it is.
    plan: { ...restore, database: { ...restore.database, guard: [filling, ...restore.database.guard] } },
    contents: besideContents(o.contents, live.own),
    target: withDatabase(o.target, besideName),
    // Not for somebody to find missing in what has taken the live one's place.
    allOrNothing: true,
  })
  await using server = await connectMaintenance(o.target)
  await server.query('BEGIN')
  await server.query(`ALTER DATABASE ${ident(besideName)} ALLOW_CONNECTIONS false`)
  await server.query(stateSql(besideName, stateOf(o, 'ready')))
  await server.query('COMMIT')
  return report
}

async function takePlace(o: SwapRequest, warnings: string[]): Promise<void> {
  const { plan, target } = o
  await using connection = await connectMaintenance(target)
  await using other = await connectMaintenance(target)
  const live = { name: plan.name, oid: plan.live.oid }
  const next = await findDatabase(connection, plan.besideName)
  if (next === null) throw new HoldfastError('target_changed', `The database ${plan.besideName} is gone.`)
  const kept = (comment: string | null): SwapState => stateOf(o, 'replaced', comment)
  try {
    await changePlaces({ connection, other, live, next, keepAs: plan.keepAs, kept, warnings })
  } catch (error) {
    if (await hasName(target, plan.name, next.oid)) return
    throw error
  }
}

/** The exchange, in which `next` gets what belongs to the name, and the other one says what it is from now on. */
export async function changePlaces(
  o: Omit<Parameters<typeof exchange>[0], 'prepare'> & {
    /** `comment` is what it had as the live one. */
    readonly kept: (comment: string | null) => SwapState
    readonly warnings: string[]
  },
): Promise<void> {
  const { next, keepAs } = o
  await exchange({
    ...o,
    async prepare(server) {
      // Read now, not when it was planned: somebody may have changed them while rows were loaded.
      const own = await readOwn(server, keepAs)
      await attemptLabels(server, labelStatements(next.name, own), o.warnings)
      return [
        ...ownStatements(next.name, await readOwn(server, next.name), own),
        stateSql(keepAs, o.kept(own.comment)),
      ]
    },
  })
}

/** An answer that is lost does not tell whether the server has done it: the name does. */
export async function hasName(address: ServerAddress, name: string, oid: number): Promise<boolean> {
  try {
    await using connection = await connectMaintenance(address)
    const found = await connection.query(
      'SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND oid = $2',
      [name, oid],
    )
    return found.length > 0
  } catch {
    return false
  }
}

/** Null: there is none of this name. */
export async function findDatabase(connection: Connection, name: string): Promise<NamedDatabase | null> {
  const [found] = await connection.query<{ oid: number }>(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  return found === undefined ? null : { name, oid: found.oid }
}

async function attemptLabels(
  server: Connection,
  statements: readonly string[],
  warnings: string[],
): Promise<void> {
  for (const statement of statements) {
    await server.query('SAVEPOINT label')
    try {
      await server.query(statement)
    } catch (error) {
      await server.query('ROLLBACK TO SAVEPOINT label')
      warnings.push(`A security label could not be set: ${String(error)}`)
    }
  }
}
