import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput } from '../../src/cli/output.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { HoldfastError } from '../../src/lib/errors.ts'

function setUp({ json = false, quiet = false, isTTY = false, colours = false } = {}) {
  const written = { stdout: '', stderr: '' }
  const redactor = createRedactor()
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => (written[name] += text),
    isTTY,
    columns: 80,
  })
  const out = createOutput({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    redactor,
    json,
    quiet,
    colours,
    now: () => 0,
  })
  return { out, written, redactor }
}

const progress = { phase: 'reading', done: 1, total: 2, unit: 'rows' } as const

test('results go to stdout, notes and warnings to stderr', () => {
  const { out, written } = setUp()
  out.line('result')
  out.note('note')
  out.warn('careful')
  out.finish()
  assert.deepEqual(written, { stdout: 'result\n', stderr: 'note\nwarning: careful\n' })
})

test('with --json stdout is one object', () => {
  const { out, written } = setUp({ json: true })
  out.line('for people')
  out.table([{ title: 'X' }], [['y']])
  out.result({ id: 'b1', address: 'postgres://u:pw@h/d' })
  out.finish()
  assert.deepEqual(JSON.parse(written.stdout), { id: 'b1', address: 'postgres://u:***@h/d' })
})

test('with --json an error is one object too, and says no secret', () => {
  const { out, written, redactor } = setUp({ json: true })
  redactor.add('s3cret')
  out.fail(
    new HoldfastError('login_failed', 'no entry with s3cret', {
      details: { tried: ['s3cret'], detail: 'Failing row contains (1, Ann).' },
    }),
    {
      debug: false,
    },
  )
  const { error } = JSON.parse(written.stdout) as { error: Record<string, unknown> }
  assert.deepEqual(error, {
    code: 'login_failed',
    message: 'no entry with ***',
    hint: 'Check user and password, for example with psql.',
    details: { tried: ['***'] },
  })
})

test('an error for people says what, why and what to do, on stderr', () => {
  const { out, written } = setUp()
  const cause = new Error('ECONNREFUSED')
  out.fail(new HoldfastError('connection_failed', 'No answer.', { cause }), { debug: false })
  assert.equal(written.stdout, '')
  assert.equal(
    written.stderr,
    'holdfast: No answer.\n  cause: ECONNREFUSED\n  what to do: Check host, port and that the server is running.\n  error code: connection_failed\n',
  )
})

test('stacks are shown for debugging only', () => {
  const error = new HoldfastError('internal', 'broken')
  const plain = setUp()
  plain.out.fail(error, { debug: false })
  assert.doesNotMatch(plain.written.stderr, /output\.test\.ts/)
  const debugging = setUp()
  debugging.out.fail(error, { debug: true })
  assert.match(debugging.written.stderr, /output\.test\.ts/)
})

test('a warning is wrapped on a terminal, and no secret is told because a line ends in it', () => {
  const { out, written, redactor } = setUp({ isTTY: true })
  redactor.add('open sesame')
  out.warn(`${'word '.repeat(13)}is open sesame and more`)
  const lines = written.stderr.trimEnd().split('\n')
  assert.deepEqual(lines.length, 2)
  assert.ok(lines.every((line) => line.length <= 80) && lines[1]?.startsWith('  '))
  assert.doesNotMatch(written.stderr, /sesame/)
})

test('after Ctrl-C the state is told, and not why', () => {
  const { out, written } = setUp()
  const cause = new HoldfastError('query_failed', 'canceling statement due to user request')
  const error = new HoldfastError('cancelled', 'Cancelled.', { cause, hint: 'No backup was made.' })
  out.fail(error, { debug: false })
  assert.equal(
    written.stderr,
    'holdfast: Cancelled.\n  state: No backup was made.\n  error code: cancelled\n',
  )
})

test('--quiet drops notes and progress, never results and warnings', () => {
  const { out, written } = setUp({ quiet: true, isTTY: true })
  out.note('note')
  out.progress(progress)
  out.warn('careful')
  out.line('result')
  out.finish()
  assert.deepEqual(written, { stdout: 'result\n', stderr: 'warning: careful\n' })
})

test('a line takes the bar away first', () => {
  const { out, written } = setUp({ isTTY: true })
  out.progress(progress)
  out.note('note')
  assert.match(written.stderr, /reading 50 %[^\n]*\r\u001b\[Knote\n$/)
})

test('control characters are shown, not sent', () => {
  const { out, written } = setUp()
  out.line('a\u001b[2Jb')
  assert.equal(written.stdout, 'a␛[2Jb\n')
})

test('a styled line is plain text where there are no colours, and can not smuggle controls in', () => {
  const line = ['rows: ', { text: 'equal\u001b[31m', style: 'good' }] as const
  const plain = setUp()
  plain.out.line(line)
  assert.equal(plain.written.stdout, 'rows: equal␛[31m\n')
  const coloured = setUp({ colours: true })
  coloured.out.line(line)
  assert.equal(coloured.written.stdout, 'rows: \u001b[32mequal␛[31m\u001b[0m\n')
  const json = setUp({ json: true, colours: true })
  json.out.line(line)
  assert.equal(json.written.stdout, '')
})

test('a progress display that ends quietly leaves no line', () => {
  const { out, written } = setUp({ isTTY: true })
  out.progress(progress)
  assert.match(written.stderr, /reading 50 %/)
  out.progressDone('quietly')
  assert.ok(written.stderr.endsWith('\r\u001b[K'))
})
