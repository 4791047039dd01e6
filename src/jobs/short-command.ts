import { HoldfastError } from '../lib/errors.ts'
import type { CommandFiles } from './command-files.ts'
import { startCommand, type CommandLine } from './command.ts'

/** Each is a process and a connection. */
const mostAtOnce = 3
const usualMs = 30_000
let running = 0

/**
 * Runs a command whose answer somebody waits for, and gives what it printed. Throws `service_busy` where several are at it already, and
 * `connection_failed` for what gives no answer in time.
 */
export async function runShortly(o: {
  readonly commandLine: CommandLine
  readonly arguments: readonly string[]
  /** Makes what the command gets: taken away afterwards. */
  readonly files: () => Promise<CommandFiles>
  /** Default: half a minute. */
  readonly withinMs?: number | undefined
}): Promise<Readonly<Record<string, unknown>> | null> {
  if (running >= mostAtOnce)
    throw new HoldfastError('service_busy', `${mostAtOnce} such questions are being asked.`)
  running++
  try {
    return await run(o)
  } finally {
    running--
  }
}

async function run(o: Parameters<typeof runShortly>[0]): Promise<Readonly<Record<string, unknown>> | null> {
  await using files = await o.files()
  const command = startCommand({
    commandLine: o.commandLine,
    arguments: o.arguments,
    directory: files.directory,
    env: files.env,
    onProgress: () => undefined,
    onLine: () => undefined,
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    command.stop()
  }, o.withinMs ?? usualMs)
  const { printed } = await command.ended
  clearTimeout(timer)
  if (late) throw new HoldfastError('connection_failed', 'There was no answer in time: the server may be behind a wall that says nothing.') // prettier-ignore
  return printed
}
