import type { Client, Job, JobDetail } from '../../client/client.ts'
import { codes, type ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { Progress } from '../../lib/progress.ts'
import type { CommandContext, ServerInput } from '../command.ts'

const over: readonly Job['status'][] = ['completed', 'failed', 'cancelled']
/** How long a job that was cancelled is waited for: its command rolls back. */
const cancelMs = 60_000

/**
 * Follows a job to its end, and gives what its command printed; null if it is left running, as --detach says. Ctrl-C cancels the job. Throws
 * what the job failed of, as the command would here.
 */
export async function followJob(
  { out, signal }: CommandContext,
  client: Client,
  begun: JobDetail,
  { detach }: ServerInput,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (detach) {
    out.line(
      out.quiet
        ? begun.id
        : `Job ${begun.id} is under way. It is followed by GET /events, and in the console.`,
    )
    out.result({ job: begun.id })
    return null
  }
  try {
    await untilOver(client, begun.id, { signal, tell: (job) => tellProgress(out.progress, job) })
  } catch (error) {
    if (!signal.aborted) throw error
    await cancel(client, begun.id)
  }
  const job = await client.getBackupJob(begun.id)
  out.progressDone(job.status === 'completed' ? 'done' : 'failed')
  if (job.status === 'completed') return job.result ?? {}
  if (job.status !== 'failed') throw new HoldfastError('cancelled', 'Cancelled.')
  const { code, message, hint } = (job.error ?? {}) as Readonly<Record<string, unknown>>
  const known = typeof code === 'string' && code in codes ? (code as ErrorCode) : 'job_crashed'
  throw new HoldfastError(known, typeof message === 'string' ? message : 'The job has failed.', {
    ...(typeof hint === 'string' && hint !== '' ? { hint } : {}),
    details: { job: job.id },
  })
}

async function untilOver(
  client: Client,
  id: string,
  o: { signal: AbortSignal; tell: (job: Pick<Job, 'progress'>) => void },
): Promise<void> {
  for await (const { event } of client.events({ job: id, signal: o.signal })) {
    const job = event.kind === 'job' ? event.job : await client.getBackupJob(id, { signal: o.signal })
    // A job is removed long after it has ended.
    if (job === null || over.includes(job.status)) return
    o.tell(job)
  }
}

async function cancel(client: Client, id: string): Promise<void> {
  // That it has ended meanwhile is told by how it has.
  await client.cancelBackupJob(id).catch(() => undefined)
  await untilOver(client, id, { signal: AbortSignal.timeout(cancelMs), tell: () => undefined }).catch(() => {
    throw new HoldfastError('cancelled', 'Cancelled, but the job has not ended yet.', {
      hint: `The service was asked to cancel the job ${id}.`,
    })
  })
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
