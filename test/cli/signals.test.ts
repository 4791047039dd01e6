import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { toShownError } from '../../src/cli/failure.ts'
import { watchSignals } from '../../src/cli/signals.ts'
import { HoldfastError, isHoldfastError } from '../../src/lib/errors.ts'
import { compileCache, mainProgram } from '../support/main-program.ts'

function setUp() {
  const source = new EventEmitter()
  const seen: string[] = []
  const interruption = watchSignals({
    source,
    onCancel: (signal) => seen.push(signal),
    end: (signal) => seen.push(`ended by ${signal}`),
  })
  return { source, seen, interruption }
}

test('the first request aborts once, the second ends at once', () => {
  const { source, seen, interruption } = setUp()
  assert.equal(interruption.signal.aborted, false)
  source.emit('SIGINT', 'SIGINT')
  assert.ok(isHoldfastError(interruption.signal.reason, 'cancelled'))
  assert.deepEqual(seen, ['SIGINT'])
  source.emit('SIGTERM', 'SIGTERM')
  assert.deepEqual(seen, ['SIGINT', 'ended by SIGTERM'])
  assert.equal(source.listenerCount('SIGTERM'), 0)
})

test('the second request ends also what waits for a file that never comes', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  const child = spawn(process.execPath, [...mainProgram, 'init', 'repo', '--use-identity', pipe], {
    cwd: directory,
    env: { ...compileCache, HOME: directory },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(child, 'close')
  // It opens when the program does, which then waits for the first byte.
  await using writing = await open(pipe, 'w')
  child.kill('SIGINT')
  await once(child.stderr, 'data')
  child.kill('SIGINT')
  // A program that goes on waiting ends with the pipe, and then by no signal.
  const late = setTimeout(() => void writing.close(), 60_000)
  const [, signal] = (await closed) as [number | null, string | null]
  clearTimeout(late)
  assert.equal(signal, 'SIGINT')
})

test('nothing is heard after stop', () => {
  const { source, seen, interruption } = setUp()
  interruption.stop()
  source.emit('SIGINT', 'SIGINT')
  assert.deepEqual(seen, [])
})

const state = 'No backup was made.'

test('what follows from a cancel is told as cancelled, with the state things are in', () => {
  const thrown = [
    new HoldfastError('cancelled', 'Cancelled.'),
    new HoldfastError('connection_lost', 'The connection broke.'),
    new DOMException('This operation was aborted', 'AbortError'),
  ]
  for (const one of thrown) {
    const error = toShownError(one, { cancelled: true, state })
    assert.equal(error.code, 'cancelled')
    assert.equal(error.exitCode, 130)
    assert.equal(error.hint, state)
  }
})

test('the engine knows better than the command what it left', () => {
  const own = new HoldfastError('cancelled', 'Cancelled.', { hint: 'The target was put back.' })
  assert.equal(toShownError(own, { cancelled: true, state }).hint, 'The target was put back.')
})

test('another failure while cancelling is not hidden', () => {
  const failed = new HoldfastError('restore_failed', 'Could not clean up.')
  assert.equal(toShownError(failed, { cancelled: true, state }), failed)
})

test('a lost connection without a cancel is a lost connection', () => {
  const lost = new HoldfastError('connection_lost', 'The connection broke.')
  assert.equal(toShownError(lost, { cancelled: false, state }), lost)
})

test('what nobody foresaw is internal', () => {
  for (const thrown of [new TypeError('x is undefined'), 'a string', undefined]) {
    const error = toShownError(thrown, { cancelled: false, state })
    assert.equal(error.code, 'internal')
    assert.match(error.hint, /HOLDFAST_DEBUG=1/)
    assert.notEqual(error.message, '')
  }
})

test('a directory that is gone under the program is told', () => {
  const gone = Object.assign(new Error('ENOENT: process.cwd failed'), { code: 'ENOENT', syscall: 'uv_cwd' })
  assert.equal(toShownError(gone, { cancelled: false, state }).code, 'usage')
})
