import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tableLines } from '../../src/cli/table.ts'
import { displayWidth, padTo, printable, truncate, withoutControls } from '../../src/cli/width.ts'

test('width counts what a terminal draws', () => {
  const cases: [string, number][] = [
    ['orders', 6],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['注文', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['طلبات', 5],
    ['طَلَب', 3],
    ['คำสั่ง', 4],
    ['😀', 2],
    ['👨‍👩‍👧', 2],
    ['❤️', 2],
    ['🇩🇪', 2],
    ['👍🏽', 2],
    ['', 0],
  ]
  for (const [text, width] of cases) assert.equal(displayWidth(text), width, JSON.stringify(text))
})

test('truncation never exceeds the width and never cuts a character', () => {
  assert.equal(truncate('orders', 6), 'orders')
  assert.equal(truncate('orders', 5), 'orde…')
  assert.equal(truncate('注文表', 5), '注文…')
  assert.equal(truncate('注文表', 4), '注…')
  assert.equal(truncate('👨‍👩‍👧👨‍👩‍👧', 3), '👨‍👩‍👧…')
  assert.equal(truncate('ab', 0), '')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, columns) => {
      assert.ok(displayWidth(truncate(printable(text), columns)) <= columns)
    }),
  )
})

test('numbers go right and text left', () => {
  const lines = tableLines(
    [{ title: 'TABLE' }, { title: 'ROWS', align: 'right' }],
    [
      ['注文', '12'],
      ['log', '1,234,567'],
    ],
    {
      width: null,
    },
  )
  assert.deepEqual(lines, ['TABLE       ROWS', '注文          12', 'log    1,234,567'])
})

test('a table fits the terminal, and the numbers stay whole', () => {
  const columns = [{ title: 'TABLE' }, { title: 'ROWS', align: 'right' as const }, { title: 'NOTE' }]
  const rows = [['a'.repeat(50), '1,234,567', 'b'.repeat(30)]]
  const lines = tableLines(columns, rows, { width: 40 })
  for (const line of lines) assert.ok(displayWidth(line) <= 40, line)
  assert.match(lines[1] ?? '', /…\s+1,234,567  b+…$/)
})

test('columns that can be spared go first where there is no room, and come with more of it', () => {
  const columns = [
    { title: 'ID', min: 10 },
    { title: 'SIZE', align: 'right' as const, spare: 1 },
    { title: 'TIME', align: 'right' as const, spare: 2 },
    { title: 'NAME' },
  ]
  const rows = [['0123456789', '12 MB', '1.0 s', 'a']]
  const heading = (width: number | null): string => tableLines(columns, rows, { width })[0] ?? ''
  assert.equal(heading(30), 'ID           SIZE   TIME  NAME')
  assert.equal(heading(29), 'ID           SIZE  NAME')
  assert.equal(heading(20), 'ID          NAME')
  assert.equal(heading(null), heading(30))
})

test('without a terminal nothing is cut', () => {
  const [, line] = tableLines([{ title: 'X' }], [['y'.repeat(500)]], { width: null })
  assert.equal(line, 'y'.repeat(500))
})

test('right to left text is kept to its cell on a terminal only', () => {
  const row = [['طلبات', '5']]
  const columns = [{ title: 'T' }, { title: 'N', align: 'right' as const }]
  assert.match(tableLines(columns, row, { width: 80 })[1] ?? '', /^\u2068طلبات\u2069 {2}5$/)
  assert.equal(tableLines(columns, row, { width: null })[1], 'طلبات  5')
})

test('a name cannot drive the terminal or pose as another', () => {
  const evil = 'a\u001b[2Jb\r\nc\u009b1m\u202ed\u2066'
  const shown = printable(evil)
  assert.doesNotMatch(shown, /[\x00-\x1f\x7f-\x9f\u202e\u2066]/)
  assert.equal(shown, 'a␛[2Jb␍␊c�1m�d�')
  assert.equal(withoutControls('line\n\u001b[31mred'), 'line\n␛[31mred')
})

test('all columns line up, whatever is in them', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 15 })
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.nat()), { minLength: 1, maxLength: 5 }), (rows) => {
      const lines = tableLines(
        [{ title: 'NAME' }, { title: 'COUNT', align: 'right' }],
        rows.map(([text, count]) => [text, String(count)]),
        { width: null },
      )
      const widths = new Set(lines.map(displayWidth))
      assert.equal(widths.size, 1)
      assert.equal(padTo('x', 3, 'right'), '  x')
    }),
  )
})
