import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { drawTerminal, readLine } from '../../scripts/record-tour.ts'

test('a line is what the terminal shows in the end', () => {
  const raw =
    '\r[##..]  reading 50 %\u001b[K\r\u001b[K\u001b[2mread  \u001b[0m12 rows: \u001b[32mequal\u001b[0m\r'
  assert.deepEqual(readLine(raw), [
    { text: 'read  ', code: '2' },
    { text: '12 rows: ', code: '' },
    { text: 'equal', code: '32' },
  ])
})

test('words are where their column is, also after wide ones, and are escaped', () => {
  const picture = drawTerminal([[{ text: '    客户  <b> & "c"', code: '' }]], 'A title')
  const places = [...picture.matchAll(/<text x="([\d.]+)"[^>]*textLength="([\d.]+)"[^>]*>([^<]*)</g)]
  assert.deepEqual(
    places.map(([, , , text]) => text),
    ['客户', '&lt;b> &amp; &quot;c&quot;'],
  )
  const [one, other] = places.map(([, x]) => Number(x))
  // Two wide characters and two spaces are six columns.
  assert.ok(Math.abs((other ?? 0) - (one ?? 0) - 6 * 7.83) < 0.02)
  assert.throws(() => drawTerminal([[{ text: 'x', code: '45' }]], ''), /no colour/)
})

test('the picture in the documents shows no place or name of a machine', () => {
  const picture = readFileSync(new URL('../../docs/tour.svg', import.meta.url), 'utf8')
  assert.match(picture, /every row equal/)
  assert.doesNotMatch(picture, /\/(root|home|tmp|work|Users|usr|var)\b|127\.0\.0\.1|:\d{5}\b/)
})
