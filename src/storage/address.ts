import { fileURLToPath } from 'node:url'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { limitedStorage, type Limits } from './limited.ts'
import { openLocalStorage } from './local.ts'
import { createRetry, retryingStorage } from './retry.ts'
import { parseS3Address } from './s3/address.ts'
import { openS3Storage } from './s3/s3.ts'
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

/**
 * The storage at `address`: a path, a `file://` URL or an `s3://` address. Touches nothing. Calls to object storage are tried again
 * where the failure may pass; a disk's would not. Throws `usage` for other kinds of address.
 */
export function openStorage(address: string, options: StorageOptions): Storage {
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
  return limited(openLocalStorage(scheme === undefined ? address : pathOf(address)), options)
}

/** Limits are inside of the attempts: one that waits to be tried again keeps nobody's place, and what is sent twice counts twice. */
function openRemote(address: string, options: StorageOptions): Storage {
  const { clock, steadyClock, random } = options
  const retry = createRetry({ clock: steadyClock, random })
  const storage = openS3Storage({ location: parseS3Address(address), clock, retry })
  return retryingStorage(limited(storage, options), retry)
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
