import type { Client, Job, JobDetail } from '../../client/client.ts'
import { codes, type ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { Progress } from '../../lib/progress.ts'
import type { CommandContext, ServerInput } from '../command.ts'

/** In these it goes on by nobody but people. */
const stopped: readonly Job['status'][] = ['waiting', 'completed', 'failed', 'cancelled']
/** How long a job that was cancelled is waited for: its command rolls back. */
const cancelMs = 60_000

/**
 * Follows a job to its end, and gives what its command printed; null if it is left running, as --detach says. Ctrl-C cancels the job. Throws
 * what the job failed of, as the command would here.
 */
export async function followJob(
  context: CommandContext,
  client: Client,
  begun: Pick<JobDetail, 'id'>,
  { detach }: Pick<ServerInput, 'detach'>,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (detach) {
    tellDetached(context, begun.id)
    return null
  }
  const job = await followToStop(context, client, begun.id)
  requireCompleted(job)
  return job.result ?? {}
}

/** Says which job goes on by itself. */
export function tellDetached({ out }: CommandContext, id: string): void {
  out.line(out.quiet ? id : `Job ${id} is under way. It is followed by GET /events, and in the console.`)
  out.result({ job: id })
}

/** Follows a job until it has ended, or waits for somebody to agree. Ctrl-C cancels it. */
export async function followToStop(
  { out, signal }: CommandContext,
  client: Client,
  id: string,
): Promise<JobDetail> {
  try {
    await untilStopped(client, id, { signal, tell: (job) => tellProgress(out.progress, job) })
  } catch (error) {
    if (!signal.aborted) throw error
    await cancel(client, id)
  }
  const job = await client.getBackupJob(id)
  out.progressDone(job.status === 'waiting' ? 'quietly' : job.status === 'completed' ? 'done' : 'failed')
  return job
}

/** Throws what the job failed of, or that it was cancelled. */
export function requireCompleted(job: Pick<JobDetail, 'id' | 'status' | 'error'>): void {
  if (job.status === 'completed') return
  if (job.status !== 'failed') throw new HoldfastError('cancelled', 'Cancelled.')
  const { code, message, hint } = (job.error ?? {}) as Readonly<Record<string, unknown>>
  const known = typeof code === 'string' && code in codes ? (code as ErrorCode) : 'job_crashed'
  throw new HoldfastError(known, typeof message === 'string' ? message : 'The job has failed.', {
    ...(typeof hint === 'string' && hint !== '' ? { hint } : {}),
    details: { job: job.id },
  })
}

async function untilStopped(
  client: Client,
  id: string,
  o: { signal: AbortSignal; tell: (job: Pick<Job, 'progress'>) => void },
): Promise<void> {
  for await (const { event } of client.events({ job: id, signal: o.signal })) {
    const job = event.kind === 'job' ? event.job : await client.getBackupJob(id, { signal: o.signal })
    // A job is removed long after it has ended.
    if (job === null || stopped.includes(job.status)) return
    o.tell(job)
  }
}

async function cancel(client: Client, id: string): Promise<void> {
  // That it has ended meanwhile is told by how it has.
  await client.cancelBackupJob(id).catch(() => undefined)
  await untilStopped(client, id, { signal: AbortSignal.timeout(cancelMs), tell: () => undefined }).catch(
    () => {
      throw new HoldfastError('cancelled', 'Cancelled, but the job has not ended yet.', {
        hint: `The service was asked to cancel the job ${id}.`,
      })
    },
  )
}

function tellProgress(onProgress: (progress: Progress) => void, { progress }: Pick<Job, 'progress'>): void {
  if (progress === null) return
  const { phase, done, total, unit } = progress
  if (typeof phase !== 'string' || typeof done !== 'number') return
  const units: readonly Progress['unit'][] = ['bytes', 'rows', 'objects', 'tables']
  onProgress({
    phase,
    done,
    total: typeof total === 'number' ? total : null,
    unit: units.find((one) => one === unit) ?? 'objects',
  })
}
