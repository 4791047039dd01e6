import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { eachLimited } from '../../src/lib/async.ts'
import { failAt, openFaultyStorage } from '../../src/storage/faulty.ts'
import type { Storage } from '../../src/storage/storage.ts'

const sizes = [0, 1, 100, 65_535, 65_536, 1_000_000, 20_000_000, 200_000_000]
const atOnce = 32
const goodKeys = [
  'a',
  'A-b_c.d',
  '.hidden',
  'a/b/c/d/e/f',
  'x.json',
  '-',
  '_',
  `long/${'n'.repeat(200)}`,
  '0/tmp/x',
]
const badKeys = ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a/./b', 'a..b', 'a b', 'ä', 'a\\b', 'a\0b', 'a:b', 'tmp/a', 'tmp', 'a\n', '😀'] // prettier-ignore

/**
 * What every driver must do: the contract of `Storage`, as tests. `open` gives a new, empty storage. `manyKeys`: fewer where each put
 * waits for a disk or a cluster. `largest`: less where bytes are only passed on.
 */
export function storageConformance(
  driver: string,
  open: (t: TestContext) => Promise<Storage>,
  { manyKeys = 10_000, largest = 200_000_000 } = {},
): void {
  const check = (title: string, run: (storage: Storage) => Promise<void>): void => {
    test(`${driver}: ${title}`, async (t) => run(await open(t)))
  }

  check('gives back what was put, at every size', async (storage) => {
    for (const size of sizes.filter((bytes) => bytes <= largest)) {
      const data = randomBytes(size)
      assert.equal(await storage.put(`size/${size}`, data), 'stored')
      assert.ok(data.equals(await storage.get(`size/${size}`)), `${size} bytes`)
      assert.equal((await storage.head(`size/${size}`))?.size, size)
    }
  })

  check('never changes an object that is there', async (storage) => {
    const data = Buffer.from('first')
    assert.equal(await storage.put('a/b', data), 'stored')
    data.fill(0)
    assert.equal(await storage.put('a/b', Buffer.from('second and longer')), 'exists')
    const read = await storage.get('a/b')
    assert.equal(text(read), 'first')
    read.fill(0)
    assert.equal(text(await storage.get('a/b')), 'first')
  })

  check('lets exactly one of eight concurrent writers win', async (storage) => {
    for (let round = 0; round < 20; round++) {
      const writers = Array.from({ length: 8 }, (_, i) => Buffer.alloc(10_000 + i * 1000, i))
      const results = await Promise.all(writers.map((data) => storage.put(`race/${round}`, data)))
      assert.deepEqual(results.toSorted(), [...Array<string>(7).fill('exists'), 'stored'])
      const winner = writers[results.indexOf('stored')]
      assert.ok(winner?.equals(await storage.get(`race/${round}`)))
    }
  })

  check('takes many objects at once', async (storage) => {
    const keys = Array.from({ length: 300 }, (_, i) => `many/${i % 7}/${i}`)
    await Promise.all(
      keys.map(async (key) => assert.equal(await storage.put(key, Buffer.from(key)), 'stored')),
    )
    assert.deepEqual(await listed(storage, 'many/'), keys.toSorted())
    await Promise.all(keys.map(async (key) => assert.equal(text(await storage.get(key)), key)))
  })

  check('lists thousands of objects, each once', async (storage) => {
    const keys = Array.from({ length: manyKeys }, (_, i) => `${i % 256}/${i}`)
    await eachLimited(keys, atOnce, async (key) => {
      assert.equal(await storage.put(key, Buffer.from('x')), 'stored')
    })
    assert.deepEqual(await listed(storage, ''), keys.toSorted())
    assert.equal((await listed(storage, '7/')).length, keys.filter((key) => key.startsWith('7/')).length)
  })

  check('takes every good key and refuses every bad one', async (storage) => {
    for (const key of goodKeys) {
      assert.equal(
        await storage.put(key === 'a/b/c/d/e/f' ? 'deep/b/c/d/e/f' : key, Buffer.from(key)),
        'stored',
        key,
      )
    }
    for (const key of badKeys) {
      const refused = { code: 'storage_failed' }
      await assert.rejects(
        async () => storage.put(key, Buffer.from('x')),
        refused,
        `put ${JSON.stringify(key)}`,
      )
      await assert.rejects(async () => storage.get(key), refused, `get ${JSON.stringify(key)}`)
      await assert.rejects(async () => storage.head(key), refused, `head ${JSON.stringify(key)}`)
      await assert.rejects(async () => storage.delete(key), refused, `delete ${JSON.stringify(key)}`)
    }
    for (const prefix of ['a', '/', '../', 'a/../', '..', 'tmp/']) {
      await assert.rejects(listed(storage, prefix), { code: 'storage_failed' }, `list ${prefix}`)
    }
    assert.equal((await listed(storage, '')).length, goodKeys.length)
  })

  check('reads ranges, shorter where the object ends', async (storage) => {
    await storage.put('r', Buffer.from('0123456789'))
    assert.equal(text(await storage.get('r', { offset: 3, length: 4 })), '3456')
    assert.equal(text(await storage.get('r', { offset: 7 })), '789')
    assert.equal(text(await storage.get('r', { length: 2 })), '01')
    assert.equal(text(await storage.get('r', { offset: 8, length: 100 })), '89')
    assert.equal(text(await storage.get('r', { offset: 10, length: 1 })), '')
    assert.equal(text(await storage.get('r', { offset: 50 })), '')
  })

  check('says what is not there', async (storage) => {
    await assert.rejects(storage.get('no/such'), { code: 'storage_not_found' })
    assert.equal(await storage.head('no/such'), null)
    assert.deepEqual(await listed(storage, ''), [])
    assert.deepEqual(await listed(storage, 'no/such/'), [])
    await storage.delete('no/such')
    await storage.put('a/b', Buffer.from('x'))
    await assert.rejects(storage.get('a'), { code: 'storage_not_found' })
    assert.equal(await storage.head('a'), null)
    assert.equal(await storage.head('a/b/c'), null)
  })

  check('lists by whole segments', async (storage) => {
    for (const key of ['a/1', 'a/2', 'ab/3', 'a.b/4', 'b', 'a/c/5']) await storage.put(key, Buffer.from(key))
    assert.deepEqual(await listed(storage, 'a/'), ['a/1', 'a/2', 'a/c/5'])
    assert.deepEqual(await listed(storage, 'a/c/'), ['a/c/5'])
    assert.deepEqual(await listed(storage, ''), ['a.b/4', 'a/1', 'a/2', 'a/c/5', 'ab/3', 'b'])
    for await (const { key, size, modified } of storage.list('')) {
      assert.deepEqual({ key, size, modified }, await storage.head(key))
    }
  })

  check('never shows a part of an object', async (storage) => {
    const size = 3_000_000
    let writing = true
    const writes = (async () => {
      for (let i = 0; i < 12; i++) await storage.put(`w/${i}`, Buffer.alloc(size, i))
      writing = false
    })()
    while (writing) {
      for await (const object of storage.list('')) {
        assert.equal(object.size, size)
      }
      const head = await storage.head('w/11')
      if (head !== null) assert.equal(head.size, size)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await writes
    assert.equal((await listed(storage, '')).length, 12)
  })

  check('deletes, and takes the key again', async (storage) => {
    await storage.put('d/1', Buffer.from('old'))
    await storage.put('d/2', Buffer.from('stays'))
    await Promise.all([storage.delete('d/1'), storage.delete('d/1')])
    assert.equal(await storage.head('d/1'), null)
    assert.deepEqual(await listed(storage, 'd/'), ['d/2'])
    assert.equal(await storage.put('d/1', Buffer.from('new')), 'stored')
    assert.equal(text(await storage.get('d/1')), 'new')
  })

  check('can be asked again when an answer was lost', async (storage) => {
    const faulty = openFaultyStorage(storage, failAt(1, 'put', { kind: 'lost' }))
    await assert.rejects(faulty.put('lost/1', Buffer.from('whole')), { code: 'storage_failed' })
    assert.equal(await faulty.put('lost/1', Buffer.from('whole')), 'exists')
    assert.equal(text(await faulty.get('lost/1')), 'whole')
    const deleting = openFaultyStorage(storage, failAt(1, 'delete', { kind: 'lost' }))
    await assert.rejects(deleting.delete('lost/1'), { code: 'storage_failed' })
    await deleting.delete('lost/1')
    assert.equal(await storage.head('lost/1'), null)
  })

  check('does nothing once it is cancelled', async (storage) => {
    const signal = AbortSignal.abort()
    const cancelled = { code: 'cancelled' }
    await storage.put('there', Buffer.from('x'))
    await assert.rejects(async () => storage.put('c', Buffer.from('x'), { signal }), cancelled)
    await assert.rejects(async () => storage.get('there', { signal }), cancelled)
    await assert.rejects(async () => storage.head('there', { signal }), cancelled)
    await assert.rejects(async () => storage.delete('there', { signal }), cancelled)
    await assert.rejects(listed(storage, '', signal), cancelled)
    assert.deepEqual(await listed(storage, ''), ['there'])
  })
}

/** The keys under a prefix, sorted. */
export async function listed(storage: Storage, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, { signal })) keys.push(key)
  return keys.toSorted()
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
