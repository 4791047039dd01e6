import { HoldfastError } from '../../lib/errors.ts'
import { parseTarHeader, tarBlock, tarEnd, tarPadding } from '../../lib/tar.ts'
import { isKey } from '../key.ts'

/** Where an object lies in the file. */
export interface Entry {
  readonly offset: number
  readonly size: number
  readonly modified: Date
}

/**
 * The objects of an archive by their keys, in the order of the file. Reads the blocks between them, not the objects themselves. Throws
 * `archive_damaged`.
 */
export async function indexArchive(o: {
  readonly path: string
  /** Of the file, in bytes. */
  readonly size: number
  /** Fills the bytes from this offset; false if the file ends before. */
  readonly read: (bytes: Uint8Array, at: number) => Promise<boolean>
}): Promise<ReadonlyMap<string, Entry>> {
  const { path, size, read } = o
  const entries = new Map<string, Entry>()
  const damaged = (what: string): HoldfastError =>
    new HoldfastError('archive_damaged', `${path} ${what}.`, { details: { path } })
  let last = ''
  let at = 0
  for (let padding = 0; ;) {
    const between = new Uint8Array(padding + tarBlock)
    if (!(await read(between, at))) throw damaged(cutText(last))
    if (between.subarray(0, padding).some((byte) => byte !== 0))
      throw damaged(`was changed: what follows ${last} is not empty`)
    const block = between.subarray(padding)
    at += between.length
    if (block.every((byte) => byte === 0)) break
    const member = parseTarHeader(block)
    if (member === null)
      throw damaged(
        last === ''
          ? 'is no archive of Holdfast'
          : `was changed: after ${last} comes no object of an archive`,
      )
    const { name, ...rest } = member
    if (!isKey(name) || entries.has(name))
      throw damaged(`was changed: ${JSON.stringify(name)} is no object of an archive, or is in it twice`)
    entries.set(name, { offset: at, ...rest })
    last = name
    at += rest.size
    if (at > size) throw damaged(cutText(last))
    padding = tarPadding(rest.size)
  }
  const end = new Uint8Array(tarEnd.length - tarBlock)
  if (!(await read(end, at))) throw damaged(cutText(last))
  if (end.some((byte) => byte !== 0) || at + end.length !== size)
    throw damaged('was changed: something follows its end')
  return entries
}

/** That the end is missing is the first thing that is known of a file that was not written or sent to its end. */
function cutText(last: string): string {
  return last === '' ? 'is no archive of Holdfast' : `is cut: it ends in or after ${last}`
}
