import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { toShownError } from '../../src/cli/failure.ts'
import { watchSignals } from '../../src/cli/signals.ts'
import { HoldfastError, isHoldfastError } from '../../src/lib/errors.ts'

function setUp() {
  const source = new EventEmitter()
  const seen: (string | number)[] = []
  const interruption = watchSignals({
    source,
    onCancel: (signal) => seen.push(signal),
    exit: (status) => seen.push(status),
  })
  return { source, seen, interruption }
}

test('the first request aborts once, the second ends at once with 130', () => {
  const { source, seen, interruption } = setUp()
  assert.equal(interruption.signal.aborted, false)
  source.emit('SIGINT', 'SIGINT')
  assert.ok(isHoldfastError(interruption.signal.reason, 'cancelled'))
  assert.deepEqual(seen, ['SIGINT'])
  source.emit('SIGTERM', 'SIGTERM')
  assert.deepEqual(seen, ['SIGINT', 130])
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
