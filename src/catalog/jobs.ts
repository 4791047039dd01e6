import type { Queries } from './database.ts'
import { iso, pageOf, type Listed, type Page } from './rows.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Where a job is. `pending`: nobody has begun it, or it is to be tried again. `waiting`: somebody must agree first. `running`: a worker
 * holds it, until its lease ends. `completed`, `failed`, `cancelled`: over for ever.
 */
export const jobStatuses = ['pending', 'waiting', 'running', 'completed', 'failed', 'cancelled'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** A job, as people see it. What its parts mean: migrations/001-foundation.sql. */
export interface JobRecord {
  readonly id: string
  readonly kind: string
  readonly about: string
  readonly status: JobStatus
  readonly sourceId: string | null
  readonly repositoryId: string | null
  readonly scheduleId: string | null
  readonly scheduledFor: string | null
  readonly params: Json
  readonly requestedBy: string
  readonly attempt: number
  readonly maxAttempts: number
  readonly worker: string | null
  readonly progress: Json | null
  readonly error: Json | null
  readonly cancelRequestedAt: string | null
  readonly createdAt: string
  readonly notBefore: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly kind: string
  readonly about: string
  readonly status: JobStatus
  readonly source_id: string | null
  readonly repository_id: string | null
  readonly schedule_id: string | null
  readonly scheduled_for: Date | null
  readonly params: Json
  readonly requested_by: string
  readonly attempt: number
  readonly max_attempts: number
  readonly worker: string | null
  readonly progress: Json | null
  readonly error: Json | null
  readonly cancel_requested_at: Date | null
  readonly created_at: Date
  readonly not_before: Date | null
  readonly started_at: Date | null
  readonly ended_at: Date | null
  /** With the microseconds that a Date does not have. */
  readonly exactly: string
}

const columns = `id, kind, about, status, source_id, repository_id, schedule_id, scheduled_for, params, requested_by, attempt,
  max_attempts, worker, progress, error, cancel_requested_at, created_at, not_before, started_at, ended_at, created_at::text AS exactly`

function toRecord(row: Row): JobRecord {
  const { id, kind, about, status, params, attempt, worker, progress, error } = row
  return {
    id,
    kind,
    about,
    status,
    sourceId: row.source_id,
    repositoryId: row.repository_id,
    scheduleId: row.schedule_id,
    scheduledFor: iso(row.scheduled_for),
    params,
    requestedBy: row.requested_by,
    attempt,
    maxAttempts: row.max_attempts,
    worker,
    progress,
    error,
    cancelRequestedAt: iso(row.cancel_requested_at),
    createdAt: iso(row.created_at),
    notBefore: iso(row.not_before),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  }
}

export interface JobFilter {
  readonly status: JobStatus | null
  readonly kind: string | null
  readonly sourceId: string | null
  readonly scheduleId: string | null
}

/** Newest first. */
export async function listJobs(
  { query }: Queries,
  filter: JobFilter,
  page: Page,
): Promise<Listed<JobRecord>> {
  const rows = await query<Row>(
    `SELECT ${columns} FROM holdfast.jobs
     WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR kind = $2)
       AND ($3::uuid IS NULL OR source_id = $3) AND ($4::uuid IS NULL OR schedule_id = $4)
       AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $7`,
    [
      filter.status,
      filter.kind,
      filter.sourceId,
      filter.scheduleId,
      page.after?.at ?? null,
      page.after?.id ?? null,
      page.limit + 1,
    ],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  return { items: listed.items.map(toRecord), next: listed.next }
}

/** The job with its result; null if there is none that the caller may see. */
export async function findJob(
  { query }: Queries,
  id: string,
): Promise<(JobRecord & { readonly result: Json | null }) | null> {
  const [row] = await query<Row & { result: Json | null }>(
    `SELECT ${columns}, result FROM holdfast.jobs WHERE id = $1`,
    [id],
  )
  return row === undefined ? null : { ...toRecord(row), result: row.result }
}

/** Those of these ids that the caller may see. */
export async function findJobs({ query }: Queries, ids: readonly string[]): Promise<JobRecord[]> {
  const rows = await query<Row>(`SELECT ${columns} FROM holdfast.jobs WHERE id = ANY ($1::uuid[])`, [ids])
  return rows.map(toRecord)
}

export interface JobLogLine {
  readonly number: number
  readonly at: string
  readonly attempt: number
  readonly level: string
  readonly text: string
}

/** Lines of a job's log after that number, oldest first. */
export async function readJobLog(
  { query }: Queries,
  o: { id: string; after: number; limit: number },
): Promise<JobLogLine[]> {
  const rows = await query<Omit<JobLogLine, 'at'> & { at: Date }>(
    `SELECT number, at, attempt, level, text FROM holdfast.job_log WHERE job_id = $1 AND number > $2 ORDER BY number LIMIT $3`,
    [o.id, o.after, o.limit],
  )
  return rows.map((row) => ({ ...row, at: iso(row.at) }))
}
