import { HoldfastError } from '../lib/errors.ts'

/** libpq's connection parameters by keyword. An empty value counts as not given. */
export type Keywords = Map<string, string>

/** Parameters that we honour, with the environment variable of each. */
export const supported: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  servicefile: 'PGSERVICEFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
}

/** Parameters that would be less safe or go elsewhere if they were ignored: refused unless they say the default. */
const refused: Readonly<Record<string, { env: string; unless: readonly string[] }>> = {
  target_session_attrs: { env: 'PGTARGETSESSIONATTRS', unless: ['any'] },
  channel_binding: { env: 'PGCHANNELBINDING', unless: ['prefer', 'disable'] },
  require_auth: { env: 'PGREQUIREAUTH', unless: [] },
  requirepeer: { env: 'PGREQUIREPEER', unless: [] },
  gssencmode: { env: 'PGGSSENCMODE', unless: ['prefer', 'disable'] },
  sslnegotiation: { env: 'PGSSLNEGOTIATION', unless: ['postgres'] },
  sslcrl: { env: 'PGSSLCRL', unless: [] },
  sslcrldir: { env: 'PGSSLCRLDIR', unless: [] },
  sslpassword: { env: '', unless: [] },
  sslcertmode: { env: 'PGSSLCERTMODE', unless: ['allow'] },
  ssl_min_protocol_version: { env: 'PGSSLMINPROTOCOLVERSION', unless: ['TLSv1', 'TLSv1.1', 'TLSv1.2'] },
  ssl_max_protocol_version: { env: 'PGSSLMAXPROTOCOLVERSION', unless: [] },
  replication: { env: '', unless: ['false', 'off', 'no', '0'] },
}

/** Parameters whose absence changes nothing for us. */
const ignored = new Set(
  (
    'client_encoding fallback_application_name tcp_user_timeout load_balance_hosts keepalives keepalives_idle keepalives_interval ' +
    'keepalives_count sslcompression sslsni krbsrvname gsslib gssdelegation min_protocol_version max_protocol_version'
  ).split(' '),
)

/** Adds a parameter. `name` is printed only if it is `safe` to: a password with a stray character may end up in it. */
export function addKeyword(keywords: Keywords, name: string, value: string, safe = true): void {
  if (ignored.has(name)) return
  const rule = refused[name]
  if (rule !== undefined) {
    if (value !== '' && !rule.unless.includes(value)) {
      throw badAddress(`the connection parameter ${name} is not supported`)
    }
  } else if (supported[name] === undefined) {
    const shown = safe && /^\w{1,40}$/.test(name) ? ` ${name}` : ''
    throw badAddress(`there is no connection parameter${shown === '' ? ' of a name it has' : shown}`)
  } else if (value !== '') keywords.set(name, value)
}

/** Adds what the environment says to what is not given already. */
export function addEnvironment(keywords: Keywords, env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, variable] of Object.entries(supported)) {
    const value = env[variable]
    if (value !== undefined && value !== '' && !keywords.has(name)) keywords.set(name, value)
  }
  for (const [name, { env: variable }] of Object.entries(refused)) {
    if (variable !== '') addKeyword(keywords, name, env[variable] ?? '')
  }
}

/** Reads `host=... dbname='...'` with libpq's quoting. */
export function parseKeywords(text: string): Keywords {
  const keywords: Keywords = new Map()
  let at = 0
  const skipBlanks = (): void => {
    while (/\s/.test(text.charAt(at))) at++
  }
  for (skipBlanks(); at < text.length; skipBlanks()) {
    const start = at
    while (at < text.length && !/[\s=]/.test(text.charAt(at))) at++
    const name = text.slice(start, at)
    skipBlanks()
    if (text[at] !== '=') throw badAddress(`"=" is missing behind the word at character ${start + 1}`)
    at++
    skipBlanks()
    // Behind a password, a name may be the rest of one that was not quoted.
    addKeyword(keywords, name, value(), !keywords.has('password'))
  }
  return keywords

  function value(): string {
    const quoted = text[at] === "'"
    const start = at
    if (quoted) at++
    let result = ''
    for (; at < text.length; at++) {
      const char = text.charAt(at)
      if (quoted ? char === "'" : /\s/.test(char)) break
      result += char === '\\' ? text.charAt(++at) : char
    }
    if (quoted && text[at++] !== "'") throw badAddress(`the quote at character ${start + 1} is not closed`)
    return result
  }
}

/** The `usage` error of an address. `what` must not hold any part of it that may be secret. */
export function badAddress(what: string, hint?: string): HoldfastError {
  return new HoldfastError('usage', `The database address is wrong: ${what}.`, {
    hint: hint ?? 'An address looks like postgres://user@host:5432/database, or host=... dbname=... user=...',
  })
}
