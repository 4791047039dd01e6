import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createOutput } from '../../src/cli/output.ts'
import { createRedactor } from '../../src/cli/redact.ts'
import { commandLine } from '../support/command-line.ts'

/* What the service relies on when it runs commands: stderr that a program can read, and an end with whoever started it. */

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test('stderr for a program is one JSON object a line, once a second at most, and redacted', () => {
  let now = 0
  const written: string[] = []
  const redactor = createRedactor()
  redactor.add('hunter22')
  const stderr = { write: (line: string) => written.push(line) }
  const out = createOutput({ stdout: stderr, stderr, redactor, json: true, quiet: false, lines: true, now: () => now }) // prettier-ignore
  out.note('begun with hunter22')
  for (let done = 0; done <= 100; done++) {
    out.progress({ phase: 'reading rows', done: done * 10, total: 1000, unit: 'bytes' })
    now += 50
  }
  out.progress({ phase: 'reading schema', done: 1, total: null, unit: 'tables' })
  out.progressDone('quietly')
  out.warn('a line\nand another')
  const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(lines[0], { type: 'note', text: 'begun with ***' })
  const rows = lines.filter(({ phase }) => phase === 'reading rows')
  assert.equal(rows.length, 6)
  assert.deepEqual(rows[2], {
    type: 'progress',
    phase: 'reading rows',
    done: 400,
    total: 1000,
    unit: 'bytes',
    percent: 40,
    perSecond: 200,
    secondsLeft: 3,
  })
  assert.deepEqual(lines.at(-2), {
    type: 'progress',
    phase: 'reading schema',
    done: 1,
    total: null,
    unit: 'tables',
    percent: null,
    perSecond: null,
    secondsLeft: null,
  })
  assert.equal(lines.at(-1)?.['type'], 'warning')
})

test('a command whose lifeline ends is cancelled, and says so on stderr for programs', async (t) => {
  const { directory } = await commandLine()
  // A server that takes connections and never says a word.
  const silent = createServer()
  const connected = once(silent, 'connection')
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const address = `postgres://app:secret1@127.0.0.1:${port}/shop?connect_timeout=600`
  const child = spawn(process.execPath, [main, 'backup', address, '--repo', 'repo'], {
    cwd: directory,
    env: { HOME: directory, HOLDFAST_LIFELINE: '1', HOLDFAST_PROGRESS: 'json' },
  })
  const said = text(child.stderr)
  await connected
  child.stdin.end()
  const [status] = (await once(child, 'close')) as [number]
  assert.equal(status, 130, await said)
  const lines = (await said).trim().split('\n')
  assert.ok(lines.map((line) => JSON.parse(line) as { type: string }).some(({ type }) => type === 'error'))
})
