import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceFacts } from '../../src/state/facts.ts'
import { stateOf } from '../../src/state/sentence.ts'

const now = new Date('2026-11-28T15:00:00Z')
const before = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000)
const proof = {
  at: before(185),
  moment: before(400),
  tables: 23,
  rows: 1_204_551,
  hashed: 23,
  notVerified: 0,
}
const safe: SourceFacts = {
  now,
  added: before(100_000),
  partly: false,
  newest: before(28),
  lateSince: null,
  failures: null,
  damaged: false,
  proof,
  drillFailed: null,
  running: null,
  nextRun: new Date('2026-11-29T02:30:00Z'),
}
const failures = { count: 1, at: before(10), code: 'login_failed', message: 'SCRAM says no' } as const
const say = (facts: Partial<SourceFacts>, zone = 'UTC') => {
  const { level, sentence } = stateOf({ ...safe, ...facts }, zone)
  return `${level}: ${sentence}`
}

test('a source that is backed up and proven is told as safe, until when and how that is known', () => {
  assert.equal(
    say({}),
    'safe: Everything up to 14:32 UTC can be brought back. Last proven 3 hours ago: restored 23 tables, 1,204,551 rows, all equal. The next backup is at Sunday 02:30 UTC.',
  )
  assert.match(say({}, 'Asia/Riyadh'), /up to 17:32 can be.* at Sunday 05:30\.$/)
  assert.match(say({ newest: before(3 * 24 * 60) }), /up to Wednesday 15:00 UTC can/)
  assert.match(say({ newest: before(60 * 24 * 60) }), /up to 29 September 2026 15:00 UTC can/)
})

test('no more is said than is known', () => {
  assert.match(say({ partly: true }), /^safe: What is chosen of it can be brought back, up to 14:32 UTC\./)
  assert.match(
    say({ proof: null }),
    /^attention: Everything up to 14:32 UTC is backed up\. That it can be brought back was never proven/,
  )
  assert.match(
    say({ proof: null, partly: true }),
    /^attention: What is chosen of it is backed up, up to 14:32/,
  )
  assert.match(
    say({ proof: { ...proof, hashed: 20, notVerified: 1 } }),
    /rows; all counts are right, 20 tables compared row by row, 1 thing left open\./,
  )
  assert.match(say({ drillFailed: before(60) }), /^attention: .*A drill failed 60 minutes ago\. Last proven/)
  assert.match(say({ damaged: true }), /^danger: .*Damage was found in its repository, and not mended\./)
  assert.match(say({ nextRun: null }), /No backup is scheduled\.$/)
})

test('what is not safe says so first, and why', () => {
  assert.equal(
    say({
      lateSince: before(600),
      newest: new Date('2026-11-24T02:30:00Z'),
      failures: { ...failures, count: 4 },
      proof: null,
    }),
    'danger: Not safe: nothing has been backed up since Tuesday 02:30 UTC. The server refuses the role or its password. That it can be brought back was never proven: a drill does that. The next backup is at Sunday 02:30 UTC.',
  )
  assert.match(
    say({ failures }),
    /^attention: Everything up to .* The last backup has failed\. The server refuses/,
  )
  assert.match(
    say({ failures: { ...failures, code: 'storage_full' } }),
    /The storage of the repository is full\./,
  )
  assert.match(say({ failures: { ...failures, code: 'storage_denied' } }), /storage of the repository can not be used/) // prettier-ignore
  assert.match(
    say({ failures: { ...failures, code: 'source_mismatch', message: 'It differs.' } }),
    /It differs\./,
  )
})

test('a source of which there is nothing yet is neither safe nor alarming', () => {
  const none = { newest: null, proof: null }
  assert.equal(
    say({ ...none, nextRun: null }),
    'new: Nothing has been backed up yet. No backup is scheduled.',
  )
  assert.equal(
    say({ ...none, running: { percent: 40 } }),
    'new: Nothing has been backed up yet; the first backup is running.',
  )
  assert.match(
    say({ ...none, failures }),
    /^danger: Not safe: nothing has been backed up yet\. The server refuses/,
  )
  assert.match(say({ ...none, lateSince: before(5) }), /^danger: Not safe: nothing/)
  assert.match(say({ running: { percent: 41.7 } }), /A backup is running \(41 %\)\.$/)
})

test('the parts hold all that another language needs', () => {
  const { parts } = stateOf({ ...safe, failures: { ...failures, count: 2 } }, 'UTC')
  assert.deepEqual(
    parts.map(({ key, values }) => [key, values]),
    [
      ['safe', { until: '2026-11-28T14:32:00.000Z' }],
      ['failing', { count: 2 }],
      ['reason_login', { code: 'login_failed', message: 'SCRAM says no' }],
      [
        'proven',
        {
          agoSeconds: 11_100,
          tables: 23,
          rows: 1_204_551,
          hashed: 23,
          notVerified: 0,
          moment: before(400).toISOString(),
        },
      ],
      ['next', { at: '2026-11-29T02:30:00.000Z' }],
    ],
  )
})
