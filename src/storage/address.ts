import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../lib/errors.ts'
import { openLocalStorage } from './local.ts'
import type { Storage } from './storage.ts'

/** The storage at `address`: a path, or a `file://` URL. Touches nothing. Throws `usage` for other kinds of address. */
export function openStorage(address: string): Storage {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    if (address === '') throw new HoldfastError('usage', 'The address of the repository is empty.')
    return openLocalStorage(address)
  }
  if (scheme === 'file') return openLocalStorage(pathOf(address))
  throw new HoldfastError('usage', `A repository at ${scheme}:// is not supported yet.`, {
    hint: 'Give a path or a file:// address.',
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
