import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from '../../src/jobs/outcome.ts'

test('what a service lacks is said in words of the service, and all else in those of the command', () => {
  const failed = (code: string) => {
    const printed = { error: { code, message: 'It is not there.', hint: 'Pass --identity FILE.' } }
    const outcome = outcomeOf({ status: 5, signal: null, notStarted: null, printed }, null, [])
    assert.ok(outcome.status === 'failed')
    return [outcome.error.code, outcome.error.message, outcome.error.hint, outcome.again]
  }
  const [code, message, hint, again] = failed('identity_missing')
  assert.deepEqual([code, message, again], ['identity_missing', 'It is not there.', false])
  assert.match(String(hint), /^Give the repository an identity/)
  assert.match(String(failed('host_not_admitted')[2]), /^Give the repository the text of a host file/)
  assert.equal(failed('identity_wrong')[2], 'Pass --identity FILE.')
})
