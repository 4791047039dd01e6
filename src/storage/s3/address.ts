import {
  printAddress,
  printEndpoint,
  readAddress,
  readEndpoint,
  readFlag,
  refused,
  requireSecure,
  type AddressKind,
} from '../remote/address.ts'

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

const kind: AddressKind = {
  scheme: 's3',
  what: 'an S3 storage',
  holder: 'bucket',
  name: /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/,
  parameters: ['endpoint', 'region', 'path-style', 'ca', 'insecure'],
  example: 's3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1',
  credentials: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
}

/** Reads `s3://bucket/prefix?endpoint=...`. Throws `usage`, and never repeats what might be a secret. */
export function parseS3Address(address: string): S3Location {
  const parts = readAddress(address, kind)
  const { name, prefix, given } = parts
  const endpoint = readEndpoint(given.get('endpoint'), kind)
  const location = {
    bucket: name,
    prefix,
    endpoint,
    region: given.get('region') ?? null,
    // Servers of one's own seldom have a name per bucket, and all of them take the path.
    pathStyle: readFlag(parts, 'path-style', kind) ?? endpoint !== null,
    ca: given.get('ca') ?? null,
    insecure: readFlag(parts, 'insecure', kind) ?? false,
  }
  if (location.region !== null && !/^[A-Za-z0-9-]+$/.test(location.region)) {
    throw refused(kind, 'no such region')
  }
  if (endpoint !== null) requireSecure(endpoint, location)
  return location
}

/** The address, as it is shown and given again. */
export function printS3Address(location: S3Location): string {
  const { bucket, prefix, endpoint, region, pathStyle, ca, insecure } = location
  return printAddress(kind, { name: bucket, prefix }, [
    ['endpoint', printEndpoint(endpoint)],
    ['region', region],
    ['path-style', pathStyle === (endpoint !== null) ? null : String(pathStyle)],
    ['ca', ca],
    ['insecure', insecure ? 'true' : null],
  ])
}
