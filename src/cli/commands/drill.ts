import { randomInt } from 'node:crypto'
import { steadyClock } from '../../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import type { VerifiedMark } from '../../repository/format/verified.ts'
import type { DrillOutcome, DrillPart, DrillReport } from '../../verify/types.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { assertion, assertions, assertionTimeout, goal, report, sample, seed } from '../drill/options.ts'
import { excludeTable, jobs, module, opening, schema, table } from '../options.ts'
import type { SealedBackup } from '../repository.ts'

const options = {
  ...opening,
  jobs,
  schema,
  table,
  excludeTable,
  module,
  sample,
  seed,
  assertions,
  assertion,
  assertionTimeout,
  goal,
  report,
}

export const command = defineCommand({
  name: 'drill',
  summary: 'prove that a backup restores',
  description:
    'Restores a backup into a scratch server of its own, compares every table with what the source counted and hashed, checks ' +
    'foreign keys, indexes, row level security and logins, runs your own assertions, and says how long it took. ' +
    "What can't be checked, an extension that a scratch server lacks for example, is reported as not verified. " +
    'The result is kept in the repository, signed, and shown by list and show.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options,
  examples: [
    { what: 'the newest backup', command: 'holdfast drill latest --repo /mnt/backups/shop' },
    {
      what: 'each night, for a monitor',
      command: 'holdfast drill latest --repo /mnt/backups/shop --json --quiet',
    },
    {
      what: 'a source of holdfast.json, with the goal and the assertions that it names',
      command: 'holdfast drill latest --source shop',
    },
    {
      what: 'and in a quarter of an hour',
      command: 'holdfast drill latest --repo /mnt/backups/shop --goal 15m',
    },
    {
      what: 'tables that make up a tenth of it, others each time',
      command: 'holdfast drill latest --repo /mnt/backups/shop --sample 10%',
    },
    {
      what: 'with a page to hand on',
      command: 'holdfast drill latest --repo /mnt/backups/shop --report drill.html',
    },
    {
      what: 'with queries of your own that must find nothing',
      command: 'holdfast drill latest --repo /mnt/backups/shop --assertions ~/shop/drills',
    },
  ],
  cancelled: 'The scratch server is gone. Nothing else was touched, and nothing is proved.',
  async run(context, input) {
    const { jobsOrDefault, openSealed, useBackup } = await import('../repository.ts')
    const { readBeginning } = await import('../drill/read.ts')
    const { unreadableOutcome } = await import('../../verify/unreadable.ts')
    const { runDrill } = await import('../../verify/drill.ts')
    const { modulesMeant, namingModules, sourceNamed } = await import('../config.ts')
    const { readAssertions } = await import('../drill/assertions.ts')
    const { requireWritable, writeReports } = await import('../drill/report.ts')
    const { tellDrill, withoutRows } = await import('../drill/text.ts')
    const { out, signal, clock } = context
    const modules = await modulesMeant(context, input.module, input.source)
    const part = partOf({ ...input, table: [...input.table, ...modules.flatMap((m) => m.tables)] })
    const said = input.source === undefined ? null : (await sourceNamed(context, input.source)).drill
    await requireWritable(input.report)
    const usual = input.assertion.length === 0 ? said?.assertions : undefined
    const assertions = await readAssertions({
      folder: input.assertions ?? usual,
      files: input.assertion,
    })
    await using sealed = await openSealed(context, input)
    await using _use = await useBackup(context, sealed)
    const limits = part === null ? {} : { part }
    const began = steadyClock.now()
    const read = await readBeginning(context, sealed)
    const drill = async (): Promise<DrillOutcome> => {
      if ('unread' in read) {
        const seconds = (steadyClock.now().getTime() - began.getTime()) / 1000
        const outcome = unreadableOutcome({ ...sealed, ...limits, ...read.unread, seconds })
        if (outcome === null) throw read.unread.error
        return outcome
      }
      return await runDrill({
        ...sealed,
        ...read.beginning,
        jobs: jobsOrDefault(input.jobs),
        clock: steadyClock,
        ...limits,
        goalSeconds: input.goal ?? goal.read(said?.goal),
        assertions,
        assertionTimeoutMs: input.assertionTimeout * 1000,
        signal,
        onProgress: out.progress,
      })
    }
    const { report, error } = await namingModules(modules, drill)
    out.progressDone(error === null ? 'done' : 'failed')
    tellDrill(out, report)
    const mark = await putMark(context, sealed, report)
    const unwritten = await writeReports(input.report, {
      manifest: sealed.manifest,
      contents: 'beginning' in read ? read.beginning.contents : null,
      report,
      finished: clock.now(),
    })
    for (const { message } of unwritten) out.warn(message)
    if (error === null) {
      out.result({ drill: withoutRows(report), verified: mark })
      const [first] = unwritten
      if (first !== undefined) throw first
      return
    }
    const { code, message, cause, hint, details } = error
    throw new HoldfastError(code, message, {
      cause,
      hint,
      details: { ...details, drill: withoutRows(report) },
    })
  },
  server: {
    takes: ['backup', 'source'],
    async run(context, client, input) {
      const { drillAtServer } = await import('../server/drill.ts')
      await drillAtServer(context, client, input)
    },
  },
})

/** Keeps the result in the repository, for all who list its backups. One that can't be written to changes nothing of what was found. */
async function putMark(
  { out, clock, signal }: CommandContext,
  { repository, vault, manifest }: SealedBackup,
  report: DrillReport,
): Promise<VerifiedMark | null> {
  const { putVerified } = await import('../../repository/verified.ts')
  const { markOf } = await import('../../verify/mark.ts')
  try {
    return await putVerified({
      repository,
      vault,
      manifest,
      when: clock.now(),
      found: markOf(report),
      signal,
    })
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled') throw error
    out.warn(`The result could not be kept in the repository, so list does not show it: ${error.message}`)
    return null
  }
}

/** What the drill is limited to, if anything. The seed that chooses a sample is a new one unless it is given. */
function partOf(input: {
  schema: readonly string[]
  table: readonly string[]
  excludeTable: readonly string[]
  sample: number | undefined
  seed: number | undefined
}): DrillPart | null {
  const { schema: schemas, table: tables, excludeTable: excludeTables, sample: percent } = input
  if (percent === undefined && input.seed !== undefined) {
    throw new HoldfastError('usage', '--seed chooses the tables of a sample, and there is none.', {
      hint: 'Add --sample.',
    })
  }
  const limits = schemas.length + tables.length + excludeTables.length
  if (percent === undefined && limits === 0) return null
  const sample = percent === undefined ? null : { percent, seed: input.seed ?? randomInt(1_000_000_000) }
  return { schemas, tables, excludeTables, sample }
}
