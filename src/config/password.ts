import { spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { PasswordReference } from './password-shape.ts'

/** No password is longer. What a command prints beyond it is not kept. */
const maxBytes = 64 * 1024
/** Long enough for somebody to unlock a key that the command asks for. */
const commandTimeoutMs = 60_000

export interface FoundPassword {
  readonly password: string
  /** Set if the file that holds it can be read by others: for a warning. */
  readonly openFile: string | null
}

/**
 * The password that a reference means. `source`: for messages. `directory`: where a command runs. What a file holds or a
 * command prints is never part of an error. Throws `password_missing`, `cancelled`.
 */
export async function readPassword(o: {
  reference: PasswordReference
  source: string
  directory: string
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
  /** Default: a minute. */
  timeoutMs?: number
}): Promise<FoundPassword> {
  const { reference } = o
  if ('env' in reference) {
    const password = o.env[reference.env] ?? ''
    if (password === '') throw missing(o.source, `the environment variable ${reference.env} is not set`)
    return { password, openFile: null }
  }
  if ('file' in reference) return await fromFile(reference.file, o.source)
  const [program = '', ...args] = reference.command
  const printed = await run({ ...o, program, args, timeoutMs: o.timeoutMs ?? commandTimeoutMs })
  return { password: firstLine(printed, o.source, `the program ${program} printed`), openFile: null }
}

async function fromFile(path: string, source: string): Promise<FoundPassword> {
  try {
    const { mode, size } = await stat(path)
    if (size > maxBytes) throw missing(source, `the file ${path} is too large to hold one`)
    const password = firstLine(await readFile(path, 'utf8'), source, `the file ${path} holds`)
    return { password, openFile: (mode & 0o077) === 0 ? null : path }
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    throw missing(source, `the file ${path} can't be read: ${(error as NodeJS.ErrnoException).code ?? ''}`)
  }
}

interface Run {
  readonly program: string
  readonly args: readonly string[]
  readonly source: string
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** Standard output of a program that is run without a shell. */
function run(o: Run): Promise<string> {
  throwIfCancelled(o.signal)
  return new Promise((resolve, reject) => {
    const child = start(o)
    let printed = Buffer.alloc(0)
    const end = (finish: () => void): void => {
      clearTimeout(timer)
      o.signal.removeEventListener('abort', onAbort)
      // A program of its own that it left running may still hold the other end.
      child.stdout.destroy()
      finish()
    }
    const fail = (why: string): void => end(() => reject(failed(o, why)))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`did not end within ${o.timeoutMs / 1000} s`)
    }, o.timeoutMs)
    const onAbort = (): void => {
      child.kill('SIGKILL')
      end(() => reject(new HoldfastError('cancelled', 'Cancelled.', { cause: o.signal.reason })))
    }
    o.signal.addEventListener('abort', onAbort, { once: true })
    child.stdout.on('data', (piece: Buffer) => {
      if (printed.length < maxBytes) printed = Buffer.concat([printed, piece])
    })
    child.on('error', (error) => fail(notStarted(error)))
    child.on('close', (status, signal) => {
      if (status === 0) end(() => resolve(printed.toString('utf8')))
      else fail(signal === null ? `ended with status ${status}` : `was ended by ${signal}`)
    })
  })
}

function start(o: Run) {
  try {
    return spawn(o.program, o.args, {
      cwd: o.directory,
      env: o.env,
      shell: false,
      // What it complains of might quote a secret: it is not passed on.
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    // An empty name, or a NUL in one.
    throw failed(o, notStarted(error))
  }
}

function notStarted(error: unknown): string {
  return `could not be started: ${(error as NodeJS.ErrnoException).code ?? ''}`
}

function failed(o: Run, why: string): HoldfastError {
  return missing(o.source, `the program ${o.program} ${why}`)
}

function firstLine(text: string, source: string, where: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? ''
  if (line === '') throw missing(source, `${where} nothing in its first line`)
  return line
}

function missing(source: string, why: string): HoldfastError {
  return new HoldfastError('password_missing', `The password of source ${source} could not be had: ${why}.`, {
    details: { source },
  })
}
