import { fileURLToPath } from 'node:url'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { limitedStorage, type Limits } from './limited.ts'
import { openLocalStorage } from './local.ts'
import { createRetry, retryingStorage } from './retry.ts'
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
}

/** A storage, and what is special to its kind, for who wants to know what it is like. */
export type Opened =
  | { readonly kind: 'local'; readonly storage: Storage; readonly directory: string }
  | { readonly kind: 's3'; readonly storage: Storage; readonly location: S3Location; readonly s3: S3Storage }

/**
 * The storage at `address`: a path, a `file://` URL or an `s3://` address. Touches nothing. Calls to object storage are tried again
 * where the failure may pass; a disk's would not. Throws `usage` for other kinds of address.
 */
export function openStorage(address: string, options: StorageOptions): Storage {
  return openAny(address, options).storage
}

/** As `openStorage`, telling what it has opened. */
export function openAny(address: string, options: StorageOptions): Opened {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(address)?.[1]?.toLowerCase()
  if (scheme === 's3') return openRemote(address, options)
  if (scheme === undefined && address === '') {
    throw new HoldfastError('usage', 'The address of the repository is empty.')
  }
  if (scheme !== undefined && scheme !== 'file') {
    throw new HoldfastError('usage', `A repository at ${scheme}:// is not supported yet.`, {
      hint: 'Give a path, or an address that begins with file:// or s3://.',
    })
  }
  const local = openLocalStorage(scheme === undefined ? address : pathOf(address))
  return { kind: 'local', storage: limited(local, options), directory: local.address }
}

/** Limits are inside of the attempts: one that waits to be tried again keeps nobody's place, and what is sent twice counts twice. */
function openRemote(address: string, options: StorageOptions): Opened {
  const { clock, steadyClock, random } = options
  const retry = createRetry({ clock: steadyClock, random })
  const location = parseS3Address(address)
  const s3 = openS3Storage({ location, clock, retry })
  return { kind: 's3', storage: retryingStorage(limited(s3, options), retry), location, s3 }
}

function limited(storage: Storage, { limits, steadyClock }: StorageOptions): Storage {
  const none = limits.requests === null && limits.bytesPerSecond === null
  return none ? storage : limitedStorage(storage, { ...limits, clock: steadyClock })
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
