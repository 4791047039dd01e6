import { randomBytes } from 'node:crypto'

/** A new id of a backup or restore that began at `started`: the second, so that ids sort and can be read, and 4 random bytes. */
export function newId(started: Date): string {
  return `${started.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`
}
