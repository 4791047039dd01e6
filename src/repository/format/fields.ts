import { HoldfastError } from '../../lib/errors.ts'
import { ShapeError, type Check, text } from './shape.ts'

/** Where objects lie in the storage. docs/FORMAT.md "Layout". */
export const headerKey = 'holdfast'
export const keysetPrefix = 'keys/'
export const manifestPrefix = 'manifests/'
export const restorePrefix = 'restores/'
export const erasedPrefix = 'erased/'

export const keysetKey = (version: number): string => keysetPrefix + String(version).padStart(8, '0')
export const manifestKey = (id: string): string => manifestPrefix + id
export const restoreKey = (id: string, part: 'safety' | 'report'): string => `${restorePrefix}${id}/${part}`
export const erasedKey = (id: string): string => erasedPrefix + id

export const keysetName = /^\d{8}$/
/** Of backups, of restores and of erasures. */
export const backupId = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/
/** HMAC-SHA256 in lower case hex. */
export const chunkNamePattern = /^[0-9a-f]{64}$/
/** Random ids of epochs and hosts: 8 bytes, hex. `owner` can't be one. */
export const shortId = /^[0-9a-f]{16}$/
/** 16 bytes, hex. */
export const repositoryId = /^[0-9a-f]{32}$/
export const base64url32 = /^[A-Za-z0-9_-]{43}$/

/** ISO 8601 in UTC, with or without a fraction of a second, of a moment that exists. */
export const timestamp: Check<string> = (value, place) => {
  const string = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/)(value, place)
  if (Number.isNaN(Date.parse(string))) throw new ShapeError(`${place} is not a moment that exists`)
  return string
}

// Labels are printed on terminals: control characters could rewrite what a person sees there.
const label = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u
const longText = /^(?:[^\p{Cc}\p{Zl}\p{Zp}]|[\n\t]){1,4000}$/u

/** Name of a backup, host or recipient: 1 to 200 characters on one line. */
export const labelCheck: Check<string> = text(label)
/** Description of a backup: 1 to 4,000 characters, line breaks and tabs allowed. */
export const longTextCheck: Check<string> = text(longText)

/** Refuses, with `usage`, a name that the format can't hold. Call it before any work is done under the name. */
export function requireLabel(what: string, value: string): string {
  if (label.test(value)) return value
  throw new HoldfastError('usage', `${what} must be 1 to 200 characters on one line`)
}

/** Refuses, with `usage`, a description that the format can't hold. */
export function requireDescription(value: string): string {
  if (longText.test(value)) return value
  throw new HoldfastError('usage', 'A description must be 1 to 4,000 characters without control characters')
}
