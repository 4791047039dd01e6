import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  backUp,
  hour,
  keysBelow,
  movingClock,
  preview,
  prune,
  prunePlace,
  readAll,
} from '../support/prune.ts'

const day = 24 * hour

/** Three backups a day apart, each of which shares a row with the next, in a storage that locks; two weeks ago. */
async function threeBackups() {
  const clock = movingClock()
  const storage = openMemoryStorage({ clock, locks: true })
  const place = { ...(await prunePlace(storage)), clock }
  const made: Manifest[] = []
  for (const rows of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ]) {
    made.push(await backUp(place, rows))
    clock.pass(day)
  }
  const [first, second, third] = made
  assert.ok(first && second && third)
  clock.pass(14 * day)
  const lock = async (keys: readonly string[], days: number): Promise<void> => {
    const until = new Date(clock.now().getTime() + days * day)
    for (const key of keys) await storage.locks?.extend(key, { until, mode: 'governance' })
  }
  return { ...place, storage, first, second, third, lock }
}

const keysOf = ({ id, chunks }: Manifest): string[] => [`manifests/${id}`, ...chunks.map(([name]) => chunkKey(name))] // prettier-ignore

test('a backup that is locked stays until the lock is over, and is told', async () => {
  const place = await threeBackups()
  await place.lock(keysOf(place.first), 10)
  const shown = await preview(place)
  const [, , oldest] = shown.decisions
  assert.equal(oldest?.keep, true)
  assert.deepEqual(oldest.reasons.map(({ rule }) => rule), ['locked']) // prettier-ignore
  assert.match(oldest.reasons[0]?.text ?? '', /^locked until 2026-11-28 00:00 UTC$/)
  // Its own contents alone: the rows are of the first or the third as well.
  assert.equal(shown.frees.objects, 1)
  await prune(place)
  place.clock.pass(2 * day)
  assert.deepEqual((await prune(place)).removed.backups, [place.second.id])
  assert.deepEqual(await readAll(place), [place.third.id, place.first.id])

  place.clock.pass(9 * day)
  await prune(place)
  place.clock.pass(2 * day)
  assert.deepEqual((await prune(place)).removed.backups, [place.first.id])
  assert.deepEqual(await readAll(place), [place.third.id])
})

test('chunks that nothing needs and a lock keeps are retained and counted, and go when it is over', async () => {
  const place = await threeBackups()
  const { first, second, storage, clock } = place
  const [key = '', size = 0] = ownChunk(first)
  await place.lock([key], 10)
  const shown = await preview(place)
  assert.deepEqual(shown.retained, { objects: 1, bytes: size, until: new Date(clock.now().getTime() + 10 * day) }) // prettier-ignore
  const planned = await prune(place)
  assert.deepEqual(planned.retained, shown.retained)
  assert.deepEqual(planned.planned?.chunks, shown.frees)
  clock.pass(2 * day)
  const done = await prune(place)
  assert.deepEqual(done.removed.backups, [second.id, first.id])
  assert.deepEqual(done.removed.chunks, shown.frees)
  assert.deepEqual(done.retained, shown.retained)
  assert.equal(done.planned, null)
  assert.ok((await keysBelow(storage, 'chunks/')).includes(key))

  clock.pass(10 * day)
  assert.equal((await prune(place)).planned?.chunks.objects, 1)
  clock.pass(2 * day)
  assert.equal((await prune(place)).removed.chunks.objects, 1)
  assert.ok(!(await keysBelow(storage, 'chunks/')).includes(key))
})

test('what was locked after it was planned is retained, and a backup keeps its chunks with it', async () => {
  const place = await threeBackups()
  await prune(place)
  place.clock.pass(2 * day)
  // Seen as free to go, and locked before it is deleted.
  let locked = false
  const storage: Storage = {
    ...place.storage,
    async delete(key, options) {
      if (!locked && key.startsWith('manifests/')) {
        locked = true
        await place.lock(keysOf(place.first), 10)
      }
      await place.storage.delete(key, options)
    },
  }
  const { removed } = await prune({ ...place, storage })
  assert.deepEqual(removed.backups, [place.second.id])
  assert.deepEqual(await readAll(place), [place.third.id, place.first.id])
})

test('a chunk that was locked after it was planned is asked for, and not tried: a delete may only hide it', async () => {
  const place = await threeBackups()
  await prune(place)
  const [key = ''] = ownChunk(place.first)
  place.clock.pass(2 * day)
  await place.lock([key], 10)
  const tried: string[] = []
  const storage: Storage = {
    ...place.storage,
    async delete(what, options) {
      tried.push(what)
      await place.storage.delete(what, options)
    },
  }
  const { removed, retained } = await prune({ ...place, storage })
  assert.deepEqual(removed.backups, [place.second.id, place.first.id])
  assert.equal(removed.chunks.objects, 3)
  assert.equal(retained.objects, 1)
  assert.ok(!tried.includes(key))
})

test('all else that a prune tidies up may be locked', async () => {
  const place = await threeBackups()
  await place.lock(await keysBelow(place.storage, ''), 10)
  const { removed, planned } = await prune(place)
  assert.deepEqual([removed.backups, planned], [[], null])
  place.clock.pass(11 * day)
  for (let round = 0; round < 3; round++) {
    await prune(place)
    place.clock.pass(8 * day)
  }
  const left = (await keysBelow(place.storage, '')).filter((key) => !key.startsWith('chunks/'))
  assert.deepEqual(left.filter((key) => !key.startsWith('prune/')), ['holdfast', 'keys/00000001', `manifests/${place.third.id}`]) // prettier-ignore
})

/** The key and size of the chunk that this backup alone needs. */
function ownChunk({ contents, chunks }: Manifest): [string, number] | [] {
  const found = chunks.find(([name]) => name === contents)
  return found === undefined ? [] : [chunkKey(found[0]), found[2]]
}
