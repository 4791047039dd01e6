import type { Database } from '../catalog/database.ts'
import { measureAll } from './measure.ts'
import type { Queue } from './queue.ts'

/** How long jobs and their logs are kept. Alarms are the history of what went wrong, and stay. */
export const keptDays = { jobs: 400, logs: 90 } as const

/** So many at once, so that nobody waits for it. */
const batch = 500
const batches = 20

/**
 * What nobody asks for and has to be done now and then, by any number of processes: storages are measured, and what is old goes. Resolves to
 * how many jobs were made.
 */
export async function care({ database, queue }: { database: Database; queue: Queue }): Promise<number> {
  const made = await database.transaction((queries) => measureAll(queries, queue))
  await tidyJobs(database)
  return made
}

/** Removes old logs and jobs, in small batches; what is left is for the next time. */
export async function tidyJobs(database: Database): Promise<void> {
  for (const work of [removeLogs, removeJobs])
    for (let i = 0; i < batches; i++) if ((await work(database)) < batch) break
}

async function removeLogs({ query }: Database): Promise<number> {
  const rows = await query(
    `WITH old AS (
       SELECT id FROM holdfast.jobs
       WHERE ended_at < pg_catalog.now() - pg_catalog.make_interval(days => $1) AND NOT log_removed
       ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ), lines AS (DELETE FROM holdfast.job_log AS l USING old WHERE l.job_id = old.id)
     UPDATE holdfast.jobs AS j SET log_removed = true FROM old WHERE j.id = old.id RETURNING j.id`,
    [keptDays.logs, batch],
  )
  return rows.length
}

async function removeJobs({ query }: Database): Promise<number> {
  const rows = await query(
    `DELETE FROM holdfast.jobs WHERE id IN (
       SELECT id FROM holdfast.jobs
       WHERE ended_at < pg_catalog.now() - pg_catalog.make_interval(days => $1) AND log_removed
       ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id`,
    [keptDays.jobs, batch],
  )
  return rows.length
}
