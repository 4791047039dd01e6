import { randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../lib/errors.ts'
import { prepareBinaries, type ServerMajor } from './binaries.ts'
import { launch, logPath, tailOf, type ServerLimits } from './launch.ts'
import {
  cacheDirectory,
  endOrphans,
  hasSharedMemory,
  ownedName,
  serverLives,
  serverUser,
  sweep,
  type ServerUser,
} from './private-directory.ts'
import { makeDataDirectory, setPassword, type InitOptions } from './template.ts'

export type { ServerMajor } from './binaries.ts'
export type { ServerLimits } from './launch.ts'
export type { InitOptions } from './template.ts'

/** A Postgres server of our own that listens on this machine only and dies with this process. */
export interface EmbeddedServer {
  readonly host: string
  readonly port: number
  /** Holds the server's Unix socket; of no other use, and closed to other users. */
  readonly socketDirectory: string
  /** The superuser. */
  readonly user: string
  /** Random, and new at every start. */
  readonly password: string
  readonly major: ServerMajor
  /** As the server says it, e.g. `17.10`. */
  readonly version: string
  readonly pid: number
  readonly dataDirectory: string
  /** `postgres://` address of a database, by default `postgres`. Holds the password. */
  url(database?: string): string
  /** Whether it has ended, stopped or not, or does so within so many milliseconds: its sessions may notice first. */
  endsWithin(ms: number): Promise<boolean>
  /** The end of the server's log; also after it has stopped. */
  logTail(): string
  /** Stops the server and removes what it kept in temporary directories. Does nothing the second time. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServerOptions {
  readonly major: ServerMajor
  /** Where the data is kept from start to start. Default: a private temporary directory, removed at the stop. */
  readonly directory?: string
  /** Sync to disk, so that a crash of the machine loses nothing. Default: only if `directory` is given. */
  readonly durable?: boolean
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Used when the data directory is made. */
  readonly initdb?: InitOptions
  readonly limits?: ServerLimits
  /** For data with a standby.signal: the primary's password, since a standby can't be given its own. */
  readonly password?: string
  /** Cancels the start. A server that runs is stopped with `stop`. */
  readonly signal?: AbortSignal
}

/**
 * Starts an embedded server. As root it runs as the unprivileged user nobody, else as this user. Throws
 * `server_missing`, `server_failed` (with the end of the log) or `cancelled`, and then leaves nothing behind.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { major, signal } = options
  const user = serverUser()
  const durable = options.durable ?? options.directory !== undefined
  const cache = await cacheDirectory()
  await sweep(cache)
  const binaries = await prepareBinaries(cache, major)
  const runDirectory = await makeRunDirectory(cache, user)
  const dataDirectory =
    options.directory === undefined ? join(runDirectory, 'data') : resolve(options.directory)
  try {
    if (await serverLives(dataDirectory)) {
      throw new HoldfastError('server_failed', `A server is running on ${dataDirectory} already.`)
    }
    if (!(await hasData(dataDirectory, major))) {
      await makeDataDirectory({
        cache,
        binaries,
        init: options.initdb ?? {},
        user,
        to: dataDirectory,
        signal,
      })
    }
    await writeSettings({ dataDirectory, durable, settings: options.settings ?? {}, user })
    // A standby takes its roles from its primary, and can't be opened in single-user mode.
    const standby = (await lstat(join(dataDirectory, 'standby.signal')).catch(() => null)) !== null
    const fresh = randomBytes(24).toString('base64url')
    const password = standby ? (options.password ?? fresh) : fresh
    if (!standby) await setPassword({ binaries, dataDirectory, password, durable, user, signal })
    const program = join(binaries.directory, 'bin/postgres')
    const { child, port, ended } = await launch({
      program,
      dataDirectory,
      runDirectory,
      user,
      signal,
      limits: options.limits ?? {},
    })
    let lastLog = ''
    let stopping: Promise<void> | undefined
    const stop = async (mode: 'fast' | 'immediate'): Promise<void> => {
      child.ref()
      child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      const patience = new AbortController()
      const tooLong = sleep(mode === 'fast' ? 60_000 : 10_000, undefined, { signal: patience.signal }).then(
        () => child.kill(mode === 'fast' ? 'SIGQUIT' : 'SIGKILL'),
        () => undefined,
      )
      await ended
      patience.abort()
      await tooLong
      await endOrphans(dataDirectory)
      lastLog = tailOf(logPath(runDirectory), logCharacters)
      await rm(runDirectory, { recursive: true, force: true, maxRetries: 5 })
    }
    const server: EmbeddedServer = {
      host: '127.0.0.1',
      port,
      socketDirectory: runDirectory,
      user: 'postgres',
      password,
      major,
      version: binaries.packageVersion.split('.').slice(0, 2).join('.'),
      pid: child.pid ?? 0,
      dataDirectory,
      url: (database = 'postgres') =>
        `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      endsWithin: (ms) => endsWithin(ended, ms),
      logTail: () => tailOf(logPath(runDirectory), logCharacters) || lastLog,
      stop: (mode = 'fast') => (stopping ??= stop(mode)),
      [Symbol.asyncDispose]: () => (stopping ??= stop('fast')),
    }
    return server
  } catch (error) {
    await rm(runDirectory, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
}

const logCharacters = 8000

/** The kernel allows 107 bytes for the path of a socket, of which its name takes up to 15. */
const socketDirectoryBytes = 92

async function makeRunDirectory(cache: string, user: ServerUser | null): Promise<string> {
  let path = join(cache, ownedName('run'))
  if (Buffer.byteLength(path) > socketDirectoryBytes) path = await mkdtemp(join('/tmp', 'holdfast-run-'))
  else await mkdir(path, { mode: 0o700 })
  await chmod(path, 0o700)
  if (user !== null) await chown(path, user.uid, user.gid)
  return path
}

/** True if the directory holds a cluster of this major, false if it is to be made. Throws if it holds another. */
async function hasData(directory: string, major: ServerMajor): Promise<boolean> {
  const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => null)
  if (version === null) return false
  if (version.trim() === String(major)) return true
  throw new HoldfastError(
    'server_failed',
    `${directory} holds data of Postgres ${version.trim()}, not ${major}.`,
  )
}

/** Settings lie in a file of their own, so that ALTER SYSTEM still overrides them. */
async function writeSettings(options: {
  dataDirectory: string
  durable: boolean
  settings: Readonly<Record<string, string>>
  user: ServerUser | null
}): Promise<void> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_permissions: '0700',
    max_connections: '100',
    shared_buffers: '128MB',
    dynamic_shared_memory_type: (await hasSharedMemory()) ? 'posix' : 'mmap',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // The log goes where the launcher points standard error.
    logging_collector: 'off',
    ...(options.durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  )
  const path = join(options.dataDirectory, 'holdfast.conf')
  // The directory is the server user's, which must not get root to write elsewhere through a link.
  await rm(path, { force: true })
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(lines.join(''))
  if (options.user !== null) await file.chown(options.user.uid, options.user.gid)
}

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  const patience = new AbortController()
  const tooLong = sleep(ms, false, { signal: patience.signal }).catch(() => false)
  const first = await Promise.race([ended.then(() => true), tooLong])
  patience.abort()
  return first
}
