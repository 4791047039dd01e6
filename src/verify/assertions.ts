import { randomBytes } from 'node:crypto'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { connect, type ServerAddress } from '../postgres/connect.ts'
import { ident, literal } from '../postgres/quote.ts'
import { makeAddress } from '../postgres/server-address.ts'
import type { CheckContext } from './checks.ts'
import { checkOf, type Assertion, type AssertionResult, type DrillCheck } from './types.ts'

const defaultTimeoutMs = 60_000
const rowsShown = 5

/** The server takes what follows as one query: nothing that writes, and not a second statement. */
const declare = 'DECLARE holdfast_assertion NO SCROLL CURSOR FOR '

/**
 * Throws `assertion_invalid` if one of the assertions is not one query. Asked of a server that does not have the tables yet, so that
 * a slip in a file is told before the backup is restored, not after.
 */
export async function requireQueries(o: {
  assertions: readonly Assertion[]
  address: ServerAddress
  signal?: AbortSignal | undefined
}): Promise<void> {
  if (o.assertions.length === 0) return
  // Planning a query may compute what is constant in it.
  const settings = { statement_timeout: '10000' }
  await using connection = await connect({ ...o, settings })
  for (const { name, sql } of o.assertions) {
    if (isEmpty(sql)) throw invalid(name, 'it holds no query')
    if (sql.includes('\0')) throw invalid(name, 'it holds a NUL character')
    await connection.query('BEGIN READ ONLY')
    await connection.runOne(declare + sql).catch((error: unknown) => {
      if (!isHoldfastError(error, 'query_failed')) throw error
      if (error.details['sqlstate'] !== syntaxError) return
      // It is no place in the text that is wrong with several statements, but the text.
      const several = error.details['position'] === undefined
      throw invalid(name, several ? 'it holds more than one statement' : messageWithLine(error, sql))
    })
    await connection.query('ROLLBACK')
  }
}

const syntaxError = '42601'

/** Only what white space, comments and semicolons leave counts. A text in quotes can't come first in a query. */
function isEmpty(sql: string): boolean {
  return /^[\s;]*$/.test(sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ''))
}

function invalid(name: string, why: string): HoldfastError {
  return new HoldfastError('assertion_invalid', `${name} is no assertion: ${why}.`, {
    details: { assertion: name },
  })
}

/**
 * Runs each assertion in a transaction that can only read, as a role that may read every row and do nothing else, with the
 * settings of the database. `incomplete`: not all of the backup's tables are there, so one that lacks a table has not failed.
 */
export async function runAssertions(
  o: CheckContext & { assertions: readonly Assertion[]; incomplete: boolean },
): Promise<AssertionResult[]> {
  const address = await makeReader(o.address, o.signal)
  const results: AssertionResult[] = []
  for (const assertion of o.assertions) {
    results.push(await runAssertion({ ...o, address, assertion }))
    o.onDone(1)
  }
  return results
}

/**
 * A role that logs in by itself, so that no query can give itself the superuser's rights again. Without BYPASSRLS it would see a
 * part of the rows where row level security applies, and find nothing wrong.
 */
async function makeReader(address: ServerAddress, signal: AbortSignal | undefined): Promise<ServerAddress> {
  const name = `holdfast_drill_${randomBytes(6).toString('hex')}`
  const password = randomBytes(24).toString('base64url')
  await using connection = await connect({ address, signal })
  const database = ident(address.database)
  for (const sql of [
    `CREATE ROLE ${ident(name)} LOGIN BYPASSRLS PASSWORD ${literal(password)}`,
    `GRANT pg_read_all_data TO ${ident(name)}`,
    `GRANT CONNECT ON DATABASE ${database} TO ${ident(name)}`,
    `ALTER DATABASE ${database} CONNECTION LIMIT -1`,
    // One that fires at every login may forbid it.
    `ALTER ROLE ${ident(name)} SET event_triggers = off`,
  ]) {
    await connection.query(sql)
  }
  const { options: _superuserOnly, ...rest } = address
  return makeAddress({ ...rest, user: name, password })
}

async function runAssertion(
  o: Parameters<typeof runAssertions>[0] & { assertion: Assertion },
): Promise<AssertionResult> {
  const { name, sql } = o.assertion
  const started = o.clock.now().getTime()
  const timeoutMs = o.assertionTimeoutMs ?? defaultTimeoutMs
  const settings = {
    statement_timeout: String(timeoutMs),
    default_transaction_read_only: 'on',
    // All rows are wanted, not the first ones soon.
    cursor_tuple_fraction: '1',
  }
  let firstRows: AssertionResult['firstRows'] = []
  let rows: number | null = null
  let why: string | null = null
  let result: AssertionResult['result'] = 'passed'
  try {
    await using connection = await connect({ address: o.address, settings, signal: o.signal })
    // Our sessions have none; what the database or the server has by itself is what the user's queries count on.
    await connection.query('RESET search_path; BEGIN READ ONLY')
    await connection.runOne(declare + sql)
    firstRows = (await connection.query(`FETCH FORWARD ${rowsShown} FROM holdfast_assertion`)).map(asTexts)
    rows = firstRows.length
    if (rows === rowsShown) rows += await connection.runOne('MOVE FORWARD ALL FROM holdfast_assertion')
    if (rows > 0) {
      result = 'failed'
      why = `it returned ${rows} ${rows === 1 ? 'row' : 'rows'}`
    }
  } catch (error) {
    // What ends the session ends the drill: whether it was the assertion's doing nobody knows.
    if (!isHoldfastError(error, 'query_failed') && !isHoldfastError(error, 'lock_timeout')) throw error
    const sqlstate = error.details['sqlstate']
    const lacking = o.incomplete && undefinedObject.has(String(sqlstate))
    result = lacking ? 'not verified' : 'failed'
    const seconds = timeoutMs / 1000
    why =
      rows !== null
        ? `it returned more than ${rows} rows, and could not be run to its end: ${error.message}`
        : sqlstate === canceled
          ? `it did not end within ${seconds} s`
          : `${lacking ? 'it needs something that was not restored' : 'it could not be run'}: ${messageWithLine(error, sql)}`
  }
  const seconds = (o.clock.now().getTime() - started) / 1000
  return { name, result, rows, firstRows, why, seconds }
}

/** Undefined table, column, function, schema and object. */
const undefinedObject = new Set(['42P01', '42703', '42883', '3F000', '42704'])
const canceled = '57014'

/** The assertions as one of the checks. */
export function assertionCheck(results: readonly AssertionResult[]): DrillCheck {
  const found = (result: AssertionResult['result']) =>
    results.filter((one) => one.result === result).map(({ name, why }) => ({ what: name, why: why ?? '' }))
  const notVerified = found('not verified')
  return checkOf('assertions', {
    checked: results.length - notVerified.length,
    failures: found('failed'),
    notVerified,
  })
}

function asTexts(row: Record<string, unknown>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, asText(value)]))
}

function asText(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return value
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`
  return JSON.stringify(value)
}

/** The server's message, and the line of the file that it points at. */
function messageWithLine(error: HoldfastError, sql: string): string {
  const position = error.details['position']
  if (typeof position !== 'number') return error.message
  const at = position - 1 - declare.length
  // The server counts characters, not UTF-16 units.
  const line = [...sql].slice(0, Math.max(0, at)).filter((character) => character === '\n').length + 1
  return `line ${line}: ${error.message}`
}
