import { addKeyword, badAddress, type Keywords } from './address-keywords.ts'

const ENCODE_HINT =
  'In a user name or password, write the characters % @ : / ? # & and blanks as %25 %40 %3A %2F %3F %23 %26 %20.'

/** Reads `postgres://user:password@host:port/database?parameter=value`, as libpq does. */
export function parseUrl(text: string): Keywords {
  const keywords: Keywords = new Map()
  const rest = text.replace(/^postgres(ql)?:\/\//, '')
  const queryAt = rest.indexOf('?')
  const main = queryAt < 0 ? rest : rest.slice(0, queryAt)
  const query = queryAt < 0 ? '' : rest.slice(queryAt + 1)
  const slash = main.indexOf('/')
  const authority = slash < 0 ? main : main.slice(0, slash)
  const database = slash < 0 ? '' : main.slice(slash + 1)

  if (database.includes('@')) throw badAddress('there is an "@" behind the "/"', ENCODE_HINT)
  const at = authority.indexOf('@')
  if (authority.includes('@', at + 1))
    throw badAddress('there is more than one "@" before the database', ENCODE_HINT)
  if (at >= 0) {
    const login = authority.slice(0, at)
    const colon = login.indexOf(':')
    set('user', colon < 0 ? login : login.slice(0, colon), 'user name')
    if (colon >= 0) set('password', login.slice(colon + 1), 'password')
  }
  placeOf(authority.slice(at + 1))
  set('dbname', database, 'database name')

  // With an "@" behind the "?", the password was most likely cut in two by it.
  const safe = !query.includes('@')
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=')
    if (equals < 0) throw badAddress('a parameter behind the "?" has no "="', ENCODE_HINT)
    const name = decode(part.slice(0, equals), 'a parameter')
    const value = decode(part.slice(equals + 1), 'a parameter')
    if (name === 'ssl' && value === 'true') keywords.set('sslmode', 'require')
    else addKeyword(keywords, name, value, safe)
  }
  return keywords

  function set(name: string, encoded: string, what: string): void {
    addKeyword(keywords, name, decode(encoded, `the ${what}`))
  }

  function placeOf(place: string): void {
    if (place.includes(',')) throw severalHosts()
    const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(place)
    if (parts === null) throw badAddress('host and port cannot be told apart', ENCODE_HINT)
    set('host', parts[1] ?? parts[2] ?? '', 'host')
    set('port', parts[3] ?? '', 'port')
  }
}

export function severalHosts(): Error {
  return badAddress('it names several hosts', 'Name the one host to use.')
}

/** Percent-decoding. The text itself stays out of the error: it may be a password. */
function decode(encoded: string, what: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(encoded)
  } catch {
    throw badAddress(`${what} has a "%" that is not followed by two hexadecimal digits of UTF-8`, ENCODE_HINT)
  }
  if (decoded.includes('\0')) throw badAddress(`${what} has a %00`)
  return decoded
}
