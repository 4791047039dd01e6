import { PgBoss } from 'pg-boss'
import type { Database, Queries } from '../catalog/database.ts'

/** An attempt at a job: whoever holds another one of it can't settle this one. */
export interface Attempt {
  readonly id: string
  /** From 1. */
  readonly attempt: number
}

/**
 * Who is next. Each call works in the caller's transaction, so that the queue and the table of jobs, which is what people see, never
 * tell different stories: docs/decisions/0021-the-service.md.
 */
export interface Queue {
  /** Of jobs with one `group` one is taken at a time. */
  send(
    queries: Queries,
    job: { id: string; group: string | null; attempts: number; afterSeconds?: number },
  ): Promise<void>
  /** The oldest job that may be begun now; null if there is none. */
  take(queries: Queries): Promise<Attempt | null>
  /** Puts an attempt back, to be made again after a while that grows. When that is over; null if it was not this one's to put back. */
  putBack(queries: Queries, attempt: Attempt): Promise<Date | null>
  /** Takes a job out for good. */
  remove(queries: Queries, id: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const name = 'jobs'
/** Its own, which pg-boss makes and upgrades. */
const schema = 'holdfast_queue'

export interface Backoff {
  /** Of the first pause, in seconds. */
  readonly first: number
  readonly most: number
}

const usual: Backoff = { first: 5, most: 900 }

/**
 * Opens the queue, and makes or upgrades its schema. pg-boss watches over nothing by itself: leases are ours to end (reap.ts), because
 * only then the table of jobs changes in the same transaction.
 */
export async function openQueue(database: Database, backoff: Backoff = usual): Promise<Queue> {
  const db = executor(database)
  const options = { db, schema, supervise: false, schedule: false } as const
  const maker = new PgBoss({ ...options, migrate: true })
  // Without a listener an error of it would end the process.
  maker.on('error', () => undefined)
  await maker.start()
  await maker.createQueue(name, { policy: 'standard' })
  await maker.stop({ graceful: false })

  const boss = new PgBoss({ ...options, migrate: false })
  boss.on('error', () => undefined)
  await boss.start()
  return {
    async send(queries, { id, group, attempts, afterSeconds = 0 }) {
      await boss.send(name, {}, {
        id,
        db: executor(queries),
        retryLimit: attempts - 1,
        retryDelay: backoff.first,
        retryDelayMax: backoff.most,
        retryBackoff: true,
        startAfter: afterSeconds,
        ...(group === null ? {} : { group: { id: group } }),
      }) // prettier-ignore
    },
    async take(queries) {
      const [job] = await boss.fetch(name, { db: executor(queries), groupConcurrency: 1 })
      return job === undefined ? null : { id: job.id, attempt: job.retryCount + 1 }
    },
    async putBack(queries, { id, attempt }) {
      const inside = executor(queries)
      const { settled } = await settle(boss.fail(name, { id, retryCount: attempt - 1 }, {}, { db: inside }))
      if (!settled) return null
      const [job] = await boss.findJobs(name, { id, db: inside })
      return job === undefined || job.state !== 'retry' ? null : job.startAfter
    },
    async remove(queries, id) {
      await boss.deleteJob(name, id, { db: executor(queries) })
    },
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  }
}

async function settle(response: Promise<object>): Promise<{ settled: boolean }> {
  // Its types do not tell of the count.
  const { affected } = (await response) as { affected?: number }
  return { settled: affected === 1 }
}

function executor({ query }: Queries) {
  return {
    executeSql: async (text: string, values?: unknown[]) => ({ rows: await query(text, values) }),
  }
}
