import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { care, keptDays, tidyJobs } from '../../src/jobs/care.ts'
import { testServer } from '../support/postgres.ts'
import { newService, realCommands, type JobRow } from '../support/service.ts'

const [server, shopServer] = await Promise.all([testServer(18), testServer(17)])
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)

test('a repository is measured after a backup, once an hour at most, and once a day whatever happens', async () => {
  const service = await newService(server)
  const { system } = service.catalog
  await using shop = await shopServer.database()
  await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id')
  const sourceId = await service.addSource('shop', shop.url)
  service.worker({ commandLine: realCommands })
  const measures = () => system.query<{ id: string }>(`SELECT id FROM holdfast.jobs WHERE kind = 'measure'`)
  for (let i = 0; i < 2; i++) {
    const { id } = await service.enqueue({ sourceId })
    assert.equal((await service.until(id, over)).status, 'completed')
  }
  const [one, ...more] = await measures()
  assert.deepEqual(more, [])
  const measured = await service.until(one?.id ?? '', over)
  assert.equal(measured.status, 'completed', JSON.stringify(measured.error))
  const [point] = await system.query<{ used: string; capacity: string }>(
    'SELECT used_bytes AS used, capacity_bytes AS capacity FROM holdfast.storage_points',
  )
  assert.ok(Number(point?.used) > 0 && Number(point?.capacity) > Number(point?.used))
  assert.equal(await care({ database: system, queue: service.queue }), 0)
  await system.query(
    `UPDATE holdfast.jobs SET created_at = now() - interval '25 hours' WHERE kind = 'measure'`,
  )
  const made = await Promise.all([1, 2, 3].map(() => care({ database: system, queue: service.queue })))
  assert.equal(
    made.reduce((a, b) => a + b),
    1,
  )

  const preview = await service.enqueue({ kind: 'prune-preview', sourceId, params: { keep: { last: 1 } } })
  const { result, error } = await service.until(preview.id, over)
  const decisions = result?.['decisions'] as { keep: boolean; reasons: { text: string }[] }[] | undefined
  assert.deepEqual(
    decisions?.map(({ keep }) => keep),
    [true, false],
    JSON.stringify(error),
  )
  assert.ok((decisions?.[0]?.reasons[0]?.text.length ?? 0) > 0)
  assert.equal((await service.repository.list()).length, 2, 'nothing was removed')
})

test('old logs and jobs go, and nothing that is not over or not old', async () => {
  const service = await newService(server)
  const { system } = service.catalog
  await system.query(
    `INSERT INTO holdfast.jobs (kind, about, requested_by, status, created_at, ended_at)
     SELECT 'backup', 'd' || n, 'test', CASE WHEN n < 0 THEN 'pending' ELSE 'completed' END,
       now() - interval '1000 days', CASE WHEN n < 0 THEN NULL ELSE now() - pg_catalog.make_interval(days => n) END
     FROM unnest(ARRAY[-1, 0, $1 - 1, $1 + 1, $2 - 1, $2 + 1]::int[]) AS n`,
    [keptDays.logs, keptDays.jobs],
  )
  await system.query(
    `INSERT INTO holdfast.job_log (job_id, number, attempt, level, text) SELECT id, 1, 1, 'info', 'x' FROM holdfast.jobs`,
  )
  await tidyJobs(system)
  const rows = await system.query<{ about: string; log: boolean }>(
    `SELECT about, EXISTS (SELECT FROM holdfast.job_log WHERE job_id = id) AS log FROM holdfast.jobs ORDER BY about`,
  )
  assert.deepEqual(
    rows.map(({ about, log }) => `${about} ${log}`),
    ['d-1 true', 'd0 true', 'd399 false', 'd89 true', 'd91 false'],
  )
})

test('of one repository so many jobs run at once as it says, and those of others are not held up', async () => {
  const service = await newService(server)
  const { system } = service.catalog
  await system.query('UPDATE holdfast.repositories SET max_jobs = 2')
  const [other] = await system.query<{ id: string }>(
    `INSERT INTO holdfast.repositories (name, address, max_jobs) SELECT 'other', address, 1 FROM holdfast.repositories RETURNING id`,
  )
  const jobs: string[] = []
  for (let i = 0; i < 5; i++) {
    const sourceId = await service.addSource(`s${i}`, 'postgres://app@127.0.0.1:1/shop')
    const more = i === 4 ? { repositoryId: other?.id ?? '' } : {}
    jobs.push((await service.enqueue({ sourceId, params: { name: 'wait all' }, ...more })).id)
  }
  // Several take at the same moment.
  for (let i = 0; i < 3; i++) service.worker({ name: `w${i}` })
  await service.until(jobs[4] ?? '', ({ status }) => status === 'running')
  const running = async () => {
    const rows = await system.query<{ n: number }>(
      `SELECT count(*)::int4 AS n FROM holdfast.jobs WHERE status = 'running' AND repository_id = $1`,
      [service.repository.id],
    )
    return rows[0]?.n ?? 0
  }
  while ((await running()) < 2) await service.log(jobs[0] ?? '')
  assert.equal(await running(), 2)
  await writeFile(join(service.directory, 'all'), '')
  let most = 0
  for (;;) {
    most = Math.max(most, await running())
    const states = await Promise.all(jobs.map((id) => service.job(id)))
    if (states.every(over)) break
  }
  assert.ok(most <= 2, `${most} ran at once`)
  const ends = await Promise.all(jobs.map((id) => service.job(id)))
  assert.deepEqual(
    ends.map(({ status, attempt }) => `${status} ${attempt}`),
    Array(5).fill('completed 1'),
  )
  const ran = (await readFile(join(service.directory, 'ran'), 'utf8')).trim().split('\n')
  assert.equal(ran.filter((line) => line.startsWith('began')).length, 5)
})
