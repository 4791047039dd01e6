import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { appendFile, chown, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastError } from '../../lib/errors.ts'
import type { ServerBinaries } from './binaries.ts'
import { copyTree, listTree, ownedName, type ServerUser } from './private-directory.ts'

/** What initdb decides for ever. */
export interface InitOptions {
  /** Default `UTF8`. */
  readonly encoding?: string
  /** LC_COLLATE and LC_CTYPE as the operating system names them. Default `C`. */
  readonly locale?: string
  /** Default `libc`; `builtin` needs 17. */
  readonly localeProvider?: 'libc' | 'icu' | 'builtin'
  /** ICU or builtin locale. */
  readonly providerLocale?: string
  /** Default: as the major does it. */
  readonly dataChecksums?: boolean
}

/** Passwords everywhere, also on the socket: a scratch server holds real data on machines that others use too. */
const accessRules = `
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
local replication all scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`

/**
 * Makes a new data directory at `to`, which must not exist, by copying one that initdb made once (initdb takes ten
 * times as long). The template belongs to this user, not to the server's, so that no server can change what later
 * ones begin with, and holds no secret: it has no password at all, and its access rules let nobody in without one.
 */
export async function makeDataDirectory(options: {
  cache: string
  binaries: ServerBinaries
  init: InitOptions
  user: ServerUser | null
  to: string
  signal: AbortSignal | undefined
}): Promise<void> {
  const { cache, binaries, user, to } = options
  const initArguments = argumentsOf(options.init)
  const key = createHash('sha256')
    .update(JSON.stringify([initArguments, accessRules, 1]))
    .digest('hex')
    .slice(0, 12)
  const template = join(cache, `template-${binaries.packageVersion}-${key}`)
  const listed = await readTemplate(template)
  if (listed !== null) {
    await copyTree({ from: template, to, tree: listed, owner: user, open: false })
    return
  }
  const part = join(cache, ownedName('part'))
  try {
    await mkdir(part, { mode: 0o700 })
    if (user !== null) await chown(part, user.uid, user.gid)
    const arguments_ = [
      ...initArguments,
      '-A',
      'trust',
      '-U',
      'postgres',
      '--no-sync',
      '--no-instructions',
      '-D',
      part,
    ]
    await run({
      program: join(binaries.directory, 'bin/initdb'),
      arguments: arguments_,
      user,
      signal: options.signal,
    })
    await writeFile(join(part, 'pg_hba.conf'), accessRules)
    await appendFile(join(part, 'postgresql.conf'), `\ninclude_if_exists = 'holdfast.conf'\n`)
    const tree = await listTree(part)
    await copyTree({ from: part, to, tree, owner: user, open: false })
    // Our own copy becomes the template; what the server's user made is thrown away.
    const copy = join(cache, ownedName('part'))
    await copyTree({ from: part, to: copy, tree, owner: null, open: false })
    await writeFile(join(copy, listFile), JSON.stringify(tree))
    // Another process may have been faster, or the old one is damaged: then it is replaced by the next rename.
    if (
      await rename(copy, template).then(
        () => false,
        () => true,
      )
    ) {
      if ((await readTemplate(template)) === null) {
        await rm(template, { recursive: true, force: true })
        await rename(copy, template).catch(() => undefined)
      }
      await rm(copy, { recursive: true, force: true })
    }
  } finally {
    await rm(part, { recursive: true, force: true, maxRetries: 5 })
  }
}

const listFile = 'holdfast-files.json'

/** What is in the template, or null if there is none or files are missing (cleaners of /tmp take them). */
async function readTemplate(path: string): Promise<{ files: string[]; directories: string[] } | null> {
  try {
    if (!(await lstat(path)).isDirectory()) return null
    const tree = JSON.parse(await readFile(join(path, listFile), 'utf8')) as {
      files: string[]
      directories: string[]
    }
    const found = await listTree(path)
    const has = new Set([...found.files, ...found.directories])
    return [...tree.files, ...tree.directories].every((name) => has.has(name)) ? tree : null
  } catch {
    return null
  }
}

function argumentsOf(init: InitOptions): string[] {
  const provider = init.localeProvider ?? 'libc'
  const list = [
    `--encoding=${init.encoding ?? 'UTF8'}`,
    `--locale=${init.locale ?? 'C'}`,
    `--locale-provider=${provider}`,
  ]
  if (init.providerLocale !== undefined) {
    list.push(
      provider === 'icu' ? `--icu-locale=${init.providerLocale}` : `--builtin-locale=${init.providerLocale}`,
    )
  }
  if (init.dataChecksums === true) list.push('--data-checksums')
  if (init.dataChecksums === false) list.push('--no-data-checksums')
  return list
}

/**
 * Gives the superuser its password in single-user mode, where nothing listens: there is no moment in which the
 * server could be reached without one, and the password is on no command line and in no environment.
 */
export async function setPassword(options: {
  binaries: ServerBinaries
  dataDirectory: string
  password: string
  durable: boolean
  user: ServerUser | null
  signal: AbortSignal | undefined
}): Promise<void> {
  const output = await run({
    program: join(options.binaries.directory, 'bin/postgres'),
    // A statement that fails is not logged: it holds the password.
    arguments: [
      '--single',
      ...(options.durable ? [] : ['-F']),
      '-c',
      'log_min_error_statement=panic',
      '-D',
      options.dataDirectory,
      'postgres',
    ],
    input: `ALTER ROLE postgres PASSWORD '${options.password}'\n`,
    user: options.user,
    signal: options.signal,
  })
  // Single-user mode exits with 0 whatever happened to the statement.
  if (/^.*(ERROR|FATAL|PANIC): /m.test(output)) throw failed('postgres --single', output)
}

/** Runs a program to its end and resolves to what it wrote to standard error. Throws `server_failed`. */
async function run(options: {
  program: string
  arguments: readonly string[]
  input?: string
  user: ServerUser | null
  signal: AbortSignal | undefined
}): Promise<string> {
  const child = spawn(options.program, options.arguments, {
    ...options.user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: options.signal,
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.on('error', () => undefined).end(options.input ?? '')
  const code = await new Promise<number | null>((resolve, reject) => {
    let problem: Error | undefined
    child.once('error', (error) => {
      problem = error
      if (child.pid === undefined) reject(error)
    })
    // Also when it was killed: initdb's own children hold its standard error, and write files until they have ended.
    child.once('close', (status) => (problem === undefined ? resolve(status) : reject(problem)))
  }).catch((cause: unknown) => {
    if (options.signal?.aborted === true) {
      throw new HoldfastError('cancelled', 'Starting the embedded server was cancelled.', { cause })
    }
    throw new HoldfastError('server_failed', `${options.program} could not be run.`, { cause })
  })
  if (code !== 0) throw failed(options.program, output)
  return output
}

function failed(program: string, output: string): HoldfastError {
  return new HoldfastError('server_failed', `${program} failed:\n${output.trim().slice(-2000)}`)
}
