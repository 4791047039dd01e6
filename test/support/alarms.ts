import { randomUUID } from 'node:crypto'
import { createAlarms, type Alarms, type AlarmsOptions } from '../../src/alarms/alarms.ts'
import type { Database, Queries } from '../../src/catalog/database.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { newCatalog, type TestCatalog } from './catalog.ts'
import type { TestServer } from './postgres.ts'

export interface SetClock extends Clock {
  /** Goes on by so many milliseconds. */
  pass(ms: number): void
}

export function setClock(start = '2026-03-01T02:00:00Z'): SetClock {
  let now = Date.parse(start)
  return { now: () => new Date(now), pass: (ms) => void (now += ms) }
}

export interface JobEnd {
  readonly kind?: string
  readonly status?: 'running' | 'completed' | 'failed' | 'cancelled'
  readonly code?: string
  readonly result?: Record<string, unknown>
  readonly params?: Record<string, unknown>
  readonly scheduleId?: string
  readonly ofSource?: boolean
}

/** A catalog with a repository, a source of it, and what tests do with them. */
export interface TestAlarms {
  readonly catalog: TestCatalog
  readonly clock: SetClock
  readonly sourceId: string
  readonly repositoryId: string
  alarms(options?: Partial<AlarmsOptions>): Alarms
  tick(options?: Partial<AlarmsOptions>): Promise<void>
  /** A job that began a minute ago and ends now; its id. */
  job(end?: JobEnd): Promise<string>
  /** `event status`, oldest first: `open`, `closed`, or `told` of what does not last. */
  events(): Promise<string[]>
}

export async function newAlarms(server: TestServer): Promise<TestAlarms> {
  const catalog = await newCatalog(server)
  const { system } = catalog
  const clock = setClock()
  const [repositoryId, sourceId] = [randomUUID(), randomUUID()]
  await system.query(
    `INSERT INTO holdfast.repositories (id, name, address) VALUES ($1, 'main', '/backups')`,
    [repositoryId],
  )
  await system.query(
    `INSERT INTO holdfast.sources (id, name, address, repository_id, created_at) VALUES ($1, 'shop', 'postgres://db/shop', $2, $3)`,
    [sourceId, repositoryId, clock.now()],
  )
  const alarms = (options: Partial<AlarmsOptions> = {}): Alarms =>
    createAlarms({ catalog, clock, random: () => 0.5, ...options })
  return {
    catalog,
    clock,
    sourceId,
    repositoryId,
    alarms,
    tick: (options) => alarms(options).tick(),
    async job(end = {}) {
      const { kind = 'backup', status = 'completed', ofSource = kind !== 'check' } = end
      const id = randomUUID()
      const over = status !== 'running'
      const error = { code: end.code ?? 'connection_failed', message: 'It broke.', hint: '' }
      await system.query(
        `INSERT INTO holdfast.jobs (id, kind, source_id, repository_id, about, status, params, result, error, requested_by,
           schedule_id, scheduled_for, attempt, created_at, started_at, ended_at, lease_until)
         VALUES ($1, $2, $3, $4, 'shop', $5, $6, $7, $8, 'test', $9, $10, 1, $11::timestamptz - interval '1 minute',
           $11::timestamptz - interval '1 minute', $12, $13)`,
        [
          id,
          kind,
          ofSource ? sourceId : null,
          repositoryId,
          status,
          JSON.stringify(end.params ?? {}),
          status === 'completed' ? JSON.stringify(end.result ?? {}) : null,
          status === 'failed' ? JSON.stringify(error) : null,
          end.scheduleId ?? null,
          end.scheduleId === undefined ? null : clock.now(),
          clock.now(),
          over ? clock.now() : null,
          over ? null : clock.now(),
        ],
      )
      return id
    },
    async events() {
      const rows = await system.query<{ line: string }>(
        `SELECT event || ' ' || CASE WHEN occurrence IS NOT NULL THEN 'told' WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END AS line
         FROM holdfast.alarms ORDER BY raised_at, event, subject`,
      )
      return rows.map(({ line }) => line)
    },
  }
}

/** Thrown in place of a statement, as if the process had died there. */
export const died = new Error('died')

/**
 * A database whose user dies before its nth statement, a commit counted as one: what was committed by then stays, of the rest there is
 * nothing. `reached` tells whether it came so far.
 */
export function dyingDatabase(
  database: Database,
  at: number,
): Database & { readonly reached: () => boolean } {
  let count = 0
  let dead = false
  const step = (): void => {
    dead ||= ++count === at
    if (dead) throw died
  }
  const stepping = ({ query }: Queries): Queries => ({
    async query(sql, values) {
      step()
      return await query(sql, values)
    },
  })
  return {
    ...stepping(database),
    transaction: (work) =>
      database.transaction(async (queries) => {
        const done = await work(stepping(queries))
        step()
        return done
      }),
    close: () => database.close(),
    reached: () => dead,
  }
}
