import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireComplete } from '../../src/cli/copies.ts'
import {
  formatBytes,
  formatCount,
  formatCountOf,
  formatDuration,
  formatPercent,
  formatRate,
  formatWhen,
} from '../../src/cli/format.ts'

test('bytes have three figures at most', () => {
  const shown = [0, 1, 999, 1000, 1049, 9_949, 9_950, 999_499, 999_500, 1.2e9, 124e6, 5e18].map(formatBytes)
  assert.deepEqual(shown, [
    '0 B',
    '1 B',
    '999 B',
    '1.0 kB',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '1.2 GB',
    '124 MB',
    '5.0 EB',
  ])
})

test('a command that is told to be run is one for a shell, whatever is in an address', () => {
  const failed = {
    address: 's3://b/p?endpoint=https://h&region=x',
    error: { code: 'x', message: 'It failed.' },
  }
  for (const [address, shown] of [
    ['/mnt/shop', '/mnt/shop'],
    ["/mnt/Ada's disk", "'/mnt/Ada'\\''s disk'"],
  ] as const)
    assert.throws(() => requireComplete('It was done', [{ address, error: null }, failed], {}), {
      hint: `When that is mended: holdfast copy ${shown} '${failed.address}'.`,
    })
})

test('counts', () => {
  assert.equal(formatCount(1_204_551), '1,204,551')
  assert.equal(formatCountOf(1, 'table'), '1 table')
  assert.equal(formatCountOf(0, 'table'), '0 tables')
})

test('durations round without showing sixty of anything', () => {
  const shown = [
    0, 449, 9_949, 9_950, 59_499, 59_500, 192_000, 3_599_499, 3_599_500, 11_520_000, 86_400_000, 183_600_000,
  ]
  assert.deepEqual(shown.map(formatDuration), [
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min',
    '3 min 12 s',
    '59 min 59 s',
    '1 h',
    '3 h 12 min',
    '1 d',
    '2 d 3 h',
  ])
})

test('rates', () => {
  assert.equal(formatRate(310e6, 2_000), '155 MB/s')
  assert.equal(formatRate(10, 0), '0 B/s')
})

test('a percentage is 0 or 100 only when it is', () => {
  assert.deepEqual(
    [
      [0, 5],
      [1, 1e9],
      [42, 100],
      [999, 1000],
      [5, 5],
      [0, 0],
    ].map(([a = 0, b = 0]) => formatPercent(a, b)),
    ['0 %', '1 %', '42 %', '99 %', '100 %', '100 %'],
  )
})

test('moments say how long ago, with the date unless it is today', () => {
  const now = new Date(2026, 10, 21, 17, 40)
  const at = (...parts: [number, number, number, number, number]): string =>
    formatWhen(new Date(...parts), now)
  assert.equal(at(2026, 10, 21, 14, 32), '14:32, 3 hours ago')
  assert.equal(at(2026, 10, 21, 17, 40), '17:40, just now')
  assert.equal(at(2026, 10, 20, 16, 5), '2026-11-20 16:05, 1 day ago')
  assert.equal(at(2026, 10, 21, 18, 41), '18:41, in 1 hour')
  assert.equal(at(2024, 0, 1, 0, 0), '2024-01-01 00:00, 2 years ago')
})
