import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { messageOf } from '../lib/errors.ts'
import { codes } from '../lib/error-codes.ts'
import type { JobError, JobProgress, LogLine } from './types.ts'

/** How to start the command line of this Holdfast, and what its environment has. */
export interface CommandLine {
  readonly program: string
  readonly arguments: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** How a command has ended. */
export interface CommandEnd {
  /** Null if a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  /** The one JSON object that it printed, or null if it printed none. */
  readonly printed: Readonly<Record<string, unknown>> | null
  /** Why it could not be started; null if it was. */
  readonly notStarted: string | null
}

/** A command that runs. */
export interface RunningCommand {
  readonly ended: Promise<CommandEnd>
  /** Asks it to end cleanly, and ends it if it has not done so after a while. */
  stop(): void
}

/** What a command may print as its result: room for a list of some ten thousands of backups. */
const printedBytes = 32 * 1024 * 1024
/** A command that is cancelled rolls back and closes connections. */
const graceMs = 20_000

/**
 * Starts a command of Holdfast. What it says on the way comes as lines of JSON, and is passed on. Its standard input stays open as long as
 * this process lives, and its end is a sign for it to end, too: nobody who was killed leaves a command behind.
 */
export function startCommand(o: {
  commandLine: CommandLine
  arguments: readonly string[]
  directory: string
  env: Readonly<Record<string, string>>
  onProgress: (progress: JobProgress) => void
  onLine: (line: LogLine) => void
}): RunningCommand {
  const { commandLine } = o
  const child = spawn(commandLine.program, [...commandLine.arguments, ...o.arguments, '--json'], {
    cwd: o.directory,
    env: { ...commandLine.env, ...o.env, HOLDFAST_PROGRESS: 'json', HOLDFAST_LIFELINE: '1' },
    // Ctrl-C on a terminal is this process's to handle.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => undefined)
  const printed: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes <= printedBytes) printed.push(piece)
  })
  const lines = createInterface({ input: child.stderr }).on('line', (text) => tell(text, o))
  const linesEnded = once(lines, 'close')
  let timer: NodeJS.Timeout | undefined
  const ended = new Promise<CommandEnd>((resolve) => {
    let notStarted: string | null = null
    child.once('error', (error) => {
      notStarted = messageOf(error)
      if (child.pid === undefined) resolve({ status: null, signal: null, printed: null, notStarted })
    })
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      const text = bytes <= printedBytes ? Buffer.concat(printed).toString('utf8') : ''
      const end = { status, signal, printed: objectIn(text), notStarted }
      void linesEnded.then(() => resolve(end))
    })
  })
  return {
    ended,
    stop() {
      if (timer !== undefined) return
      child.kill('SIGINT')
      timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    },
  }
}

/** The error that a command printed in place of a result. */
export function printedError(printed: CommandEnd['printed']): JobError | null {
  const error = printed?.['error']
  if (typeof error !== 'object' || error === null) return null
  // Sound because the command line of this very version prints them: src/cli/output.ts.
  const { code, message, hint, details } = error as JobError & { details?: Pick<JobError, 'parts'> }
  const parts = details?.parts
  return {
    code,
    message,
    hint,
    ...(hint === codes[code].hint ? {} : { ownHint: true }),
    ...(parts === undefined ? {} : { parts }),
  }
}

function tell(text: string, o: Pick<Parameters<typeof startCommand>[0], 'onProgress' | 'onLine'>): void {
  const line = objectIn(text)
  if (line === null) {
    if (text.trim() !== '') o.onLine({ level: 'error', text })
    return
  }
  const { type, text: said, ...progress } = line
  // Sound because the command line of this very version prints them: src/cli/progress-lines.ts.
  if (type === 'progress') o.onProgress(progress as unknown as JobProgress)
  else
    o.onLine({
      level: type === 'note' ? 'info' : type === 'warning' ? 'warning' : 'error',
      text: String(said),
    })
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    // What can't be stored is left out.
    const value: unknown = JSON.parse(text, (_key, one: unknown) =>
      typeof one === 'string' ? one.replaceAll('\0', '') : one,
    )
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
