import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOf } from '../../src/console/lib/format.ts'
import { searchOf } from '../../src/console/lib/search.ts'
import { monthsOf, planOf } from '../../src/console/lib/keep-calendar.ts'
import { newRate } from '../../src/console/lib/sending-rate.ts'
import type { JobProgress, Schedule, ScheduleRule } from '../../src/console/lib/types.ts'
import { draftOf, keepOf, newDraft, ruleOf } from '../../src/console/pages/schedules/draft.ts'

const now = new Date('2026-11-28T14:32:00')
const ago = (ms: number): Date => new Date(now.getTime() - ms)
const hour = 3_600_000

test('sizes, spans and times are what people say, in both languages', () => {
  const [en, ar] = [formatOf('en', []), formatOf('ar', ['en-US', 'ar-EG'])]
  assert.equal(en.bytes(999), '999 bytes')
  assert.equal(en.bytes(1_234_567), '1.2 MB')
  assert.equal(en.bytes(214_000_000_000), '214 GB')
  assert.equal(en.seconds(0.83), '0.8s')
  assert.equal(en.seconds(80), '1m 20s')
  assert.equal(en.seconds(2 * 3600 + 59), '2h 0m')
  assert.equal(en.relative(ago(3 * hour), now), '3 hours ago')
  assert.equal(en.relative(ago(59.7 * 60_000), now), '1 hour ago')
  assert.equal(en.relative(ago(-5 * 60_000), now), 'in 5 minutes')
  assert.equal(en.time(ago(hour), now), '13:32')
  assert.equal(en.time(ago(24 * hour), now), '27 Nov, 14:32')
  assert.match(ar.relative(ago(2 * hour), now), /ساعتين/)
  assert.match(ar.bytes(2_500_000_000), /٢٫٥|2.5/)
})

test('an address gives a page the texts that it knows, and nothing else', () => {
  const search = searchOf('status', 'sort')
  assert.deepEqual(search({ status: 'failed', sort: '', other: 'x', page: 2 }), { status: 'failed' })
  assert.deepEqual(search({ status: { a: 1 }, sort: 7 }), { sort: '7' })
})

test('a schedule goes through the form unchanged, also what the form does not show', () => {
  const rules: ScheduleRule[] = [
    { cron: '15 6-18 * * 0-4' },
    { every: 'day', at: '02:30' },
    { every: 'days', count: 3, from: '2026-11-01', at: '02:30' },
    { every: 'week', on: ['sunday', 'friday'], at: '02:30' },
    { every: 'month', on: 28, at: '02:30' },
    { every: 'month', on: 'last', at: '02:30' },
  ]
  const keep = { daily: 30, within: '7d', hourly: 5, maxCount: 100 }
  for (const rule of rules) {
    const draft = draftOf(
      { name: 'a', kind: 'backup', zone: 'UTC', rule, keep } as unknown as Schedule,
      '',
      now,
    )
    assert.deepEqual(ruleOf(draft), rule)
    assert.deepEqual(keepOf(draft, keep), keep)
  }
  const none = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
  assert.equal(keepOf({ ...newDraft('shop', now), keep: none }, null), null)
})

test('a file on its way says how fast it goes lately, and how long it will take', () => {
  const rate = newRate(1000)
  assert.deepEqual(pick(rate(0, 0)), [0, null, null])
  // Too short to tell.
  assert.deepEqual(pick(rate(10, 100)), [1, null, null])
  assert.deepEqual(pick(rate(100, 1000)), [10, 100, 9])
  // What was long ago does not count any more.
  rate(200, 10_000)
  assert.deepEqual(pick(rate(600, 20_000)), [60, 40, 10])
})

const pick = ({ percent, perSecond, secondsLeft }: JobProgress): readonly unknown[] => [
  percent,
  perSecond,
  secondsLeft,
]

test('what a clean-up would do stands on the days of its own time zone, without the backups of others', () => {
  const one = (id: string, moment: string, keep: boolean, rule = 'daily') => ({
    id,
    moment,
    name: null,
    keep,
    reasons: [{ rule, text: '' }],
  })
  const plan = planOf({
    policy: { zone: 'Asia/Riyadh' },
    frees: { bytes: 5 },
    decisions: [
      one('a', '2026-10-31T22:30:00Z', true),
      one('b', '2026-11-01T10:00:00Z', false, 'none'),
      one('c', '2026-09-01T10:00:00Z', true),
      one('d', '2026-11-02T10:00:00Z', true, 'other'),
    ],
  })
  assert.ok(plan !== null)
  const months = monthsOf(plan)
  assert.deepEqual(
    months.map(({ key, before, days }) => [key, before, days.length]),
    [
      ['2026-11', 6, 30],
      ['2026-09', 1, 30],
    ],
  )
  const [first] = months[0]?.days ?? []
  assert.deepEqual([first?.stay.map(({ id }) => id), first?.go.map(({ id }) => id)], [['a'], ['b']])
  assert.equal(planOf({}), null)
})

test('a browser that names what is no language does not keep the console from telling numbers', () => {
  assert.equal(formatOf('en', ['en-US@posix', 'en-US']).locale, 'en-US')
  assert.equal(formatOf('en', ['en-US@posix']).number(1204551), '1,204,551')
})
