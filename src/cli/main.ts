import { performance } from 'node:perf_hooks'
import { systemClock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { version } from '../version.ts'
import type { Command, CommandContext } from './command.ts'
import { loadCommands } from './commands/index.ts'
import { lostResultError, toShownError } from './failure.ts'
import { createOutput } from './output.ts'
import { createProgram, runProgram } from './program.ts'
import { askSecret, askText } from './prompt.ts'
import { createRedactor } from './redact.ts'
import { createResults } from './results.ts'
import { watchLifeline, watchSignals } from './signals.ts'

/** The command line: the one place that touches the process, its streams, arguments, environment and signals. */
const { env, stdin, stdout, stderr } = process
const args = process.argv.slice(2)

// That nobody sees what is said on the way is no reason to stop a backup; that a result is lost is told at the end.
stderr.on('error', () => undefined)
const results = createResults(stdout)

const redactor = createRedactor()
for (const arg of args) redactor.addAddress(arg)
if (env['HOLDFAST_KEY'] !== undefined) redactor.add(env['HOLDFAST_KEY'])
const ordinary = [env['PGUSER'], env['PGDATABASE'], env['PGHOST'], 'postgres']
if (env['PGPASSWORD'] !== undefined && !ordinary.includes(env['PGPASSWORD'])) redactor.add(env['PGPASSWORD'])

const before = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
const out = createOutput({
  stdout: results,
  stderr,
  redactor,
  json: before.includes('--json'),
  quiet: before.includes('--quiet') || before.some((arg) => /^-[a-zA-Z]*q/.test(arg)),
  // https://no-color.org: any value but an empty one means no.
  colours: stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  lines: env['HOLDFAST_PROGRESS'] === 'json',
  now: () => performance.now(),
})

const debug = env['HOLDFAST_DEBUG'] === '1'
let running: Command | null = null

const interruption = watchSignals({
  source: process,
  onCancel: () => out.note('Ending what is under way. Once more to stop at once.'),
  // Not by exit(), which waits for calls of the file system that may never end: of a pipe that nobody writes to, or a disk that is gone.
  end: (signal) => process.kill(process.pid, signal),
})

if (env['HOLDFAST_LIFELINE'] === '1') watchLifeline(stdin, () => process.kill(process.pid, 'SIGTERM'))

const terminal =
  stdin.isTTY && stderr.isTTY ? { input: stdin, output: stderr, signal: interruption.signal } : null

const context: CommandContext = {
  out,
  stdout: results,
  signal: interruption.signal,
  clock: systemClock,
  env,
  redactor,
  config: undefined,
  limits: { requests: null, bytesPerSecond: null },
  ask: terminal === null ? null : (question) => askSecret(question, terminal),
  askText: terminal === null ? null : (question) => askText(question, terminal),
}

async function act(command: Command, input: Readonly<Record<string, unknown>>): Promise<void> {
  running = command
  const { config, limitRate, storageRequests } = input
  const given = {
    config: typeof config === 'string' ? config : undefined,
    limits: {
      requests: typeof storageRequests === 'number' ? storageRequests : null,
      bytesPerSecond: typeof limitRate === 'number' ? limitRate : null,
    },
  }
  if (typeof input['server'] === 'string') {
    const { runAtServer } = await import('./server/run.ts')
    await runAtServer({ ...context, ...given }, command, input, input['server'])
  } else {
    requireNoServer(command)
    await command.run({ ...context, ...given }, input)
  }
  // A command that ignored the signal has done its work: that is a success, and is told as one.
  out.finish()
}

/** What would be done here although the environment names a service is not what was meant. */
function requireNoServer(command: Command): void {
  if (command.server !== null || env['HOLDFAST_SERVER'] === undefined) return
  throw new HoldfastError(
    'usage',
    `holdfast ${command.name} has nothing to do with a service, and HOLDFAST_SERVER names one.`,
    {
      hint: 'Unset HOLDFAST_SERVER for this command.',
    },
  )
}

function fail(thrown: unknown): HoldfastError {
  const error = toShownError(thrown, {
    cancelled: interruption.signal.aborted,
    state: running?.cancelled ?? 'Nothing was changed.',
  })
  out.fail(error, { debug })
  return error
}

/** Ends the process when everything is written, also if something still holds it open. */
async function end(error: HoldfastError | null): Promise<void> {
  const lost = await results.settled()
  const told = error ?? (lost === null ? null : lostResultError(lost))
  // Where stdout takes nothing, JSON on it has told nobody.
  if (told !== null && lost !== null && (told !== error || out.json)) {
    out.fail(told, { debug, inWords: true })
  }
  const status = told?.exitCode ?? 0
  process.exitCode = status
  stderr.write('', () => process.exit(status))
}

process.on('uncaughtException', (thrown) => void end(fail(thrown)))

try {
  const program = createProgram({
    commands: await loadCommands(args),
    version,
    env,
    width: stdout.isTTY ? Math.min(110, stdout.columns) : 80,
    writeHelp: (text) => results.write(text),
    act,
  })
  await runProgram(program, args)
  await end(null)
} catch (thrown) {
  await end(fail(thrown))
}
