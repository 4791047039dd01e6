import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newApi } from '../support/restores-api.ts'
import { testServer } from '../support/postgres.ts'
import { randomOf } from '../oracle/random.ts'

/* Figures and states, of jobs that a test makes up. */

const server = await testServer(18)
const own: string[] = []
const api = await newApi(server)
const { ok, call, catalog, addSource } = api
const { system } = catalog
const [mine, others] = [
  await addSource('mine', 'postgres://app@db/mine'),
  await addSource('others', 'postgres://app@db/others'),
]
// Keys are made with the service, sources after it.
own.push(mine)
await system.query(`UPDATE holdfast.api_keys SET sources = $1 WHERE role = 'tenant_admin'`, [own])

interface Figures {
  readonly total: number
  readonly successful: number
  readonly failed: number
  readonly cancelled: number
  readonly storedBytes: number
  readonly averageSeconds: number | null
  readonly successRate: number | null
  readonly last: string | null
  readonly days: readonly {
    day: string
    successful: number
    failed: number
    cancelled: number
    storedBytes: number
  }[]
}

interface State {
  readonly source: string
  readonly level: string
  readonly sentence: string
  readonly safeUntil: string | null
  readonly failures: { readonly count: number; readonly code: string } | null
  readonly jobs: readonly { readonly kind: string }[]
}

async function addJob(
  source: string,
  o: { status: string; ended: Date; seconds: number; bytes: number; kind?: string },
): Promise<void> {
  const failed = o.status === 'failed'
  await system.query(
    `INSERT INTO holdfast.jobs (kind, source_id, repository_id, about, requested_by, status, started_at, ended_at, plain_bytes, stored_bytes, error)
     VALUES ($1, $2, $3, 'x', 'test', $4, $5::timestamptz - pg_catalog.make_interval(secs => $6), $5, $7, $7, $8)`,
    [o.kind ?? 'backup', source, api.repository.id, o.status, o.ended, o.seconds, o.status === 'completed' ? o.bytes : null, failed ? '{"code": "login_failed", "message": "No."}' : null], // prettier-ignore
  )
}

test('figures are those of the jobs that the caller may see, by days of its zone', async (t) => {
  const seed = String(Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const from = Date.parse('2026-03-20T00:00:00Z')
  const jobs = Array.from({ length: 300 }, () => ({
    source: random.chance(0.6) ? mine : others,
    status: random.pick(['completed', 'completed', 'failed', 'cancelled']),
    ended: new Date(from + random.int(20 * 86_400_000)),
    seconds: random.between(1, 5000),
    bytes: random.between(0, 1_000_000),
    kind: random.chance(0.9) ? 'backup' : 'drill',
  }))
  for (const { source, ...job } of jobs) await addJob(source, job)
  const period = 'from=2026-03-25T10:00:00Z&to=2026-04-02T10:00:00Z'
  for (const [query, role, only] of [
    ['', 'super_admin', null],
    ['&source=others', 'super_admin', others],
    ['', 'tenant_admin', mine],
  ] as const) {
    for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Riyadh']) {
      const seen = await ok<Figures>(`GET /statistics?${period}${query}&zone=${zone}`, undefined, role)
      const meant = jobs.filter(({ source, ended, kind }) => kind === 'backup' && (only === null || source === only)
        && ended >= new Date('2026-03-25T10:00:00Z') && ended < new Date('2026-04-02T10:00:00Z')) // prettier-ignore
      const of = (status: string) => meant.filter((job) => job.status === status)
      const bytes = (some: typeof meant) => some.reduce((sum, one) => sum + one.bytes, 0)
      const done = of('completed')
      assert.deepEqual(
        [seen.total, seen.successful, seen.failed, seen.cancelled, seen.storedBytes],
        [meant.length, done.length, of('failed').length, of('cancelled').length, bytes(done)],
      )
      assert.equal(seen.successRate, done.length / (done.length + of('failed').length))
      const seconds = done.reduce((sum, one) => sum + one.seconds, 0) / done.length
      assert.ok(Math.abs((seen.averageSeconds ?? 0) - seconds) < 0.01)
      const dayOf = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
      assert.equal(seen.days.length, 9, 'every day is there, also those without a backup')
      for (const day of seen.days) {
        const own = meant.filter(({ ended }) => dayOf.format(ended) === day.day)
        const completed = own.filter(({ status }) => status === 'completed')
        assert.deepEqual(
          [day.successful, day.failed + day.cancelled, day.storedBytes],
          [completed.length, own.length - completed.length, bytes(completed)],
          `${day.day} ${zone}`,
        )
      }
    }
  }
  for (const query of ['from=2026-04-02T10:00:00Z&to=2026-03-01T10:00:00Z', 'from=2020-01-01T00:00:00Z', 'zone=Mars/Olympus', 'source=none'])
    assert.ok((await call(`GET /statistics?${query}`)).status < 500 && (await call(`GET /statistics?${query}`)).status >= 400, query) // prettier-ignore
  assert.equal((await call('GET /statistics?source=others', undefined, 'tenant_admin')).status, 404)
  await system.query('DELETE FROM holdfast.jobs')
})

const state = (name: string) => ok<State>(`GET /sources/${name}/state`)

test('a source is told from what its backups, drills, alarms and schedules say', async () => {
  assert.match((await state('mine')).sentence, /^Nothing has been backed up yet\. No backup is scheduled\.$/)
  const moment = new Date(Date.now() - 3_600_000)
  const summary = { totals: { tables: 3, rows: 1234 }, verified: { when: new Date().toISOString(), result: 'passed', level: 'whole', compared: { hashed: 3, sampled: 0, counted: 0 }, notVerified: 0 } } // prettier-ignore
  await system.query(
    `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
     VALUES ($1, 'b1', $2, 'h', 1, $3, $4), ($1, 'b2', $2, 'h', 2, $3::timestamptz + interval '10 min', '{"verified": null}')`,
    [api.repository.id, mine, moment, JSON.stringify(summary)],
  )
  await ok('POST /schedules', { name: 'n', kind: 'backup', source: 'mine', rule: { cron: '0 0 * * *' } })
  const safe = await state('mine')
  assert.match(safe.sentence, /^Everything up to .* can be brought back\. Last proven \d+ (second|minute)s? ago: restored 3 tables, 1,234 rows, all equal\. The next backup is at .*\.$/) // prettier-ignore
  assert.deepEqual([safe.level, safe.safeUntil], ['safe', new Date(moment.getTime() + 600_000).toISOString()])

  await addJob(mine, { status: 'failed', ended: new Date(), seconds: 1, bytes: 0 })
  await addJob(mine, { status: 'failed', ended: new Date(), seconds: 1, bytes: 0 })
  const failing = await state('mine')
  assert.deepEqual(
    [failing.level, failing.failures?.count, failing.failures?.code],
    ['attention', 2, 'login_failed'],
  )
  const alarm = `INSERT INTO holdfast.alarms (event, subject, source_id, repository_id, about, severity, text, facts, raised_at, last_at)
    VALUES ($1, $2, $3, $4, 'x', 'error', 'x', $5, now(), now())`
  const since = new Date(Date.now() - 600_000).toISOString()
  await system.query(alarm, [
    'backup_late',
    `source:${mine}`,
    mine,
    api.repository.id,
    JSON.stringify({ since }),
  ])
  const late = await state('mine')
  assert.match(late.sentence, /^Not safe: nothing has been backed up since .* The server refuses the role or its password\./) // prettier-ignore
  await addJob(mine, { status: 'completed', ended: new Date(), seconds: 1, bytes: 0 })
  await system.query('UPDATE holdfast.alarms SET closed_at = now()')
  assert.equal((await state('mine')).level, 'safe')
  await addJob(mine, { status: 'failed', ended: new Date(), seconds: 1, bytes: 0, kind: 'drill' })
  assert.equal((await state('mine')).level, 'safe', 'a drill that could not be made disproves nothing')
  // Whoever sees the source is told, though the alarm is of a repository that they don't see.
  await system.query(alarm, [
    'damage_found',
    `repository:${api.repository.id}`,
    null,
    api.repository.id,
    '{}',
  ])
  const damaged = await ok<State>('GET /sources/mine/state', undefined, 'tenant_admin')
  assert.equal(damaged.level, 'danger')
  assert.equal((await call('GET /sources/others/state', undefined, 'tenant_admin')).status, 404)
})

test('the overview has all that the caller may see, and nothing of others', async () => {
  interface Overview {
    readonly sources: readonly State[]
    readonly storage: readonly { readonly repository: string; readonly usedBytes: number; readonly bytesPerDay: number; readonly fullInSeconds: number }[] // prettier-ignore
    readonly alarms: Record<string, number>
    readonly jobs: Record<string, number>
  }
  for (let day = 10; day >= 0; day--)
    await system.query(
      `INSERT INTO holdfast.storage_points (repository_id, at, used_bytes, capacity_bytes)
       VALUES ($1, now() - pg_catalog.make_interval(days => $2), 1000 * (20 - $2), 30000)`,
      [api.repository.id, day],
    )
  await api.enqueue({ sourceId: others, params: { name: 'wait never' } })
  const all = await ok<Overview>('GET /overview')
  assert.deepEqual(
    all.sources.map(({ source }) => source),
    ['mine', 'others'],
  )
  assert.deepEqual(
    all.sources[1]?.jobs.map(({ kind }) => kind),
    ['backup'],
  )
  assert.deepEqual([all.alarms['error'], all.jobs['pending']], [1, 1])
  const [storage] = all.storage
  assert.ok(storage !== undefined)
  assert.deepEqual(
    [storage.repository, storage.usedBytes, Math.round(storage.bytesPerDay)],
    ['main', 20_000, 1000],
  )
  assert.equal(Math.round(storage.fullInSeconds / 86_400), 10)
  const tenant = await ok<Overview>('GET /overview', undefined, 'tenant_admin')
  assert.deepEqual(
    tenant.sources.map(({ source }) => source),
    ['mine'],
  )
  assert.deepEqual([tenant.storage, tenant.jobs['pending'], tenant.alarms['error']], [[], 0, 0])
  const { now, history } = await ok<{ now: { usedBytes: number }; history: unknown[] }>(
    'GET /repositories/main/storage',
  )
  assert.deepEqual([now.usedBytes, history.length], [20_000, 11])
})
