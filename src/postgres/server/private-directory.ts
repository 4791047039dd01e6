import { randomBytes } from 'node:crypto'
import { constants, readFileSync, readlinkSync } from 'node:fs'
import { chown, copyFile, chmod, lstat, mkdir, readdir, readlink, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { HoldfastError } from '../../lib/errors.ts'

/** The user that servers run as: Postgres refuses to run as root, so root hands it to nobody. Null: this user. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** Who servers run as when started by this process. */
export function serverUser(): ServerUser | null {
  return process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : null
}

/**
 * A directory of this user's own below the machine's temporary directory, made if need be, that the server's user
 * can pass through: the place for prepared programs, templates and the directories of running servers. What is in
 * it is trusted, so it must be ours and writable by nobody else: the name is in a place where anyone may create it
 * first. A name that someone else has taken is passed over.
 */
export async function cacheDirectory(): Promise<string> {
  const uid = process.geteuid?.() ?? 0
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    if (!(await canPassThrough(parent))) continue
    for (let attempt = 0; attempt < 10; attempt++) {
      const path = join(parent, `holdfast-${uid}${attempt === 0 ? '' : `.${attempt}`}`)
      await mkdir(path, { mode: 0o711 }).catch(() => undefined)
      const found = await lstat(path).catch(() => null)
      if (found === null || !found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0) continue
      // The mode given to mkdir is narrowed by the umask; the server's user has to get through.
      if ((found.mode & 0o111) !== 0o111) await chmod(path, 0o711)
      return path
    }
  }
  throw new HoldfastError('server_failed', 'No temporary directory is usable for an embedded server.', {
    hint: 'Set TMPDIR to a directory that you may write to and that every user may pass through.',
  })
}

/** Only root's server runs as another user, which must be able to enter every directory on the way. */
async function canPassThrough(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null)
  if (found === null) return false
  if (serverUser() === null || path === dirname(path)) return true
  if (!found.isSymbolicLink() && (found.mode & 0o001) === 0) return false
  return canPassThrough(dirname(path))
}

/** Processes are known by pid and start time, in one namespace of pids: pids alone are used again. */
function processTag(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in brackets and may hold anything; the start time is the 22nd.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const namespace = /\d+/.exec(readlinkSync(`/proc/self/ns/pid`))?.[0] ?? '0'
    // Short, for it is part of the path of a socket.
    return [pid, started, namespace].map((part) => Number(part).toString(36)).join('-')
  } catch {
    return null
  }
}

/** A new name that tells which process it belongs to, so that what a dead process left can be known and removed. */
export function ownedName(kind: string): string {
  return `${kind}-${processTag(process.pid) ?? '0-0-0'}-${randomBytes(4).toString('hex')}`
}

/** Removes what dead processes of this user left in the cache directory. What can't be told is left alone. */
export async function sweep(cache: string): Promise<void> {
  const namespace = processTag(process.pid)?.split('-')[2]
  for (const name of await readdir(cache)) {
    const owned = /^(?:run|part)-(([0-9a-z]+)-[0-9a-z]+-([0-9a-z]+))-[0-9a-f]{8}$/.exec(name)
    if (
      owned === null ||
      owned[3] !== namespace ||
      processTag(Number.parseInt(owned[2] ?? '', 36)) === owned[1]
    )
      continue
    const path = join(cache, name)
    // The dead process's own watchdog may still be stopping the server; it is left to do so.
    if (await serverLives(join(path, 'data'))) continue
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

/** True if the postmaster that last wrote its pid into this data directory is still there. */
export async function serverLives(dataDirectory: string): Promise<boolean> {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDirectory, 'postmaster.pid'), 'latin1'), 10)
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(dataDirectory)
  } catch {
    return false
  }
}

/**
 * Ends what is left of a server whose postmaster was killed: its processes notice when they next wait for something,
 * and one that computes does not. They work in the data directory, and nothing else does.
 */
export async function endOrphans(dataDirectory: string): Promise<void> {
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const works = await readlink(`/proc/${name}/cwd`).catch(() => '')
    if (works !== dataDirectory) continue
    try {
      process.kill(Number(name), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Files and directories below `root`, as paths relative to it, parents first. */
export async function listTree(
  root: string,
  wanted: (path: string) => boolean = () => true,
): Promise<{ files: string[]; directories: string[] }> {
  const files: string[] = []
  const directories: string[] = []
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1)
    if (!wanted(path)) continue
    if (entry.isDirectory()) directories.push(path)
    else if (entry.isFile()) files.push(path)
  }
  directories.sort()
  return { files, directories }
}

/** Copies a tree of plain files. `owner` gets the copy; `open`: every user may read it, else only the owner. */
export async function copyTree(options: {
  from: string
  to: string
  tree: { files: readonly string[]; directories: readonly string[] }
  owner: ServerUser | null
  open: boolean
}): Promise<void> {
  const { from, to, tree, owner, open } = options
  const finish = async (path: string, mode: number): Promise<void> => {
    await chmod(path, open ? mode : mode & 0o700)
    if (owner !== null) await chown(path, owner.uid, owner.gid)
  }
  for (const path of ['', ...tree.directories]) {
    await mkdir(join(to, path), { mode: 0o700, recursive: true })
    await finish(join(to, path), 0o755)
  }
  await Promise.all(
    tree.files.map(async (path) => {
      const executable = ((await lstat(join(from, path))).mode & 0o100) !== 0
      await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE)
      await finish(join(to, path), executable ? 0o755 : 0o644)
    }),
  )
}

/** True if /dev/shm has room for parallel queries; containers often give it 64 MB. */
export async function hasSharedMemory(): Promise<boolean> {
  const found = await statfs('/dev/shm').catch(() => null)
  return found !== null && found.bsize * found.bavail > 512 * 1024 * 1024
}
