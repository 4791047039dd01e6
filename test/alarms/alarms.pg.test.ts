import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asCaller } from '../../src/catalog/claims.ts'
import { closeAlarm, listAlarms, markSeen } from '../../src/alarms/inbox.ts'
import { newAlarms } from '../support/alarms.ts'
import { claimsOf } from '../support/catalog.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(18)
const hour = 3_600_000
const day = 24 * hour

const all10 = { limit: 10, after: null }

test('a failure is one alarm however often it is judged, and the first good backup ends it', async () => {
  const { job, clock, tick, events, catalog } = await newAlarms(server)
  for (let i = 0; i < 3; i++) {
    await job({ status: 'failed' })
    clock.pass(hour)
    await Promise.all([tick(), tick()])
    await tick()
  }
  assert.deepEqual(await events(), ['backup_failed open'])
  const [alarm] = await catalog.system.query(
    'SELECT times, about, source_id IS NOT NULL AS own FROM holdfast.alarms',
  )
  assert.deepEqual(alarm, { times: 3, about: 'shop', own: true })
  await job()
  clock.pass(hour)
  await tick()
  await job()
  await tick()
  assert.deepEqual(await events(), ['backup_failed closed', 'backup_recovered told'])
})

test('calls while a tick is under way share the next one, which sees what has ended meanwhile', async () => {
  const { alarms, job, events } = await newAlarms(server)
  const service = alarms()
  const first = service.tick()
  await job({ status: 'failed' })
  const [second, third] = [service.tick(), service.tick()]
  assert.equal(second, third)
  await Promise.all([first, second])
  assert.deepEqual(await events(), ['backup_failed open'])
})

test('a failure and the success after it, both while nobody looked, are still told', async () => {
  const { job, clock, tick, events } = await newAlarms(server)
  await job({ status: 'failed' })
  clock.pass(60_000)
  await job()
  clock.pass(60_000)
  await tick()
  assert.deepEqual(await events(), ['backup_failed closed', 'backup_recovered told'])
})

test('what is late is found although nothing runs, once, and also when the service was down', async () => {
  const { clock, tick, events, job, catalog, sourceId } = await newAlarms(server)
  await catalog.system.query(
    'INSERT INTO holdfast.alarm_settings (source_id, max_age_seconds) VALUES ($1, 93600)',
    [sourceId],
  )
  await job()
  clock.pass(25 * hour)
  await tick()
  assert.deepEqual(await events(), [])
  // Nobody ticks for days, as when the service is down.
  clock.pass(5 * day)
  await tick()
  clock.pass(hour)
  await tick()
  assert.deepEqual(await events(), ['backup_late open'])
  await job()
  await tick()
  assert.deepEqual(await events(), ['backup_late closed'])
  clock.pass(2 * day)
  await tick()
  assert.deepEqual(await events(), ['backup_late closed', 'backup_late open'])
  await catalog.system.query('UPDATE holdfast.alarm_settings SET expected = false')
  await tick()
  assert.deepEqual(await events(), ['backup_late closed', 'backup_late closed'])
})

test('a source that nobody backs up is late by the limit of the service', async () => {
  const { clock, tick, events } = await newAlarms(server)
  clock.pass(7 * day)
  await tick()
  assert.deepEqual(await events(), [])
  clock.pass(2 * day)
  await tick()
  assert.deepEqual(await events(), ['backup_late open'])
})

test('a run that was due and not begun, or has not ended, is late; one that failed is told by its failure alone', async () => {
  const { clock, tick, events, job, catalog, sourceId } = await newAlarms(server)
  const now = clock.now()
  const [backups, drills] = await catalog.system.query<{ id: string }>(
    `INSERT INTO holdfast.schedules (name, kind, source_id, rule, zone, due, last_run)
     SELECT kind, kind, $1, '{}', 'UTC', $2::timestamptz + interval '1 day', $2 FROM pg_catalog.unnest(ARRAY['backup', 'drill']) AS kind RETURNING id`,
    [sourceId, now],
  )
  assert.ok(backups !== undefined && drills !== undefined)
  await job({ scheduleId: backups.id, status: 'failed' })
  await job({ scheduleId: drills.id, kind: 'drill' })
  clock.pass(20 * hour)
  await tick()
  assert.deepEqual(await events(), ['backup_failed open'])
  clock.pass(6 * hour)
  await tick()
  assert.deepEqual(await events(), ['backup_failed open', 'backup_late open', 'run_late open'])
  await catalog.system.query('UPDATE holdfast.schedules SET enabled = false')
  await tick()
  assert.deepEqual(await events(), ['backup_failed open', 'backup_late closed', 'run_late closed'])
})

const backup = (rows: Record<string, number>, scope: string | null = null) => ({
  backup: { source: 'h', scope, totals: { plainBytes: 5_000_000 }, seconds: 9 },
  tables: Object.entries(rows).map(([name, count]) => ({
    schema: 'public',
    name,
    rows: count,
    data: 'held',
  })),
})

test('a backup that looks wrong is an alarm until one looks right again; what is new about it is told anew', async () => {
  const { clock, tick, events, job, catalog } = await newAlarms(server)
  const made = async (rows: Record<string, number>, scope?: string) => {
    await job({ result: backup(rows, scope) })
    clock.pass(hour)
    await tick()
  }
  for (let i = 0; i < 6; i++) await made({ orders: 5_000 + i, people: 2_000 })
  assert.deepEqual(await events(), [])
  await made({ orders: 3, people: 2_000 })
  const read = 'SELECT text, times, keys FROM holdfast.alarms'
  const [first] = await catalog.system.query<{ text: string }>(read)
  assert.match(first?.text ?? '', /^Table public\.orders has 3 rows, 99\.9 % fewer than usual/)
  await made({ orders: 3 })
  const [second] = await catalog.system.query(read)
  assert.equal(second?.['times'], 2)
  assert.deepEqual(second['keys'], ['shrunk public.orders', 'vanished public.people'])
  // Another scope is another series.
  await made({ orders: 5_000 }, 'only orders')
  assert.deepEqual(await events(), ['backup_odd closed'])
})

test('what a person says is how it is now is the history of the next', async () => {
  const { clock, tick, events, job, catalog } = await newAlarms(server)
  const made = async (orders: number) => {
    await job({ result: backup({ orders }) })
    clock.pass(hour)
    await tick()
  }
  for (let i = 0; i < 6; i++) await made(5_000)
  await made(1_200)
  const {
    items: [alarm],
  } = await listAlarms(catalog.system, { person: 'key:a', open: true, page: all10 })
  assert.equal(alarm?.event, 'backup_odd')
  await asCaller(catalog.api, claimsOf('platform_operator'), (queries) =>
    closeAlarm(queries, { id: alarm.id, person: 'key:a', text: 'We moved to a new shop.', now: clock.now() }),
  )
  await made(1_210)
  assert.deepEqual(await events(), ['backup_odd closed'])
  await made(100)
  assert.deepEqual(await events(), ['backup_odd closed', 'backup_odd open'])
})

test('a schedule that the service has switched off is an alarm, one that a person has is none', async () => {
  const { tick, events, catalog, sourceId } = await newAlarms(server)
  await catalog.system.query(
    `INSERT INTO holdfast.schedules (name, kind, source_id, rule, zone, enabled, problem)
     VALUES ('bad', 'backup', $1, '{}', 'UTC', false, 'Its time never comes again.'), ('off', 'backup', $1, '{}', 'UTC', false, NULL)`,
    [sourceId],
  )
  await tick()
  await tick()
  assert.deepEqual(await events(), ['schedule_off open'])
  await catalog.system.query('DELETE FROM holdfast.schedules')
  await tick()
  assert.deepEqual(await events(), ['schedule_off closed'])
})

test('a job that can not be judged is an alarm, and keeps no other from being judged', async () => {
  const { job, tick, events, catalog } = await newAlarms(server)
  const id = await job({ kind: 'drill', status: 'failed' })
  await catalog.system.query(`UPDATE holdfast.jobs SET error = '{"code": "internal"}' WHERE id = $1`, [id])
  await job({ status: 'failed' })
  await tick()
  assert.deepEqual(await events(), ['backup_failed open', 'job_failed open'])
})

test('a storage that fills up is told by what was measured, and again when it gets worse', async () => {
  const { clock, tick, events, catalog, repositoryId } = await newAlarms(server)
  const measure = async (gigabytes: number) => {
    await catalog.system.query(
      'INSERT INTO holdfast.storage_points (repository_id, at, used_bytes, capacity_bytes) VALUES ($1, $2, $3, 100000000000)',
      [repositoryId, clock.now(), gigabytes * 1e9],
    )
    await tick({ rules: { maxAgeMs: 1000 * day } })
    clock.pass(day)
  }
  for (const gigabytes of [10, 13, 16, 19, 22]) await measure(gigabytes)
  assert.deepEqual(await events(), [])
  for (const gigabytes of [63, 66]) await measure(gigabytes)
  assert.deepEqual(await events(), ['storage_filling open'])
  const severity = async () => (await catalog.system.query('SELECT severity, keys FROM holdfast.alarms'))[0]
  assert.deepEqual(await severity(), { severity: 'warning', keys: ['warning'] })
  await measure(97)
  assert.deepEqual(await severity(), { severity: 'critical', keys: ['warning', 'critical'] })
  await measure(20)
  assert.deepEqual(await events(), ['storage_filling closed'])
})

test('a restore that was only looked at is told to nobody', async () => {
  const { tick, events, job, catalog, clock } = await newAlarms(server)
  const id = await job({ kind: 'restore', status: 'running' })
  const about = `INSERT INTO holdfast.restores (id, place, target, step) VALUES ($1, 'in place', 'x', 'preview')`
  await catalog.system.query(about, [id])
  await tick()
  await catalog.system.query(
    `UPDATE holdfast.jobs SET status = 'cancelled', ended_at = $2, lease_until = NULL WHERE id = $1`,
    [id, clock.now()],
  )
  await tick()
  assert.deepEqual(await events(), [])
})

test('a restore is told once when it has begun and once when it has ended', async () => {
  const { tick, events, job, clock, catalog } = await newAlarms(server)
  const id = await job({ kind: 'restore', status: 'running' })
  await tick()
  await tick()
  assert.deepEqual(await events(), ['restore_started told'])
  clock.pass(60_000)
  await catalog.system.query(
    `UPDATE holdfast.jobs SET status = 'completed', ended_at = $2, lease_until = NULL WHERE id = $1`,
    [id, clock.now()],
  )
  await tick()
  await tick()
  assert.deepEqual(await events(), ['restore_started told', 'restore_ended told'])
})

test('alarms of what was removed end, and stay in the history', async () => {
  const { tick, events, job, catalog } = await newAlarms(server)
  await job({ status: 'failed' })
  await job({ kind: 'check', status: 'failed', code: 'check_failed' })
  await tick()
  assert.deepEqual(await events(), ['backup_failed open', 'damage_found open'])
  await catalog.system.query('DELETE FROM holdfast.sources')
  await tick()
  assert.deepEqual(await events(), ['backup_failed closed', 'damage_found open'])
})

test('everybody has their own list of what they have seen, of what they may see', async () => {
  const { tick, job, catalog, sourceId, clock } = await newAlarms(server)
  await job({ status: 'failed' })
  await job({ kind: 'check', status: 'failed', code: 'check_failed' })
  await tick()
  const as = (role: 'read_only_admin' | 'tenant_admin', person: string) => ({ ...claimsOf(role, [sourceId]), subject: person }) // prettier-ignore
  const list = async (role: 'read_only_admin' | 'tenant_admin', person: string, unseen?: boolean) => {
    const listing = asCaller(catalog.api, as(role, person), (queries) =>
      listAlarms(queries, { person, unseen, page: all10 }),
    )
    return (await listing).items
  }
  const all = await list('read_only_admin', 'ann')
  assert.deepEqual(all.map(({ event, seen }) => `${event} ${seen}`).sort(), [
    'backup_failed false',
    'damage_found false',
  ])
  assert.deepEqual(
    (await list('tenant_admin', 'bob')).map(({ event }) => event),
    ['backup_failed'],
  )
  const ids = all.map(({ id }) => id)
  for (let i = 0; i < 2; i++)
    await asCaller(catalog.api, as('tenant_admin', 'bob'), (queries) =>
      markSeen(queries, { person: 'bob', ids }),
    )
  assert.deepEqual(
    (await list('tenant_admin', 'bob')).map(({ seen }) => seen),
    [true],
  )
  assert.deepEqual(await list('tenant_admin', 'bob', true), [])
  assert.equal((await list('read_only_admin', 'ann', true)).length, 2)
  const [first] = all
  assert.ok(first !== undefined)
  const page = { limit: 1, after: null }
  const { next } = await listAlarms(catalog.system, { person: 'ann', page })
  const after = await listAlarms(catalog.system, { person: 'ann', page: { limit: 1, after: next } })
  assert.deepEqual([after.items[0]?.id, after.next], [all[1]?.id, null])
  const closing = (role: 'read_only_admin' | 'tenant_admin') =>
    asCaller(catalog.api, as(role, 'x'), (queries) =>
      closeAlarm(queries, { id: first.id, person: 'x', text: null, now: clock.now() }),
    )
  for (const role of ['read_only_admin', 'tenant_admin'] as const)
    await assert.rejects(closing(role), { code: 'alarm_not_found' })
})

test('what is so whatever anybody says can not be closed', async () => {
  const { tick, catalog, clock } = await newAlarms(server)
  clock.pass(30 * day)
  await tick()
  const {
    items: [late],
  } = await listAlarms(catalog.system, { person: 'ann', open: true, page: all10 })
  assert.ok(late !== undefined)
  const closing = catalog.system.transaction((queries) =>
    closeAlarm(queries, { id: late.id, person: 'ann', text: null, now: clock.now() }),
  )
  await assert.rejects(closing, { code: 'alarm_lasts' })
})
