import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../lib/abort.ts'
import { useOpened } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { connect, connectWire, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { listTables, readSizes, tableLabel } from '../postgres/introspect/tables.ts'
import type { SizedTable, TableFacts } from '../postgres/introspect/tables.ts'
import { literal, qualified } from '../postgres/quote.ts'
import { sessionSettings } from '../postgres/settings.ts'
import type { Wire } from '../postgres/wire.ts'

/** One moment of the source, held open: every connection that imports `name` sees the same rows. */
export interface ConsistentSnapshot {
  /** What SET TRANSACTION SNAPSHOT takes. */
  readonly name: string
  /** When, by the source's clock, ISO 8601 UTC. */
  readonly moment: string
  readonly lsn: string
  readonly inRecovery: boolean
  /** The oldest transaction that was running then; xid8 as decimal text. */
  readonly horizon: string
  readonly tables: readonly SizedTable[]
  /** Holds the snapshot and a lock on every table: also the connection that can read any of them without waiting. */
  readonly leader: Wire
  /** Opens one more connection inside the snapshot, for reading rows. */
  join(): Promise<Wire>
  /** Opens one more connection inside the snapshot, for catalog queries. */
  joinCatalog(): Promise<Connection>
  /**
   * Throws if a lock was lost. To be asked when all is read, on a leader that does nothing else: other connections go on in
   * the snapshot without it, and a table that was truncated meanwhile reads as empty to them, and is counted so.
   */
  requireLocks(): Promise<void>
}

const attempts = 40
/** Before an attempt is repeated; times its number, up to half a second. In all some 15 s: what changes tables mostly ends sooner. */
const pauseMs = 25

/**
 * Locks every table in ACCESS SHARE mode *before* the snapshot is taken. The order matters: TRUNCATE and rewriting
 * ALTERs ignore snapshots, so a table that is truncated between a snapshot and its lock reads as empty. LOCK TABLE takes
 * no snapshot of its own; the first query after it does. If that snapshot then shows a
 * table which is not among those locked (made or renamed meanwhile), all is undone and begun again.
 */
export async function openSnapshot(o: {
  address: ServerAddress
  lockTimeoutMs: number
  signal?: AbortSignal | undefined
  connections: AsyncDisposableStack
}): Promise<ConsistentSnapshot> {
  const session = { address: o.address, settings: sessionSettings, signal: o.signal }
  // Catalog queries lock nothing of the user's but sequences; a session that renames one must not stop the backup for ever.
  const bounded = { ...session, settings: { ...sessionSettings, lock_timeout: String(o.lockTimeoutMs) } }
  const leader = o.connections.use(await connectWire(session))
  const join = (): Promise<Wire> => useOpened(o.connections, connectWire(session))
  const catalog = await useOpened(o.connections, connect(bounded))
  // Names in another encoding would be translated by a query, which would take the snapshot before the locks.
  await leader.query("SET client_encoding = 'UTF8'")
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const taken = await lockAndTake({ leader, catalog, lockTimeoutMs: o.lockTimeoutMs })
    if (taken !== null) {
      await leader.query(
        `SELECT pg_catalog.set_config('client_encoding', pg_catalog.getdatabaseencoding(), false),
           pg_catalog.set_config('lock_timeout', '0', false)`,
      )
      const { tables } = taken
      const sizes = await readSizes(
        leader,
        tables.filter((t) => t.readable),
      )
      return {
        ...taken,
        tables: tables.map((t) => ({ ...t, ...(sizes.get(t.oid) ?? { pages: 0, bytes: 0 }) })),
        leader,
        join: async () => enter(await join(), taken.name),
        joinCatalog: async () => {
          const connection = await useOpened(o.connections, connect(bounded))
          await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
          await importSnapshot(connection, taken.name)
          return connection
        },
        requireLocks: () => requireLocks(leader, tables),
      }
    }
    await leader.query('ROLLBACK')
    await sleep(Math.min(500, attempt * pauseMs))
    throwIfCancelled(o.signal)
  }
  throw new HoldfastError(
    'source_changed',
    `Tables were made or renamed during each of ${attempts} attempts to lock them.`,
  )
}

/** One attempt. Null if tables changed meanwhile: to be rolled back, and begun again. */
async function lockAndTake(o: {
  leader: Wire
  catalog: Connection
  lockTimeoutMs: number
}): Promise<(Taken & { readonly tables: readonly TableFacts[] }) | null> {
  const { leader, catalog } = o
  const wanted = (await listTables(catalog)).filter((t) => t.readable)
  await leader.query(`BEGIN READ ONLY; SET LOCAL lock_timeout = ${o.lockTimeoutMs}`)
  if (!(await lockAll(leader, wanted, catalog))) return null
  // The server itself refuses this once a snapshot was taken in the transaction.
  await leader.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  const taken = await takeSnapshot(leader)
  await catalog.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await importSnapshot(catalog, taken.name)
  const tables = await listTables(catalog)
  await catalog.query('ROLLBACK')
  // A table that is gone already (readable is null) was made and dropped beside us: in the snapshot, and not locked.
  return tables.every((t) => t.readable === false || taken.locked.has(t.oid)) ? { ...taken, tables } : null
}

/** (Re)starts a connection's transaction inside the snapshot; also after an error has aborted it. */
export async function enter(wire: Wire, snapshot: string): Promise<Wire> {
  await wire.query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await importSnapshot(wire, snapshot)
  // Another session may wait for a lock that only the leader's stands in the way of; then waiting here would be for ever.
  await wire.query('SET LOCAL lock_timeout = 1000')
  return wire
}

/** A snapshot lives as long as the session that exported it: if it is gone, so is that session, and its locks. */
async function importSnapshot(
  session: { query(sql: string): Promise<unknown> },
  snapshot: string,
): Promise<void> {
  try {
    await session.query(`SET TRANSACTION SNAPSHOT ${literal(snapshot)}`)
  } catch (error) {
    const gone = isHoldfastError(error, 'query_failed') && error.details['sqlstate'] === '42704'
    if (!gone) throw error
    throw new HoldfastError(
      'connection_lost',
      'The connection that holds the snapshot and the locks was lost.',
      {
        cause: error,
      },
    )
  }
}

/** False if it is to be begun again: a table was dropped or renamed since it was listed, or another session waits in a circle with this one. */
async function lockAll(leader: Wire, tables: readonly TableFacts[], catalog: Connection): Promise<boolean> {
  for (let at = 0; at < tables.length; at += 500) {
    const names = tables.slice(at, at + 500).map((t) => `ONLY ${qualified(t.schema, t.name)}`)
    try {
      await leader.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`)
    } catch (error) {
      if (isHoldfastError(error, 'lock_timeout')) throw await blockedBy(error, tables, catalog)
      // undefined_table, invalid_schema_name: dropped or renamed since; wrong_object_type: remade as a view. And
      // deadlock_detected: the locks that are given up let the other session go on.
      const passing = ['42P01', '3F000', '42809', '40P01']
      if (isHoldfastError(error) && passing.includes(String(error.details['sqlstate']))) return false
      throw error
    }
  }
  return true
}

interface Taken extends Pick<ConsistentSnapshot, 'name' | 'moment' | 'lsn' | 'inRecovery' | 'horizon'> {
  /** Object ids of the relations that the leader has locked. */
  readonly locked: ReadonlySet<number>
}

async function takeSnapshot(leader: Wire): Promise<Taken> {
  const [row] = await leader.query(`SELECT pg_catalog.pg_export_snapshot(),
    pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
      ELSE pg_catalog.pg_current_wal_insert_lsn() END, pg_catalog.pg_is_in_recovery(),
    pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())`)
  const locked = await lockedBy(leader)
  if (row === undefined) throw new HoldfastError('internal', 'The server exported no snapshot.')
  return {
    name: row[0] ?? '',
    moment: row[1] ?? '',
    lsn: row[2] ?? '0/0',
    inRecovery: row[3] === 't',
    horizon: row[4] ?? '0',
    locked,
  }
}

async function requireLocks(leader: Wire, tables: readonly TableFacts[]): Promise<void> {
  const locked = await lockedBy(leader)
  const lost = tables.filter((t) => t.readable && !locked.has(t.oid))
  if (lost.length === 0) return
  throw new HoldfastError(
    'source_changed',
    `The locks on ${lost.length} tables were lost while they were read: ${lost.slice(0, 5).map(tableLabel).join(', ')}.`,
  )
}

/** Object ids of the relations that the connection's transaction has locked. */
async function lockedBy(leader: Wire): Promise<ReadonlySet<number>> {
  const held = await leader.query(
    `SELECT relation FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND granted`,
  )
  return new Set(held.map((r) => Number(r[0])))
}

/** The same error, naming who holds the lock. No query text: it may hold data. */
async function blockedBy(
  error: HoldfastError,
  tables: readonly TableFacts[],
  catalog: Connection,
): Promise<HoldfastError> {
  const holders = await catalog.query<{
    oid: string
    pid: number
    user: string
    state: string
    since: string
  }>(
    `SELECT l.relation::pg_catalog.int8 AS oid, l.pid, a.usename AS user, a.state, a.xact_start::pg_catalog.text AS since
     FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock'
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  )
  const byOid = new Map(tables.map((t) => [t.oid, t]))
  const named = holders.flatMap((h) => {
    const table = byOid.get(Number(h.oid))
    return table
      ? [`${tableLabel(table)} by process ${h.pid} (user ${h.user}, ${h.state}, since ${h.since})`]
      : []
  })
  const who = named.length > 0 ? ` Held: ${named.slice(0, 5).join('; ')}.` : ''
  return new HoldfastError('lock_timeout', `A table stayed locked for too long.${who}`, { cause: error })
}
