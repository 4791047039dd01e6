import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { readSequences } from '../postgres/introspect/sequences.ts'
import { listTables, tableLabel, type TableFacts } from '../postgres/introspect/tables.ts'
import { readLargeObjects } from '../postgres/large-objects.ts'
import { precheckSource } from '../postgres/precheck.ts'
import type { BackupScope, Gap } from '../repository/format/contents.ts'
import { hiddenGaps } from './hidden.ts'
import { chooseTables } from './scope.ts'

/** How long a session that holds a table's lock may keep an examination waiting. */
const lockTimeoutMs = 2000

/** What a server says of itself, of this connection and of the role. */
export interface ServerFacts extends Record<string, unknown> {
  readonly version: string
  readonly role: string
  readonly superuser: boolean
  readonly replication: boolean
  readonly bypassesRowSecurity: boolean
  /** Member of pg_read_all_data, or superuser. */
  readonly readsAllData: boolean
  readonly readsPasswordHashes: boolean
  /** `TLSv1.3`; null if the connection is not encrypted. */
  readonly tls: string | null
  readonly standby: boolean
  /** Of a standby: whether its primary waits with cleaning up for its long queries. */
  readonly standbyFeedback: boolean
  readonly walLevel: string
  readonly bytes: number
  /** How many connections the role or the database may have at once; null if only the server's own limit holds. */
  readonly connectionLimit: number | null
  readonly extensions: readonly { readonly name: string; readonly version: string }[]
}

/** What a source is like for a backup. A part that could not be found out is null; why is among `refusals`. */
export interface SourceFacts {
  readonly address: ServerAddress
  readonly major: number
  readonly server: ServerFacts
  /** The server's clock minus this machine's, in milliseconds, as exact as half the time an answer takes. */
  readonly clockAheadMs: number
  readonly tables: {
    readonly all: number
    /** Whose rows a backup would hold. */
    readonly held: number
    /** On a standby: those whose rows it does not have. */
    readonly unlogged: readonly string[]
    readonly locksHint: string | null
  } | null
  readonly largest: { readonly table: string; readonly bytes: number } | null
  readonly unreadableSequences: readonly string[] | null
  readonly largeObjects: { readonly all: number; readonly unreadable: number } | null
  /** What a backup leaves out without failing. */
  readonly gaps: readonly Gap[] | null
  /** What would keep a backup from being made, each as the error it would fail with. */
  readonly refusals: readonly HoldfastError[]
}

const serverSql = `
SELECT pg_catalog.current_setting('server_version') AS version, r.rolname AS role, r.rolsuper AS superuser,
  r.rolreplication AS replication, r.rolbypassrls AS "bypassesRowSecurity",
  pg_catalog.pg_has_role('pg_read_all_data', 'USAGE') AS "readsAllData",
  pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS "readsPasswordHashes",
  (SELECT s.version FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid() AND s.ssl) AS tls,
  pg_catalog.pg_is_in_recovery() AS standby,
  pg_catalog.current_setting('hot_standby_feedback')::pg_catalog.bool AS "standbyFeedback",
  pg_catalog.current_setting('wal_level') AS "walLevel",
  pg_catalog.pg_database_size(pg_catalog.current_database())::pg_catalog.float8 AS bytes,
  CASE WHEN NOT r.rolsuper THEN least(nullif(r.rolconnlimit, -1), (SELECT nullif(d.datconnlimit, -1)
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) END AS "connectionLimit",
  (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', e.extname, 'version', e.extversion)
    ORDER BY e.extname), '[]') FROM pg_catalog.pg_extension e) AS extensions
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

/**
 * Finds out what a backup of this source would meet, without changing or locking anything for long. What keeps it from
 * connecting at all is thrown (connection_failed, login_failed, database_missing, ...); all else is told in the facts.
 */
export async function examineSource(o: {
  address: ServerAddress
  scope: BackupScope
  clock: Clock
  signal?: AbortSignal | undefined
}): Promise<SourceFacts> {
  const { address, signal } = o
  const settings = { lock_timeout: String(lockTimeoutMs) }
  await using connection = await connect({ address, signal, settings })
  const [server] = await connection.query<ServerFacts>(serverSql)
  if (server === undefined) throw new HoldfastError('internal', 'The server said nothing of itself.')
  const refusals: HoldfastError[] = []
  const attempt = <T>(work: () => Promise<T>): Promise<T | null> => attemptOr(work, refusals)

  const clockAheadMs = await clockAhead(connection, o.clock)
  const listed = await attempt(() => listTables(connection))
  const plain = listed?.filter((t) => t.kind === 'table') ?? null
  const chosen = plain === null ? null : await attempt(async () => chooseTables(plain, o.scope).held)
  return {
    address,
    major: Math.floor(connection.version / 10_000),
    server,
    clockAheadMs,
    tables: plain === null || chosen === null ? null : await readTables(connection, plain, chosen, refusals),
    largest: plain === null ? null : await largestOf(connection, plain),
    unreadableSequences: await attempt(
      async () => (await readSequences(connection, server.standby)).unreadable,
    ),
    largeObjects: await attempt(async () => {
      const { objects, unreadable } = await readLargeObjects(connection)
      return { all: objects.length + unreadable.length, unreadable: unreadable.length }
    }),
    gaps: await attempt(() => hiddenGaps(connection, server.standby)),
    refusals,
  }
}

async function attemptOr<T>(work: () => Promise<T>, refusals: HoldfastError[]): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled' || error.code === 'connection_lost') throw error
    refusals.push(error)
    return null
  }
}

/** Whether the rows can be read. The precheck stops at the first thing it finds: it is asked again without the tables that it named. */
async function readTables(
  connection: Connection,
  plain: readonly TableFacts[],
  held: readonly TableFacts[],
  refusals: HoldfastError[],
): Promise<SourceFacts['tables']> {
  const locked = plain.filter((t) => t.readable).length
  for (let rest = held; ;) {
    const found: HoldfastError[] = []
    const precheck = await attemptOr(() => precheckSource(connection, rest, locked), found)
    refusals.push(...found)
    const named = found[0]?.details['tables']
    const others = Array.isArray(named) ? rest.filter((t) => !named.includes(tableLabel(t))) : rest
    if (precheck === null && others.length < rest.length) {
      rest = others
      continue
    }
    return {
      all: plain.length,
      held: held.length,
      unlogged: precheck?.unloggedOnStandby.map(tableLabel) ?? [],
      locksHint: precheck?.locksHint ?? null,
    }
  }
}

/** Null if there is no table, or another session has one locked: to know its size takes a lock. */
async function largestOf(
  connection: Connection,
  tables: readonly TableFacts[],
): Promise<SourceFacts['largest']> {
  const sql = `SELECT t.oid, pg_catalog.pg_table_size(t.oid)::pg_catalog.float8 AS bytes
    FROM pg_catalog.unnest($1::pg_catalog.oid[]) t (oid) ORDER BY 2 DESC NULLS LAST LIMIT 1`
  try {
    const [row] = await connection.query<{ oid: number; bytes: number | null }>(sql, [
      tables.map((t) => t.oid),
    ])
    const table = tables.find((t) => t.oid === row?.oid)
    return table === undefined ? null : { table: tableLabel(table), bytes: row?.bytes ?? 0 }
  } catch (error) {
    if (isHoldfastError(error, 'lock_timeout')) return null
    throw error
  }
}

/** The answer is taken to be from the middle of the time that it took. */
async function clockAhead(connection: Connection, clock: Clock): Promise<number> {
  const asked = clock.now().getTime()
  const [row] = await connection.query<{ now: number }>(
    'SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.float8 AS now',
  )
  const answered = clock.now().getTime()
  return Math.round((row?.now ?? answered) - (asked + answered) / 2)
}
