import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventName } from '../../src/alarms/events.ts'
import { judgeJob, type EndedJob } from '../../src/alarms/judge/job-end.ts'
import type { Facts, OpenAlarm, OpenAlarms, Subject } from '../../src/alarms/types.ts'

const source: Subject = { kind: 'source', id: 's1', name: 'shop', sourceId: 's1', repositoryId: null }
const repository: Subject = { ...source, kind: 'repository', id: 'r1', sourceId: null, repositoryId: 'r1' }
const job: EndedJob = {
  id: 'j1',
  kind: 'backup',
  status: 'completed',
  source,
  repository,
  error: null,
  result: {},
  params: {},
  attempts: 1,
  startedAt: new Date('2026-01-01T02:00:00Z'),
  endedAt: new Date('2026-01-01T02:10:00Z'),
}
const failed = (kind: string, code: string, params: Facts = {}): EndedJob => ({
  ...job,
  kind,
  params,
  status: 'failed',
  error: { code, message: 'It broke.' },
})
const opened = (event: EventName, facts: Facts = {}, times = 1): OpenAlarms =>
  new Map<EventName, OpenAlarm>([
    [event, { event, facts, times, raisedAt: new Date('2026-01-01T00:00:00Z') }],
  ])
const none: OpenAlarms = new Map()
const done = (ended: EndedJob, open = none): string[] =>
  judgeJob(ended, open).map((change) => `${change.do} ${change.event} ${change.subject.kind}`)

test('a failed backup is an alarm, and the first good one after it is told once', () => {
  assert.deepEqual(done(failed('backup', 'connection_failed')), ['raise backup_failed source'])
  assert.deepEqual(done(job), [])
  const open = opened('backup_failed', {}, 3)
  assert.deepEqual(done(job, open), ['close backup_failed source', 'tell backup_recovered source'])
  const [close] = judgeJob(job, open)
  assert.equal(
    close?.text,
    'A backup was completed at 2026-01-01 02:10 UTC, after 3 failed since 2026-01-01 00:00 UTC.',
  )
})

test('what failed says why, without what could drive a terminal', () => {
  const message = `no such\u001b[2J table \u202e"x"\n${'y'.repeat(900)}`
  const [raised] = judgeJob(
    { ...failed('backup', 'internal'), attempts: 3, error: { code: 'internal', message } },
    none,
  )
  assert.match(
    raised?.text ?? '',
    /^The backup of shop failed at 2026-01-01 02:10 UTC after 3 attempts: no such \[2J table/,
  )
  assert.doesNotMatch(raised?.text ?? '', /[\p{Cc}\p{Cf}]/u)
  assert.ok((raised?.text.length ?? 0) < 700)
})

test('a cancelled job says nothing, but of a restore', () => {
  for (const kind of ['backup', 'drill', 'check', 'prune', 'other'])
    assert.deepEqual(done({ ...job, kind, status: 'cancelled' }, opened('backup_failed')), [])
  const changes = judgeJob({ ...job, kind: 'restore', status: 'cancelled' }, none)
  assert.deepEqual(
    changes.map(({ event, ...rest }) => [event, 'severity' in rest && rest.severity]),
    [
      ['restore_started', 'info'],
      ['restore_ended', 'warning'],
    ],
  )
})

test('damage is over when a check has looked as far as the one that found it, not when one looked elsewhere', () => {
  const check = (readData?: string): EndedJob => ({
    ...job,
    kind: 'check',
    params: readData === undefined ? {} : { readData },
  })
  const [raised] = judgeJob(failed('check', 'check_failed', { readData: '5%' }), none).slice(-1)
  assert.ok(raised?.do === 'raise')
  assert.equal(raised.severity, 'critical')
  const read = opened('damage_found', raised.facts)
  assert.deepEqual(done(check(), read), ['close check_not_made repository'])
  assert.deepEqual(done(check('5%'), read), ['close check_not_made repository'])
  assert.ok(done(check('all'), read).includes('close damage_found repository'))
  const again = judgeJob(failed('check', 'check_failed'), read).at(-1)
  assert.ok(again?.do === 'raise')
  assert.equal(again.facts['readData'], '5%')
  assert.ok(
    done(check(), opened('damage_found', { readData: null })).includes('close damage_found repository'),
  )
})

test('a check that could not be made says nothing of damage', () => {
  assert.deepEqual(done(failed('check', 'storage_unreachable')), ['raise check_not_made repository'])
})

test('a drill that disproves its backup matters more than one that could not be done', () => {
  const severity = (code: string) =>
    judgeJob(failed('drill', code), none).map((one) => one.do === 'raise' && one.severity)
  assert.deepEqual(severity('drill_failed'), ['critical'])
  assert.deepEqual(severity('server_failed'), ['error'])
  assert.deepEqual(done({ ...job, kind: 'drill' }), ['close drill_failed source'])
})

test('retention is blocked when a prune fails, or waits for days for a writer', () => {
  const prune = (writer: string): EndedJob => ({
    ...job,
    kind: 'prune',
    result: { waiting: [{ plan: 'p', writers: [writer, '2026-01-01T01:00:00Z'] }] },
  })
  assert.deepEqual(done(failed('prune', 'storage_denied')), ['raise retention_blocked source'])
  assert.deepEqual(done(prune('2025-12-31T00:00:00Z')), ['close retention_blocked source'])
  assert.deepEqual(done(prune('2025-12-30T00:00:00Z')), ['raise retention_blocked source'])
  assert.deepEqual(done({ ...job, kind: 'prune', result: { waiting: 'nonsense' } }), [
    'close retention_blocked source',
  ])
})

test('of other kinds there is one alarm for each source or repository, until one of the kind that failed is completed', () => {
  const refresh = (changes: Partial<EndedJob> = {}): EndedJob => ({
    ...job,
    kind: 'refresh',
    source: null,
    ...changes,
  })
  const [raised] = judgeJob({ ...failed('refresh', 'storage_unreachable'), source: null }, none)
  assert.ok(raised?.do === 'raise')
  assert.deepEqual(
    [raised.event, raised.subject.kind, raised.keys],
    ['job_failed', 'repository', ['warning refresh']],
  )
  const open = opened('job_failed', raised.facts)
  assert.deepEqual(done(refresh({ kind: 'other' }), open), [])
  assert.deepEqual(done(refresh(), open), ['close job_failed repository'])
  assert.deepEqual(done(refresh()), [])
})
