import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startServer } from '../src/postgres/server/server.ts'

export const jobs = 10_000
export const backups = 1000

const program = fileURLToPath(new URL('../bin/holdfast', import.meta.url))

/** A service that has been at work for a year, without a worker; ended with its server. */
export interface FilledService {
  /** Of the API. */
  readonly url: string
  /** Of the console. */
  readonly console: string
  readonly key: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function filledService(): Promise<FilledService> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-service-'))
  const server = await startServer({ major: 18, settings: {}, initdb: {} })
  const service = spawn(
    program,
    ['serve', '--catalog', server.url(), '--data', directory, '--listen', '127.0.0.1:0', '--no-worker'],
    { env: { PATH: process.env['PATH'], HOME: directory }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const closed = once(service, 'close')
  async function end(): Promise<void> {
    service.kill('SIGTERM')
    await closed
    await server.stop('fast')
    await rm(directory, { recursive: true, force: true })
  }
  try {
    let said = ''
    for (const stream of [service.stdout, service.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    while (!/listens at (\S+)/.test(said)) {
      if (service.exitCode !== null) throw new Error(said)
      await sleep(50)
    }
    const url = /listens at (\S+)/.exec(said)?.[1] ?? ''
    const key = /hfk_[\w-]{43}/.exec(said)?.[0] ?? ''
    await fill(server.url())
    return { url, console: new URL(url).origin, key, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

/** Ten sources in two repositories, a year of jobs, and a backup for each tenth of them. */
async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const progress = JSON.stringify({
    phase: 'rows',
    done: 5e8,
    total: 1e9,
    unit: 'bytes',
    percent: 50,
    perSecond: 1e8,
    secondsLeft: 5,
  })
  const summary = JSON.stringify({
    kind: 'full',
    name: 'nightly',
    totals: { tables: 40, rows: 1e6, plainBytes: 1e9, storedBytes: 2e8 },
  })
  await client.query(`
    INSERT INTO holdfast.repositories (name, address) SELECT 'repository-' || n, '/nowhere/' || n FROM generate_series(1, 2) AS n;
    INSERT INTO holdfast.sources (name, address, repository_id)
      SELECT 'source-' || n, 'postgres://backup@db/' || n, (SELECT id FROM holdfast.repositories WHERE name = 'repository-' || 1 + n % 2)
      FROM generate_series(1, 10) AS n;
    INSERT INTO holdfast.schedules (name, kind, source_id, rule, zone, enabled)
      SELECT name || '-nightly', 'backup', id, '{"every": "day", "at": "02:30"}', 'Europe/Berlin', false FROM holdfast.sources;
    INSERT INTO holdfast.jobs (kind, source_id, repository_id, about, status, requested_by, progress, error, created_at, started_at, ended_at)
      SELECT 'backup', s.id, s.repository_id, s.name, CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END, 'schedule', '${progress}',
        CASE WHEN n % 50 = 0 THEN '{"code": "connection_failed", "message": "It is away.", "hint": "Wait."}'::jsonb END, t, t, t + interval '90 s'
      FROM generate_series(1, ${jobs}) AS n, LATERAL (SELECT now() - n * interval '50 minutes') AS at (t), holdfast.sources AS s
      WHERE s.name = 'source-' || 1 + n % 10;
    INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
      SELECT s.repository_id, to_char(t, 'YYYYMMDD"T"HH24MISS"Z"') || '-' || lpad(to_hex(n), 8, '0'), s.id, md5(s.name), n, t, '${summary}'
      FROM generate_series(1, ${backups}) AS n, LATERAL (SELECT now() - n * interval '8 hours') AS at (t), holdfast.sources AS s
      WHERE s.name = 'source-' || 1 + n % 10;
    ANALYZE`)
  await client.end()
}
