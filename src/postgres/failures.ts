import type { ErrorCode } from '../lib/error-codes.ts'
import { HoldfastError, messageOf } from '../lib/errors.ts'

/** What the server said in an ErrorResponse. */
export interface ServerFailure {
  readonly sqlstate: string
  readonly message: string
  /** The server ends the session after this. */
  readonly fatal: boolean
  readonly detail: string | undefined
  readonly hint: string | undefined
  /** Where in the statement, in characters from 1, if that is where it lies. */
  readonly position?: number | undefined
  /** Where the server was. Quotes rows, and is not for people's eyes. */
  readonly context: string | undefined
  readonly schema: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly constraint: string | undefined
}

/** SQLSTATEs after which the session is gone: terminated, shut down, idle too long. Not 08: a foreign table's server reports it, too. */
const SESSION_ENDS = /^(57P0[1-5]|25P0[34])$/

/** The HoldfastError for what the server reported. The statement and its values are not part of it, nor the context, which quotes rows. */
export function serverError(failure: ServerFailure): HoldfastError {
  const table = failure.table === undefined ? undefined : `${failure.schema ?? ''}.${failure.table}`
  const details: Record<string, unknown> = { sqlstate: failure.sqlstate }
  for (const [name, value] of Object.entries({
    table,
    column: failure.column,
    constraint: failure.constraint,
    detail: failure.detail,
    line: lineOf(failure.context),
    position: failure.position,
  })) {
    if (value !== undefined) details[name] = value
  }
  const at = table === undefined || failure.message.includes(failure.table ?? '') ? '' : ` (table ${table})`
  return new HoldfastError(codeOf(failure), `${failure.message}${at}`, {
    details,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  })
}

/** Of the rows that were sent by one COPY, the one that is to blame. */
function lineOf(context: string | undefined): string | undefined {
  return /^COPY .*?, line (\d+)/m.exec(context ?? '')?.[1]
}

function codeOf({ sqlstate, fatal }: ServerFailure): ErrorCode {
  if (sqlstate === '28P01' || sqlstate === '28000') return 'login_failed'
  if (sqlstate === '3D000') return 'database_missing'
  if (sqlstate === '55P03') return 'lock_timeout'
  if (fatal || SESSION_ENDS.test(sqlstate)) return 'connection_lost'
  return 'query_failed'
}

/**
 * If what was thrown comes of a server whose table of locks is full, the error that says so; undefined if not. To be asked
 * of work as a whole: an attempt with fewer statements at once may need fewer.
 */
export function locksExhausted(
  thrown: unknown,
  o: { hint?: string | undefined } = {},
): HoldfastError | undefined {
  for (let error = thrown; error instanceof HoldfastError; error = error.cause) {
    // The name of the setting is in the server's hint in every language.
    if (error.details['sqlstate'] !== '53200' || !error.hint.includes('max_locks_per_transaction')) continue
    return new HoldfastError('locks_exhausted', messageOf(thrown), {
      cause: thrown,
      ...(o.hint === undefined ? {} : { hint: o.hint }),
    })
  }
  return undefined
}

/** What `pg` threw, if it is an ErrorResponse of the server; undefined if it is anything else. */
export function serverFailureOf(thrown: unknown): ServerFailure | undefined {
  if (!(thrown instanceof Error) || !('severity' in thrown)) return undefined
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(thrown, name)
    return typeof value === 'string' ? value : undefined
  }
  return {
    sqlstate: text('code') ?? 'XX000',
    message: thrown.message,
    fatal: text('severity') === 'FATAL' || text('severity') === 'PANIC',
    detail: text('detail'),
    hint: text('hint'),
    position: text('position') === undefined ? undefined : Number(text('position')),
    context: text('where'),
    schema: text('schema'),
    table: text('table'),
    column: text('column'),
    constraint: text('constraint'),
  }
}

/** The error of a connection whose socket has ended or failed during work. */
export function connectionLost(where: string, cause?: unknown): HoldfastError {
  const why = cause === undefined ? 'the server closed it' : messageOf(cause)
  return new HoldfastError('connection_lost', `The connection to ${where} broke: ${why}.`, { cause })
}

/** The error of work that was stopped by its AbortSignal. */
export function cancelledError(signal: AbortSignal): HoldfastError {
  return new HoldfastError('cancelled', 'The work on the database was cancelled.', { cause: signal.reason })
}
