import type { ErrorCode } from '../lib/error-codes.ts'
import type { HoldfastError } from '../lib/errors.ts'
import { describeAddress, type ServerAddress } from '../postgres/server-address.ts'
import { unsupported } from '../postgres/supported.ts'
import type { SourceFacts } from '../snapshot/examine.ts'
import { formatBytes, formatCountOf } from './format.ts'

/** One line of what `source test` and `storage test` tell. */
export interface SourceCheck {
  readonly name: string
  /**
   * `good`: as it should be. `note`: worth knowing; a backup works. `bad`: a backup would fail with `code`. `unknown`:
   * could not be asked, because of something else that is bad.
   */
  readonly result: 'good' | 'note' | 'bad' | 'unknown'
  readonly text: string
  /** What to do; null where there is nothing. */
  readonly hint: string | null
  readonly code: ErrorCode | null
}

/** A clock that is as far away as this shows in the times of backups. */
const clockToleranceMs = 5000
const shownNames = 10
/** What a backup takes with the --jobs of a large machine. */
const enoughConnections = 8

/** What is found of a source that was reached, in words. */
export function checksOf(facts: SourceFacts): SourceCheck[] {
  const { address, server, major, refusals } = facts
  return [
    good('reachable', `${describeAddress(address)} answers`),
    encryption(address, server.tls),
    good('login', `as role ${server.role}, into database ${address.database}`),
    version(major, server.version),
    server.standby ? standby(facts) : good('server', 'a primary'),
    role(facts),
    ...connections(facts),
    ...rows(facts),
    ...refusals.map(refusal),
    sequences(facts),
    largeObjects(facts),
    ...(facts.gaps ?? []).map(({ what, why }) => note('gap', `not in the backup: ${what}. ${why}`)),
    good('wal_level', `${server.walLevel}; any level will do for backups`),
    size(facts),
    good('extensions', server.extensions.map((one) => `${one.name} ${one.version}`).join(', ') || 'none'),
    clock(facts.clockAheadMs),
  ]
}

/** What is known of a source that no session could be opened to. */
export function failedChecks(address: ServerAddress, error: HoldfastError): SourceCheck[] {
  const place = describeAddress(address)
  // What the server itself says, it says when it has been reached.
  const answered = error.details['sqlstate'] !== undefined || error.code === 'login_failed'
  const reachable = good('reachable', `${place} answers`)
  const rest = unknown('rest', 'everything else: there is no session to ask in')
  if (isCertificateFailure(error)) return [reachable, { ...refusal(error), name: 'encrypted' }, rest]
  if (!answered) return [{ ...refusal(error), name: 'reachable' }, rest]
  // A server looks for the database only when it knows who asks.
  if (error.code === 'database_missing') {
    return [
      reachable,
      good('login', `the server accepts ${address.user}`),
      { ...refusal(error), name: 'database' },
      rest,
    ]
  }
  return [reachable, { ...refusal(error), name: error.code === 'login_failed' ? 'login' : 'server' }, rest]
}

/** A failure as a check. */
export function refusal(error: HoldfastError): SourceCheck {
  const names: Partial<Record<ErrorCode, string>> = {
    source_denied: 'rows',
    source_row_security: 'row security',
    table_not_found: 'scope',
    password_missing: 'password',
  }
  const name = names[error.code] ?? 'server'
  return { name, result: 'bad', text: withoutStop(error.message), hint: error.hint, code: error.code }
}

/** Somebody answers, and it is not certain that it is the server: Node's codes of what is wrong with a certificate. */
function isCertificateFailure({ cause }: HoldfastError): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  return /^ERR_(TLS|SSL)_|CERT|ISSUER/.test(code)
}

/** True of a Unix socket and of this machine's own addresses. */
function isHere(host: string): boolean {
  return host.startsWith('/') || /^(127(\.\d+){3}|::1|localhost)$/i.test(host)
}

function encryption(address: ServerAddress, tls: string | null): SourceCheck {
  if (tls === null && isHere(address.host)) {
    return good('encrypted', 'not needed: the connection stays on this machine')
  }
  if (tls === null) {
    return note(
      'encrypted',
      'no: whoever is on the way can read along',
      'Turn ssl on at the server, and add sslmode=verify-full to the address.',
    )
  }
  const mode = address.tls?.mode ?? 'prefer'
  if (mode === 'verify-full') return good('encrypted', `by ${tls}; it is certain that this is the server`)
  return note(
    'encrypted',
    `by ${tls}; that this is the server is not ${mode === 'verify-ca' ? 'quite ' : ''}certain`,
    'Add sslmode=verify-full to the address.',
  )
}

function version(major: number, text: string): SourceCheck {
  const found = unsupported(major, text)
  if (found === null) return good('version', `Postgres ${text}`)
  const { message, hint } = found
  return { name: 'version', result: 'bad', text: message, hint, code: 'source_unsupported' }
}

function standby({ server, tables }: SourceFacts): SourceCheck {
  const unlogged = tables?.unlogged ?? []
  const lacks =
    unlogged.length === 0 ? '' : `; it does not have the rows of unlogged tables: ${listOf(unlogged)}`
  return server.standbyFeedback && unlogged.length === 0
    ? good('server', 'a standby')
    : note(
        'server',
        `a standby${lacks}`,
        server.standbyFeedback
          ? 'Back up the primary to have them.'
          : 'Set hot_standby_feedback on, or the standby may end a long backup.',
      )
}

function role({ server }: SourceFacts): SourceCheck {
  const has = [
    ...(server.superuser ? ['superuser'] : []),
    ...(server.readsAllData && !server.superuser ? ['pg_read_all_data'] : []),
    ...(server.bypassesRowSecurity ? ['BYPASSRLS'] : []),
    ...(server.replication ? ['REPLICATION'] : []),
  ]
  const text = `${server.role} has ${has.join(', ') || 'no special rights'}`
  const hashes = server.readsPasswordHashes ? '' : '; it can not read password hashes, which will be left out'
  return server.superuser
    ? note('role', text, 'A role with pg_read_all_data and BYPASSRLS is enough, and can do less harm.')
    : good('role', text + hashes)
}

function connections({ server }: SourceFacts): SourceCheck[] {
  const limit = server.connectionLimit
  if (limit === null || limit >= enoughConnections) return []
  return [
    note(
      'connections',
      `the role or database may have ${limit} at once; a backup takes --jobs and up to four more`,
      'Use fewer --jobs, or raise CONNECTION LIMIT.',
    ),
  ]
}

function rows({ tables, refusals }: SourceFacts): SourceCheck[] {
  const about: readonly string[] = ['source_denied', 'source_row_security', 'table_not_found']
  if (tables === null) return []
  const hint = tables.locksHint === null ? [] : [note('locks', withoutStop(tables.locksHint))]
  if (refusals.some(({ code }) => about.includes(code))) return hint
  const count = tables.held === tables.all ? '' : `, of ${tables.all}, in scope`
  return [good('rows', `all of ${formatCountOf(tables.held, 'table')}${count} can be read`), ...hint]
}

function sequences({ unreadableSequences: names }: SourceFacts): SourceCheck {
  if (names === null) return unknown('sequences', 'could not be asked for')
  if (names.length === 0) return good('sequences', 'all can be read')
  return note(
    'sequences',
    `the values of ${listOf(names)} can not be read, and will be left out`,
    'Grant SELECT on them.',
  )
}

function largeObjects({ largeObjects: found }: SourceFacts): SourceCheck {
  if (found === null) return unknown('large objects', 'could not be asked for')
  const all = formatCountOf(found.all, 'large object')
  if (found.unreadable === 0)
    return good('large objects', found.all === 0 ? 'none' : `${all}, all can be read`)
  return note(
    'large objects',
    `of ${all}, ${found.unreadable} can not be read, and will be left out`,
    'pg_read_all_data does not cover large objects. Grant SELECT on each, or use their owner.',
  )
}

function size({ server, tables, largest }: SourceFacts): SourceCheck {
  const count = tables === null ? '' : ` in ${formatCountOf(tables.all, 'table')}`
  const most =
    largest === null || largest.bytes === 0
      ? ''
      : `, the largest ${largest.table} with ${formatBytes(largest.bytes)}`
  return good('size', `${formatBytes(server.bytes)} with indexes${count}${most}`)
}

/** `whose`: clock, with which this machine's is compared. */
export function clock(aheadMs: number, whose = "the server's"): SourceCheck {
  const far = Math.abs(aheadMs)
  if (far <= clockToleranceMs) {
    return good('clock', `within ${Math.max(1, Math.ceil(far / 1000))} s of this machine's`)
  }
  return note(
    'clock',
    `${whose} is ${Math.round(far / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
    'Times of backups are told by both. Set the one that is wrong.',
  )
}

export function good(name: string, text: string): SourceCheck {
  return { name, result: 'good', text, hint: null, code: null }
}

export function note(name: string, text: string, hint: string | null = null): SourceCheck {
  return { name, result: 'note', text: withoutStop(text), hint, code: null }
}

export function unknown(name: string, text: string): SourceCheck {
  return { name, result: 'unknown', text, hint: null, code: null }
}

function listOf(names: readonly string[]): string {
  const more = names.length - shownNames
  return names.slice(0, shownNames).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Messages are sentences, lines of the list are not. */
export function withoutStop(text: string): string {
  return text.replace(/\.$/, '')
}
