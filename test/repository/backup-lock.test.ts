import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/lib/clock.ts'
import { beginBackup } from '../../src/repository/session.ts'
import { admitHost } from '../../src/repository/keys.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { openRepository } from '../../src/repository/open.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { failAt, openFaultyStorage, type StorageCall } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { finish, hour, keysBelow, movingClock, prunePlace, readAll } from '../support/prune.ts'

const day = 24 * hour
const lock = { forMs: 30 * day, mode: 'governance' } as const

/** A repository in a storage that locks, whose clock is the storage's. Calls of it are taken down. */
async function lockingPlace() {
  const clock = movingClock()
  const inner = openMemoryStorage({ clock, locks: true })
  const calls: StorageCall[] = []
  const storage = openFaultyStorage(inner, (call) => {
    calls.push(call)
    return null
  })
  const place = await prunePlace(storage)
  return {
    ...place,
    clock,
    inner,
    async backUp(
      rows: readonly string[],
      o: { storage?: Storage; by?: typeof place.credentials; clock?: Clock } = {},
    ) {
      // prettier-ignore
      const at = o.storage ?? storage
      const credentials = o.by ?? place.credentials
      const repository = await openRepository({ storage: at, trust: { host: credentials } })
      calls.length = 0
      await using writer = await beginBackup({ repository, credentials, clock: o.clock ?? clock, threads: 1, lock }) // prettier-ignore
      const { lock: record } = writer
      assert.ok(record !== null)
      return await finish({ credentials, clock }, writer, rows, { format: 3, scope: null, lock: record })
    },
    /** How many locks were made longer by the last backup. */
    extended: () => calls.filter(({ method }) => method === 'lock').length,
    /** When the first of the locks of all that a backup needs ends. */
    async lockedUntil({ id, chunks }: Manifest): Promise<number> {
      const keys = ['holdfast', 'keys/00000001', `manifests/${id}`, ...chunks.map(([name]) => chunkKey(name))]
      const ends = await Promise.all(keys.map(async (key) => (await inner.locks?.of(key))?.until.getTime()))
      return Math.min(...ends.map((end) => end ?? 0))
    },
  }
}

test('all that a backup needs is locked, also what was there, by the clock of the storage', async () => {
  const place = await lockingPlace()
  const { clock } = place
  const first = await place.backUp(['a', 'b'])
  const at = clock.now().getTime()
  assert.ok((await place.lockedUntil(first)) >= at + 30 * day)
  assert.equal(Date.parse(first.lock?.until ?? ''), await place.lockedUntil(first))
  assert.equal(place.extended(), 2, 'the header and the key set')

  clock.pass(3 * day)
  // The machine's own clock is a year behind.
  const late = { now: () => new Date(clock.now().getTime() - 365 * day) }
  const second = await place.backUp(['b', 'c'], { clock: late })
  assert.ok((await place.lockedUntil(second)) >= at + 33 * day)
  assert.equal(place.extended(), 3, 'besides the chunk that was there')
  // What the second does not need keeps the lock that it had.
  assert.equal(await place.lockedUntil(first), at + 30 * day)
  assert.deepEqual(await readAll(place), [second.id, first.id])
})

test('what the same host has locked on the same day is not locked again; the word of another host is not believed', async () => {
  const place = await lockingPlace()
  const { clock, vault, repository } = place
  clock.pass(hour)
  await place.backUp(['a', 'b'])
  clock.pass(hour)
  const again = await place.backUp(['a', 'b', 'c'])
  assert.equal(place.extended(), 2)
  assert.ok((await place.lockedUntil(again)) >= clock.now().getTime() + 30 * day)

  const { credentials: by } = await admitHost({ repository, vault, clock, name: 'beta' })
  const other = await place.backUp(['a', 'b', 'c'], { by })
  assert.equal(place.extended(), 2 + 3)
  assert.ok((await place.lockedUntil(other)) >= clock.now().getTime() + 30 * day)
  clock.pass(day)
  await place.backUp(['a'])
  assert.equal(place.extended(), 2 + 1)
})

test('what another writer stores without a lock at the same moment is locked all the same', async () => {
  const place = await lockingPlace()
  const { inner } = place
  const storage: Storage = {
    ...inner,
    async put(key, data, options) {
      if (key.startsWith('chunks/')) await inner.put(key, data)
      return await inner.put(key, data, options)
    },
  }
  const made = await place.backUp(['a', 'b'], { storage })
  assert.equal(made.chunks.length, 3)
  assert.ok((await place.lockedUntil(made)) >= place.clock.now().getTime() + 30 * day)
})

test('a backup that fails at any write or lock hurts no lock, and the next one locks all it needs', async () => {
  for (const method of ['put', 'lock'] as const) {
    for (let number = 1, failed = true; failed; number++) {
      const place = await lockingPlace()
      const first = await place.backUp(['a', 'b'])
      place.clock.pass(day)
      failed = false
      const faults = failAt(number, method)
      const storage = openFaultyStorage(place.inner, (call) => {
        const fault = faults(call)
        failed ||= fault !== null
        return fault
      })
      await place.backUp(['b', 'c'], { storage }).catch(() => undefined)
      const what = `${method} ${number}`
      assert.ok((await place.lockedUntil(first)) >= place.clock.now().getTime() + 29 * day, what)
      const next = await place.backUp(['b', 'c'])
      assert.ok((await place.lockedUntil(next)) >= place.clock.now().getTime() + 30 * day, what)
    }
  }
})

test('it needs no right to delete; a storage without locks is refused before anything is stored', async () => {
  const place = await lockingPlace()
  const storage: Storage = {
    ...place.storage,
    delete: () => Promise.reject(new Error('nothing is to be deleted')),
  }
  await place.backUp(['a'], { storage })
  const plain = await prunePlace(openMemoryStorage({ clock: movingClock() }))
  const before = await keysBelow(plain.storage, '')
  await assert.rejects(beginBackup({ ...plain, lock }), { code: 'storage_no_locks', hint: /--lock-for/ })
  assert.deepEqual(await keysBelow(plain.storage, ''), before)
})
