import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it that are missing, each with this mode; one that is there is left as it is. Throws what the file
 * system says.
 *
 * Not the `recursive` of Node: that never ends in a directory that is there and says of whatever is to be made in it that something is
 * missing, as those of `/proc` do.
 */
export async function makeDirectories(path: string, { mode }: { readonly mode: number }): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeDirectories(dirname(path), { mode })
      await mkdir(path, { mode }).catch(orThere(path))
    } else await orThere(path)(error)
  }
}

/** Whoever was faster has made it; and `/` is there, but may be called read-only or busy. */
const orThere =
  (path: string) =>
  async (error: unknown): Promise<void> => {
    const there = await stat(path).catch(() => null)
    if (there?.isDirectory() !== true) throw error
  }
