import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOutput } from '../../src/cli/output.ts'
import { headline, sentence } from '../../src/cli/preview-sentence.ts'
import { tellApplied, tellPreview } from '../../src/cli/preview-text.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { displayWidth } from '../../src/cli/width.ts'
import type { Preview, TablePreview } from '../../src/restore/in-place/types.ts'
import {
  anyPreview,
  busy,
  hostile,
  many,
  manyScripts,
  previewOf,
  sampleOf,
  tableOf,
} from '../support/previews.ts'

/** What `tell` prints, line by line, on a terminal of `width` columns, or without one. */
function linesOn(width: number | null, tell: (out: ReturnType<typeof createOutput>) => void): string[] {
  let written = ''
  const stream = {
    write: (text: string) => (written += text),
    isTTY: width !== null,
    columns: width ?? undefined,
  }
  tell(
    createOutput({
      stdout: stream,
      stderr: stream,
      redactor: createRedactor(),
      json: false,
      quiet: false,
      now: () => 0,
    }),
  )
  return written.split('\n')
}

function told(preview: Preview, width: number | null = 80): string[] {
  return linesOn(width, (out) => tellPreview(out, preview))
}

const empty = previewOf()

test('every line fits the terminal, whatever is shown', () => {
  for (const width of [40, 61, 80, 120]) {
    for (const preview of [busy, hostile, manyScripts, many(13), many(200), empty]) {
      for (const line of told(preview, width)) assert.ok(displayWidth(line) <= width, `${width}: ${line}`)
    }
  }
  fc.assert(
    fc.property(anyPreview, fc.integer({ min: 40, max: 130 }), (preview, width) => {
      for (const line of told(preview, width)) assert.ok(displayWidth(line) <= width, line)
    }),
    { numRuns: 40 },
  )
})

test('nothing that is shown can drive the terminal or turn the direction of what follows', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constant(hostile), anyPreview), (preview) => {
      const text = told(preview).join('\n')
      assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]/)
    }),
    { numRuns: 40 },
  )
})

test('without a terminal nothing is cut', () => {
  const note = sampleOf('update', {
    before: { id: '1', note: `${'x'.repeat(190)} a` },
    after: { id: '1', note: `${'x'.repeat(190)} b` },
  })
  const text = told(previewOf({ tables: [tableOf({ update: 1, samples: [note] })] }), null).join('\n')
  assert.ok(text.includes(`${'x'.repeat(190)} a  ${'x'.repeat(190)} b`))
  assert.doesNotMatch(text, /…|[\u2068\u2069]/)
})

test('one sentence says what would happen in all', () => {
  const leftAlone = { missing: 0, changed: 3, extra: 0, newer: 0 }
  const cases: [Partial<Preview>, string][] = [
    [
      { tables: [tableOf({ create: 10, leftAlone }), tableOf({ create: 2 }), tableOf()] },
      '12 rows come back in 2 tables; 3 other rows differ and are left alone.',
    ],
    [{ tables: [tableOf({ create: 1 })] }, '1 row comes back in 1 table.'],
    [
      { tables: [tableOf({ create: 1, update: 2, delete: 1000 })] },
      '1 row comes back, 2 get back the values they had and 1,000 are deleted, in 1 table.',
    ],
    [{ tables: [tableOf({ delete: 1 })] }, '1 row is deleted in 1 table.'],
    [{ makes: [{ schema: 's', name: 't', rows: 250 }] }, '1 table is made, with 250 rows.'],
    [{ undoes: 'r', drops: [{ schema: 's', name: 't', rows: 1 }] }, '1 table is dropped, with 1 row.'],
    [{ tables: [tableOf({ leftAlone })] }, 'Nothing would change; 3 rows differ and are left alone.'],
    [
      { tables: [tableOf({ conflicts: 2 })] },
      'Nothing would change; 2 rows are left out: they would break a key.',
    ],
    [
      { undoes: 'r', tables: [tableOf({ delete: 4, conflicts: 1 })] },
      '4 rows are deleted in 1 table; 1 row is left out: somebody has changed it since, or it would break a key.',
    ],
    [
      { tables: [tableOf({ unchanged: 5 }), tableOf()] },
      'Nothing would change: no row that was compared, in 2 tables, differs from the backup.',
    ],
    [
      { newIds: true, tables: [tableOf({ create: 1 }), tableOf({ create: 3, conflicts: 1 })] },
      '4 rows come as new rows in 2 tables; 1 row is left out: it would break a key.',
    ],
    [{ newIds: true, tables: [tableOf()] }, 'Nothing would change: the backup has no such row.'],
    [{}, 'Nothing would change: there was no table to compare.'],
    [{ problems: ['a', 'b'] }, "It can't be applied: 2 problems stand in the way."],
    [
      { tables: [tableOf({ create: 1 })], questions: [{ about: 'references', text: 'bring?' }] },
      '1 row comes back in 1 table. First, 1 question must be answered.',
    ],
  ]
  for (const [given, expected] of cases) assert.equal(headline(previewOf(given)), expected)
  assert.equal(
    sentence(previewOf({ tables: [tableOf({ create: 2, conflicts: 1, leftAlone })] }), 'applied'),
    '2 rows came back in 1 table; 3 other rows differed and were left alone; 1 row was left out: it would break a key.',
  )
})

test('what stands in the way comes before anything else', () => {
  const lines = told(previewOf({ ...busy, problems: ['The role lacks INSERT on shop.orders.'] }))
  const at = (text: string): number => lines.findIndex((line) => line.includes(text))
  assert.ok(at('PROBLEM   The role lacks INSERT') > 0)
  assert.ok(at('PROBLEM') < at('QUESTION'))
  assert.ok(at('QUESTION') < at('note      Rows of shop.sessions'))
  assert.ok(at('note      Rows of shop.sessions') < at('backup    '))
})

test('the figures by table add up to those of the preview', () => {
  fc.assert(
    fc.property(anyPreview, (preview) => {
      const lines = told(preview, 200)
      const from = lines.findIndex((line) => line.startsWith('TABLE '))
      if (from === -1) return
      const rows = lines.slice(from + 1, lines.indexOf('', from))
      const titles = (lines[from] ?? '').replace('LEFT ALONE', 'ALONE').split(/ {2,}/).slice(1)
      const figures = rows.map((row) =>
        row
          .trimEnd()
          .split(/ {2,}/)
          .slice(-titles.length)
          .map((cell) => (cell === '-' ? 0 : Number(cell.replaceAll(',', '')))),
      )
      const tables = rows.length > 1 ? figures.slice(0, -1) : figures
      const sums = titles.map((_, column) => tables.reduce((sum, row) => sum + (row[column] ?? NaN), 0))
      assert.deepEqual(figures.at(-1), sums)
      const { totals } = preview
      const expected: Record<string, number> = {
        CREATE: totals.create,
        UPDATE: totals.update,
        DELETE: totals.delete,
        CONFLICTS: totals.conflicts,
      }
      for (const [title, sum] of Object.entries(expected)) {
        assert.equal(sums[titles.indexOf(title)] ?? 0, sum, title)
      }
    }),
    { numRuns: 40 },
  )
})

test('of two hundred tables those that nothing happens to take one line, and the rows of a few are shown', () => {
  const some = told(many(13))
  assert.ok(some.includes('  equal     187 tables have nothing to do; 1,870 equal rows'))
  assert.equal(some.filter((line) => /^public\.table_\d+$/.test(line)).length, 10)
  assert.ok(some.some((line) => line.includes('3 more tables change')))
  assert.ok(some.length < 90)
  const takes = some.findIndex((line) => line.startsWith('  takes'))
  assert.match(some.slice(takes, takes + 4).join(' '), /public\.table_4 and\s+8\s+more/)
})

test('a table that shows its rows: their key, their first columns, and what changes side by side', () => {
  const lines = told(busy)
  const table = lines.slice(lines.indexOf('shop.orders'), lines.indexOf('crm.customers'))
  assert.deepEqual(table, [
    'shop.orders',
    '  create    12 rows (5 of 7 columns); for example',
    '    id    customer_id  status  total  placed_at',
    '    1041  7            paid    99.50  2026-11-20 10:14:03+00',
    '    1042  7            paid    7.00   2026-11-20 10:14:03+00',
    '    1043  7            sent    99.50  2026-11-20 10:14:03+00',
    '  update    2 rows: status in 2 rows and note in 1',
    '    ROW   COLUMN  NOW                BECOMES',
    '    id 7  status  lost               paid',
    '    id 9  status  paid               sent',
    '          note    …ur, who is away.  …ur, who has it.',
    '  delete    1 row (6 of 7 columns)',
    '    id    customer_id  status  total  placed_at               note',
    '    2001  7            paid    99.50  2026-11-20 10:14:03+00  test',
    '  stay      3 rows differ and stay: they are newer here',
    '  conflict  2 rows left out; for example',
    '            id 12: another row holds its number (unique orders_number_key)',
    '  column    discount was integer, is numeric(10,2): values of the backup are',
    '            converted',
    '  column    channel is new: rows that are created get its default; others keep',
    '            theirs',
    "  column    legacy is gone: the backup's values are left out",
    '  note      stay silent: orders_notify, orders_audit',
    '  note      never lowered: "orders_id_seq"',
    '',
  ])
  assert.ok(lines.includes('  along     1 row of crm.customers, since rows of shop.orders refer to it'))
  assert.ok(lines.includes('  made      shop.coupons, which is gone here, with 250 rows'))
})

test('NULL, the word NULL, nothing and blanks are told apart; so are values whose samples are alike', () => {
  const values = { a: null, b: 'NULL', c: '', d: ' x', e: "'x'" }
  const cut = sampleOf('update', { before: { id: '5', long: 'same' }, after: { id: '5', long: 'same' } })
  const alike = { ...cut, columns: cut.columns.map((c) => ({ ...c, changed: !c.key })) }
  const lines = told(
    previewOf({
      tables: [
        tableOf({
          update: 2,
          samples: [
            sampleOf('update', {
              before: { id: '1', ...values },
              after: { id: '1', ...Object.fromEntries(Object.keys(values).map((name) => [name, 'y'])) },
            }),
            alike,
          ],
        }),
      ],
    }),
  )
  const cells = lines.map((line) => line.trim().replaceAll(/ {2,}/g, '|'))
  for (const line of ['id 1|a|NULL|y', "b|'NULL'|y", "c|''|y", "d|' x'|y", "e|''x''|y"]) {
    assert.ok(cells.includes(line), line)
  }
  assert.ok(cells.includes('id 5|long|same|(differs further on)'))
})

test('which rows stay is said once where one table tells it, and in all where several or none do', () => {
  const leftAlone = { missing: 0, changed: 2, extra: 1, newer: 0 }
  const staying = (...tables: Partial<TablePreview>[]): string[] =>
    told(previewOf({ tables: tables.map(tableOf) })).filter((line) => line.startsWith('  stay'))
  const three = '  stay      3 rows differ and stay: 2 are changed and 1 is not in the backup'
  assert.deepEqual(staying({ leftAlone }), [three])
  assert.deepEqual(staying({ create: 1, leftAlone }), [three])
  assert.deepEqual(staying({ create: 1, leftAlone }, { leftAlone }), [
    '  stay      6 rows differ and stay: 4 are changed and 2 are not in the backup',
    three,
  ])
})

test('a row without a key is called by its first values', () => {
  const sample = { ...sampleOf('conflict', { before: { a: null, b: '2', c: '3' } }), why: 'taken' }
  const lines = told(previewOf({ tables: [tableOf({ key: null, conflicts: 1, samples: [sample] })] }))
  assert.ok(lines.includes('            b 2, c 3: taken'))
})

test('rows that come under new keys are told as new, with what comes along and why', () => {
  const line = sampleOf('create', { after: { id: '3105', what: 'rope' } })
  const columns = line.columns.map((c) => ({ ...c, renewed: c.name === 'id' }))
  const preview = previewOf({
    newIds: true,
    tables: [
      tableOf({
        name: 'lines',
        create: 3,
        along: ['public.orders'],
        renewed: [
          { name: 'id', rows: 3 },
          { name: 'part_of', rows: 1 },
        ],
        samples: [{ ...line, columns }],
      }),
    ],
  })
  const lines = told(preview, null)
  assert.ok(lines.some((l) => l.includes('brings rows as new ones, under new keys, beside what is there')))
  assert.ok(
    lines.some((l) =>
      l.includes('along     3 rows of public.lines, since they refer to rows of public.orders'),
    ),
  )
  assert.ok(lines.some((l) => l.includes('new       id and part_of in 1 row get new values')))
  assert.ok(lines.some((l) => /^ {4}3105 → new +rope$/.test(l)))
  const renewed = [
    {
      schema: 'public',
      name: 'tags',
      columns: ['line', 'tag'],
      rows: [{ old: ['3105', 'red'], new: ['4001', 'red'] }],
    },
  ]
  const done = linesOn(null, (out) => tellApplied(out, { preview, restore: 'r', seconds: 1, renewed }))
  assert.equal(done[0], '3 rows came as new rows in 1 table.')
  assert.equal(done[1], '  new       public.tags, line, tag: (3105, red) → (4001, red)')
})

test('what was done is told with the way to take it back', () => {
  const lines = linesOn(80, (out) =>
    tellApplied(out, {
      preview: previewOf({ tables: [tableOf({ create: 2 })] }),
      restore: '20261128T064512Z-91ab77cd',
      seconds: 3.25,
      renewed: [],
    }),
  )
  assert.equal(lines[0], '2 rows came back in 1 table.')
  assert.ok(lines.includes('            restores/20261128T064512Z-91ab77cd/'))
  assert.ok(lines.includes('            holdfast undo 20261128T064512Z-91ab77cd'))
  const nothing = linesOn(80, (out) =>
    tellApplied(out, { preview: empty, restore: 'r', seconds: 0, renewed: [] }),
  )
  assert.deepEqual(nothing, ['Nothing was changed: there was no table to compare.', ''])
})
