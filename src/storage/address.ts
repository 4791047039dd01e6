import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { schemeWithoutSlashes } from '../lib/lost-slash.ts'
import { openArchiveStorage } from './archive/archive.ts'
import { parseGoogleAddress, type GoogleLocation } from './google/address.ts'
import { openGoogleStorage, type GoogleStorage } from './google/google.ts'
import { limitedStorage, type Limits } from './limited.ts'
import { openLocalStorage } from './local.ts'
import { createRetry, retryingStorage } from './retry.ts'
import type { Environment } from './azure/access.ts'
import { parseAzureAddress, type AzureLocation } from './azure/address.ts'
import { openAzureStorage, type AzureStorage } from './azure/azure.ts'
import { parseS3Address, type S3Location } from './s3/address.ts'
import { openS3Storage, type S3Storage } from './s3/s3.ts'
import type { Storage } from './storage.ts'

/** What a storage elsewhere than on this machine is reached with. */
export interface StorageOptions {
  /** The machine's clock, by which requests are signed. */
  readonly clock: Clock
  /** One that is never set back, for waiting. */
  readonly steadyClock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly limits: Limits
  /** Of all that is done with it: when it aborts, no limit holds anything up any more. */
  readonly cancelled?: AbortSignal | undefined
  /** Where credentials of Azure's storage may be. Other libraries look for theirs themselves. */
  readonly environment: Environment
}

/** A storage, and what is special to its kind, for who wants to know what it is like. */
export type Opened =
  | { readonly kind: 'local'; readonly storage: Storage; readonly directory: string }
  | { readonly kind: 'archive'; readonly storage: Storage }
  | {
      readonly kind: 'azure'
      readonly storage: Storage
      readonly location: AzureLocation
      readonly azure: AzureStorage
    }
  | {
      readonly kind: 'google'
      readonly storage: Storage
      readonly location: GoogleLocation
      readonly google: GoogleStorage
    }
  | { readonly kind: 's3'; readonly storage: Storage; readonly location: S3Location; readonly s3: S3Storage }

/** What others call them. */
const meant: Readonly<Record<string, string>> = {
  az: 'azblob',
  azure: 'azblob',
  abfs: 'azblob',
  abfss: 'azblob',
  wasbs: 'azblob',
  gcs: 'gs',
  s3a: 's3',
}

/**
 * The storage at `address`: the path or `file://` URL of a directory, or of an archive if there is a file, or the address of an object storage.
 * Changes nothing and opens nothing. Calls to object storage are tried again where the failure may pass; a disk's would not. Throws `usage` for other kinds of address.
 */
export function openStorage(address: string, options: StorageOptions): Storage {
  return openAny(address, options).storage
}

/** As `openStorage`, telling what it has opened. */
export function openAny(address: string, options: StorageOptions): Opened {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(address)?.[1]?.toLowerCase()
  switch (scheme) {
    case 's3':
    case 'azblob':
    case 'gs':
      return openRemote(scheme, address, options)
    case undefined:
      requirePath(address)
      break
    case 'file':
      break
    default: {
      const other = Object.hasOwn(meant, scheme) ? meant[scheme] : undefined
      throw new HoldfastError('usage', `A repository at ${scheme}:// is not supported.`, {
        hint:
          other === undefined
            ? 'Give a path, or an address that begins with file://, s3://, azblob:// or gs://.'
            : `An address of such a storage begins with ${other}://; docs/STORAGE.md says how it goes on.`,
      })
    }
  }
  if (address === '') throw new HoldfastError('usage', 'The address of the repository is empty.')
  const path = scheme === undefined ? address : pathOf(address)
  if (isFile(path)) return { kind: 'archive', storage: limited(openArchiveStorage(path), options) }
  const local = openLocalStorage(path)
  return { kind: 'local', storage: limited(local, options), directory: local.address }
}

/** Limits are inside of the attempts: one that waits to be tried again keeps nobody's place, and what is sent twice counts twice. */
function openRemote(scheme: 's3' | 'azblob' | 'gs', address: string, options: StorageOptions): Opened {
  const { clock, steadyClock, random, environment } = options
  const retry = createRetry({ clock: steadyClock, random })
  const wrapped = (storage: Storage): Storage => retryingStorage(limited(storage, options), retry)
  switch (scheme) {
    case 's3': {
      const location = parseS3Address(address)
      const s3 = openS3Storage({ location, clock, retry })
      return { kind: 's3', storage: wrapped(s3), location, s3 }
    }
    case 'azblob': {
      const location = parseAzureAddress(address)
      const azure = openAzureStorage({ location, environment, clock, retry })
      return { kind: 'azure', storage: wrapped(azure), location, azure }
    }
    case 'gs': {
      const location = parseGoogleAddress(address)
      const google = openGoogleStorage({ location, clock, retry })
      return { kind: 'google', storage: wrapped(google), location, google }
    }
  }
}

function limited(storage: Storage, { limits, steadyClock, cancelled }: StorageOptions): Storage {
  const none = limits.requests === null && limits.bytesPerSecond === null
  return none ? storage : limitedStorage(storage, { ...limits, clock: steadyClock, cancelled })
}

/** What can't be looked at is for the driver to complain of. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Other tools write `s3:bucket`, and a slash is lost easily: taken for a directory, it would fill this disk with what was meant to be elsewhere. */
function requirePath(address: string): void {
  const scheme = schemeWithoutSlashes(address)
  if (scheme === null) return
  throw new HoldfastError('usage', `An address of ${scheme} has "//" after "${scheme}:".`, {
    hint: `Give one that begins with ${meant[scheme] ?? scheme}://, or ./ before the name if a directory is meant.`,
  })
}

function pathOf(address: string): string {
  try {
    return fileURLToPath(address)
  } catch (error) {
    throw new HoldfastError('usage', `Not a file address: ${address}`, {
      cause: error,
      hint: 'A file address has an absolute path and no host, like file:///srv/backups.',
    })
  }
}
