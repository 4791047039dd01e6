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

/** A database that is asked something by a command of the command line. */
interface Asked {
  readonly commandLine: CommandLine
  readonly address: string
  readonly password: string | undefined
  readonly settings: Json
  readonly withinMs?: number
}

/** Looks whether a database could be backed up that is not, or not yet, a source. Throws as `runShortly`. */
export async function testSource(o: Asked): Promise<SourceTest> {
  const printed = await ask('test', o)
  const error = printedError(printed)
  const details = (printed?.['error'] as { details?: Json } | undefined)?.details
  const checks = printed?.['checks'] ?? details?.['checks']
  if (Array.isArray(checks)) return { checks: checks as Json[], error }
  if (error !== null) return { checks: [], error }
  throw new HoldfastError('job_crashed', 'The test of the source ended without a result.')
}

interface Counted {
  /** Null: unknown. */
  readonly rows: number | null
  readonly how: 'exact' | 'estimate' | 'unknown'
}

/** What `source count` finds: each module with its tables. */
export interface SourceCounts {
  readonly modules: readonly {
    readonly name: string
    readonly tables: readonly (Counted & { readonly schema: string; readonly name: string })[]
    readonly rows: number | null
    readonly how: Counted['how']
  }[]
  /** Why the database could not be asked. */
  readonly error: JobError | null
}

/** Counts the rows that the modules of a source have now. Throws as `runShortly`. */
export async function countSource(o: Asked): Promise<SourceCounts> {
  const printed = await ask('count', o)
  const error = printedError(printed)
  if (error !== null) return { modules: [], error }
  const modules = printed?.['modules']
  // Sound because the command line of this very version prints them.
  if (Array.isArray(modules)) return { modules: modules as SourceCounts['modules'], error }
  throw new HoldfastError('job_crashed', 'The count of the source ended without a result.')
}

async function ask(verb: 'test' | 'count', o: Asked): Promise<Json | null> {
  const name = 'candidate'
  const { address, password, settings } = o
  const target = {
    // The command opens no repository.
    repository: { address: '/nowhere', copies: [], secrets: {} },
    source: { name, address, settings, secrets: { password } },
    restore: null,
  }
  return await runShortly({
    commandLine: o.commandLine,
    arguments: ['source', verb, name],
    files: () => writeCommandFiles({ kind: { needs: [] }, keep: null, target }),
    withinMs: o.withinMs,
  })
}
