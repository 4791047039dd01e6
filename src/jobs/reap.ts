import type { Database, Queries } from '../catalog/database.ts'
import { codes } from '../lib/error-codes.ts'
import { settle } from './attempt.ts'
import { appendLog } from './log.ts'
import type { Queue } from './queue.ts'
import { endStep } from './restores/end-step.ts'
import type { JobError } from './types.ts'

const lost: JobError = {
  code: 'worker_lost',
  message: 'The worker that ran the job gave no sign of life any more.',
  hint: codes.worker_lost.hint,
}

/** A worker that only lost the catalog ends its command itself, within that time. Sooner nobody asks what that has come to. */
const dyingSeconds = 30

/**
 * Ends the attempts of workers whose lease is over, by the catalog's clock: the job is put back, or has failed if it was its last
 * attempt, or is cancelled if somebody asked for that. Any number of processes may do this at once. Resolves to how many there were.
 */
export async function reapJobs(o: { database: Database; queue: Queue }): Promise<number> {
  for (let reaped = 0; ; reaped++) if (!(await reapOne(o))) return reaped
}

/**
 * Ends all leases, to be reaped: where the catalog belongs to this process alone, and it has only just begun, whoever held them is
 * dead, and nobody needs to wait.
 */
export async function endLeases({ query }: Queries): Promise<void> {
  await query(
    `UPDATE holdfast.jobs SET lease_until = pg_catalog.now() - interval '1 second' WHERE status = 'running'`,
  )
}

async function reapOne({ database, queue }: { database: Database; queue: Queue }): Promise<boolean> {
  return await database.transaction(async (queries) => {
    const [job] = await queries.query<{
      id: string
      kind: string
      attempt: number
      worker: string
      cancel: boolean
    }>(
      `SELECT id, kind, attempt, worker, cancel_requested_at IS NOT NULL AS cancel FROM holdfast.jobs
       WHERE status = 'running' AND lease_until < pg_catalog.now() ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED`,
    )
    if (job === undefined) return false
    const { id, attempt } = job
    const text = `Worker ${job.worker} gave no sign of life any more.`
    await appendLog(queries, { id, attempt }, [{ level: 'warning', text }])
    const outcome = await endStep(
      queries,
      job,
      job.cancel ? { status: 'cancelled' } : { status: 'failed', error: lost, again: true },
      { said: null, afterSeconds: dyingSeconds },
    )
    await settle(queries, { queue, attempt: { id, attempt }, outcome })
    return true
  })
}
