import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextRun, requireRule, type ScheduleRule } from '../../src/jobs/schedule-rule.ts'
import { randomOf } from '../oracle/random.ts'

function times(rule: ScheduleRule, zone: string, after: string, count = 3): string[] {
  const found: string[] = []
  for (let at = new Date(after); found.length < count;) {
    const next = nextRun(rule, zone, at)
    if (next === null) break
    found.push(next.toISOString().slice(0, 16))
    at = next
  }
  return found
}

test('a time that does not exist is meant an hour later, and the next day as ever', () => {
  const night = { every: 'day', at: '02:30' } as const
  assert.deepEqual(times(night, 'Europe/Berlin', '2026-03-27T12:00Z', 4), [
    '2026-03-28T01:30',
    '2026-03-29T01:30',
    '2026-03-30T00:30',
    '2026-03-31T00:30',
  ])
  assert.deepEqual(times({ cron: '30 2 8 3 *' }, 'America/New_York', '2026-01-01T00:00Z', 1), [
    '2026-03-08T07:30',
  ])
  assert.deepEqual(times({ every: 'day', at: '00:00' }, 'America/Sao_Paulo', '2018-11-02T12:00Z', 3), [
    '2018-11-03T03:00',
    '2018-11-04T03:00',
    '2018-11-05T02:00',
  ])
})

test('of a time that comes twice the first is meant, and of every quarter of an hour all', () => {
  const night = { every: 'day', at: '01:30' } as const
  assert.deepEqual(times(night, 'America/New_York', '2026-10-31T12:00Z', 3), [
    '2026-11-01T05:30',
    '2026-11-02T06:30',
    '2026-11-03T06:30',
  ])
  const often = times({ cron: '*/15 * * * *' }, 'Europe/Berlin', '2026-10-24T23:59Z', 16)
  assert.deepEqual(often.at(0), '2026-10-25T00:00')
  assert.deepEqual(often.at(-1), '2026-10-25T03:45')
})

test('asked in the middle of a change of clocks, the same times are meant', () => {
  const night = { every: 'day', at: '02:30' } as const
  // 02:30 was at 00:30Z; this is a quarter past two for the second time.
  for (const after of ['2024-10-27T00:45Z', '2024-10-27T01:15Z', '2024-10-27T01:45Z'])
    assert.deepEqual(times(night, 'Europe/Berlin', after, 2), ['2024-10-28T01:30', '2024-10-29T01:30'])
  const often = times({ cron: '20,40 * * * *' }, 'Europe/Berlin', '2024-10-27T01:25Z', 2)
  assert.deepEqual(often, ['2024-10-27T01:40', '2024-10-27T02:20'])
  // There is no 02:30, so half past three is meant; this is ten past three.
  assert.deepEqual(times(night, 'Europe/Berlin', '2024-03-31T01:10Z', 2), ['2024-03-31T01:30', '2024-04-01T00:30']) // prettier-ignore
  assert.deepEqual(times(night, 'Europe/Berlin', '2024-03-31T01:30Z', 1), ['2024-04-01T00:30'])
})

test('where clocks are put back by half an hour, it goes on', () => {
  assert.deepEqual(times({ every: 'day', at: '07:19' }, 'Australia/Lord_Howe', '2019-04-05T20:19Z', 2), [
    '2019-04-06T20:49',
    '2019-04-07T20:49',
  ])
})

test('weeks, months, last days and every so many days', () => {
  assert.deepEqual(
    times({ every: 'week', on: ['sunday', 'wednesday'], at: '23:05' }, 'Asia/Riyadh', '2026-11-28T00:00Z'),
    ['2026-11-29T20:05', '2026-12-02T20:05', '2026-12-06T20:05'],
  )
  assert.deepEqual(times({ every: 'month', on: 'last', at: '04:00' }, 'UTC', '2028-01-30T00:00Z'), [
    '2028-01-31T04:00',
    '2028-02-29T04:00',
    '2028-03-31T04:00',
  ])
  const days = { every: 'days', count: 2, from: '2026-03-27', at: '02:30' } as const
  assert.deepEqual(times(days, 'Europe/Berlin', '2026-03-26T00:00Z', 4), [
    '2026-03-27T01:30',
    '2026-03-29T01:30',
    '2026-03-31T00:30',
    '2026-04-02T00:30',
  ])
  assert.deepEqual(times({ ...days, count: 366 }, 'UTC', '2026-03-28T00:00Z', 1), ['2027-03-28T02:30'])
})

test('what can not be, or never comes, is refused and said', () => {
  const wrong: readonly [ScheduleRule, string, RegExp][] = [
    [{ cron: '* * * * * *' }, 'UTC', /five fields/],
    [{ cron: '61 * * * *' }, 'UTC', /no expression of cron/],
    [{ cron: '0 0 30 2 *' }, 'UTC', /./],
    [{ every: 'day', at: '24:00' }, 'UTC', /no time of day/],
    [{ every: 'day', at: '02:30' }, 'Mars/Olympus', /no time zone/],
    [{ every: 'days', count: 0, from: '2026-01-01', at: '02:30' }, 'UTC', /1 to 366/],
    [{ every: 'days', count: 2, from: 'today', at: '02:30' }, 'UTC', /no date/],
    [{ every: 'week', on: [], at: '02:30' }, 'UTC', /no day/],
    [{ every: 'month', on: 31, at: '02:30' }, 'UTC', /every month has/],
  ]
  for (const [rule, zone, why] of wrong) {
    const check = (): void => requireRule(rule, zone, new Date('2026-11-28T00:00Z'))
    assert.throws(
      check,
      (error: Error & { code?: string }) => error.code === 'schedule_invalid' && why.test(error.message),
      JSON.stringify(rule),
    )
  }
})

test('whatever the zone and the moment, every day has its run, and the next is always later', () => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Math.floor(Math.random() * 1e9))
  const random = randomOf(seed)
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'Asia/Riyadh',
    'Pacific/Apia',
    'America/St_Johns',
  ]
  for (let i = 0; i < 300; i++) {
    const zone = random.pick(zones)
    const at = `${String(random.between(0, 23)).padStart(2, '0')}:${String(random.between(0, 59)).padStart(2, '0')}`
    const from = new Date(
      Date.UTC(
        random.between(2015, 2030),
        random.between(0, 11),
        random.between(1, 28),
        random.between(0, 23),
      ),
    )
    let before = from
    for (let day = 0; day < 10; day++) {
      const next = nextRun({ every: 'day', at }, zone, before)
      assert.ok(next !== null && next > before, `seed ${seed}: ${zone} ${at} after ${before.toISOString()}`)
      const hours = (next.getTime() - before.getTime()) / 3_600_000
      // A date line that a country moved over takes a day out of its calendar; half an hour is a known limit.
      if (day > 0 && zone !== 'Pacific/Apia' && zone !== 'Australia/Lord_Howe')
        assert.ok(
          hours >= 22 && hours <= 26,
          `seed ${seed}: ${zone} ${at} after ${before.toISOString()}: ${hours} h`,
        )
      before = next
    }
  }
})
