import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { CommandLine } from './command.ts'

/** A command whose standard output is the result. */
export interface StreamingCommand {
  /**
   * What it prints, as fast as it is read: nothing is kept here. Throws `download_failed` at the end if the command has failed, so that what was read
   * before is never taken for whole. Who stops reading ends the command.
   */
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>
}

/** A command that is cancelled closes connections, and says in the repository that it reads no more. */
const graceMs = 10_000
const lineLength = 2_000

/** Starts a command that writes a file to stdout. Like every command it ends with this process, whatever ends that. */
export function streamCommand(o: {
  readonly commandLine: CommandLine
  readonly arguments: readonly string[]
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
}): StreamingCommand {
  const { commandLine } = o
  const child = spawn(commandLine.program, [...commandLine.arguments, ...o.arguments, '--quiet'], {
    cwd: o.directory,
    env: { ...commandLine.env, ...o.env, HOLDFAST_PROGRESS: 'json', HOLDFAST_LIFELINE: '1' },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => undefined)
  const said: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    const text = errorIn(line)
    if (text !== null) said.push(text)
  })
  let notStarted: string | null = null
  child.once('error', (error) => (notStarted = messageOf(error)))
  const closed = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)))

  async function stop(): Promise<void> {
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    // Nobody reads any more: a child that waits for room in the pipe gets an error instead.
    child.stdout.destroy()
    await closed
    clearTimeout(timer)
  }

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of child.stdout) yield piece as Uint8Array
      const status = await closed
      if (status === 0) return
      const reason = notStarted ?? (said.join(' ') || `It ended with status ${String(status)}.`)
      throw new HoldfastError(
        'download_failed',
        `The backup could not be written: ${reason.slice(0, lineLength)}`,
      )
    } finally {
      if (child.exitCode === null && child.signalCode === null && notStarted === null) await stop()
    }
  }

  return { bytes: read() }
}

/** What a line of the command says is wrong; null if it is none that does. */
function errorIn(line: string): string | null {
  try {
    const { type, text } = JSON.parse(line) as { type?: unknown; text?: unknown }
    return type === 'error' && typeof text === 'string' ? text.replace(/^holdfast: /, '').trim() : null
  } catch {
    return line.trim() === '' ? null : line.trim()
  }
}
