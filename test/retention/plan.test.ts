import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noRules, type RetentionPolicy } from '../../src/retention/policy.ts'
import { planRetention } from '../../src/retention/plan.ts'
import type { RetainableBackup, RetentionDecision, RetentionFacts } from '../../src/retention/types.ts'
import { randomOf, type Random } from '../oracle/random.ts'

const hour = 3_600_000
const now = new Date('2026-11-28T12:00:00Z')

function backupAt(moment: string, changes: Partial<RetainableBackup> = {}): RetainableBackup {
  return { id: moment, source: 'shop', kind: 'full', moment, sequence: 1, ...changes }
}

function plan(
  moments: readonly (string | RetainableBackup)[],
  policy: Partial<RetentionPolicy>,
  facts: Partial<RetentionFacts> = {},
): RetentionDecision[] {
  return planRetention({
    backups: moments.map((one) => (typeof one === 'string' ? backupAt(one) : one)),
    policy: { ...noRules, ...policy },
    now,
    pins: new Map(),
    verified: new Map(),
    damaged: new Set(),
    used: new Set(),
    ...facts,
  })
}

const kept = (decisions: readonly RetentionDecision[]): string[] =>
  decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id)

const rulesOf = (decisions: readonly RetentionDecision[], id: string): string[] =>
  decisions.find(({ backup }) => backup.id === id)?.reasons.map(({ rule }) => rule) ?? []

const day = (date: number, time = '01:00:00'): string => `2026-11-${String(date).padStart(2, '0')}T${time}Z`

test('each rule keeps what it says', () => {
  const daily = [20, 21, 22, 23, 24, 25, 26, 27].map((date) => day(date))
  assert.deepEqual(kept(plan(daily, { last: 3 })), [day(27), day(26), day(25)])
  assert.deepEqual(kept(plan(daily, { withinMs: 48 * hour })), [day(27), day(26), day(25)])
  assert.deepEqual(kept(plan(daily, { daily: 2 })), [day(27), day(26)])
  // Monday the 23rd begins a week.
  assert.deepEqual(kept(plan(daily, { weekly: 2 })), [day(27), day(22)])
  assert.deepEqual(kept(plan(daily, { monthly: 5 })), [day(27)])
  assert.deepEqual(kept(plan(daily, { last: 1, weekly: 2, daily: 2 })), [day(27), day(26), day(22)])
  const reasons = plan(daily, { last: 1, daily: 2 })
  assert.deepEqual(rulesOf(reasons, day(27)), ['last', 'daily', 'newest'])
  assert.deepEqual(rulesOf(reasons, day(26)), ['daily'])
  assert.deepEqual(rulesOf(reasons, day(20)), ['none'])
})

test('the newest of each hour, day, month and year counts, and stretches without a backup use up nothing', () => {
  const moments = [
    '2023-05-01T00:00:00Z',
    '2025-12-31T10:00:00Z',
    '2025-12-31T10:59:00Z',
    '2026-01-01T00:00:00Z',
    '2026-11-20T08:00:00Z',
    '2026-11-20T08:30:00Z',
  ]
  assert.deepEqual(kept(plan(moments, { yearly: 3 })), [moments[5], moments[2], moments[0]])
  assert.deepEqual(kept(plan(moments, { monthly: 3 })), [moments[5], moments[3], moments[2]])
  assert.deepEqual(kept(plan(moments, { hourly: 2 })), [moments[5], moments[3]])
})

test('days and hours are those of the time zone, also where clocks are set forward and back', () => {
  const zone = 'Europe/Berlin'
  // 25 October 2026: 02:30 comes twice. 29 March: there is no 02:30.
  const back = [
    '2026-10-24T22:30:00Z',
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:30:00Z',
    '2026-10-25T22:59:00Z',
  ]
  assert.deepEqual(kept(plan(back, { hourly: 9, zone })), back.toReversed())
  assert.deepEqual(kept(plan(back, { daily: 9, zone })), [back[3]])
  assert.deepEqual(kept(plan([...back, '2026-10-25T23:00:00Z'], { daily: 9, zone })), ['2026-10-25T23:00:00Z', back[3]]) // prettier-ignore
  const forward = [
    '2026-03-28T22:59:00Z',
    '2026-03-28T23:00:00Z',
    '2026-03-29T00:59:00Z',
    '2026-03-29T01:00:00Z',
  ]
  assert.deepEqual(kept(plan(forward, { daily: 9, zone })), [forward[3], forward[0]])
  assert.deepEqual(kept(plan(forward, { hourly: 9, zone })), [forward[3], forward[2], forward[1], forward[0]])
  // Half an hour off: an hour of Kolkata begins at half past.
  const half = ['2026-11-20T05:29:00Z', '2026-11-20T05:30:00Z', '2026-11-20T06:00:00Z']
  assert.deepEqual(kept(plan(half, { hourly: 9, zone: 'Asia/Kolkata' })), [half[2], half[0]])
  assert.throws(() => plan(half, { daily: 1, zone: 'Europe/Atlantis' }), { code: 'usage' })
})

test('weeks are those of ISO 8601, also across the year', () => {
  // Thursday 31 December 2026 and Friday 1 January 2027 are of one week, 2026-W53; Monday the 4th begins the next.
  const moments = [
    '2026-12-27T12:00:00Z',
    '2026-12-31T12:00:00Z',
    '2027-01-01T12:00:00Z',
    '2027-01-04T00:00:00Z',
  ]
  const decisions = plan(moments, { weekly: 9 }, { now: new Date('2027-02-01T00:00:00Z') })
  assert.deepEqual(kept(decisions), [moments[3], moments[2], moments[0]])
  assert.match(decisions[1]?.reasons[0]?.text ?? '', /2026-W53/)
})

test('backups that have stopped do not run out', () => {
  const old = ['2019-03-01T00:00:00Z', '2019-03-20T00:00:00Z', '2019-03-28T00:00:00Z']
  assert.deepEqual(kept(plan(old, { withinMs: 10 * 24 * hour })), [old[2], old[1]])
})

test('a moment in the future stays, and makes no other go', () => {
  const moments = [day(20), day(27), '2031-01-01T00:00:00Z', '2032-01-01T00:00:00Z']
  const decisions = plan(moments, { last: 1, withinMs: 24 * hour, yearly: 1, maxCount: 1 })
  assert.deepEqual(kept(decisions), [moments[3], moments[2], moments[1]])
  assert.deepEqual(rulesOf(decisions, moments[3] ?? ''), ['future'])
  assert.deepEqual(kept(plan([day(20), '2026-11-28T12:30:00Z'], { last: 1 })), ['2026-11-28T12:30:00Z'])
})

test('a clock that was set back makes none of the backups go that were made last, and none of those before', () => {
  const before = [20, 21, 22].map((date, index) => backupAt(day(date), { sequence: index + 1 }))
  const after = [1, 2, 3].map((date, index) => backupAt(day(date), { sequence: index + 4 }))
  const ids = [day(22), day(21), day(3), day(2)]
  for (const policy of [{ last: 2 }, { last: 6, maxCount: 2 }])
    assert.deepEqual(kept(plan([...before, ...after], policy)), ids)
  assert.equal(kept(plan([...before, ...after], { withinMs: 24 * hour })).length, 5)
  const verified = new Map([[day(21), 'passed'], [day(2), 'passed'], [day(1), 'passed']] as const) // prettier-ignore
  const decisions = plan([...before, ...after], { yearly: 1 }, { verified })
  assert.deepEqual(kept(decisions), ids)
  assert.deepEqual(rulesOf(decisions, day(3)), ['newest'])
})

test('what a drill has proved stays, what is pinned or in use stays, and the newest of each source', () => {
  const daily = [20, 21, 22, 23, 24].map((date) => day(date))
  const verified = new Map([[day(20), 'passed'], [day(21), 'passed'], [day(23), 'failed']] as const) // prettier-ignore
  assert.deepEqual(kept(plan(daily, { last: 1 }, { verified })), [day(24), day(21)])
  assert.deepEqual(kept(plan(daily, { last: 1, verified: 0 }, { verified })), [day(24), day(21)])
  assert.deepEqual(kept(plan(daily, { last: 1, verified: 9 }, { verified })), [day(24), day(21), day(20)])
  const pins = new Map([[day(22), 'before the migration']])
  const held = plan(daily, { last: 1 }, { pins, used: new Set([day(20)]) })
  assert.deepEqual(kept(held), [day(24), day(22), day(20)])
  assert.equal(held[2]?.reasons[0]?.text, 'pinned: before the migration')
  const other = backupAt(day(1), { id: 'other', source: 'crm' })
  const snapshot = backupAt(day(2), { id: 'snapshot', kind: 'snapshot' })
  assert.deepEqual(kept(plan([...daily, other, snapshot], { last: 2 })), [day(24), day(23), 'other', 'snapshot']) // prettier-ignore
})

test('a backup of some rows stands in for none of all rows', () => {
  const daily = [20, 21, 22].map((date) => day(date))
  const parts = [23, 24].map((date) => backupAt(day(date), { scope: 'orders only' }))
  const other = backupAt(day(25), { scope: 'customers only' })
  // Without a word on its scope it is taken for one of all rows, as it was said before there was such a word.
  const whole = backupAt(day(19), { scope: null })
  const decisions = plan([...daily, ...parts, other, whole], { last: 2 })
  assert.deepEqual(kept(decisions).toSorted(), [day(21), day(22), day(23), day(24), day(25)])
})

test('one whose drill failed stands in for no other', () => {
  const moments = [day(20, '01:00:00'), day(20, '02:00:00'), day(21), day(22)]
  const verified = new Map([[day(20, '02:00:00'), 'failed'], [day(22), 'failed']] as const) // prettier-ignore
  // Of the 20th the one before; of the 22nd there is no other.
  assert.deepEqual(kept(plan(moments, { daily: 3 }, { verified })), [day(22), day(21), moments[0]])
  // It does not use up the number, and stays while newer than what is counted.
  assert.deepEqual(kept(plan(moments, { last: 2 }, { verified })), [day(22), day(21), moments[1], moments[0]])
  assert.deepEqual(kept(plan(moments, { last: 1 }, { verified })), [day(22), day(21)])
  const all = new Map(moments.map((id) => [id, 'failed'] as const))
  assert.deepEqual(kept(plan(moments, { last: 2 }, { verified: all })), [day(22), day(21)])
})

test('a maximum takes the oldest first, and nothing that is protected', () => {
  const daily = [20, 21, 22, 23, 24].map((date) => day(date))
  const pins = new Map([[day(20), 'x']])
  const decisions = plan(daily, { last: 5, maxCount: 2 }, { pins })
  assert.deepEqual(kept(decisions), [day(24), day(23), day(20)])
  assert.deepEqual(rulesOf(decisions, day(21)), ['max-count'])
})

/** Backups at random moments, some with drills and pins, and a policy. */
function randomFacts(random: Random): RetentionFacts {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Pacific/Apia',
    'Australia/Lord_Howe',
  ]
  const span = random.pick([48 * hour, 60 * 24 * hour, 900 * 24 * hour])
  const clocksHold = random.chance(0.5)
  const drawn = Array.from({ length: random.between(1, 60) }, (_, i) =>
    backupAt(new Date(now.getTime() - random.int(span) + random.int(3) * hour).toISOString(), {
      id: `b${i}`,
      sequence: random.between(1, 40),
      source: random.pick(['a', 'a', 'b']),
    }),
  )
  const inTime = drawn.toSorted((a, b) => (a.moment < b.moment ? -1 : 1))
  const backups = clocksHold
    ? drawn.map((backup) => ({ ...backup, sequence: inTime.indexOf(backup) + 1 }))
    : drawn
  const ids = backups.map(({ id }) => id)
  const count = (): number => (random.chance(0.5) ? 0 : random.between(1, 12))
  return {
    backups,
    now,
    policy: {
      last: count(),
      withinMs: count() * 24 * hour,
      hourly: count(),
      daily: count(),
      weekly: count(),
      monthly: count(),
      yearly: count(),
      maxCount: random.chance(0.7) ? null : random.between(1, 20),
      verified: random.between(1, 3),
      zone: random.pick(zones),
    },
    pins: new Map(random.some(ids, 0.05).map((id) => [id, 'x'])),
    verified: new Map(random.some(ids, 0.4).map((id) => [id, random.pick(['passed', 'failed'] as const)])),
    damaged: new Set(random.chance(0.5) ? random.some(ids, 0.2) : []),
    used: new Set(random.some(ids, 0.05)),
  }
}

test('a damaged backup takes no other place, and none goes because it is said to be damaged', () => {
  const daily = [20, 21, 22, 23, 24].map((date) => day(date))
  const damaged = new Set([day(23)])
  const verified = new Map([day(20), day(23)].map((id) => [id, 'passed'] as const))
  // Without its mark the 22nd would go, and with it as one whose drill failed the 20th, which is the last that is proved and whole.
  const decisions = plan(daily, { last: 2 }, { damaged, verified })
  assert.deepEqual(kept(decisions), [day(24), day(23), day(22), day(20)])
  assert.deepEqual(rulesOf(decisions, day(23)), ['last', 'verified'])
  assert.deepEqual(rulesOf(decisions, day(22)), ['last'])
  assert.deepEqual(kept(plan(daily, { daily: 2 }, { damaged: new Set([day(21)]) })), [day(24), day(23)])

  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  for (let round = 0; round < 200; round++) {
    const name = `${seed}/${round}`
    const facts = randomFacts(randomOf(name))
    const stay = new Set(kept(planRetention(facts)))
    const ifWhole = kept(planRetention({ ...facts, damaged: new Set() }))
    const whole = facts.backups.filter(({ id }) => !facts.damaged.has(id))
    const ifGone = kept(planRetention({ ...facts, backups: whole }))
    for (const id of [...ifWhole, ...ifGone]) assert.ok(stay.has(id), `${name}: ${id}`)
    assert.equal(stay.size, new Set([...ifWhole, ...ifGone]).size, name)
  }
})

test('for any policy: enough stays, planning again removes nothing, and a newer backup brings none back', () => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  for (let round = 0; round < 300; round++) {
    const name = `${seed}/${round}`
    const random = randomOf(name)
    const facts = randomFacts(random)
    const { policy, verified, pins, used } = facts
    const decisions = planRetention(facts)
    assert.equal(decisions.length, facts.backups.length, name)
    const ids = new Set(kept(decisions))
    for (const id of [...pins.keys(), ...used]) assert.ok(ids.has(id), `${name}: ${id}`)
    for (const source of new Set(facts.backups.map((backup) => backup.source))) {
      const own = facts.backups.filter((backup) => backup.source === source)
      const stay = own.filter(({ id }) => ids.has(id))
      const least = Math.min(own.length, policy.last, policy.maxCount ?? Infinity)
      assert.ok(stay.length >= Math.max(1, least), `${name}: ${stay.length} of ${source}`)
      const passed = (list: readonly RetainableBackup[]): number =>
        list.filter(({ id, moment }) => verified.get(id) === 'passed' && Date.parse(moment) <= now.getTime() + hour).length // prettier-ignore
      assert.ok(passed(stay) >= Math.min(passed(own), policy.verified), `${name}: verified of ${source}`)
    }
    const again = planRetention({ ...facts, backups: facts.backups.filter(({ id }) => ids.has(id)) })
    assert.deepEqual(again.filter(({ keep }) => !keep), [], name) // prettier-ignore
    const newer = backupAt(now.toISOString(), { id: 'newer', source: random.pick(['a', 'b']), sequence: 99 })
    const after = new Set(
      kept(
        planRetention({
          ...facts,
          backups: [...facts.backups, newer],
          verified: new Map([...verified, ...(random.chance(0.5) ? [['newer', 'failed'] as const] : [])]),
        }),
      ),
    )
    // Not those dated ahead of it, which it is no newer than; nor with a maximum, in which it may make room.
    const older = facts.backups.filter(({ moment }) => Date.parse(moment) < now.getTime())
    if (older.length === facts.backups.length && policy.maxCount === null)
      for (const { id } of older) assert.ok(ids.has(id) || !after.has(id), `${name}: ${id} came back`)
  }
})
