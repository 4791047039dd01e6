import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { Assertion } from '../../verify/types.ts'

/** Looked for where the command runs, if nothing else is said. */
export const usualFolder = 'drills'

/**
 * Reads the files of assertions: those named, and every `*.sql` file of a folder, by name. Without either, those of `drills`, if there is
 * such a folder. Throws `assertion_invalid` for what can't be read, and for a folder that holds none although it was named.
 */
export async function readAssertions(o: {
  folder: string | undefined
  files: readonly string[]
}): Promise<Assertion[]> {
  const folder = o.folder ?? (o.files.length === 0 ? usualFolder : undefined)
  const listed = folder === undefined ? [] : await listFolder(folder, o.folder !== undefined)
  const paths = [...new Set([...listed, ...o.files])]
  return await Promise.all(paths.map(async (name) => ({ name, sql: await readQuery(name) })))
}

async function listFolder(folder: string, named: boolean): Promise<string[]> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(folder, error)
  }
  const files = names.filter((name) => name.endsWith('.sql')).sort()
  if (files.length > 0 || !named) return files.map((name) => join(folder, name))
  throw new HoldfastError('assertion_invalid', `${folder} holds no file whose name ends in .sql.`)
}

async function readQuery(path: string): Promise<string> {
  try {
    // Drops a byte order mark, and refuses what is not UTF-8.
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): HoldfastError {
  return new HoldfastError('assertion_invalid', `${path} can't be read: ${messageOf(error)}`, {
    cause: error,
  })
}
