import { HoldfastError } from '../lib/errors.ts'

const segment = /^[A-Za-z0-9._-]+$/

/**
 * Throws `storage_failed` unless `key` is a key as `ObjectInfo.key` defines it. Keys may come from a tampered
 * repository: nothing that could leave the storage's directory passes. `tmp/` belongs to the drivers.
 */
export function checkKey(key: string): void {
  if (!isKey(key))
    throw new HoldfastError('storage_failed', `Not a name for an object: ${JSON.stringify(key)}`)
}

/** Throws `storage_failed` unless `prefix` is empty or a key followed by a slash. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '' && !(prefix.endsWith('/') && isKey(prefix.slice(0, -1) + '/x'))) {
    throw new HoldfastError('storage_failed', `Not a prefix of objects' names: ${JSON.stringify(prefix)}`)
  }
}

/** True if one part of a key between slashes is well formed. */
export function isSegment(text: string): boolean {
  return segment.test(text) && text !== '.' && !text.includes('..')
}

/** True if `key` is a key as `ObjectInfo.key` defines it, and not in `tmp/`. */
export function isKey(key: string): boolean {
  const segments = key.split('/')
  return segments.every(isSegment) && segments[0] !== 'tmp'
}
