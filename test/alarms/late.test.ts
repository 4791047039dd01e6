import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lateBackup, lateRun, type WatchedSchedule } from '../../src/alarms/judge/late.ts'

const hour = 3_600_000
const at = (hours: number): Date => new Date(Date.UTC(2026, 0, 1) + hours * hour)
const rules = { graceMs: hour }
const nightly: WatchedSchedule = {
  name: 'nightly',
  due: at(24),
  lastRun: at(0),
  settled: at(0.5),
  usualMs: null,
}
const source = { added: at(-100), newest: at(0.5), maxAgeMs: null, schedules: [nightly] }

test('a run that nobody began is late by absence alone, and one that was begun when it does not end', () => {
  assert.equal(lateRun(nightly, at(24.9), rules), null)
  assert.match(lateRun(nightly, at(25.1), rules)?.text ?? '', /was due at 2026-01-02 00:00 UTC was not begun/)
  const begun = { ...nightly, due: at(48), lastRun: at(24) }
  assert.match(
    lateRun(begun, at(26), rules)?.text ?? '',
    /begun at 2026-01-02 00:00 UTC has not ended, 2 hours later/,
  )
  assert.equal(lateRun({ ...begun, usualMs: 3 * hour }, at(26), rules), null)
  assert.equal(lateRun({ ...begun, settled: at(24.2) }, at(26), rules), null)
})

test('a source is late by the age of its newest backup, also if it never had one', () => {
  const aged = { ...source, schedules: [], maxAgeMs: 26 * hour }
  assert.equal(lateBackup(aged, at(26), rules), null)
  assert.match(lateBackup(aged, at(27), rules)?.text ?? '', /is of 2026-01-01 00:30 UTC, 26 hours ago/)
  assert.match(lateBackup({ ...aged, newest: null }, at(0), rules)?.text ?? '', /no backup yet/)
})

test('a backup at the moment that was asked for is never late, and once late it stays so until there is one', () => {
  const hours = fc.double({ min: -200, max: 400, noNaN: true })
  const span = fc.double({ min: 0.1, max: 300, noNaN: true })
  fc.assert(
    fc.property(hours, hours, span, span, (newest, now, maxAge, later) => {
      const watched = { ...source, newest: at(newest), maxAgeMs: maxAge * hour, schedules: [] }
      const late = lateBackup(watched, at(now), rules)
      if (late !== null) assert.ok(lateBackup(watched, at(now + later), rules) !== null)
      assert.equal(lateBackup({ ...watched, newest: at(now) }, at(now), rules), null)
    }),
  )
  fc.assert(
    fc.property(hours, hours, hours, span, (due, lastRun, now, later) => {
      const watched = { ...nightly, due: at(due), lastRun: at(lastRun), settled: null }
      const late = lateRun(watched, at(now), rules)
      if (late !== null) assert.ok(lateRun(watched, at(now + later), rules) !== null)
      assert.equal(lateRun({ ...watched, settled: at(Math.max(now, due, lastRun)) }, at(now), rules), null)
    }),
  )
})
