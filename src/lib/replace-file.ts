import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { writeError } from './file-errors.ts'
import { syncDirectory } from './sync-directory.ts'

/**
 * Puts a new text in the place of a file, or makes it. Whoever reads it, and whenever this process dies, finds the old text or the
 * new one, whole: it is written aside, made durable, and renamed. `mode` is that of the file; `keepMode`: of one that is new, while
 * one that is there keeps its own. A link is replaced, not followed. Throws `storage_full`, `storage_denied` and the like.
 */
export async function replaceFile(o: {
  readonly path: string
  readonly content: string
  readonly mode: number
  readonly keepMode?: boolean
}): Promise<void> {
  const path = resolve(o.path)
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    const old = o.keepMode === true ? await stat(path).catch(() => null) : null
    const file = await open(aside, 'wx', o.mode)
    try {
      if (old !== null) await file.chmod(old.mode & 0o777)
      await file.writeFile(o.content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined)
    throw writeError(error, path)
  }
}
