import { lstat, open, rm, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { HoldfastError } from '../lib/errors.ts'
import { writeError } from '../lib/file-errors.ts'
import { makeDirectories } from '../lib/make-directories.ts'
import { syncDirectory } from '../lib/sync-directory.ts'

/**
 * Writes a new file that only its owner can read (0600, a new directory 0700), durably. A file that is there is
 * never overwritten: it may be the only key to a repository. Throws `secret_file_exists`, `storage_full` and the like; then
 * nothing is left that would be in the way of the next try.
 */
export async function writeSecretFile(path: string, content: string): Promise<void> {
  const whole = resolve(path)
  try {
    await makeDirectories(dirname(whole), { mode: 0o700 })
    const file = await openNew(whole)
    try {
      await writeDurably(file, content)
      await syncDirectory(dirname(whole))
    } catch (error) {
      await rm(whole, { force: true })
      throw error
    }
  } catch (error) {
    throw writeError(error, whole)
  }
}

/** Writes a page that holds rows or definitions: nobody else on the machine may read it, also if there was such a file before. */
export async function writePage(path: string, page: string): Promise<void> {
  try {
    await using file = await open(path, 'w', 0o600)
    await file.chmod(0o600)
    await file.writeFile(page)
  } catch (error) {
    throw writeError(error, path)
  }
}

/** Throws `secret_file_exists` if `writeSecretFile` would: asked before work that would be lost. */
export async function requireNoFile(path: string): Promise<void> {
  const whole = resolve(path)
  const found = await lstat(whole).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw writeError(error, whole)
  })
  if (found !== null) throw new HoldfastError('secret_file_exists', `There is a file at ${whole} already.`)
}

async function openNew(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? new HoldfastError('secret_file_exists', `There is a file at ${path} already.`)
      : error
  })
}

async function writeDurably(file: FileHandle, content: string): Promise<void> {
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}
