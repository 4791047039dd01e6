import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgressDisplay } from '../../src/cli/progress.ts'
import { displayWidth } from '../../src/cli/width.ts'

function setUp(columns: number | null) {
  const written: string[] = []
  const time = { ms: 0 }
  const display = createProgressDisplay({
    columns: () => columns,
    write: (text) => written.push(text),
    now: () => time.ms,
  })
  /** A steady run: `seconds` long, a report every 10 ms. */
  const run = (seconds: number, options: { total: number | null; phase?: string; from?: number }): void => {
    for (let ms = (options.from ?? 0) * 1000; ms <= seconds * 1000; ms += 10) {
      time.ms += 10
      const done = (ms / 1000) * 100e6
      display.update({ phase: options.phase ?? 'reading rows', done, total: options.total, unit: 'bytes' })
    }
  }
  return { written, time, display, run }
}

test('on a terminal one line is redrawn, at most ten times a second, and fits', () => {
  for (const columns of [20, 40, 80, 200]) {
    const { written, run } = setUp(columns)
    run(5, { total: 1e9 })
    assert.ok(written.length <= 51 && written.length >= 45, `${written.length} redraws`)
    for (const text of written) {
      assert.match(text, /^\r[^\n\r]*\u001b\[K$/)
      assert.ok(displayWidth(text.slice(1, -3)) < columns, text)
    }
  }
})

test('the bar says percent, bytes, rate and time left', () => {
  const { written, run } = setUp(120)
  run(5, { total: 1e9 })
  assert.match(
    written.at(-1) ?? '',
    /\[#+\.+\] {2}reading rows (49|50) % {2}5\.\d s left {2}\d{3} MB of 1\.0 GB {2}100 MB\/s/,
  )
})

test('without a total there is no percentage and no bar', () => {
  const { written, run } = setUp(80)
  run(3, { total: null })
  assert.doesNotMatch(written.at(-1) ?? '', /%|\[#|left/)
  assert.match(written.at(-1) ?? '', /reading rows {2}\d+ MB {2}100 MB\/s/)
})

test('what is counted is named once', () => {
  const { written, display } = setUp(80)
  display.update({ phase: 'making indexes', done: 1, total: 1200, unit: 'objects' })
  assert.match(written.at(-1) ?? '', / {2}1 of 1,200 objects/)
})

test('a log gets a line at 5 s, then rarer', () => {
  const { written, run } = setUp(null)
  run(4.9, { total: 1e12 })
  assert.equal(written.length, 0)
  run(200, { total: 1e12, from: 4.9 })
  assert.equal(written.length, 6, written.join(''))
  for (const line of written) assert.match(line, /^reading rows [12] %, .* left, .* of 1\.0 TB, 100 MB\/s\n$/)
})

test('the rate follows the present, not the average', () => {
  const { written, time, display, run } = setUp(100)
  run(5, { total: 1e9 })
  for (let i = 0; i < 150; i++) {
    time.ms += 100
    display.update({ phase: 'reading rows', done: 500e6 + i * 1e5, total: 1e9, unit: 'bytes' })
  }
  assert.match(written.at(-1) ?? '', / 1\.0 MB\/s/)
})

test('at the end the bar goes and each phase that took a while leaves a line', () => {
  const { written, display, run } = setUp(80)
  run(5, { total: 5e8 })
  run(0.5, { total: 5e8, phase: 'writing the manifest' })
  written.length = 0
  display.end('done')
  assert.deepEqual(written, ['\r\u001b[K', 'reading rows: 500 MB in 5.0 s, 100 MB/s\n'])
})

test('after a failure no line claims that something was done', () => {
  const { written, display, run } = setUp(null)
  run(3, { total: 5e8 })
  display.end('failed')
  assert.deepEqual(written, [])
})
