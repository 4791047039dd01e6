import { HoldfastError } from '../lib/errors.ts'
import { writeCommandFiles } from './command-files.ts'
import { printedError, startCommand, type CommandLine } from './command.ts'
import type { JobError } from './types.ts'

type Json = Readonly<Record<string, unknown>>

/** What `source test` finds: each thing that a backup would meet. */
export interface SourceTest {
  readonly checks: readonly Json[]
  /** The first problem; null: a backup would work. */
  readonly error: JobError | null
}

/** Each is a process and a connection. */
const mostAtOnce = 3
const withinMs = 30_000
let running = 0

/** Looks whether a database could be backed up that is not, or not yet, a source. Throws `service_busy` where several do so already. */
export async function testSource(o: {
  commandLine: CommandLine
  address: string
  password: string | undefined
  settings: Json
  /** Default: half a minute. */
  withinMs?: number
}): Promise<SourceTest> {
  if (running >= mostAtOnce)
    throw new HoldfastError('service_busy', `${mostAtOnce} sources are being tested.`)
  running++
  try {
    return await run(o)
  } finally {
    running--
  }
}

async function run(o: Parameters<typeof testSource>[0]): Promise<SourceTest> {
  const name = 'candidate'
  const { address, password, settings } = o
  await using files = await writeCommandFiles({
    kind: { needs: [] },
    keep: null,
    target: {
      // The command opens no repository.
      repository: { address: '/nowhere', copies: [], secrets: {} },
      source: { name, address, settings, secrets: { password } },
      restore: null,
    },
  })
  const command = startCommand({
    commandLine: o.commandLine,
    arguments: ['source', 'test', name],
    directory: files.directory,
    env: files.env,
    onProgress: () => undefined,
    onLine: () => undefined,
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    command.stop()
  }, o.withinMs ?? withinMs)
  const { printed } = await command.ended
  clearTimeout(timer)
  if (late) throw new HoldfastError('connection_failed', 'There was no answer in time: the server may be behind a wall that says nothing.') // prettier-ignore
  const error = printedError(printed)
  const details = (printed?.['error'] as { details?: Json } | undefined)?.details
  const checks = printed?.['checks'] ?? details?.['checks']
  if (Array.isArray(checks)) return { checks: checks as Json[], error }
  if (error !== null) return { checks: [], error }
  throw new HoldfastError('job_crashed', 'The test of the source ended without a result.')
}
