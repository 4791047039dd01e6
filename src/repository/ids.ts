import { randomBytes } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'

/** What has an id of this kind. */
type Kind = 'backup' | 'restore' | 'erasure'

/**
 * A new id of a backup, restore or erasure that began at `started`: the second, so that ids sort and can be read, and 4 bytes, random ones
 * unless `ending` gives them.
 */
export function newId(started: Date, ending: string = randomBytes(4).toString('hex')): string {
  return `${started.toISOString().replace(/[-:]|\.\d+/g, '')}-${ending}`
}

/** The id that is meant by itself or by a unique beginning of it. Throws `backup_not_found`, `backup_ambiguous` or those of its kind. */
export function idMeant(kind: Kind, ids: Iterable<string>, reference: string): string {
  const all = new Set(ids)
  if (all.has(reference)) return reference
  const matching = reference === '' ? [] : [...all].filter((id) => id.startsWith(reference)).sort()
  const [only, second] = matching
  if (only === undefined) throw noSuchId(kind, reference)
  if (second === undefined) return only
  throw new HoldfastError(`${kind}_ambiguous`, `${matching.length} ${kind}s begin with ${reference}.`, {
    details: { ids: matching.slice(0, 20) },
  })
}

export function noSuchId(kind: Kind, reference: string): HoldfastError {
  return new HoldfastError(
    `${kind}_not_found`,
    `No ${kind} has an id that begins with ${JSON.stringify(reference)}.`,
  )
}
