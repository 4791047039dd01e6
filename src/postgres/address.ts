import { userInfo } from 'node:os'
import { join } from 'node:path'
import { addService, passwordFromFile, type AddressFiles } from './address-files.ts'
import { addEnvironment, badAddress, parseKeywords, type Keywords } from './address-keywords.ts'
import { parseUrl, severalHosts } from './address-url.ts'
import { makeAddress, type ServerAddress, type TlsMode, type TlsSettings } from './server-address.ts'

export { localFiles, type AddressFiles } from './address-files.ts'
export {
  describeAddress,
  makeAddress,
  withDatabase,
  withPassword,
  type ServerAddress,
  type TlsMode,
  type TlsSettings,
} from './server-address.ts'

/** What an address says by itself, without environment and files. Throws `usage`, as parseAddress does. */
export type InspectAddress = (text: string) => { readonly hasPassword: boolean }

type Environment = Readonly<Record<string, string | undefined>>

const SOCKET_DIRECTORIES = ['/var/run/postgresql', '/tmp']
const MODES: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/**
 * Reads the address of a database as libpq does: a `postgres://` URL or `key=value` pairs; what they leave out comes
 * from the service they name, then from the PG* variables, then from libpq's defaults; the password last from the
 * password file. `text` undefined: the environment only. Several hosts are refused.
 * Throws `usage`, without any part of a password in the message.
 */
export function parseAddress(text: string | undefined, env: Environment, files: AddressFiles): ServerAddress {
  const keywords = parseText(text?.trim() ?? '')
  const service = keywords.get('service') ?? env['PGSERVICE']
  if (service !== undefined && service !== '') {
    const own = keywords.get('servicefile') ?? env['PGSERVICEFILE'] ?? inHome(env, '.pg_service.conf')
    const paths = [own, join(env['PGSYSCONFDIR'] ?? '/etc/postgresql-common', 'pg_service.conf')]
    addService(keywords, service, paths, files)
  }
  addEnvironment(keywords, env)

  const port = wholeNumber(keywords.get('port') ?? '5432', 'port')
  if (port < 1 || port > 65535) throw badAddress('the port is not between 1 and 65535')
  const host = hostOf(keywords, port, files)
  const user = keywords.get('user') ?? systemUser()
  const database = keywords.get('dbname') ?? user
  const timeout = keywords.get('connect_timeout')
  return makeAddress({
    host,
    port,
    database,
    user,
    password: keywords.get('password') ?? storedPassword(),
    tls: host.startsWith('/') ? undefined : tlsOf(keywords, env, files),
    ...(timeout === undefined
      ? {}
      : { connectTimeoutMs: Math.max(0, wholeNumber(timeout, 'connect_timeout')) * 1000 }),
    ...given('options', keywords.get('options')),
    ...given('applicationName', keywords.get('application_name')),
  })

  function storedPassword(): string | undefined {
    const path = keywords.get('passfile') ?? inHome(env, '.pgpass')
    // As in libpq, a line for a socket in the usual place says localhost.
    const hosts = SOCKET_DIRECTORIES.includes(host) ? [host, 'localhost'] : [host]
    return passwordFromFile(path, [hosts, String(port), database, user], files)
  }
}

export const inspectAddress: InspectAddress = (text) => {
  const keywords = parseText(text.trim())
  // In an address with a stray ":" or "/", this is a piece of the password.
  wholeNumber(keywords.get('port') ?? '5432', 'port')
  return { hasPassword: keywords.has('password') }
}

/**
 * Whether two addresses lead to one place by what they say: host, port, database, service. Who logs in, and how, may differ. Throws `usage`,
 * as parseAddress does.
 */
export function leadToOne(one: string, other: string): boolean {
  const place = (text: string): readonly (string | undefined)[] => {
    const keywords = parseText(text.trim())
    const database = keywords.get('dbname') ?? keywords.get('user')
    const host = keywords.get('host') ?? keywords.get('hostaddr')
    return [host?.toLowerCase(), keywords.get('port') ?? '5432', database, keywords.get('service')]
  }
  const there = place(other)
  return place(one).every((part, index) => part === there[index])
}

function parseText(text: string): Keywords {
  if (/^postgres(ql)?:\/\//.test(text)) return parseUrl(text)
  if (text.includes('=') || text === '') return parseKeywords(text)
  throw badAddress('it is neither a postgres:// URL nor key=value pairs')
}

function hostOf(keywords: Keywords, port: number, files: AddressFiles): string {
  const name = keywords.get('host')
  const numeric = keywords.get('hostaddr')
  if (name !== undefined && numeric !== undefined && name !== numeric) {
    throw badAddress('host and hostaddr cannot be used together', 'Leave out hostaddr.')
  }
  const host = name ?? numeric
  if (host?.includes(',') === true) throw severalHosts()
  if (host !== undefined) return host
  const directory = SOCKET_DIRECTORIES.find((path) => files.exists?.(`${path}/.s.PGSQL.${port}`))
  return directory ?? 'localhost'
}

function tlsOf(keywords: Keywords, env: Environment, files: AddressFiles): TlsSettings {
  const rootPath = keywords.get('sslrootcert')
  const given = keywords.get('sslmode')
  if (given !== undefined && !MODES.includes(given))
    throw badAddress(`sslmode is not one of ${MODES.join(', ')}`)
  const mode = (given ?? (rootPath === 'system' ? 'verify-full' : 'prefer')) as TlsMode
  if (mode === 'disable') return { mode }
  if (rootPath === 'system' && mode !== 'verify-full') {
    throw badAddress(`sslrootcert=system needs sslmode=verify-full, not ${mode}`)
  }

  const own = (name: string): string => join(inHome(env, '.postgresql'), name)
  const read = (path: string | undefined, usual: string): string | undefined => {
    const file = files.readFile(path ?? usual)
    if (file === undefined && path !== undefined) throw badAddress(`there is no file ${path}`)
    return file?.text
  }
  const checks = mode === 'verify-ca' || mode === 'verify-full'
  const rootCertificate = rootPath === 'system' ? 'system' : read(rootPath, own('root.crt'))
  if (checks && rootCertificate === undefined) {
    throw badAddress(
      `sslmode=${mode} needs a root certificate, and there is none at ${own('root.crt')}`,
      'Pass sslrootcert=FILE, or sslrootcert=system for the authorities that browsers trust.',
    )
  }
  const certificate = read(keywords.get('sslcert'), own('postgresql.crt'))
  if (certificate === undefined) return { mode, rootCertificate }
  const keyPath = keywords.get('sslkey') ?? own('postgresql.key')
  const key = files.readFile(keyPath)
  if (key === undefined) throw badAddress(`the client certificate has no private key at ${keyPath}`)
  if ((key.mode & (key.uid === 0 ? 0o037 : 0o077)) !== 0) {
    throw badAddress(`others may read the private key ${keyPath}`, `Run chmod 0600 ${keyPath}`)
  }
  return { mode, rootCertificate, certificate, key: key.text }
}

function wholeNumber(text: string, what: string): number {
  // Not printed: in a URL with a stray ":" or "/", this is a piece of the password.
  if (!/^\s*-?\d{1,9}\s*$/.test(text)) {
    throw badAddress(
      `the ${what} is not a number`,
      'In a user name or password, write the characters % @ : / ? # as %25 %40 %3A %2F %3F %23.',
    )
  }
  return Number(text)
}

function inHome(env: Environment, name: string): string {
  return join(env['HOME'] ?? '/', name)
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch (error) {
    throw Object.assign(badAddress('it names no user, and this process has no user name'), { cause: error })
  }
}

function given<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: string })
}
