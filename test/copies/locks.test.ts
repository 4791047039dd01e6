import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCopies } from '../../src/copies/open.ts'
import { chunkKey, mendedKey } from '../../src/repository/format/chunk-names.ts'
import { beginBackup } from '../../src/repository/session.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { named } from '../support/copies.ts'
import {
  backUp,
  finish,
  hour,
  keysBelow,
  movingClock,
  prunePlace,
  type PrunePlace,
} from '../support/prune.ts'
import { replaceAll } from '../support/repository.ts'

/* Locks, where there is more than one place for an object. */

const day = 24 * hour
const lock = { forMs: 30 * day, mode: 'governance' } as const

/** A repository in a storage with a clock of its own, which may lock. */
async function place(address: string, o: { locks: boolean; like?: PrunePlace }): Promise<PrunePlace> {
  const clock = movingClock()
  const storage = named(openMemoryStorage({ clock, locks: o.locks }), address)
  if (o.like === undefined) return { ...(await prunePlace(storage)), clock }
  await replaceAll(o.like.storage, storage)
  return { ...o.like, storage, clock }
}

async function backUpLocked({ credentials, clock }: PrunePlace, storages: readonly Storage[]) {
  const { copies } = await openCopies({ storages, trust: { host: credentials } })
  const [repository, ...others] = copies
  assert.ok(repository !== undefined)
  await using writer = await beginBackup({ repository, others, credentials, clock, threads: 1, lock })
  const { lock: record } = writer
  assert.ok(record !== null)
  return await finish({ credentials, clock }, writer, ['one', 'two'], {
    format: 3,
    scope: null,
    lock: record,
  })
}

async function lockedUntil(storage: Storage, keys: readonly string[]): Promise<number> {
  const ends = await Promise.all(keys.map(async (key) => (await storage.locks?.of(key))?.until.getTime()))
  return Math.min(...ends.map((end) => end ?? 0))
}

test('every copy is locked by its own clock, and the manifest says what holds in all of them', async () => {
  const a = await place('memory:a', { locks: true })
  const b = await place('memory:b', { locks: true, like: a })
  b.clock.pass(5 * day)
  await backUp(b, ['one'])
  const { id, chunks, lock: record } = await backUpLocked(a, [a.storage, b.storage])
  const keys = ['holdfast', 'keys/00000001', `manifests/${id}`, ...chunks.map(([name]) => chunkKey(name))]
  const ends: number[] = []
  for (const { storage, clock } of [a, b]) {
    ends.push(await lockedUntil(storage, keys))
    assert.ok((ends.at(-1) ?? 0) >= clock.now().getTime() + 30 * day, storage.address)
  }
  assert.equal(Date.parse(record?.until ?? ''), Math.min(...ends))
  assert.ok(Math.max(...ends) > Math.min(...ends))
})

test('where one of the copies locks nothing, the backup is refused before anything is stored', async () => {
  const a = await place('memory:a', { locks: true })
  const b = await place('memory:b', { locks: false, like: a })
  const before = await keysBelow(a.storage, '')
  await assert.rejects(backUpLocked(a, [a.storage, b.storage]), {
    code: 'storage_no_locks',
    message: /memory:b/,
  })
  assert.deepEqual(await keysBelow(a.storage, ''), before)
})

test('of a chunk that was mended the copy that mends it is locked', async () => {
  const a = await place('memory:a', { locks: true })
  const first = await backUpLocked(a, [a.storage])
  const name = first.chunks[0]?.[0] ?? ''
  const mended = mendedKey(name, 'ab'.repeat(8))
  await a.storage.put(mended, await a.storage.get(chunkKey(name)))
  a.clock.pass(hour)
  await backUpLocked(a, [a.storage])
  assert.ok((await lockedUntil(a.storage, [mended])) >= a.clock.now().getTime() + 30 * day)
})
