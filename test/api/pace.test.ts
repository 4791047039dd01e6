import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../src/api/pace.ts'

test('a caller that never stops is held up, others are not, and it goes on a moment later', () => {
  let now = 0
  const pace = createPace(() => now)
  for (let i = 0; i < 6000; i++) pace.take('greedy')
  assert.throws(() => pace.take('greedy'), { code: 'too_many_attempts', details: { retryAfterSeconds: 1 } })
  pace.take('modest')
  now += 1000
  for (let i = 0; i < 200; i++) pace.take('greedy')
  assert.throws(() => pace.take('greedy'), { code: 'too_many_attempts' })
  for (let i = 0; i < 20_000; i++) pace.take(`one of many ${i}`)
  pace.take('greedy')
})
