import { link, open, readFile, rm, stat } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import { writeError } from '../lib/file-errors.ts'
import { makeDirectories } from '../lib/make-directories.ts'
import { syncDirectory } from '../lib/sync-directory.ts'
import { newCatalogKey, parseCatalogKey } from './seal.ts'

/**
 * The key in this file; where there is no file and `make` is set, a new one is made first (0600, durable, never over another). Throws
 * `catalog_key_missing`, `storage_denied` and the like.
 */
export async function catalogKey(o: { path: string; make: boolean }): Promise<Buffer> {
  const path = resolve(o.path)
  const found = await readKey(path)
  if (found !== null) return found
  if (!o.make) throw new HoldfastError('catalog_key_missing', `There is no ${path}.`)
  await makeKey(path)
  const made = await readKey(path)
  if (made === null) throw new HoldfastError('catalog_key_missing', `${path} was removed meanwhile.`)
  return made
}

async function readKey(path: string): Promise<Buffer | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new HoldfastError('catalog_key_missing', `${path} can't be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new HoldfastError('catalog_key_missing', `${path} can be read by other users of this machine.`, {
      hint: `Run chmod 600 ${path}. If somebody may have read it, and the catalog or a copy of it, change the passwords in it.`,
    })
  }
  return parseCatalogKey(text, path)
}

/** Whole or not there: of two processes that make one at once, one wins and both read it. */
async function makeKey(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    await makeDirectories(dirname(path), { mode: 0o711 })
    {
      await using file = await open(aside, 'wx', 0o600)
      await file.writeFile(newCatalogKey())
      await file.sync()
    }
    await link(aside, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await syncDirectory(dirname(path))
  } catch (error) {
    throw writeError(error, path)
  } finally {
    await rm(aside, { force: true })
  }
}
