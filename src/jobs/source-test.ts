import { HoldfastError } from '../lib/errors.ts'
import { writeCommandFiles } from './command-files.ts'
import { printedError, type CommandLine } from './command.ts'
import { runShortly } from './short-command.ts'
import type { JobError } from './types.ts'

type Json = Readonly<Record<string, unknown>>

/** What `source test` finds: each thing that a backup would meet. */
export interface SourceTest {
  readonly checks: readonly Json[]
  /** The first problem; null: a backup would work. */
  readonly error: JobError | null
}

/** Looks whether a database could be backed up that is not, or not yet, a source. Throws as `runShortly`. */
export async function testSource(o: {
  commandLine: CommandLine
  address: string
  password: string | undefined
  settings: Json
  withinMs?: number
}): Promise<SourceTest> {
  const name = 'candidate'
  const { address, password, settings } = o
  const target = {
    // The command opens no repository.
    repository: { address: '/nowhere', copies: [], secrets: {} },
    source: { name, address, settings, secrets: { password } },
    restore: null,
  }
  const printed = await runShortly({
    commandLine: o.commandLine,
    arguments: ['source', 'test', name],
    files: () => writeCommandFiles({ kind: { needs: [] }, keep: null, target }),
    withinMs: o.withinMs,
  })
  const error = printedError(printed)
  const details = (printed?.['error'] as { details?: Json } | undefined)?.details
  const checks = printed?.['checks'] ?? details?.['checks']
  if (Array.isArray(checks)) return { checks: checks as Json[], error }
  if (error !== null) return { checks: [], error }
  throw new HoldfastError('job_crashed', 'The test of the source ended without a result.')
}
