import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deliverDue } from '../../src/alarms/deliver/outbox.ts'
import { dnsLookup } from '../../src/alarms/deliver/reach.ts'
import { addDestination } from '../../src/alarms/destinations.ts'
import { nextTimes } from '../../src/jobs/scheduler.ts'
import type { ScheduleRule } from '../../src/jobs/schedule-rule.ts'
import { randomOf } from '../oracle/random.ts'
import { testServer, type TestDatabase } from '../support/postgres.ts'
import { newReceiver, type Receiver } from '../support/receiver.ts'
import { newService, type TestService } from '../support/service.ts'
import { checkJobAlarms, checkLate, lateSpans, type AlarmRow } from './day-alarms.ts'
import { realOf, virtualOf, type DayClock } from './day-clock.ts'
import { checkJobs, checkNotes } from './day-jobs.ts'
import { keepLedger, readLedger } from './day-ledger.ts'
import { playedDay, realDay, type DayPlan } from './day-plan.ts'
import { dayProcesses, disasters, ownersOf, processesOf } from './day-processes.ts'
import { checkSchedule, expectedTimes, type DaySchedule } from './day-schedules.ts'

/*
 * A day of a service of four processes, in which everything dies. HOLDFAST_DAY_SEED makes the same day again; HOLDFAST_DAY_HOURS makes it
 * longer, and HOLDFAST_DAY_MINUTES has real backups for so many real minutes instead.
 */

const seed = process.env['HOLDFAST_DAY_SEED'] ?? randomBytes(4).toString('hex')
const minutes = Number(process.env['HOLDFAST_DAY_MINUTES'] ?? 0)
const hours = Number(process.env['HOLDFAST_DAY_HOURS'] ?? 7)
const plan = minutes > 0 ? realDay(seed, minutes) : playedDay(seed, hours, hours > 12 ? 5 : 4)
const server = await testServer(18, { label: 'day', settings: { track_commit_timestamp: 'on' } })

interface PlacedSchedule extends DaySchedule {
  readonly id: string
  readonly sourceId: string | null
}

test('a day of schedules in which everything dies: each run came once, every job ended, every alarm came once', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const service = await newService(server)
  const { system } = service.catalog
  await chmod(service.directory, 0o755)
  const temporary = join(service.directory, 'tmp')
  await mkdir(temporary, { mode: 0o755 })
  await writeFile(join(service.directory, 'notes'), '')
  const now = Date.now()
  const clock: DayClock = { virtual: plan.begins ?? now, real: now, factor: plan.factor }
  await keepLedger(system, clock)
  const databases = plan.real ? await makeDatabases(plan) : new Map<string, TestDatabase>()
  const schedules = await addSchedules(service, plan, { from: clock.virtual, databases })
  const receiver = await newReceiver()
  await listen(service, receiver)
  const marks = join(service.directory, 'marks')
  await writeFile(marks, '')
  const random = randomOf(seed).fork('disasters')
  const processes = dayProcesses({
    random,
    server,
    databaseName: service.catalog.database.name,
    directory: service.directory,
    temporary,
    repository: join(service.directory, 'repo'),
    real: plan.real,
    leaseSeconds: plan.leaseSeconds,
    task: (name, serving) => ({
      url: service.catalog.database.url,
      key: service.catalog.key.toString('base64url'),
      name,
      leaseSeconds: plan.leaseSeconds,
      slots: 3,
      commandLine: plan.commandLine,
      clock,
      serving: serving
        ? { tickMs: plan.tickMs, alarmsMs: plan.alarmsMs, graceMs: plan.graceMs, marks }
        : null,
    }),
  })
  await processes.startAll()
  const until = Date.now() + (plan.hours * 3_600_000) / plan.factor
  while (Date.now() < until) {
    for (const kind of random.shuffle(disasters)) {
      await sleep(random.int(plan.pauseMs))
      if (Date.now() >= until) break
      await processes.disaster(kind)
      await sleep(random.int(plan.pauseMs / 2))
      await processes.heal()
    }
  }

  await processes.heal()
  await eventually('every schedule is in step', async () => {
    const now = new Date(virtualOf(clock, Date.now()))
    return (
      (await system.query('SELECT FROM holdfast.schedules WHERE enabled AND due <= $1', [now])).length === 0
    )
  })
  await again(() => system.query('UPDATE holdfast.schedules SET enabled = false'))
  const to = virtualOf(clock, Date.now())
  await eventually('every job has ended and is judged', async () => {
    const open = 'SELECT FROM holdfast.jobs WHERE ended_at IS NULL OR NOT judged LIMIT 1'
    return (await system.query(open)).length === 0
  })
  await eventually('a look has seen it', async () => {
    const [row] = await system.query<{ seen: boolean }>('SELECT max(at) > $1 AS seen FROM day.looks', [
      new Date(to),
    ])
    return row?.seen === true
  })
  await eventually('no command is left', () => Promise.resolve(processesOf(join(service.directory, 'repo')).length === 0)) // prettier-ignore
  const strangers = ownersOf(temporary).filter((pid) => !isAlive(pid))
  assert.deepEqual(await processes.stop(), [0, 0, 0, 0])

  const ledger = await readLedger(system)
  const seen = (await readFile(marks, 'utf8')).trim().split('\n').map(Number)
  const figures = schedules.map((schedule) => {
    const found = checkSchedule(schedule, {
      ledger,
      clock,
      from: clock.virtual,
      to,
      marks: seen,
      slackMs: 3_000,
    })
    t.diagnostic(`${schedule.name}: ${JSON.stringify(found)}`)
    return found
  })
  await checkRows(service, ledger.decisions)
  const jobs = checkJobs(ledger)
  if (plan.real) jobs.repeated = await checkBackups(service, jobs.lost)
  else jobs.repeated = checkNotes(ledger, await readFile(join(service.directory, 'notes'), 'utf8'))
  assert.deepEqual(await system.query('SELECT id, state FROM holdfast_queue.job'), [], 'the queue is empty')

  const alarms = await readAlarms(service)
  const ofJobs = checkJobAlarms(ledger, alarms)
  const late = checkAbsence(schedules, { ledger, clock, alarms, until: realOf(clock, to) })
  const messages = await checkMessages(service, alarms, receiver)
  assert.ok(figures.every(({ ran }) => ran >= 0) && jobs.jobs > 0)
  t.diagnostic(JSON.stringify({ processes: processes.counts, jobs, looks: ledger.looks.length, alarms: { ofJobs, late }, messages, strangers: strangers.length })) // prettier-ignore
})

function checkAbsence(
  schedules: readonly PlacedSchedule[],
  o: {
    ledger: Awaited<ReturnType<typeof readLedger>>
    clock: DayClock
    alarms: readonly AlarmRow[]
    until: number
  },
): number {
  const spansOf = (schedule: PlacedSchedule) => {
    const own = o.ledger.decisions.find((one) => one.schedule === schedule.id)
    return lateSpans(schedule, { ...o, graceMs: plan.graceMs, firstDue: own?.was_due ?? Infinity })
  }
  let late = 0
  const backups = schedules.filter(({ kind }) => kind === 'backup')
  for (const [sourceId, own] of Map.groupBy(backups, (one) => one.sourceId))
    late += checkLate({ subject: `source:${sourceId}`, event: 'backup_late', spans: own.flatMap(spansOf) }, o)
  for (const schedule of schedules)
    if (schedule.kind !== 'backup')
      late += checkLate(
        { subject: `schedule:${schedule.id}`, event: 'run_late', spans: spansOf(schedule) },
        o,
      )
  return late
}

/** What the schedules' rows say of their last run is what was decided last. */
async function checkRows(
  { catalog }: TestService,
  decisions: readonly { schedule: string; ran: boolean; at: number }[],
): Promise<void> {
  const rows = await catalog.system.query<{ id: string; last_run: Date | null; last_skipped: Date | null }>(
    'SELECT id, last_run, last_skipped, problem FROM holdfast.schedules',
  )
  for (const row of rows) {
    const last = (ran: boolean) =>
      decisions.findLast((one) => one.schedule === row.id && one.ran === ran)?.at ?? null
    assert.deepEqual([row.last_run?.getTime() ?? null, row.last_skipped?.getTime() ?? null, row['problem' as 'id']], [last(true), last(false), null]) // prettier-ignore
  }
}

/** Every backup that is there can be restored, and those of completed jobs are there; how many there are that no job knows. */
async function checkBackups({ catalog, repository }: TestService, lost: number): Promise<number> {
  const told = await catalog.system.query<{ id: string }>(
    `SELECT result -> 'backup' ->> 'id' AS id FROM holdfast.jobs WHERE kind = 'backup' AND status = 'completed'`,
  )
  const kept = await repository.list()
  assert.deepEqual(told.filter(({ id }) => !kept.includes(id)), [], 'backups that were told and are not there') // prettier-ignore
  for (const backup of kept) {
    await using target = await server.database()
    await repository.restoreTo(target.url, { backup })
  }
  const { refused, backups } = await repository.check()
  assert.deepEqual([refused, backups.flatMap(({ missing, damaged }) => [...missing, ...damaged])], [[], []])
  const repeated = kept.length - told.length
  assert.ok(repeated <= lost, `${repeated} backups that no job tells of, and ${lost} lost attempts`)
  return repeated
}

async function readAlarms({ catalog }: TestService): Promise<AlarmRow[]> {
  return await catalog.system.query<AlarmRow>(
    `SELECT id, event, subject, times, keys, (EXTRACT(epoch FROM raised_at) * 1000)::float8 AS raised,
       (EXTRACT(epoch FROM closed_at) * 1000)::float8 AS closed FROM holdfast.alarms ORDER BY raised_at`,
  )
}

/** Of each alarm the messages that it should have are there once, were sent, and have arrived. */
async function checkMessages(
  { catalog }: TestService,
  alarms: readonly AlarmRow[],
  receiver: Receiver,
): Promise<{ messages: number; twice: number }> {
  // Whoever was killed while it sent one is taken for dead by another after two minutes.
  const clock = { now: () => new Date(Date.now() + 3_600_000) }
  await deliverDue({ catalog, clock, random: Math.random, lookup: dnsLookup, signal: undefined })
  const rows = await catalog.system.query<{ id: string; key: string; status: string }>(
    'SELECT id, key, status FROM holdfast.deliveries',
  )
  assert.deepEqual(rows.filter(({ status }) => status !== 'sent'), []) // prettier-ignore
  const told = new Set(['backup_failed', 'backup_recovered'])
  const wanted = alarms.flatMap(({ id, event, keys, closed }) => [
    ...keys.map((_, i) => `${id}:raised:${i + 1}`),
    ...(closed === null || told.has(event) ? [] : [`${id}:over:${keys.length}`]),
  ])
  assert.deepEqual(rows.map(({ key }) => key).sort(), wanted.sort())
  const arrived = receiver.requests.map(({ body }) => (JSON.parse(body) as { delivery: string }).delivery)
  assert.deepEqual([...new Set(arrived)].sort(), rows.map(({ id }) => id).sort())
  return { messages: rows.length, twice: arrived.length - rows.length }
}

async function listen({ catalog }: TestService, receiver: Receiver): Promise<void> {
  const address = { kind: 'webhook', url: `${receiver.url}/hook` }
  const { id } = await addDestination(catalog.system, catalog.seal, {
    name: 'hook',
    address,
    reach: 'private',
    follows: null,
  })
  await catalog.system.query('INSERT INTO holdfast.subscriptions (destination_id) VALUES ($1)', [id])
}

async function makeDatabases({ schedules }: DayPlan): Promise<Map<string, TestDatabase>> {
  const other = await testServer(17)
  const names = new Set(schedules.flatMap(({ source }) => source ?? []))
  const made = [...names].map(async (name): Promise<[string, TestDatabase]> => {
    const database = await other.database()
    await database.query(`CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
      INSERT INTO orders (what) SELECT md5(random()::text) FROM generate_series(1, 500)`)
    return [name, database]
  })
  return new Map(await Promise.all(made))
}

async function addSchedules(
  service: TestService,
  { schedules }: DayPlan,
  o: { from: number; databases: ReadonlyMap<string, TestDatabase> },
): Promise<PlacedSchedule[]> {
  const ids = new Map<string, string>()
  const placed: PlacedSchedule[] = []
  for (const schedule of schedules) {
    const { name, source, kind, zone, jitterSeconds, overlap, part } = schedule
    const url = o.databases.get(source ?? '')?.url ?? 'postgres://app@127.0.0.1:1/shop'
    const sourceId = source === null ? null : (ids.get(source) ?? (await service.addSource(source, url)))
    if (source !== null && sourceId !== null) ids.set(source, sourceId)
    const rule = ruleOf(schedule)
    const times = nextTimes({ rule, zone, jitterSeconds }, new Date(o.from), Math.random)
    assert.equal(times.nextRun?.getTime(), expectedTimes(schedule, o.from, o.from + 48 * 3_600_000)[0], name)
    const id = randomUUID()
    await service.catalog.system.query(
      `INSERT INTO holdfast.schedules (id, name, kind, source_id, repository_id, rule, zone, jitter_seconds, overlap, params, next_run, due)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [id, name, kind, sourceId, source === null ? service.repository.id : null, JSON.stringify(rule), zone, jitterSeconds,
        overlap, JSON.stringify(part === '' ? {} : { name: part }), times.nextRun, times.due],
    ) // prettier-ignore
    placed.push({ ...schedule, id, sourceId })
  }
  return placed
}

function ruleOf({ when, name }: DaySchedule): ScheduleRule {
  if ('hour' in when) {
    const two = (number: number): string => String(number).padStart(2, '0')
    return { every: 'day', at: `${two(when.hour)}:${two(when.minute)}` }
  }
  if (when.minutes.length === 60) return { cron: '* * * * *' }
  return { cron: name === 'quarter' ? '*/15 * * * *' : `${when.minutes.join(',')} * * * *` }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (await again(holds)) return
    await sleep(100)
  }
  throw new Error(`It never came to be that ${what}.`)
}

/** Also while the catalog recovers. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries > 200 || (error as { code?: string }).code !== 'catalog_unreachable') throw error
      await sleep(50)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
