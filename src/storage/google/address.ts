import { HoldfastError } from '../../lib/errors.ts'
import {
  isInTheClear,
  printAddress,
  printEndpoint,
  readAddress,
  readEndpoint,
  refused,
  type AddressKind,
} from '../remote/address.ts'

/** Where a repository is in Google's cloud storage. Holds no credential. */
export interface GoogleLocation {
  readonly bucket: string
  /** What every key begins with: empty, or ends with '/'. */
  readonly prefix: string
  /** The server; null for Google's. */
  readonly endpoint: URL | null
  /** The project that pays for the requests; null: that of the credential, or of the bucket. */
  readonly project: string | null
  /** File with the certificates of the authorities to trust, in place of the usual ones. */
  readonly ca: string | null
}

const kind: AddressKind = {
  scheme: 'gs',
  what: 'a Google cloud storage',
  holder: 'bucket',
  name: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  parameters: ['endpoint', 'project', 'ca'],
  example: 'gs://bucket/prefix',
  credentials: 'Set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth application-default login',
}

/** Reads `gs://bucket/prefix?...`. Throws `usage`, and never repeats what might be a secret. */
export function parseGoogleAddress(address: string): GoogleLocation {
  const { name, prefix, given } = readAddress(address, kind)
  const endpoint = readEndpoint(given.get('endpoint'), kind)
  const project = given.get('project') ?? null
  if (project !== null && !/^[a-z0-9.:-]+$/.test(project))
    throw refused(kind, 'no project is named like that')
  // With every request a token goes along, which is all that is needed to delete the backups.
  if (endpoint !== null && isInTheClear(endpoint)) {
    throw new HoldfastError('usage', 'The credential itself would be sent in the clear, over http.', {
      hint: 'Use https.',
    })
  }
  return { bucket: name, prefix, endpoint, project, ca: given.get('ca') ?? null }
}

/** The address, as it is shown and given again. */
export function printGoogleAddress({ bucket, prefix, endpoint, project, ca }: GoogleLocation): string {
  return printAddress(kind, { name: bucket, prefix }, [
    ['endpoint', printEndpoint(endpoint)],
    ['project', project],
    ['ca', ca],
  ])
}
