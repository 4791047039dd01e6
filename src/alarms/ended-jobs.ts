import type { Database, Queries } from '../catalog/database.ts'
import type { Clock } from '../lib/clock.ts'
import { isHoldfastError, messageOf } from '../lib/errors.ts'
import { fanOut } from './fan-out.ts'
import { judgeJob, restoreStarted, type EndedJob } from './judge/job-end.ts'
import { judgeLooks } from './measured.ts'
import { ping } from './pings.ts'
import { lockAlarms, openAlarmsOf, record } from './record.ts'
import type { Change, Subject } from './types.ts'
import { plainText } from './words.ts'

/** Judged in one transaction, so that what is open is read rarely and never for long. */
const batch = 50

interface JobRow extends Record<string, unknown> {
  readonly id: string
  readonly kind: string
  readonly status: EndedJob['status']
  readonly about: string
  readonly source_id: string | null
  readonly repository_id: string | null
  readonly schedule_id: string | null
  readonly repository: string | null
  readonly error: EndedJob['error']
  readonly result: EndedJob['result'] | null
  readonly params: EndedJob['params']
  readonly attempt: number
  readonly started_at: Date | null
  readonly ended_at: Date
  /** False of a restore that was only looked at. */
  readonly begun: boolean
}

const columns = `j.id, j.kind, j.status, coalesce(s.name, j.about) AS about, j.source_id, j.repository_id, j.schedule_id, r.name AS repository,
  j.error, j.result, j.params, j.attempt, j.started_at, j.ended_at,
  coalesce(t.place = 'new' OR t.confirmed_at IS NOT NULL, true) AS begun`

/** Called as they are now; `about` is what they were called then, and outlives them. */
const joined = `holdfast.jobs AS j LEFT JOIN holdfast.sources AS s ON s.id = j.source_id
  LEFT JOIN holdfast.repositories AS r ON r.id = j.repository_id LEFT JOIN holdfast.restores AS t ON t.id = j.id`

/**
 * Judges every job that has ended since, each once: that it was is written in the transaction that writes what follows. Any number of
 * processes may do this at once.
 */
export async function judgeEndedJobs(o: { database: Database; clock: Clock }): Promise<void> {
  for (;;) {
    const judged = await o.database.transaction(async (queries) => {
      await lockAlarms(queries)
      const jobs = await queries.query<JobRow>(
        `SELECT ${columns} FROM ${joined}
         WHERE j.ended_at IS NOT NULL AND NOT j.judged ORDER BY j.ended_at, j.id LIMIT $1`,
        [batch],
      )
      for (const job of jobs) await judge(queries, job, o.clock.now())
      return jobs.length
    })
    if (judged < batch) return
  }
}

async function judge(queries: Queries, row: JobRow, now: Date): Promise<void> {
  const job = endedJob(row)
  const changes = row.begun ? await changesOf(queries, job) : []
  await fanOut(queries, await record(queries, changes, now), now)
  const how = { completed: 'success', failed: 'fail', cancelled: null } as const
  await ping(queries, { job: row, how: how[job.status], now })
  await queries.query('UPDATE holdfast.jobs SET judged = true WHERE id = $1', [job.id])
}

async function changesOf(queries: Queries, job: EndedJob): Promise<readonly Change[]> {
  const { source, repository, result, endedAt } = job
  try {
    const changes = judgeJob(job, await openAlarmsOf(queries, [source, repository]))
    if (job.kind !== 'backup' || job.status !== 'completed' || source === null) return changes
    return [...changes, ...(await judgeLooks(queries, { job: job.id, source, result, endedAt }))]
  } catch (error) {
    if (isHoldfastError(error)) throw error
    // One that is written down as none should be must not keep all others from being judged.
    return [notJudged(job, error)]
  }
}

function notJudged({ id, kind, source, repository }: EndedJob, error: unknown): Change {
  const subject: Subject = source ?? repository ?? { kind: 'job', id, name: kind, sourceId: null, repositoryId: null } // prettier-ignore
  return {
    do: 'raise',
    event: 'job_failed',
    subject,
    severity: 'error',
    text: `What became of the ${kind}, job ${id}, could not be judged: ${plainText(messageOf(error))}. Please report it.`,
    facts: { job: id, kind },
    keys: [`error ${kind}`],
    counts: true,
  }
}

/** Tells of what has begun and is not over: restores, and what an outside watcher follows. */
export async function tellStarted(o: { database: Database; clock: Clock }): Promise<void> {
  await o.database.transaction(async (queries) => {
    await lockAlarms(queries)
    const now = o.clock.now()
    const jobs = await queries.query<JobRow>(
      `SELECT ${columns} FROM ${joined}
       WHERE j.status = 'running'`,
    )
    for (const job of jobs) {
      if (job.begun && (job.kind === 'restore' || job.kind === 'undo'))
        await fanOut(queries, await record(queries, [restoreStarted(endedJob(job))], now), now)
      await ping(queries, { job, how: 'start', now })
    }
  })
}

function endedJob(row: JobRow): EndedJob {
  const { source_id: sourceId, repository_id: repositoryId } = row
  const source: Subject | null =
    sourceId === null ? null : { kind: 'source', id: sourceId, name: row.about, sourceId, repositoryId }
  const name = row.repository ?? row.about
  const repository: Subject | null =
    repositoryId === null
      ? null
      : { kind: 'repository', id: repositoryId, name, sourceId: null, repositoryId }
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    source,
    repository,
    error: row.error,
    result: row.result ?? {},
    params: row.params,
    attempts: row.attempt,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
}
