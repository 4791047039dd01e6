import pg from 'pg'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { serverFailureOf } from '../postgres/failures.ts'
import { openClient } from '../postgres/open.ts'
import { describeAddress, type ServerAddress } from '../postgres/server-address.ts'

/** Something that runs statements: a pool, or one transaction. */
export interface Queries {
  /**
   * Runs one statement, or several without values. Times are Dates, json is parsed, bytea is a Buffer, int8 and numeric are texts. Throws
   * `catalog_unreachable`, `catalog_failed`.
   */
  query<Row extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

/** A pool of connections of one role. */
export interface Database extends Queries {
  /**
   * Does the work in one transaction, which is committed when it resolves and rolled back when it throws. If the answer to the
   * commit is lost, `catalog_unreachable` is thrown although it may have been made: whoever tries again must bear that.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly address: ServerAddress
  /** Of this role from its first moment on; null: the one that logs in. */
  readonly role: string | null
  readonly connections: number
  readonly applicationName: string
  /**
   * A statement that takes longer has failed: the other side may be gone without a word. So may this one, frozen or cut off in the middle
   * of a transaction: the server ends what asks nothing more of it for as long, and with it the locks that others wait for. Null: any time.
   */
  readonly answerWithinMs: number | null
}

const connectTimeoutMs = 10_000

/** Opens a pool, with one connection that is tried. Throws `catalog_unreachable`, `login_failed`, `database_missing`. */
export async function openDatabase(o: DatabaseOptions): Promise<Database> {
  const { address } = o
  const first = await openClient({ address, applicationName: o.applicationName }).catch((error: unknown) => {
    throw isHoldfastError(error, 'connection_failed') ? catalogError(address, error) : error
  })
  await first.client.end()
  const pool = new pg.Pool({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password: () => address.password ?? '',
    // What the first connection came to by the rules of libpq; pg has others.
    ssl: first.tls === undefined ? false : { ...first.tls },
    application_name: o.applicationName,
    // Names are written with their schema; nothing that others put into public is found by mistake.
    options: [
      ...(address.options === undefined ? [] : [address.options]),
      '-c search_path= -c timezone=UTC',
      ...(o.role === null ? [] : [`-c role=${o.role}`]),
      ...(o.answerWithinMs === null ? [] : [`-c idle_in_transaction_session_timeout=${o.answerWithinMs}`]),
    ].join(' '),
    max: o.connections,
    connectionTimeoutMillis: connectTimeoutMs,
    ...(o.answerWithinMs === null ? {} : { query_timeout: o.answerWithinMs }),
    keepAlive: true,
  })
  // Of an idle connection: the next one to ask learns of it.
  pool.on('error', () => undefined)
  // Of one that breaks while it is handed over, when neither the pool nor a transaction listens: that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))

  return {
    query: (sql, values) => told(address, () => run(pool, sql, values)),
    async transaction(work) {
      const client = await told(address, () => pool.connect())
      let broken: Error | undefined
      const onError = (error: Error): void => void (broken = error)
      client.on('error', onError)
      const query: Queries['query'] = (sql, values) => told(address, () => run(client, sql, values))
      try {
        await query('BEGIN')
        const result = await work({ query })
        await query('COMMIT')
        return result
      } catch (error) {
        // After a statement without an answer there is none to this one either.
        if (isHoldfastError(error, 'catalog_unreachable')) broken ??= error
        else await client.query('ROLLBACK').catch((failed: Error) => (broken ??= failed))
        throw error
      } finally {
        client.off('error', onError)
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}

async function run<Row extends Record<string, unknown>>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  // Several statements without values have several results.
  const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await on.query<Row>(
    sql,
    values === undefined ? undefined : [...values],
  )
  return Array.isArray(result) ? result.flatMap(({ rows }) => rows ?? []) : result.rows
}

async function told<T>(address: ServerAddress, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw catalogError(address, error)
  }
}

/** SQLSTATEs after which another try may find the server well: shutting down, starting, out of connections, asked nothing for too long. */
const passing = /^(57P0[1-3]|53300|25P03|08...)$/

function catalogError(address: ServerAddress, error: unknown): HoldfastError {
  if (isHoldfastError(error) && !isHoldfastError(error, 'connection_failed')) return error
  const failure = serverFailureOf(error)
  if (failure === undefined || passing.test(failure.sqlstate)) {
    const text = `The catalog at ${describeAddress(address)} could not be reached: ${messageOf(error)}`
    return new HoldfastError('catalog_unreachable', text, { cause: error })
  }
  const { sqlstate, constraint, table } = failure
  return new HoldfastError('catalog_failed', `The catalog refused a statement: ${failure.message}.`, {
    cause: error,
    details: {
      sqlstate,
      ...(constraint === undefined ? {} : { constraint }),
      ...(table === undefined ? {} : { table }),
    },
  })
}

/** True if the catalog refused it because of this unique constraint or index. */
export function isTaken(error: unknown, constraint?: string): boolean {
  return (
    isHoldfastError(error, 'catalog_failed') &&
    error.details['sqlstate'] === '23505' &&
    (constraint === undefined || error.details['constraint'] === constraint)
  )
}

/** True if the catalog refused it because of a reference to what is not there, or from what is. */
export function isReference(error: unknown): boolean {
  return isHoldfastError(error, 'catalog_failed') && error.details['sqlstate'] === '23503'
}
