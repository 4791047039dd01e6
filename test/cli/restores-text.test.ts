import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  summaryOfRestore,
  undoneOf,
  type OpenedRestore,
  type RestoreSummary,
} from '../../src/cli/restores.ts'
import { restoresTable, tellRestore } from '../../src/cli/restores-text.ts'
import { createOutput } from '../../src/cli/output.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { tableLines } from '../../src/cli/table.ts'
import type { StoredRestore } from '../../src/repository/restores.ts'
import { sampleRecord, sampleSafety } from '../support/restores.ts'

const now = new Date('2026-11-21T04:31:31.000Z')

const stored: StoredRestore = {
  id: '20261121T013131Z-8f3a9c21',
  backup: '20261121T003131Z-1b2c3d4e',
  undoes: null,
  started: '2026-11-21T01:31:31.250Z',
  finished: '2026-11-21T01:31:33.000Z',
  safety: { chunks: 3, storedBytes: 1234 },
  report: { chunks: 1, storedBytes: 300 },
}

const inPlace: OpenedRestore = { stored, record: sampleRecord(), safety: null }
const made: OpenedRestore = {
  stored: { ...stored, safety: null },
  record: sampleRecord({
    kind: 'new database',
    seconds: 192,
    tables: [
      { schema: 'public', name: 'orders', created: 1_204_551, updated: 0, deleted: 0, unchanged: 0, conflicts: 0 }, // prettier-ignore
    ],
  }),
  safety: null,
}
const unfinished: OpenedRestore = {
  stored: { ...stored, finished: null, report: null },
  record: null,
  safety: sampleSafety(),
}
const hurt: RestoreSummary = { ...summaryOfRestore({ ...made, record: null }), kind: null, fault: 'damaged' }

test('the table of restores fits a terminal, and says what is not known', () => {
  const restores = [...[inPlace, made, unfinished].map(summaryOfRestore), hurt]
  for (const width of [80, 100, 110, 140]) {
    const { columns, rows } = restoresTable(restores, { width, now })
    const lines = tableLines(columns, rows, { width })
    for (const line of lines) assert.ok(line.length <= width, `${line.length} of ${width}: ${line}`)
    assert.equal(lines[0]?.includes('WHEN'), width >= 110)
  }
  const { columns, rows } = restoresTable(restores, { width: null, now })
  const cells = rows.map((row) => Object.fromEntries(row.map((cell, at) => [columns[at]?.title, cell])))
  assert.deepEqual(cells.map(({ KIND, ROWS, TIME, UNDO }) => [KIND, ROWS, TIME, UNDO]), [['in place', '+1 ~2 -3', '1.8 s', 'yes'], ['new database', '1,204,551', '3 min 12 s', ''], ['in place', '+1 ~1 -1', 'not finished', 'yes'], ['?', '?', '?', '']]) // prettier-ignore
  assert.ok(cells.every(({ RESTORE }) => RESTORE === stored.id))
})

test('a restore that was undone is told as that, until its undoing is undone', () => {
  const one = (id: string, undoes: string | null, report = stored.report): StoredRestore => ({
    ...stored,
    id,
    undoes,
    report,
  })
  const undone = (...restores: StoredRestore[]): string[] => [...undoneOf(restores)].sort()
  assert.deepEqual(undone(one('b', 'a'), one('a', null)), ['a'])
  assert.deepEqual(undone(one('c', 'b'), one('b', 'a'), one('a', null)), ['b'])
  assert.deepEqual(undone(one('d', 'c'), one('c', 'b'), one('b', 'a'), one('a', null)), ['a', 'c'])
  // An undoing that did not end may have changed nothing.
  assert.deepEqual(undone(one('b', 'a', null), one('a', null)), [])
})

/** What is printed of a restore. */
function told(restore: OpenedRestore): string {
  let text = ''
  const stream = { write: (piece: string) => (text += piece) }
  const out = createOutput({ stdout: stream, stderr: stream, redactor: createRedactor(), json: false, quiet: false, now: () => 0 }) // prettier-ignore
  tellRestore(out, restore, { now, undone: null })
  return text
}

test('one restore is told whole: who, where, what was asked for, compared and changed', () => {
  const text = told(inPlace)
  assert.match(
    text,
    /^Restore  20261121T013131Z-8f3a9c21\nKind     in place\nBackup   \S+, of 2026-11-21T00:31:32/,
  )
  assert.match(text, /By       admin \(shop-laptop\)\n[\s\S]*Asked    --table orders\n/)
  assert.match(text, /Rows     1 created, 2 updated, 3 deleted, 4 unchanged, 5 left alone/)
  assert.match(
    text,
    /Undo     yes: .* 1\.2 kB in 3 chunks\nCompared foreign keys: hold\nWarning  a trigger was off\n/,
  )
  assert.match(text, /SCHEMA  TABLE +CREATED .*\npublic  orders +1 +2 +3 +4 +5\n$/)
  assert.match(told(made), /Undo     no: it left no safety backup/)
})

test('one that is not finished says where to ask whether its changes were made', () => {
  const text = told(unfinished)
  assert.match(text, /Took     not finished\n[\s\S]*Makes    public\.made\n/)
  assert.match(text, /SELECT pg_xact_status\('18446744073709551615'\)/)
  assert.match(text, /public  größer 漢字 😀 +1 +1 +1 +0 +0\n/)
})

test('names from the database can not drive the terminal', () => {
  const [table] = sampleRecord().tables
  assert.ok(table)
  const record = sampleRecord({
    who: 'admin\u001b[2J',
    warnings: ['a\nb\u202e'],
    tables: [{ ...table, name: 'x\u001b]0;y\u0007' }],
  })
  const text = told({ ...inPlace, record })
  assert.ok(!/[\u001b\u0007\u202e]/.test(text))
  assert.match(text, /Warning  a␊b/)
})
