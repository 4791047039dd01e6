import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { nextTimes, tick, type Begun } from '../../src/jobs/scheduler.ts'
import { nextRun, type ScheduleRule } from '../../src/jobs/schedule-rule.ts'
import { randomOf } from '../oracle/random.ts'
import { testServer } from '../support/postgres.ts'
import { newService, type TestService } from '../support/service.ts'

const server = await testServer(18)

interface Wanted {
  readonly name: string
  readonly rule: ScheduleRule
  readonly zone?: string
  readonly overlap?: 'skip' | 'queue'
  readonly jitterSeconds?: number
  readonly sourceId: string
  readonly from: Date
}

async function addSchedule({ catalog }: TestService, o: Wanted): Promise<string> {
  const { rule, zone = 'UTC', jitterSeconds = 0 } = o
  const id = randomUUID()
  const times = nextTimes({ rule, zone, jitterSeconds }, o.from, () => 0.5)
  await catalog.system.query(
    `INSERT INTO holdfast.schedules (id, name, kind, source_id, rule, zone, jitter_seconds, overlap, next_run, due)
     VALUES ($1, $2, 'backup', $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      o.name,
      o.sourceId,
      JSON.stringify(rule),
      zone,
      jitterSeconds,
      o.overlap ?? 'skip',
      times.nextRun,
      times.due,
    ],
  )
  return id
}

const ticking = ({ catalog, queue }: TestService, at: string): Promise<Begun[]> =>
  tick({ database: catalog.system, queue, now: new Date(at), random: () => 0.5 })

test('of any number of schedulers one begins a run, and the next run is set with it', async () => {
  const service = await newService(server)
  const sources = await Promise.all(
    Array.from({ length: 5 }, (_, i) => service.addSource(`s${i}`, 'postgres://app@127.0.0.1:1/shop')),
  )
  const from = new Date('2026-11-28T00:10:00Z')
  for (const [i, sourceId] of sources.entries())
    await addSchedule(service, {
      name: `c${i}`,
      rule: { cron: '0 * * * *' },
      overlap: 'queue',
      sourceId,
      from,
    })
  assert.deepEqual(await ticking(service, '2026-11-28T00:59:59Z'), [])
  const begun = (
    await Promise.all(Array.from({ length: 8 }, () => ticking(service, '2026-11-28T01:00:00Z')))
  ).flat()
  assert.deepEqual(begun.map(({ schedule }) => schedule).sort(), ['c0', 'c1', 'c2', 'c3', 'c4'])
  const jobs = await service.catalog.system.query<{ scheduled_for: Date; place: boolean }>(
    `SELECT j.scheduled_for, EXISTS (SELECT FROM holdfast_queue.job AS q WHERE q.id = j.id) AS place FROM holdfast.jobs AS j`,
  )
  assert.equal(jobs.length, 5)
  for (const { scheduled_for: at, place } of jobs)
    assert.deepEqual([at.toISOString(), place], ['2026-11-28T01:00:00.000Z', true])
  const [next] = await service.catalog.system.query<{ next_run: Date }>(
    'SELECT DISTINCT next_run FROM holdfast.schedules',
  )
  assert.equal(next?.next_run.toISOString(), '2026-11-28T02:00:00.000Z')
})

test('what was missed is made up for once; a run that is still there is waited for or skipped', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const from = new Date('2026-11-01T00:00:00Z')
  const rule = { cron: '0 * * * *' }
  await addSchedule(service, { name: 'skips', rule, sourceId, from })
  await addSchedule(service, { name: 'queues', rule, overlap: 'queue', sourceId, from })
  const names = (begun: readonly Begun[]) =>
    begun
      .filter(({ job }) => job !== null)
      .map(({ schedule }) => schedule)
      .sort()
  // Nobody ticked for four weeks.
  assert.deepEqual(names(await ticking(service, '2026-11-28T12:30:00Z')), ['queues', 'skips'])
  assert.deepEqual(await ticking(service, '2026-11-28T12:59:00Z'), [])
  // Both are pending: neither gets another one.
  assert.deepEqual(names(await ticking(service, '2026-11-28T13:00:00Z')), [])
  await service.catalog.system.query(
    `UPDATE holdfast.jobs SET status = 'running', lease_until = now(), exclusive_key = id::text`,
  )
  assert.deepEqual(names(await ticking(service, '2026-11-28T14:00:00Z')), ['queues'])
  const rows = await service.catalog.system.query<{
    name: string
    last_run: Date
    last_skipped: Date
    next_run: Date
  }>('SELECT name, last_run, last_skipped, next_run FROM holdfast.schedules ORDER BY name')
  const at = (time: Date | undefined) => time?.toISOString().slice(11, 16)
  assert.deepEqual(
    rows.map((row) => [row.name, at(row.last_run), at(row.last_skipped), at(row.next_run)]),
    [
      ['queues', '14:00', '13:00', '15:00'],
      ['skips', '12:30', '14:00', '15:00'],
    ],
  )
})

test('a schedule that can not be carried out is switched off, says why, and holds up no other', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const from = new Date('2026-11-28T00:00:00Z')
  const rule = { cron: '0 * * * *' }
  const id = await addSchedule(service, { name: 'broken', rule, sourceId, from })
  await addSchedule(service, { name: 'whole', rule: { cron: '1 1 * * *' }, sourceId, from })
  await service.catalog.system.query("UPDATE holdfast.schedules SET zone = 'Mars/Olympus' WHERE id = $1", [
    id,
  ])
  const begun = await ticking(service, '2026-11-28T01:30:00Z')
  assert.deepEqual(
    begun.map(({ schedule, job }) => [schedule, job === null]),
    [
      ['broken', true],
      ['whole', false],
    ],
  )
  const [row] = await service.catalog.system.query(
    'SELECT enabled, problem FROM holdfast.schedules WHERE id = $1',
    [id],
  )
  assert.equal(row?.['enabled'], false)
  assert.match(String(row?.['problem']), /no time zone/)
  assert.deepEqual(await ticking(service, '2026-11-28T01:31:00Z'), [])
})

test('jitter puts a run off, by a share of it, and never the time it is for', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const from = new Date('2026-11-28T00:00:00Z')
  await addSchedule(service, {
    name: 'c',
    rule: { every: 'day', at: '02:00' },
    jitterSeconds: 599,
    sourceId,
    from,
  })
  assert.deepEqual(await ticking(service, '2026-11-28T02:04:59Z'), [])
  const [begun] = await ticking(service, '2026-11-28T02:05:00Z')
  assert.equal(begun?.scheduledFor.toISOString(), '2026-11-28T02:00:00.000Z')
})

test('a day with kills of workers and schedulers: no run is lost, none comes twice, none runs for ever', async (t) => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Math.floor(Math.random() * 1e9))
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const service = await newService(server)
  const { catalog, directory } = service
  const begin = new Date('2026-03-28T12:00:00Z')
  const end = new Date('2026-03-29T12:00:00Z')
  const rules: readonly (readonly [string, ScheduleRule])[] = [
    ['hourly', { cron: '0 * * * *' }],
    ['often', { cron: '15 */6 * * *' }],
    // In the night in which this time does not exist.
    ['nightly', { every: 'day', at: '02:30' }],
  ]
  const zone = 'Europe/Berlin'
  const expected: string[] = []
  for (const [name, rule] of rules) {
    const sourceId = await service.addSource(name, 'postgres://app@127.0.0.1:1/shop')
    await addSchedule(service, { name, rule, zone, sourceId, from: begin })
    for (let at = nextRun(rule, zone, begin); at !== null && at <= end; at = nextRun(rule, zone, at))
      expected.push(`${name} ${at.toISOString()} completed`)
  }

  const clockFile = join(directory, 'clock')
  const setClock = async (at: Date): Promise<void> => {
    await writeFile(`${clockFile}.part`, at.toISOString())
    await rename(`${clockFile}.part`, clockFile)
  }
  await setClock(begin)
  const start = (): ChildProcess => service.workerProcess({ leaseSeconds: 2, clockFile })
  const children = [start(), start()]
  const unfinished = async (at: Date): Promise<boolean> => {
    const [row] = await catalog.system.query<{ left: boolean }>(
      `SELECT EXISTS (SELECT FROM holdfast.schedules WHERE due <= $1)
         OR EXISTS (SELECT FROM holdfast.jobs WHERE status IN ('pending', 'running')) AS left`,
      [at],
    )
    return row?.left === true
  }
  const killsAt = new Set(random.shuffle(Array.from({ length: 90 }, (_, i) => i)).slice(0, 3))
  let step = 0
  for (let at = begin; at <= end; at = new Date(at.getTime() + 15 * 60_000), step++) {
    await setClock(at)
    if (killsAt.has(step)) {
      const victim = random.int(children.length)
      await sleep(random.int(150))
      children[victim]?.kill('SIGKILL')
      if (children[victim] !== undefined) await once(children[victim], 'close')
      children[victim] = start()
    }
    for (let tries = 0; await unfinished(at); tries++) {
      assert.ok(tries < 1200, `seed ${seed}: something is not done at ${at.toISOString()}`)
      await sleep(25)
    }
  }
  const jobs = await catalog.system.query<{ line: string }>(
    `SELECT c.name || ' ' || to_char(j.scheduled_for, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || j.status AS line
     FROM holdfast.jobs AS j JOIN holdfast.schedules AS c ON c.id = j.schedule_id`,
  )
  assert.deepEqual(jobs.map(({ line }) => line).sort(), expected.sort(), `seed ${seed}`)
  assert.deepEqual(await catalog.system.query('SELECT id FROM holdfast_queue.job'), [])
})
