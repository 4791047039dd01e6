import { ident, literal } from './quote.ts'

/** `since`: the first major version that knows the setting. */
interface Setting {
  readonly value: string
  readonly since?: number
}

/** What a session needs so that the text of a value depends on the value only, and nothing stops long work. */
const always: Readonly<Record<string, Setting>> = {
  // Dates and intervals in one unambiguous form, in and out.
  DateStyle: { value: 'ISO, YMD' },
  IntervalStyle: { value: 'postgres' },
  // timestamptz is printed in the session's zone.
  TimeZone: { value: 'UTC' },
  // Floats with every digit that reading them back exactly needs.
  extra_float_digits: { value: '3' },
  bytea_output: { value: 'hex' },
  xmlbinary: { value: 'base64' },
  // CONTENT accepts all that the xml type can hold; DOCUMENT would refuse fragments on the way back.
  xmloption: { value: 'content' },
  // money is printed and read by this locale.
  lc_monetary: { value: 'C' },
  // Names are printed with their schema (regclass, regtype), and no object of the database shadows pg_catalog.
  search_path: { value: '' },
  quote_all_identifiers: { value: 'off' },
  // An error instead of a silent subset where row level security applies.
  row_security: { value: 'off' },
  standard_conforming_strings: { value: 'on' },
  // Off, NULL in an array is read as a text of four letters.
  array_nulls: { value: 'on' },
  // On, "x = NULL" in a constraint, a default or a view is stored as another condition.
  transform_null_equals: { value: 'off' },
  // A scan begins at the first page, so equal tables give their rows in equal order.
  synchronize_seqscans: { value: 'off' },
  // Compiling a query pays for none of ours, and its price is estimated: a count of a large table would always be compiled.
  jit: { value: 'off' },
  // Defaults of the role or database that would stop long or writing work.
  statement_timeout: { value: '0' },
  lock_timeout: { value: '0' },
  idle_in_transaction_session_timeout: { value: '0' },
  idle_session_timeout: { value: '0', since: 14 },
  transaction_timeout: { value: '0', since: 17 },
  default_transaction_read_only: { value: 'off' },
  default_transaction_isolation: { value: 'read committed' },
  default_transaction_deferrable: { value: 'off' },
}

/** The settings of every session, by name. Callers' own settings go on top. */
export const sessionSettings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(always).map(([name, { value }]) => [name, value]),
)

/** What a wire session sets besides: workers would hand over rows in an order that changes from run to run. */
export const wireSettings: Readonly<Record<string, string>> = { max_parallel_workers_per_gather: '0' }

/** One SELECT that makes the settings, leaving out those the server is too old for; its column `version` is server_version_num. */
export function settingsQuery(settings: Readonly<Record<string, string>>, rawEncoding: boolean): string {
  const version = `pg_catalog.current_setting('server_version_num')::pg_catalog.int4`
  const calls = Object.entries(settings).map(([name, value]) => {
    const call = `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`
    const since = always[name]?.since
    return since === undefined ? call : `CASE WHEN ${version} >= ${since * 10000} THEN ${call} END`
  })
  // pg asks for UTF8 at start-up; the database's own encoding means bytes are neither converted nor checked.
  if (rawEncoding) {
    calls.push(`pg_catalog.set_config('client_encoding', pg_catalog.getdatabaseencoding(), false)`)
  }
  return `SELECT ${[`${version} AS ${ident('version')}`, ...calls].join(', ')}`
}
