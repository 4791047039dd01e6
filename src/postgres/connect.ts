import type { Client, QueryConfig } from 'pg'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { cancelUntilSettled } from './cancel.ts'
import { cancelledError, connectionLost, serverError, serverFailureOf } from './failures.ts'
import { openClient, type OpenClient } from './open.ts'
import { describeAddress, type ServerAddress } from './server-address.ts'
import { sessionSettings, settingsQuery, wireSettings } from './settings.ts'
import { createWire } from './wire-connection.ts'
import type { Wire } from './wire.ts'

export { describeAddress, withDatabase, type ServerAddress } from './server-address.ts'

/** How long a polite end may take. */
const CLOSE_TIMEOUT_MS = 1000

export interface ConnectOptions {
  readonly address: ServerAddress
  /** What pg_stat_activity shows, unless the address says otherwise. Default: `holdfast`. */
  readonly applicationName?: string | undefined
  /** When it aborts, the running statement is cancelled, and it and all later ones are rejected with `cancelled`. */
  readonly signal?: AbortSignal | undefined
  /** Settings of the session, on top of sessionSettings. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  readonly replication?: never
}

/** A connection for catalog queries and statements with values: rows as objects. */
export interface Connection {
  /**
   * Runs a statement; calls made at once are run one after the other. Without values it may be several statements,
   * and the rows are those of the last. bool is boolean; int2, int4, oid and floats are numbers; json is parsed;
   * bytea is a Buffer; arrays of these and of texts are arrays; all else is the server's text, so int8, numeric and
   * times are strings. Throws query_failed, lock_timeout, connection_lost, cancelled.
   */
  query<Row extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /**
   * Runs one statement, in turn with those of `query`; the server refuses a text that holds several. Resolves to the number
   * of rows that it returned or was about. Throws as `query` does.
   */
  runOne(sql: string): Promise<number>
  /** server_version_num, e.g. 170010. */
  readonly version: number
  readonly address: ServerAddress
  readonly processId: number
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a Connection. Throws connection_failed, login_failed, database_missing, cancelled. */
export async function connect(o: ConnectOptions): Promise<Connection> {
  const open = await openClient(o)
  const session = createSession(o, open)
  try {
    const settings = settingsQuery({ ...sessionSettings, ...o.settings }, false)
    const [row] = await session.query<{ version: number }>(settings)
    return { ...session, version: row?.version ?? 0, address: o.address, processId: open.key.processId }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * Opens a Wire, with the session settings made. Its client encoding is the database's own, so that the bytes of
 * COPY are those that are stored. Throws as `connect` does.
 */
export async function connectWire(o: ConnectOptions): Promise<Wire> {
  const open = await openClient({ ...o, bulk: true })
  // pg has done its part. Its other listeners stay: they only note the end of the socket.
  const wire = createWire({ ...open, address: o.address, signal: o.signal })
  try {
    await wire.query(settingsQuery({ ...sessionSettings, ...wireSettings, ...o.settings }, true))
    return wire
  } catch (error) {
    await wire.close()
    throw error
  }
}

function createSession(
  o: ConnectOptions,
  { client, socket, key, tls }: OpenClient,
): Pick<Connection, 'query' | 'runOne' | 'close' | typeof Symbol.asyncDispose> {
  const { address, signal } = o
  let lost: unknown
  let closing: Promise<void> | undefined
  /** The statement before: pg's own queue is being given up by its makers. */
  let previous: Promise<unknown> = Promise.resolve()
  client.on('error', (error) => (lost ??= error))
  client.on('end', () => (lost ??= new Error('the server closed it')))

  let running = false
  const stop = async (): Promise<void> => {
    if (!running) return
    await cancelUntilSettled({ address, key, tls }, previous)
    if (running) socket.destroy()
  }
  const onAbort = (): void => void stop()
  signal?.addEventListener('abort', onAbort, { once: true })

  async function run<T>(send: () => Promise<T>): Promise<T> {
    if (signal?.aborted) throw cancelledError(signal)
    if (lost !== undefined || closing !== undefined) throw lostError()
    running = true
    try {
      return await send()
    } catch (error) {
      if (signal?.aborted) throw cancelledError(signal)
      const failure = serverFailureOf(error)
      if (failure !== undefined) {
        const reported = serverError(failure)
        if (closing !== undefined && failure.sqlstate === '57014') throw closedError('cancelled')
        if (reported.code === 'connection_lost') lost ??= error
        throw reported
      }
      if (lost !== undefined || closing !== undefined) throw lostError()
      if (isHoldfastError(error)) throw error
      throw new HoldfastError('internal', 'A statement could not be sent.', { cause: error })
    } finally {
      running = false
    }
  }

  function lostError(): HoldfastError {
    const failure = serverFailureOf(lost)
    if (failure !== undefined) return serverError(failure)
    return closing === undefined
      ? connectionLost(describeAddress(address), lost)
      : closedError('connection_lost')
  }

  function closedError(code: 'cancelled' | 'connection_lost'): HoldfastError {
    return new HoldfastError(code, `The connection to ${describeAddress(address)} is closed.`)
  }

  async function end(client: Client): Promise<void> {
    signal?.removeEventListener('abort', onAbort)
    await stop()
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS)
    await client.end().catch(() => {})
    clearTimeout(timer)
  }

  function inTurn<T>(send: () => Promise<T>): Promise<T> {
    const result = previous.then(() => run(send))
    previous = result.catch(() => {})
    return result
  }

  const close = (): Promise<void> => (closing ??= end(client))
  return {
    query<Row extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
      return inTurn(async () => {
        const result: unknown = await client.query(sql, values === undefined ? undefined : [...values])
        const last: unknown = Array.isArray(result) ? result.at(-1) : result
        return (last as { rows: Row[] }).rows
      })
    },
    runOne(sql) {
      // Its types do not know of queryMode, which makes pg use the protocol that takes one statement.
      const query: QueryConfig & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' }
      return inTurn(async () => (await client.query(query)).rowCount ?? 0)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
