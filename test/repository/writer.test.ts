import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import { openReader } from '../../src/repository/reader.ts'
import { failAt, fullAfter, openFaultyStorage, type StorageCall } from '../../src/storage/faulty.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { bytesOf, chunkKeys, manifestOf } from '../support/chunks.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const keys = chunkKeys()
const nameOf = (text: string) => chunkName(keys.namingKey, bytesOf(text))

function watched() {
  const calls: StorageCall[] = []
  const inner = openMemoryStorage()
  return { inner, calls, storage: openFaultyStorage(inner, (call) => (calls.push(call), null)) }
}

test('what was stored is read again', async (t) => {
  const storage = openLocalStorage(await temporaryDirectory(t))
  await using writer = await keys.writer(storage)
  const texts = Array.from({ length: 50 }, (_, i) => `row ${i}\n`.repeat(i * 20))
  const indexes = await Promise.all(texts.map((text) => writer.store(bytesOf(text))))
  assert.deepEqual(indexes.toSorted((a, b) => a - b), texts.map((_, i) => i)) // prettier-ignore
  await using reader = keys.reader(storage)
  await Promise.all(
    texts.map(async (text, i) => {
      const [name = '', plainBytes, storedBytes] = writer.chunks()[indexes[i] ?? -1] ?? []
      assert.equal(name, nameOf(text))
      assert.equal(plainBytes, text.length)
      assert.equal(storedBytes, (await storage.head(chunkKey(name)))?.size)
      assert.equal(Buffer.from(await reader.read(name)).toString(), text)
    }),
  )
  assert.equal(writer.stats.newChunks, 50)
  assert.equal(writer.stats.plainBytes, texts.join('').length)
})

test('equal bytes are stored once and share an index, also when they come at once', async () => {
  const { storage, calls } = watched()
  await using writer = await keys.writer(storage)
  const indexes = await Promise.all(Array.from({ length: 10 }, () => writer.store(bytesOf('same'))))
  assert.deepEqual(indexes, Array<number>(10).fill(0))
  assert.equal(await writer.store(bytesOf('same')), 0)
  assert.equal(calls.filter(({ method }) => method === 'put').length, 1)
  assert.equal(writer.chunks().length, 1)
  assert.deepEqual([writer.stats.newChunks, writer.stats.reusedChunks, writer.stats.plainBytes], [1, 0, 4])
})

test('after its end a writer writes nothing more', async () => {
  const inner = openMemoryStorage()
  const begun = Promise.withResolvers<void>()
  let ended = false
  const writer = await keys.writer({
    ...inner,
    async put(...call) {
      begun.resolve()
      await new Promise((resolve) => setTimeout(resolve, 50))
      ended = true
      return inner.put(...call)
    },
  })
  const stored = writer.store(bytesOf('a'))
  await begun.promise
  await writer[Symbol.asyncDispose]()
  assert.ok(ended)
  await stored
})

test('the next backup reuses what is there', async () => {
  const { storage, calls } = watched()
  await using first = await keys.writer(storage)
  await first.store(bytesOf('kept'))
  const puts = () => calls.filter(({ method }) => method === 'put').length
  const before = puts()
  await using second = await keys.writer(storage, [manifestOf(first)])
  await second.store(bytesOf('kept'))
  assert.equal(puts(), before)
  assert.deepEqual(second.chunks(), first.chunks())
  assert.equal(second.stats.reusedChunks, 1)
  assert.equal(second.stats.newStoredBytes, 0)
  assert.equal(second.stats.storedBytes, first.stats.storedBytes)
  assert.equal(second.sequence, 2)
})

test('what an earlier backup names but the storage lost is stored again', async () => {
  const storage = openMemoryStorage()
  await using first = await keys.writer(storage)
  await first.store(bytesOf('lost'))
  await storage.delete(chunkKey(nameOf('lost')))
  await using second = await keys.writer(storage, [manifestOf(first)])
  await second.store(bytesOf('lost'))
  assert.equal(second.stats.newChunks, 1)
  assert.ok(await storage.head(chunkKey(nameOf('lost'))))
})

test('two backups at once: one stores a chunk, the other takes it over with its size', async () => {
  const storage = openMemoryStorage()
  await using one = await keys.writer(storage)
  await using other = await keys.writer(storage)
  const texts = Array.from({ length: 30 }, (_, i) => `shared ${i}`)
  await Promise.all([one, other].flatMap((writer) => texts.map((text) => writer.store(bytesOf(text)))))
  assert.equal(one.stats.newChunks + other.stats.newChunks, 30)
  assert.equal(one.stats.reusedChunks + other.stats.reusedChunks, 30)
  for (const [name, , size] of [...one.chunks(), ...other.chunks()]) {
    assert.equal((await storage.head(chunkKey(name)))?.size, size)
  }
})

test('an object that was truncated is not taken over: the chunk is stored anew beside it, and both backups can be read', async () => {
  const storage = openMemoryStorage()
  const text = `x${Math.PI}`
  await using first = await keys.writer(
    openFaultyStorage(storage, failAt(1, 'put', { kind: 'truncate', bytes: 215 })),
  )
  await first.store(bytesOf(text))
  await storage.put(chunkKey(nameOf('never whole')), new Uint8Array(0))
  await using reader = keys.reader(storage)
  await assert.rejects(reader.read(nameOf(text)), { code: 'object_damaged' })
  await using second = await keys.writer(storage, [manifestOf(first)])
  for (const one of [text, 'never whole']) {
    await second.store(bytesOf(one))
    assert.deepEqual(await reader.read(nameOf(one)), bytesOf(one))
  }
  assert.equal(second.stats.newChunks, 2)
  // Once is enough.
  await using third = await keys.writer(storage, [manifestOf(second), manifestOf(first)])
  for (const one of [text, 'never whole']) await third.store(bytesOf(one))
  assert.equal(third.stats.reusedChunks, 2)
})

test('a truncated object that came while the backup ran is not relied on', async () => {
  const storage = openMemoryStorage()
  await using writer = await keys.writer(storage)
  await storage.put(chunkKey(nameOf('never whole')), new Uint8Array(0))
  await assert.rejects(writer.store(bytesOf('never whole')), { code: 'object_damaged', message: /0 bytes/ })
})

test('a chunk that could not be stored fails its call, and the backup cannot be committed', async () => {
  const storage = openMemoryStorage()
  await using writer = await keys.writer(openFaultyStorage(storage, fullAfter(700)))
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'd'].map((text) => writer.store(bytesOf(text))),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 2)
  for (const { reason } of refused) assert.equal((reason as { code?: string }).code, 'storage_full')
  assert.equal(writer.chunks().length, 3)
  await assert.rejects(writer.commit(manifestOf(writer)), { code: 'internal' })
  await using next = await keys.writer(storage)
  await Promise.all(['a', 'b', 'c', 'd'].map((text) => next.store(bytesOf(text))))
  await next.commit(manifestOf(next))
  assert.equal(next.stats.reusedChunks, 3)
})

test('nothing is committed while a chunk is under way', async () => {
  await using writer = await keys.writer(openMemoryStorage())
  const storing = writer.store(bytesOf('x'))
  await assert.rejects(writer.commit(manifestOf(writer)), { code: 'internal' })
  await storing
  await writer.commit(manifestOf(writer))
})

test('a cancelled backup stores nothing more', async () => {
  const controller = new AbortController()
  const { storage, calls } = watched()
  await using writer = await keys.writer(storage, [], controller.signal)
  await writer.store(bytesOf('a'))
  controller.abort()
  await assert.rejects(writer.store(bytesOf('b')), { code: 'cancelled' })
  await assert.rejects(writer.commit(manifestOf(writer)), { code: 'cancelled' })
  assert.equal(calls.filter(({ method }) => method === 'put').length, 1)
})

test('a keyed hash depends on the key and is no chunk name', async () => {
  const storage = openMemoryStorage()
  await using writer = await keys.writer(storage)
  await using other = await chunkKeys().writer(storage)
  assert.match(writer.keyedHash('db'), /^[0-9a-f]{64}$/)
  assert.equal(writer.keyedHash('db'), writer.keyedHash('db'))
  assert.notEqual(writer.keyedHash('db'), other.keyedHash('db'))
  assert.notEqual(writer.keyedHash('db'), nameOf('db'))
})

test('chunks of every epoch are read; of an unknown one they are damaged', async () => {
  const storage = openMemoryStorage()
  const later = chunkKeys()
  await using first = await keys.writer(storage)
  await first.store(bytesOf('of the first epoch'))
  await using reader = openReader({
    storage,
    namingKey: keys.namingKey,
    epochs: new Map([
      ['1', keys.identity],
      ['2', later.identity],
    ]),
  })
  const name = nameOf('of the first epoch')
  for (let i = 0; i < 8; i++)
    assert.equal(Buffer.from(await reader.read(name)).toString(), 'of the first epoch')
  const epochs = new Map([['2', later.identity]])
  await using stranger = openReader({ storage, namingKey: keys.namingKey, epochs })
  await assert.rejects(stranger.read(name), { code: 'object_damaged' })
})

test('missing, truncated, swapped, changed: each is refused with the name of the object', async () => {
  const storage = openMemoryStorage()
  await using writer = await keys.writer(storage)
  for (const text of ['one', 'two', 'three', 'four']) await writer.store(bytesOf(text))
  const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((text) => chunkKey(nameOf(text)))
  if (one === undefined || two === undefined || three === undefined || four === undefined)
    throw new Error('names')
  const [whole, changed] = [await storage.get(one), await storage.get(three)]
  changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 4
  for (const key of [one, two, three, four]) await storage.delete(key)
  await storage.put(one, whole.subarray(0, -1))
  await storage.put(two, whole)
  await storage.put(three, changed)
  await using reader = keys.reader(storage)
  for (const [text, key] of [
    ['one', one],
    ['two', two],
    ['three', three],
  ] as const) {
    // prettier-ignore
    await assert.rejects(reader.read(nameOf(text)), { code: 'object_damaged', message: new RegExp(key) })
  }
  await assert.rejects(reader.read(nameOf('four')), { code: 'object_missing', message: new RegExp(four) })
  await assert.rejects(reader.read('../../etc/passwd'), { code: 'object_damaged' })
})
