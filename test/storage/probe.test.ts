import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '../../src/lib/clock.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { probeStorage } from '../../src/storage/probe.ts'
import type { Storage } from '../../src/storage/storage.ts'

const signal = new AbortController().signal

/** Looks first and writes then: right for one writer after the other, and wrong for two at once. */
function careless(inner: Storage): Storage {
  return {
    ...inner,
    async put(key, data, options) {
      if ((await inner.head(key, options)) !== null) return 'exists'
      await turn()
      await inner.put(key, data, options)
      return 'stored'
    },
  }
}

test('a storage that lets two writers have one key at once is found out, and left empty', async () => {
  for (const [make, once] of [
    [(s: Storage) => s, true],
    [careless, false],
  ] as const) {
    const storage = make(openMemoryStorage())
    const { writesOnce, left } = await probeStorage({ storage, clock: systemClock, signal })
    assert.equal(writesOnce, once)
    assert.deepEqual(left, [])
    for await (const { key } of storage.list('probe/')) assert.fail(key)
  }
})
