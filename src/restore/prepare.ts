import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { connect, connectWire, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { createDatabase } from '../postgres/globals/create-database.ts'
import { schemaSession } from '../postgres/schema/dump.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import { clearTarget, connectAnywhere, dropDatabase, dropRoles, isMarked, removeMarkerSql, setMarker } from './clear.ts' // prettier-ignore
import { runEntries, type EntrySql } from './entries.ts'
import { returnLoans } from './loans.ts'
import { joinRoles, leaveRoles } from './owners.ts'
import { createUnfinishedSql, finishRecordSql, readRecord, type Quarantined } from './quarantine/record.ts'
import type { LeftOut } from './left-out.ts'
import { sentence } from './sentences.ts'
import { connectMaintenance, inspectTarget, readHoldings } from './target.ts'
import type { RestorePlan } from './types.ts'

/** What was done to the server before the first object was made: what undoing has to take back. */
export interface Prepared {
  /** The marker's. */
  readonly id: string
  /** Object id of the database that was made; null: it was there. */
  readonly madeDatabase: number | null
  readonly rolesCreated: readonly string[]
  /** Roles that the restoring role was made a member of. */
  readonly rolesJoined: readonly string[]
  readonly warnings: Sentence[]
}

/** Memory that a connection of the restore may use for sorting an index and for checking a foreign key. */
export const restoreSettings = {
  maintenance_work_mem: '256MB',
  work_mem: '64MB',
  synchronous_commit: 'off',
  // The jobs are the parallelism; workers on top of them would only compete.
  max_parallel_maintenance_workers: '0',
}

interface Request {
  readonly plan: RestorePlan
  readonly contents: BackupContents
  readonly target: ServerAddress
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** Makes roles and the database, or clears what an interrupted restore left, and sets the marker. Undoes itself if it fails. */
export async function prepareTarget(o: Request): Promise<Prepared> {
  const prepared = {
    id: randomUUID(),
    madeDatabase: null as number | null,
    rolesCreated: [] as string[],
    rolesJoined: [] as string[],
    warnings: [] as Sentence[],
  }
  let mayBeMarked = false
  try {
    if (o.plan.options.restart) await removeUnfinished(o)
    await using server = await maintenance(o)
    await makeRoles(server, o.plan, prepared)
    if (o.plan.database) {
      const { differing } = await createDatabase({
        connection: server,
        properties: o.contents.database,
        targetName: o.target.database,
        target: {
          major: Math.floor(server.version / 10_000),
          currentUser: o.plan.current.name,
          tablespaces: new Set(
            (await server.query<{ n: string }>('SELECT spcname AS n FROM pg_catalog.pg_tablespace')).map(
              (r) => r.n,
            ),
          ),
          refusedSettings: new Set(),
        },
        allowLocaleFallback: o.plan.options.allowLocaleFallback,
      })
      prepared.madeDatabase = await databaseOid(o.target)
      prepared.warnings.push(...differing.map((what) => sentence('database_differs', { what }, what)))
      for (const sql of o.plan.database.guard) await server.query(sql)
    }
    await using own = await connect({ address: o.target, signal: o.signal })
    const extensions = await own.query<{ name: string }>(
      'SELECT extname AS name FROM pg_catalog.pg_extension',
    )
    await own.query('BEGIN')
    await setMarker(own, {
      id: prepared.id,
      backup: o.plan.backup,
      started: o.clock.now().toISOString(),
      madeDatabase: o.plan.database !== null,
      extensions: extensions.map((e) => e.name),
    })
    if (o.plan.quarantine.length > 0) await own.query(createUnfinishedSql)
    if (o.plan.database === null) await requireStillEmpty(own, o.target)
    mayBeMarked = true
    await own.query('COMMIT')
    return prepared
  } catch (error) {
    if (prepared.madeDatabase !== null) await dropDatabase(o.target, prepared.madeDatabase)
    // The commit is done although its answer was lost.
    else if (mayBeMarked && (await isMarked(o.target, prepared.id))) await clearTarget(o.target, prepared)
    await undoRoles(o.target, prepared)
    throw error
  }
}

/** Asked without the signal: whoever cancels just when the database has been made must still see it removed. */
async function databaseOid(target: ServerAddress): Promise<number | null> {
  await using server = await connectMaintenance(target)
  const [made] = await server.query<{ oid: number }>(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = $1',
    [target.database],
  )
  return made?.oid ?? null
}

/** What somebody made since the plan was would be taken for the restore's own, and cleared with it if it fails. */
async function requireStillEmpty(own: Connection, target: ServerAddress): Promise<void> {
  const holds = await readHoldings(own)
  if (holds.length === 0) return
  throw new HoldfastError(
    'target_not_empty',
    `The database ${target.database} was empty when the restore was planned, and now holds ${holds.slice(0, 5).join(', ')}.`,
  )
}

/** What is run when everything else is there. */
export interface Ending {
  readonly prepared: Prepared
  readonly sql: EntrySql
  /** Grants, default privileges, refreshing of materialized views. */
  readonly grants: readonly SchemaEntry[]
  readonly eventTriggers: readonly SchemaEntry[]
  readonly leftOut: LeftOut | null
}

/**
 * Ends the restore in one transaction: grants and default privileges, whose undoing would need to know what the database had
 * before; the marker's removal; event triggers, since one that refuses to drop anything would keep the marker. Before
 * it commits, what belongs to the database as a whole is applied. Resolves to what is off in the database.
 */
export async function finishTarget(o: Request & Ending): Promise<readonly Quarantined[]> {
  const { sql, signal } = o
  await endLoans(o.target)
  // This commit is waited for, and with it all that came before.
  const settings = { ...restoreSettings, synchronous_commit: 'on' }
  await using own = await connectWire({ address: o.target, signal, settings })
  await own.query(schemaSession)
  const onSkipped = (what: string): unknown => o.prepared.warnings.push(sentence('skipped', { what }, what))
  await own.query('BEGIN')
  if (o.plan.quarantine.length > 0) await own.query(finishRecordSql(o.plan.backup))
  const { leftOut } = o
  await runEntries({ wire: own, inTransaction: true, entries: o.grants, sql, signal, onSkipped, leftOut })
  await own.query(removeMarkerSql)
  const makeEventTriggers = (onSkippedLabel: (what: string) => unknown): Promise<void> =>
    runEntries({
      wire: own,
      inTransaction: true,
      entries: o.eventTriggers,
      sql,
      signal,
      onSkipped: onSkippedLabel,
    })
  // Made twice: one that can't be made must fail before anything is committed, and one ON login locks the database, against
  // new connections and against its settings, until it is undone or committed.
  await own.query('SAVEPOINT tried')
  await makeEventTriggers(() => undefined)
  await own.query('ROLLBACK TO SAVEPOINT tried')
  // From outside: a database that is to allow no connections can't be told so from within.
  await using server = await maintenance(o)
  await server.query('BEGIN')
  for (const statement of [...o.plan.roles.databaseStatements, ...(o.plan.database?.after ?? [])])
    await server.query(statement)
  await server.query('COMMIT')
  await makeEventTriggers(onSkipped)
  const quarantined = o.plan.quarantine.length > 0 ? await readRecord(own) : []
  await own.query('COMMIT')
  for (const label of [...o.plan.roles.labelStatements, ...(o.plan.database?.labelStatements ?? [])]) {
    await attemptLabel(own, label, o.prepared)
  }
  await attemptLeaving(server, o)
  return quarantined
}

async function endLoans(target: ServerAddress): Promise<void> {
  await using connection = await connect({ address: target })
  await connection.query('BEGIN')
  await returnLoans(connection)
  await connection.query('COMMIT')
}

/** Takes everything back. Throws `restore_failed`, and removes nothing, if the target is another restore's by now. */
export async function undoTarget(target: ServerAddress, prepared: Prepared): Promise<void> {
  if (prepared.madeDatabase !== null) await dropDatabase(target, prepared.madeDatabase)
  else await clearTarget(target, { id: prepared.id })
  await undoRoles(target, prepared)
}

/** Members of a role that is dropped need not leave it. */
async function undoRoles(
  target: ServerAddress,
  prepared: Pick<Prepared, 'rolesCreated' | 'rolesJoined'>,
): Promise<void> {
  await dropRoles(target, prepared.rolesCreated)
  const joined = prepared.rolesJoined.filter((role) => !prepared.rolesCreated.includes(role))
  if (joined.length === 0) return
  await using connection = await connectAnywhere(target)
  await leaveRoles(connection, joined)
}

async function makeRoles(
  server: Connection,
  plan: RestorePlan,
  prepared: { rolesCreated: string[]; rolesJoined: string[] },
): Promise<void> {
  if (plan.roles.statements.length + plan.joins.length === 0) return
  await server.query('BEGIN')
  for (const sql of plan.roles.statements) await server.query(sql)
  const joined = await joinRoles(server, plan.joins)
  await server.query('COMMIT')
  prepared.rolesJoined.push(...joined)
  prepared.rolesCreated.push(...plan.roles.create.map((r) => r.name))
}

async function removeUnfinished(o: Request): Promise<void> {
  const facts = await inspectTarget(o.target, o.signal)
  if (facts.halfDropped) return await dropDatabase(o.target, null)
  if (facts.unfinished === null) return
  if (o.plan.options.createDatabase && facts.unfinished.madeDatabase) await dropDatabase(o.target, null)
  else await clearTarget(o.target, { signal: o.signal })
}

async function maintenance(o: Request): Promise<Connection> {
  return o.plan.database
    ? connectMaintenance(o.target, o.signal)
    : connect({ address: o.target, signal: o.signal })
}

/** A server that has not loaded the provider of a label refuses it: said, not fatal. Nor is any other failure: the restore is done. */
async function attemptLabel(own: Wire, sql: string, prepared: Prepared): Promise<void> {
  try {
    await own.query(sql)
  } catch (error) {
    const why = messageOf(error)
    prepared.warnings.push(sentence('label_refused', { why }, `A security label could not be set: ${why}`))
  }
}

/** What is restored is there and stays: a membership that can't be given back is told. */
async function attemptLeaving(server: Connection, o: Request & Ending): Promise<void> {
  try {
    await leaveRoles(server, o.prepared.rolesJoined)
  } catch (error) {
    const [user, roles, why] = [o.plan.current.name, o.prepared.rolesJoined, messageOf(error)]
    o.prepared.warnings.push(
      sentence(
        'still_member',
        { user, roles, why },
        `${user} is a member of ${roles.join(', ')} still: ${why}`,
      ),
    )
  }
}
