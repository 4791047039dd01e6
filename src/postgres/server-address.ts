/** How a connection is encrypted and checked; the words and their meaning are libpq's. */
export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface TlsSettings {
  readonly mode: TlsMode
  /** Certificates (PEM) that are trusted to sign the server's, or `system` for the ones Node trusts. */
  readonly rootCertificate?: string | undefined
  /** The client's own certificate and private key (PEM). The key is a secret: makeAddress hides it. */
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

/** Where a database is, and who logs in. Made by parseAddress, or by makeAddress. */
export interface ServerAddress {
  /** A name, an IP address, or, beginning with `/`, the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** A secret. Not enumerable on what makeAddress makes, so that printing or copying an address leaves it out. */
  readonly password: string | undefined
  /** Default: mode `prefer`. Ignored on a Unix socket. */
  readonly tls?: TlsSettings | undefined
  /** How long connecting may take. Default: 15 s; 0 means for ever. */
  readonly connectTimeoutMs?: number | undefined
  /** Command-line options for the server process, as libpq's `options`. */
  readonly options?: string | undefined
  readonly applicationName?: string | undefined
}

/** An address whose secrets are not enumerable: they are in no JSON, no log and no copy made by spreading. */
export function makeAddress(parts: ServerAddress): ServerAddress {
  const { password, tls, ...open } = parts
  const address = { ...open, ...(tls === undefined ? {} : { tls: hideKey(tls) }) }
  return Object.defineProperty(address, 'password', { value: password, enumerable: false }) as ServerAddress
}

function hideKey({ key, ...open }: TlsSettings): TlsSettings {
  return Object.defineProperty({ ...open }, 'key', { value: key, enumerable: false }) as TlsSettings
}

/** `postgres://user@host:port/database`: for messages and records; without password and other secrets. */
export function describeAddress(address: ServerAddress): string {
  const { host, port } = address
  const place = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host
  return `postgres://${encodeURIComponent(address.user)}@${place}:${port}/${encodeURIComponent(address.database)}`
}

/** The same server and user, another database. */
export function withDatabase(address: ServerAddress, database: string): ServerAddress {
  return makeAddress({ ...address, password: address.password, tls: keepKey(address.tls), database })
}

/** The same, with another password. */
export function withPassword(address: ServerAddress, password: string): ServerAddress {
  return makeAddress({ ...address, password, tls: keepKey(address.tls) })
}

function keepKey(tls: TlsSettings | undefined): TlsSettings | undefined {
  return tls === undefined ? undefined : { ...tls, key: tls.key }
}
