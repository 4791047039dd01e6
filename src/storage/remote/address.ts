import { HoldfastError } from '../../lib/errors.ts'
import { isSegment } from '../key.ts'

/** How addresses of one kind of object storage are written: `scheme://NAME/PREFIX?parameter=value&...`. */
export interface AddressKind {
  readonly scheme: string
  /** As in "Not the address of ...". */
  readonly what: string
  /** What holds the objects there: a bucket, or a container. */
  readonly holder: string
  readonly name: RegExp
  readonly parameters: readonly string[]
  readonly example: string
  /** Where a credential belongs that is not to be in an address. */
  readonly credentials: string
}

export interface AddressParts {
  /** Of the bucket or container. */
  readonly name: string
  /** What every key begins with: empty, or ends with '/'. */
  readonly prefix: string
  /** The parameters, decoded. None is empty. */
  readonly given: ReadonlyMap<string, string>
}

const secretName = /key|secret|token|password|credential|signature|sas|^sig$/i

/** Takes an address apart. Throws `usage`, and never repeats what might be a secret. */
export function readAddress(address: string, kind: AddressKind): AddressParts {
  const pattern = new RegExp(`^${kind.scheme}://([^/?#]*)((?:/[^?#]*)?)(?:\\?([^#]*))?$`, 'i')
  const match = pattern.exec(address)
  const [, name = '', path = '', query = ''] = match ?? []
  if (match === null) throw refused(kind, 'it has a part that begins with #')
  if (name.includes('@')) throw holdsSecret(kind)
  if (!kind.name.test(name)) throw refused(kind, `it names no ${kind.holder}`)
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  const prefix = path.replaceAll('/', '') === '' ? '' : `${segments.join('/')}/`
  if (prefix !== '' && !segments.every(isSegment)) {
    throw refused(kind, 'the path may have letters, digits, ".", "_" and "-" only, between single slashes')
  }
  return { name, prefix, given: readQuery(query, kind) }
}

/** The address of these parts. Parameters that are null are left out. */
export function printAddress(
  { scheme }: AddressKind,
  { name, prefix }: { readonly name: string; readonly prefix: string },
  parameters: readonly (readonly [string, string | null])[],
): string {
  const query = parameters.flatMap(([key, value]) => (value === null ? [] : [`${key}=${encode(value)}`]))
  const path = prefix === '' ? '' : `/${prefix.slice(0, -1)}`
  return `${scheme}://${name}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

export function readEndpoint(text: string | undefined, kind: AddressKind): URL | null {
  if (text === undefined) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refused(kind, 'its endpoint is to be like https://storage.example.com')
  }
  const secret = [...url.searchParams.keys()].some((name) => secretName.test(name))
  if (url.username !== '' || url.password !== '' || secret) throw holdsSecret(kind)
  if (url.search !== '' || url.hash !== '') throw refused(kind, 'its endpoint goes on after the path')
  return url
}

/** As `printAddress` shows it. */
export function printEndpoint(endpoint: URL | null): string | null {
  return endpoint?.href.replace(/\/$/, '') ?? null
}

/** Null where the address does not have it. */
export function readFlag({ given }: AddressParts, name: string, kind: AddressKind): boolean | null {
  const value = given.get(name)
  if (value === undefined) return null
  if (value === 'true' || value === 'false') return value === 'true'
  throw refused(kind, `its ${name} is to be true or false`)
}

/** Throws `usage` for plain http to another machine, unless the address allows it. */
export function requireSecure(
  server: { readonly protocol: string; readonly hostname: string },
  { insecure }: { readonly insecure: boolean },
): void {
  if (insecure || !isInTheClear(server)) return
  throw new HoldfastError('usage', `The storage would be spoken to in the clear, over http.`, {
    hint: 'Use https. If nobody can listen on the way, add insecure=true to the address.',
  })
}

/** True for plain http to another machine. */
export function isInTheClear(server: { readonly protocol: string; readonly hostname: string }): boolean {
  return server.protocol !== 'https:' && !/^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(server.hostname)
}

export function refused(kind: AddressKind, why: string): HoldfastError {
  return new HoldfastError('usage', `Not the address of ${kind.what}: ${why}.`, {
    hint: `Give one like ${kind.example}`,
  })
}

function readQuery(query: string, kind: AddressKind): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const part of query.split('&').filter((text) => text !== '')) {
    const [name = '', ...rest] = part.split('=')
    if (secretName.test(name)) throw holdsSecret(kind)
    if (!kind.parameters.includes(name)) {
      throw refused(kind, `after "?" it may have ${kind.parameters.join(', ')}`)
    }
    if (given.has(name)) throw refused(kind, `it has ${name} twice`)
    try {
      given.set(name, decodeURIComponent(rest.join('=')))
    } catch {
      throw refused(kind, `its ${name} has a % that stands for nothing`)
    }
  }
  for (const [name, value] of given) if (value === '') throw refused(kind, `its ${name} is empty`)
  return given
}

function holdsSecret({ credentials }: AddressKind): HoldfastError {
  return new HoldfastError(
    'usage',
    'An address may hold no user, key or password: it is shown, and others see it.',
    { hint: `${credentials}; and change a secret that was in an address.` },
  )
}

/** What ends no parameter is left as it is, to be read by people. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(3A|2F|5B|5D)/g, decodeURIComponent)
}
