import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, fchownSync, openSync, readFileSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../lib/errors.ts'
import type { ServerUser } from './private-directory.ts'

/** Limits of a server that is not to disturb the machine it runs on. */
export interface ServerLimits {
  /** Address space of each of the server's processes; shared buffers count in every one. */
  readonly memoryBytes?: number
  /** Size of one file; tables are split into files of 1 GB. */
  readonly fileBytes?: number
  /** The scheduler's nice value: 0 to 19, 19 the most modest. */
  readonly nice?: number
}

/**
 * Becomes the server, after leaving a watchdog behind that waits on standard input. The launcher holds the other end
 * and writes a line when the server has ended as it should; if the launcher dies, however it dies, the kernel closes
 * the pipe and the watchdog stops the server and empties its directory. Nothing that a process does when it ends can
 * replace this: kill -9 lets it do nothing. It is forked twice so that the server has no child it does not know.
 */
const supervise = `
server=$$
temporary=$1; shift
exec 3<&0 </dev/null
(
  (
    read -r line <&3 && exit 0
    kill -QUIT "$server" 2>/dev/null
    waited=0
    while kill -0 "$server" 2>/dev/null && [ "$waited" -lt 400 ]; do sleep 0.05; waited=$((waited + 1)); done
    rm -rf -- "$temporary"/*
    rmdir -- "$temporary" 2>/dev/null
  ) &
)
exec 3<&-
`

/** A postmaster that accepts connections. */
export interface Launched {
  readonly child: ChildProcess
  readonly port: number
  /** Settles when the process has ended. */
  readonly ended: Promise<void>
}

/** Starts the server and waits until it accepts connections. Throws `server_failed` with the end of the log. */
export async function launch(options: {
  program: string
  dataDirectory: string
  /** Log and sockets; emptied if this process dies. */
  runDirectory: string
  user: ServerUser | null
  limits: ServerLimits
  signal: AbortSignal | undefined
}): Promise<Launched> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const from = tailOf(logPath(options.runDirectory), Infinity).length
    const launched = await start(options, port)
    if (launched !== null) return launched
    if (options.signal?.aborted === true) {
      throw new HoldfastError('cancelled', 'Starting the embedded server was cancelled.')
    }
    const log = tailOf(logPath(options.runDirectory), Infinity).slice(from)
    // Between finding the port and using it, someone else may have taken it.
    if (attempt < 5 && /could not bind|already in use/i.test(log)) continue
    throw new HoldfastError(
      'server_failed',
      `The embedded Postgres server did not start:\n${log.slice(-2000).trim()}`,
    )
  }
}

async function start(options: Parameters<typeof launch>[0], port: number): Promise<Launched | null> {
  const { limits, user, runDirectory, dataDirectory } = options
  // POSIX: kilobytes and blocks of 512 bytes.
  const limit = [
    ...(limits.memoryBytes === undefined ? [] : [limitTo('-v', Math.ceil(limits.memoryBytes / 1024))]),
    ...(limits.fileBytes === undefined ? [] : [limitTo('-f', Math.ceil(limits.fileBytes / 512))]),
  ]
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const log = openSync(logPath(runDirectory), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  if (user !== null) fchownSync(log, user.uid, user.gid)
  const script = [supervise, ...limit, 'exec "$@"'].join('\n')
  const serverArguments = ['-D', dataDirectory, '-p', String(port), '-k', runDirectory]
  const child = spawn('/bin/sh', ['-c', script, 'sh', runDirectory, options.program, ...serverArguments], {
    ...user,
    cwd: runDirectory,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    // Its own session: Ctrl-C in a terminal is the launcher's to handle.
    detached: true,
    stdio: ['pipe', log, log],
  })
  closeSync(log)
  // The pipe is the lifeline, and must not keep a process alive that forgot to stop its server.
  child.stdin?.on('error', () => undefined)
  if (child.stdin instanceof Socket) child.stdin.unref()
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      release(child)
      resolve()
    })
    child.once('error', () => resolve())
  })
  if (child.pid !== undefined && limits.nice !== undefined) setPriority(child.pid, limits.nice)
  let running = true
  void ended.then(() => (running = false))
  // A server that was not shut down recovers first, which may take long; it ends by itself if it can't.
  while (running) {
    if (options.signal?.aborted === true) {
      child.kill('SIGQUIT')
      await ended
      return null
    }
    if (isReady(dataDirectory, child.pid)) {
      child.unref()
      return { child, port, ended }
    }
    await sleep(10)
  }
  return null
}

/** A limit that is tighter already can't be loosened, and holds. */
function limitTo(flag: string, value: number): string {
  return `ulimit ${flag} ${value} 2>/dev/null || [ "$(ulimit ${flag})" -le ${value} ] || exit 1`
}

/** Lets the watchdog go: the server has ended. */
function release(child: ChildProcess): void {
  child.stdin?.end('done\n')
}

function isReady(dataDirectory: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(dataDirectory, 'postmaster.pid'), 'latin1').split('\n')
    return Number(lines[0]) === pid && /^(ready|standby)/.test(lines[7] ?? '')
  } catch {
    return false
  }
}

/** The server's log below its run directory. */
export function logPath(runDirectory: string): string {
  return join(runDirectory, 'log')
}

/** The last `characters` of a file, empty if there is none. */
export function tailOf(path: string, characters: number): string {
  try {
    const text = readFileSync(path, 'utf8')
    return characters === Infinity ? text : text.slice(-characters)
  } catch {
    return ''
  }
}

/** A port of the loopback interface that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  if (address === null || typeof address === 'string')
    throw new HoldfastError('internal', 'No port was given.')
  return address.port
}
