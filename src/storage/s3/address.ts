import { HoldfastError } from '../../lib/errors.ts'
import { isSegment } from '../key.ts'

/** Where a repository is in an object storage that speaks S3. Holds no credential. */
export interface S3Location {
  readonly bucket: string
  /** What every key begins with: empty, or ends with '/'. */
  readonly prefix: string
  /** The server, for all but Amazon's. */
  readonly endpoint: URL | null
  readonly region: string | null
  /** The bucket is named in the path, and not in the host's name. */
  readonly pathStyle: boolean
  /** File with the certificates of the authorities to trust, in place of the usual ones. */
  readonly ca: string | null
  /** Plain http is allowed also to other machines. */
  readonly insecure: boolean
}

const known = ['endpoint', 'region', 'path-style', 'ca', 'insecure']
const example = 's3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1'

/** Reads `s3://bucket/prefix?endpoint=...`. Throws `usage`, and never repeats what might be a secret. */
export function parseS3Address(address: string): S3Location {
  const match = /^s3:\/\/([^/?#]*)((?:\/[^?#]*)?)(?:\?([^#]*))?$/i.exec(address)
  const [, bucket = '', path = '', query = ''] = match ?? []
  if (match === null) throw refused('it has a part that begins with #')
  if (bucket.includes('@')) throw holdsSecret()
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) throw refused('it names no bucket')
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  const prefix = path.replaceAll('/', '') === '' ? '' : `${segments.join('/')}/`
  if (prefix !== '' && !segments.every(isSegment)) {
    throw refused('the path may have letters, digits, ".", "_" and "-" only, between single slashes')
  }
  const given = readQuery(query)
  const endpoint = readEndpoint(given.get('endpoint'))
  const location = {
    bucket,
    prefix,
    endpoint,
    region: given.get('region') ?? null,
    // Servers of one's own seldom have a name per bucket, and all of them take the path.
    pathStyle: readFlag(given, 'path-style') ?? endpoint !== null,
    ca: given.get('ca') ?? null,
    insecure: readFlag(given, 'insecure') ?? false,
  }
  if (location.region !== null && !/^[A-Za-z0-9-]+$/.test(location.region)) throw refused('no such region')
  if (endpoint !== null) requireSecure(endpoint, location)
  return location
}

/** The address, as it is shown and given again. */
export function printS3Address(location: S3Location): string {
  const { bucket, prefix, endpoint, region, pathStyle, ca, insecure } = location
  const parameters: [string, string | null][] = [
    ['endpoint', endpoint?.href.replace(/\/$/, '') ?? null],
    ['region', region],
    ['path-style', pathStyle === (endpoint !== null) ? null : String(pathStyle)],
    ['ca', ca],
    ['insecure', insecure ? 'true' : null],
  ]
  const query = parameters.flatMap(([name, value]) => (value === null ? [] : [`${name}=${encode(value)}`]))
  const path = prefix === '' ? '' : `/${prefix.slice(0, -1)}`
  return `s3://${bucket}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

/** Throws `usage` for plain http to another machine, unless the address allows it. */
export function requireSecure(server: { protocol: string; hostname: string }, location: S3Location): void {
  if (server.protocol === 'https:' || location.insecure || isLoopback(server.hostname)) return
  throw new HoldfastError('usage', `The storage would be spoken to in the clear, over http.`, {
    hint: 'Use https. If nobody can listen on the way, add insecure=true to the address.',
  })
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(hostname)
}

function readQuery(query: string): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const part of query.split('&').filter((text) => text !== '')) {
    const [name = '', ...rest] = part.split('=')
    if (/key|secret|token|password|credential|signature/i.test(name)) throw holdsSecret()
    if (!known.includes(name)) throw refused(`after "?" it may have ${known.join(', ')}`)
    if (given.has(name)) throw refused(`it has ${name} twice`)
    try {
      given.set(name, decodeURIComponent(rest.join('=')))
    } catch {
      throw refused(`its ${name} has a % that stands for nothing`)
    }
  }
  for (const [name, value] of given) if (value === '') throw refused(`its ${name} is empty`)
  return given
}

function readEndpoint(text: string | undefined): URL | null {
  if (text === undefined) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refused('its endpoint is to be like https://s3.example.com')
  }
  if (url.username !== '' || url.password !== '') throw holdsSecret()
  if (url.search !== '' || url.hash !== '') throw refused('its endpoint goes on after the path')
  return url
}

function readFlag(given: ReadonlyMap<string, string>, name: string): boolean | null {
  const value = given.get(name)
  if (value === undefined) return null
  if (value === 'true' || value === 'false') return value === 'true'
  throw refused(`its ${name} is to be true or false`)
}

function refused(why: string): HoldfastError {
  return new HoldfastError('usage', `Not the address of an S3 storage: ${why}.`, {
    hint: `Give one like ${example}`,
  })
}

function holdsSecret(): HoldfastError {
  return new HoldfastError(
    'usage',
    'An address may hold no user, key or password: it is shown, and others see it.',
    {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; and change a secret that was in an address.',
    },
  )
}

/** What ends no parameter is left as it is, to be read by people. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(3A|2F|5B|5D)/g, decodeURIComponent)
}
