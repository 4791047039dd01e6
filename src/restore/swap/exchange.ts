import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { Connection } from '../../postgres/connect.ts'
import { ident } from '../../postgres/quote.ts'
import { readReplication, replicationProblems } from './replication.ts'

/** A database by its name and id: a name alone may have changed hands. */
export interface NamedDatabase {
  readonly name: string
  readonly oid: number
}

/**
 * Gives the name of `live` to `other`, and `keepAs` to what was live, in one transaction: whatever dies, the name leads to
 * one of them, whole. Neither connection is in one of the two.
 *
 * Renaming locks the database against new sessions, then waits up to five seconds for those that are there. The other
 * connection ends them meanwhile: so nobody is kept out for longer than that, and no state is left that keeps anybody out.
 *
 * Throws `target_in_use` if a session does not end, `target_replicated` as the plan does, `target_changed` if a name has another database by now; then nothing has changed.
 */
export async function exchange(o: {
  readonly connection: Connection
  /** Ends sessions. */
  readonly other: Connection
  readonly live: NamedDatabase
  readonly next: NamedDatabase
  readonly keepAs: string
  /** Run when the live one has its new name, and nobody is in it: what to do to the two under `keepAs` and `next.name`. */
  readonly prepare: (connection: Connection) => Promise<readonly string[]>
}): Promise<void> {
  const { connection, live, next, keepAs } = o
  await connection.query('BEGIN')
  try {
    await connection.query(`SET LOCAL lock_timeout = '20s'`)
    for (const one of [live, next]) await requireSame(connection, one)
    const [replicated] = replicationProblems(live.name, await readReplication(connection, live.oid))
    if (replicated !== undefined) throw new HoldfastError('target_replicated', replicated.message)
    await renameLive(o)
    for (const statement of await o.prepare(connection)) await connection.query(statement)
    await connection.query(`ALTER DATABASE ${ident(keepAs)} ALLOW_CONNECTIONS false`)
    await connection.query(`ALTER DATABASE ${ident(next.name)} RENAME TO ${ident(live.name)}`)
    await connection.query(`ALTER DATABASE ${ident(live.name)} ALLOW_CONNECTIONS true`)
    await connection.query('COMMIT')
  } catch (error) {
    // Where the connection is lost, the server rolls back by itself.
    await connection.query('ROLLBACK').catch(() => undefined)
    if (isHoldfastError(error, 'query_failed') && error.details['sqlstate'] === '55006') {
      throw new HoldfastError(
        'target_in_use',
        `The database ${live.name} is still used by ${await usersOf(o.other, [live.oid, next.oid])}.`,
        { cause: error },
      )
    }
    throw error
  }
}

async function requireSame(connection: Connection, { name, oid }: NamedDatabase): Promise<void> {
  const [found] = await connection.query<{ oid: number }>(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  if (found?.oid === oid) return
  throw new HoldfastError(
    'target_changed',
    `The database ${name} is not the one it was when this was planned.`,
  )
}

async function renameLive(o: Parameters<typeof exchange>[0]): Promise<void> {
  let settled = false
  const renaming = o.connection
    .query(`ALTER DATABASE ${ident(o.live.name)} RENAME TO ${ident(o.keepAs)}`)
    .finally(() => (settled = true))
  const ending = (async () => {
    while (!settled) await endSessions(o)
  })()
  const [renamed, ended] = await Promise.allSettled([renaming, ending])
  if (renamed.status === 'rejected') throw renamed.reason
  if (ended.status === 'rejected') throw ended.reason
}

/**
 * Sessions that the role may end; who may not be ended keeps the rename from being done. None is ended before the rename has its
 * lock: as long as it waits for that, others could come in, and it may never get it.
 */
async function endSessions({ connection, other, live, next }: Parameters<typeof exchange>[0]): Promise<void> {
  await other.query(
    `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
     WHERE a.datid = ANY (${oids([live.oid, next.oid])}) AND ${mayEnd} AND EXISTS (
       SELECT FROM pg_catalog.pg_locks l WHERE l.pid = ${connection.processId} AND l.granted AND l.mode = 'AccessExclusiveLock'
         AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.objid = ${live.oid})`,
  )
  await other.query('SELECT pg_catalog.pg_sleep(0.05)')
}

/** True of a session `a` that the role may end. Those that belong to the server itself end by themselves. */
export const mayEnd = `a.usesysid IS NOT NULL AND EXISTS (
  SELECT FROM pg_catalog.pg_roles me, pg_catalog.pg_roles theirs
  WHERE me.rolname = current_user AND theirs.oid = a.usesysid AND (me.rolsuper OR NOT theirs.rolsuper AND
    (pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') OR pg_catalog.pg_has_role(theirs.oid, 'USAGE'))))`

function oids(databases: readonly number[]): string {
  return `'{${databases.join(',')}}'::pg_catalog.oid[]`
}

async function usersOf(connection: Connection, databases: readonly number[]): Promise<string> {
  const rows = await connection
    .query<{ who: string }>(
      `SELECT DISTINCT coalesce(usename, backend_type) || coalesce(' (' || nullif(application_name, '') || ')', '') AS who
       FROM pg_catalog.pg_stat_activity WHERE datid = ANY (${oids(databases)}) ORDER BY 1`,
    )
    .catch(() => [])
  return rows.map((r) => r.who).join(', ') || 'a session or a prepared transaction'
}
