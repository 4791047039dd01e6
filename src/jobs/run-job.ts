import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../catalog/catalog.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { afterCompleted, afterFailed } from './after.ts'
import { endAttempt, prolong, type HeldJob } from './attempt.ts'
import { writeCommandFiles } from './command-files.ts'
import { printedError, startCommand, type CommandLine } from './command.ts'
import { jobKind } from './kinds.ts'
import { appendLog } from './log.ts'
import { errorOf, outcomeOf, type Stopped } from './outcome.ts'
import type { Queue } from './queue.ts'
import { endStep } from './restores/end-step.ts'
import { repositoryOf } from './restores/kinds.ts'
import { gone, readTarget } from './target.ts'
import type { JobError, JobProgress, LogLine, Outcome } from './types.ts'

export interface RunOptions {
  readonly catalog: Catalog
  readonly queue: Queue
  readonly commandLine: CommandLine
  readonly leaseSeconds: number
  /** Aborted when the worker is to end: the job is put back. */
  readonly signal: AbortSignal
}

/** How often a worker gives a sign of life, unless its lease is so short that it must do so more often. */
const beatMs = 2_000
const logBatch = 200

/** Runs a job that this worker holds, to its end or the end of its lease. Throws `catalog_unreachable` if it was told to end meanwhile. */
export async function runJob(o: RunOptions, job: HeldJob): Promise<'ended' | 'again' | 'lost'> {
  const told: Told = { lines: [], error: null }
  let outcome: Outcome | 'lost'
  try {
    outcome = await attempt(o, job, told)
  } catch (error) {
    const failure = isHoldfastError(error)
      ? error
      : new HoldfastError('internal', messageOf(error), { cause: error })
    const again = failure.exitCode === 1 || failure.exitCode === 6
    told.error = errorOf(failure.code, failure.message)
    outcome = { status: 'failed', error: told.error, again }
  }
  return outcome === 'lost' ? 'lost' : await tellEnd(o, job, { outcome, said: told.error })
}

/** What a command has told: its last lines, and the error that it printed in place of a result. */
interface Told {
  readonly lines: LogLine[]
  error: JobError | null
}

async function attempt(o: RunOptions, job: HeldJob, told: Told): Promise<Outcome | 'lost'> {
  const { lines: said } = told
  const { catalog, leaseSeconds } = o
  const kind = jobKind(job.kind)
  const target = await readTarget(catalog, job)
  if (kind.ofSource && target.source === null && repositoryOf(job.params) === null) throw gone(job, 'source')
  await using files = await writeCommandFiles({ kind, target, keep: job.params['keep'] })
  const unsaved: LogLine[] = []
  let progress: JobProgress | null = null
  const command = startCommand({
    commandLine: o.commandLine,
    arguments: kind.arguments({
      source: target.source?.name ?? null,
      params: job.params,
      newest: target.newest,
      hashes: target.hashes,
      restore: target.restore,
      place: { address: target.repository.address, to: target.to },
    }),
    directory: files.directory,
    env: { ...files.env, HOLDFAST_JOB: job.id, HOLDFAST_ATTEMPT: String(job.attempt) },
    onProgress: (latest) => (progress = latest),
    onLine(line) {
      unsaved.push(line)
      said.push(line)
      if (said.length > logBatch) said.shift()
    },
  })
  let stopped: Stopped | 'lost' = null
  const stop = (why: Exclude<typeof stopped, null>): void => {
    stopped ??= why
    command.stop()
  }
  const onAbort = (): void => stop('worker stopped')
  o.signal.addEventListener('abort', onAbort, { once: true })
  if (o.signal.aborted) onAbort()
  const over = new AbortController()
  const beating = beat()
  const end = await command.ended
  over.abort()
  o.signal.removeEventListener('abort', onAbort)
  await beating
  if (stopped === 'lost') return 'lost'
  await save().catch(() => undefined)
  told.error = printedError(end.printed)
  return outcomeOf(end, stopped, said)

  /** Signs of life until the command has ended. */
  async function beat(): Promise<void> {
    // Also when the catalog says nothing at all: whoever reaps does not ask.
    let lease = setTimeout(() => stop('lost'), leaseSeconds * 1000)
    while (!over.signal.aborted) {
      const every = Math.min(beatMs, (leaseSeconds * 1000) / 4)
      await sleep(every, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) break
      const next = setTimeout(() => stop('lost'), leaseSeconds * 1000)
      try {
        await save()
        const state = await prolong({ database: catalog.system, attempt: job, leaseSeconds, progress })
        if (state === 'cancel') stop('cancelled')
        if (state === 'lost') stop('lost')
        clearTimeout(lease)
        lease = next
      } catch {
        // It may answer the next time, as long as the lease holds.
        clearTimeout(next)
      }
    }
    clearTimeout(lease)
  }

  async function save(): Promise<void> {
    while (unsaved.length > 0) {
      const batch = unsaved.slice(0, logBatch)
      await appendLog(catalog.system, job, batch)
      unsaved.splice(0, batch.length)
    }
  }
}

/** The end as the catalog keeps it. */
function keptOf(job: HeldJob, outcome: Outcome): Outcome {
  if (outcome.status !== 'completed') return outcome
  const { kept } = jobKind(job.kind)
  return kept === undefined ? outcome : { ...outcome, result: kept(outcome.result) }
}

/** Tells the catalog how it ended, and does not give up while that does not answer: what was done would be done again. */
async function tellEnd(
  o: RunOptions,
  job: HeldJob,
  { outcome, said }: { outcome: Outcome; said: JobError | null },
): Promise<'ended' | 'again' | 'lost'> {
  const { catalog, queue } = o
  for (let pause = 250; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      return await endAttempt({
        database: catalog.system,
        queue,
        attempt: job,
        outcome,
        also: async (queries) => {
          if (outcome.status === 'completed')
            await afterCompleted(queries, { job, result: outcome.result, queue })
          if (outcome.status === 'failed')
            await afterFailed(queries, { job, code: outcome.error.code, queue })
          return await endStep(queries, job, keptOf(job, outcome), { said, afterSeconds: 0 })
        },
      })
    } catch (error) {
      if (!isHoldfastError(error, 'catalog_unreachable') || o.signal.aborted) throw error
    }
    await sleep(pause, undefined, { signal: o.signal }).catch(() => undefined)
  }
}
