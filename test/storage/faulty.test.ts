import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failAt, fullAfter, openFaultyStorage } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { listed, storageConformance } from './conformance.ts'

storageConformance('faulty without faults', async () => openFaultyStorage(openMemoryStorage(), () => null), {
  largest: 1_000_000,
})

test('fails the call it is told to, and only that', async () => {
  const inner = openMemoryStorage()
  const storage = openFaultyStorage(inner, failAt(2))
  await storage.put('a', Buffer.from('x'))
  await assert.rejects(storage.put('b', Buffer.from('x')), { code: 'storage_failed' })
  assert.deepEqual(await listed(inner, ''), ['a'])
  assert.equal(await storage.put('b', Buffer.from('x')), 'stored')
})

test('truncates without a word', async () => {
  const storage = openFaultyStorage(openMemoryStorage(), ({ key }) =>
    key === 'cut' ? { kind: 'truncate', bytes: 2 } : null,
  )
  assert.equal(await storage.put('cut', Buffer.from('whole')), 'stored')
  assert.equal((await storage.head('cut'))?.size, 2)
})

test('is full after so many bytes', async () => {
  const storage = openFaultyStorage(openMemoryStorage(), fullAfter(10))
  await storage.put('a', Buffer.alloc(6))
  await assert.rejects(storage.put('b', Buffer.alloc(6)), { code: 'storage_full' })
  await storage.put('c', Buffer.alloc(4))
  await assert.rejects(storage.put('d', Buffer.alloc(1)), { code: 'storage_full' })
  assert.deepEqual(await listed(storage, ''), ['a', 'c'])
})
