import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOutput } from '../../src/cli/output.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { displayWidth, printable, segments } from '../../src/cli/width.ts'
import { linesOf, tellLabelled } from '../../src/cli/wrap.ts'

test('lines fit whatever the words are, and lose nothing but the spaces between them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 40 })),
      fc.integer({ min: 2, max: 60 }),
      (words, width) => {
        const text = printable(words.join(' '))
        const lines = linesOf(text, width)
        // A single character may be wider than the line: a note is three signs beside each other.
        for (const line of lines)
          assert.ok(displayWidth(line) <= width || segments(line).length === 1, JSON.stringify(line))
        assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
      },
    ),
  )
})

test('a word is cut between characters only, and only if no line can hold it', () => {
  assert.deepEqual(linesOf('a 👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧 b', 4), ['a', '👨‍👩‍👧👨‍👩‍👧', '👨‍👩‍👧 b'])
  assert.deepEqual(linesOf('one two three', 8), ['one two', 'three'])
  assert.deepEqual(segments('e\u0301👨‍👩‍👧'), ['e\u0301', '👨‍👩‍👧'])
  assert.deepEqual(linesOf('\u{1d158}\u{1d165}\u{1d16e}a', 2), ['\u{1d158}\u{1d165}\u{1d16e}', 'a'])
})

test('without a terminal it is one line, with nothing put in for direction', () => {
  assert.deepEqual(linesOf(`\u2068طلبات\u2069 ${'x'.repeat(300)}`, null), [`طلبات ${'x'.repeat(300)}`])
})

test('what follows a label is set in behind it', () => {
  let written = ''
  const stream = { write: (text: string) => (written += text), isTTY: true, columns: 24 }
  const out = createOutput({
    stdout: stream,
    stderr: stream,
    redactor: createRedactor(),
    json: false,
    quiet: false,
    now: () => 0,
  })
  tellLabelled(out, { label: 'note', text: 'one two three four' })
  assert.equal(written, '  note      one two\n            three four\n')
})
