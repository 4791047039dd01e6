import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openCopies, withNewestKeys } from '../../src/copies/open.ts'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import { rotate } from '../../src/repository/keys.ts'
import { openFaultyStorage, type Fault, type StorageCall } from '../../src/storage/faulty.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf } from '../support/chunks.ts'
import { backUpBoth, beginInBoth, copyOf, sharedKeys, twoCopies } from '../support/copies.ts'
import { failure } from '../support/journey.ts'
import {
  backUp,
  finish,
  hour,
  keysBelow,
  prune,
  prunePlace,
  readAll,
  wholeBackups,
} from '../support/prune.ts'

/* Backups into several copies: each copy is whole by itself, whatever becomes of the others. */

test('rows are sealed once, and each copy has all of a backup, byte by byte', async () => {
  const { a, b } = await twoCopies()
  const { id, failures } = await backUpBoth(a, [a.storage, b.storage], ['one', 'two'])
  assert.deepEqual([...failures.values()], [null, null])
  assert.deepEqual(await readAll(a), [id])
  assert.deepEqual(await readAll(b), [id])
  assert.deepEqual(await sharedKeys(a.storage), await sharedKeys(b.storage))
  for (const key of await sharedKeys(a.storage))
    assert.deepEqual(await a.storage.get(key), await b.storage.get(key), key)
})

test('a copy that fails at any call is left out, and the other one is complete', async () => {
  const prepared = await twoCopies()
  await backUpBoth(prepared.a, [prepared.a.storage, prepared.b.storage], ['one', 'two'])
  for (const kind of ['fail', 'lost'] as const) {
    for (const dies of kind === 'fail' ? [false, true] : [false]) {
      for (let number = 1; ; number++) {
        const [a, b] = [await copyOf(prepared.a), await copyOf(prepared.b)]
        let reached = false
        const faulty = openFaultyStorage(b.storage, (call): Fault | null => {
          if (call.number === number) reached = true
          return call.number === number || (dies && call.number > number) ? { kind } : null
        })
        const label = `${kind}${dies ? ', dies' : ''} at ${number}`
        // Now the first, now the second: none of them is special.
        const storages = number % 2 === 0 ? [a.storage, faulty] : [faulty, a.storage]
        const made = await backUpBoth(a, storages, ['two', 'three', 'four'])
        if (!reached) {
          assert.ok(number > 12, `${number} calls were made to fail`)
          break
        }
        assert.equal((await readAll(a))[0], made.id, label)
        const inB = await wholeBackups(b)
        const failed = made.failures.get('memory:b') ?? null
        if (failed === null && made.failures.has('memory:b')) assert.ok(inB.includes(made.id), label)
        // A manifest whose answer was lost is there, and is whole; no other is.
        else if (kind === 'fail') assert.ok(!inB.includes(made.id), label)
        b.clock.pass(hour)
        const next = await backUpBoth(a, [a.storage, b.storage], ['two', 'three'])
        assert.deepEqual([...next.failures.values()], [null, null], label)
        assert.equal((await wholeBackups(b))[0], next.id, label)
      }
    }
  }
})

test('a full copy is told as that; when no copy is left there is no backup, and the error is one of theirs', async () => {
  const { a, b } = await twoCopies()
  const full = (storage: Storage): Storage =>
    openFaultyStorage(storage, ({ method, key }) =>
      method === 'put' && key.startsWith('chunks/') ? { kind: 'fail', code: 'storage_full' } : null,
    )
  const { id, failures } = await backUpBoth(a, [full(a.storage), b.storage], ['one', 'two'])
  assert.deepEqual(failures, new Map([['memory:a', 'storage_full'], ['memory:b', null]])) // prettier-ignore
  assert.deepEqual(await readAll(b), [id])
  assert.deepEqual(await readAll(a), [])
  await failure(backUpBoth(a, [full(a.storage), full(b.storage)], ['three']), 'storage_full')
  assert.deepEqual([await readAll(a), await readAll(b)], [[], [id]])
})

test('a chunk is put where it is missing, and nowhere else', async () => {
  const { a, b } = await twoCopies()
  await backUp(a, ['one', 'two', 'three'])
  await backUp(b, ['two'])
  const puts: string[] = []
  const watch = (storage: Storage, name: string): Storage =>
    openFaultyStorage(storage, ({ method, key }: StorageCall) => {
      if (method === 'put' && key.startsWith('chunks/')) puts.push(name)
      return null
    })
  const made = await backUpBoth(a, [watch(a.storage, 'a'), watch(b.storage, 'b')], ['one', 'two', 'four'])
  // Its contents and "four" go into both, "one" only into the second.
  assert.deepEqual(puts.toSorted(), ['a', 'a', 'b', 'b', 'b'])
  assert.deepEqual(made.copies.map(({ newChunks }) => newChunks), [2, 3]) // prettier-ignore
  assert.equal((await readAll(a))[0], made.id)
  assert.equal((await readAll(b))[0], made.id)
})

test('of a prune plan in one copy nothing is used in any, and the prune of each copy waits for its own writer', async () => {
  const { a, b } = await twoCopies()
  await backUpBoth(a, [a.storage, b.storage], ['gone', 'kept'])
  for (const { clock } of [a, b]) clock.pass(hour)
  await backUpBoth(a, [a.storage, b.storage], ['kept'])
  b.clock.pass(48 * hour)
  assert.notEqual((await prune(b)).planned, null)
  const writer = await beginInBoth(a, [a.storage, b.storage])
  b.clock.pass(25 * hour)
  // The plan was there before the writer, which heeds it: the prune need not wait.
  const pruned = await prune(b)
  assert.deepEqual([pruned.removed.backups.length, pruned.waiting.length], [1, 0])
  const { id } = await finish(a, writer, ['gone', 'kept'])
  await writer[Symbol.asyncDispose]()
  assert.equal((await readAll(a))[0], id)
  assert.equal((await readAll(b))[0], id)
  const gone = chunkKey(chunkName(a.vault.namingKey, bytesOf('gone')))
  const { chunks } = await a.repository.find(id)
  assert.ok(!chunks.some(([name]) => chunkKey(name) === gone))

  // A writer that began before a plan of one copy is waited for there, and given up in the other, whose clock says that it has been silent.
  const early = await beginInBoth(a, [a.storage, b.storage])
  for (const [place, hours] of [
    [a, 2],
    [b, 30],
  ] as const) {
    // prettier-ignore
    assert.notEqual((await prune(place, { last: 1 }, { graceMs: 0 })).planned, null)
    place.clock.pass(hours * hour)
  }
  assert.equal((await prune(a, { last: 1 }, { graceMs: 0 })).waiting.length, 1)
  assert.equal((await prune(b, { last: 1 }, { graceMs: 0 })).waiting.length, 0)
  const late = await finish(a, early, ['late'])
  assert.deepEqual(early.copies().map(({ failed }) => failed?.code ?? null), [null, 'writer_overtaken']) // prettier-ignore
  await early[Symbol.asyncDispose]()
  assert.equal((await readAll(a))[0], late.id)
  assert.deepEqual(await readAll(b), [id])
})

test('a copy that hangs is waited for only so long, its writer is not told ended, and nothing broken lies there', async () => {
  const { a, b } = await twoCopies()
  const held = Promise.withResolvers<void>()
  const hanging: Storage = {
    ...b.storage,
    async put(key, data, options) {
      if (key.startsWith('chunks/')) await held.promise
      return await b.storage.put(key, data, options)
    },
  }
  const { id, failures } = await backUpBoth(a, [a.storage, hanging], ['one', 'two'], { patienceMs: 20 })
  assert.deepEqual(failures, new Map([['memory:a', null], ['memory:b', 'storage_timeout']])) // prettier-ignore
  assert.deepEqual(await readAll(a), [id])
  const traces = await keysBelow(b.storage, 'writing/')
  assert.ok(!traces.some((key) => key.endsWith('/ended')), traces.join())
  held.resolve()
  for (let waiting = true; waiting; await new Promise(setImmediate))
    waiting = (await keysBelow(b.storage, 'chunks/')).length === 0
  // What came late is whole: the next backup takes it over.
  const next = await backUpBoth(a, [a.storage, b.storage], ['one', 'two'])
  assert.deepEqual(await readAll(b), [next.id])
})

test('the slowest copy sets the pace: a chunk is stored when it is stored in all', async () => {
  const { a, b } = await twoCopies()
  const gate = Promise.withResolvers<void>()
  const slow: Storage = {
    ...b.storage,
    async put(key, data, options) {
      if (key.startsWith('chunks/')) await gate.promise
      return await b.storage.put(key, data, options)
    },
  }
  await using writer = await beginInBoth(a, [a.storage, slow])
  let stored = false
  const storing = writer.store(bytesOf('one')).then(() => (stored = true))
  while ((await keysBelow(a.storage, 'chunks/')).length === 0) await new Promise(setImmediate)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  assert.equal(stored, false)
  gate.resolve()
  await storing
})

test('a chunk that has two sizes in two copies gets another name; one that would get two is left to whoever has it', async () => {
  const { a, b } = await twoCopies()
  const keyOf = (text: string): string => chunkKey(chunkName(a.vault.namingKey, bytesOf(text)))
  await a.storage.put(keyOf('one'), randomBytes(300))
  await b.storage.put(keyOf('one'), randomBytes(400))
  const { id, failures } = await backUpBoth(a, [a.storage, b.storage], ['one'])
  assert.deepEqual([...failures.values()], [null, null])
  assert.deepEqual([await readAll(a), await readAll(b)], [[id], [id]])

  await b.storage.put(keyOf('two'), randomBytes(400))
  const second = await backUpBoth(a, [a.storage, b.storage], ['two'])
  assert.deepEqual(second.failures, new Map([['memory:a', 'copy_behind'], ['memory:b', null]])) // prettier-ignore
})

test('copies whose keys are older, and those that were changed in another way, are not written to', async () => {
  const { a, b } = await twoCopies()
  const changed = await rotate({ ...a })
  const opened = withNewestKeys(await openCopies({ storages: [a.storage, b.storage] }))
  assert.deepEqual(opened.copies.map(({ storage }) => storage.address), ['memory:a']) // prettier-ignore
  assert.deepEqual(opened.failed.map(({ address, error }) => [address, error.code]), [['memory:b', 'copy_behind']]) // prettier-ignore
  assert.equal(changed.repository.keyset.version, 2)
  const inB = await openCopies({ storages: [b.storage] })
  await rotate({ ...b, repository: inB.copies[0] ?? b.repository })
  const both = withNewestKeys(await openCopies({ storages: [a.storage, b.storage] }))
  assert.deepEqual(both.failed.map(({ error }) => error.code), ['copies_differ']) // prettier-ignore
})

test('two repositories are never taken for copies of one', async () => {
  const [one, other] = [await prunePlace(), await prunePlace()]
  await failure(openCopies({ storages: [one.storage, other.storage] }), 'copies_differ')
})
