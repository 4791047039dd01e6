import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeBackup } from '../../src/prune/remove.ts'
import { isGoing } from '../../src/repository/prune-plans.ts'
import { putPin, removePins } from '../../src/repository/pins.ts'
import { openRepository } from '../../src/repository/open.ts'
import { markUse } from '../../src/repository/uses.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  backUp,
  hour,
  keysBelow,
  movingClock,
  prune,
  prunePlace,
  readAll,
  type PrunePlace,
} from '../support/prune.ts'

async function threeBackups() {
  const clock = movingClock()
  const place = { ...(await prunePlace(openMemoryStorage({ clock, locks: true }))), clock }
  const ids: string[] = []
  for (const rows of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ]) {
    ids.push((await backUp(place, rows)).id)
    clock.pass(hour)
  }
  const [first = '', second = '', third = ''] = ids
  return { ...place, first, second, third }
}

async function remove(place: PrunePlace, id: string, o: { evenLast?: boolean; storage?: Storage } = {}) {
  const repository = await openRepository({ storage: o.storage ?? place.storage })
  return await removeBackup({ repository, id, evenLast: o.evenLast ?? false, clock: place.clock })
}

test('the one backup goes at once, what others need stays, and the next prunes take the rest', async () => {
  const place = await threeBackups()
  const before = (await keysBelow(place.storage, 'chunks/')).length
  assert.equal((await remove(place, place.second)).id, place.second)
  assert.deepEqual(await readAll(place), [place.third, place.first])
  assert.equal((await keysBelow(place.storage, 'chunks/')).length, before)
  assert.equal(await isGoing(place.storage, place.second), false)
  for (let i = 0; i < 2; i++) {
    place.clock.pass(25 * hour)
    await prune(place, { last: 10 })
  }
  // What it alone has named: its contents.
  assert.equal((await keysBelow(place.storage, 'chunks/')).length, before - 1)
  assert.deepEqual(await readAll(place), [place.third, place.first])
  await assert.rejects(remove(place, place.second), { code: 'backup_not_found' })
})

test('what is pinned, in use or locked is never removed, and the last of its source only if that is said', async () => {
  const place = await threeBackups()
  const { storage, repository, credentials, clock } = place
  const about = { backup: place.first, when: clock.now(), reason: 'why', who: 'me', id: place.first }
  await putPin({ repository, credentials, ...about })
  await assert.rejects(remove(place, place.first, { evenLast: true }), { code: 'backup_kept', message: /pinned: why/ }) // prettier-ignore
  await removePins({ repository, backup: place.first })
  {
    await using _use = await markUse({ storage, id: place.first })
    await assert.rejects(remove(place, place.first, { evenLast: true }), { code: 'backup_kept', message: /in use/ }) // prettier-ignore
  }
  const until = new Date(clock.now().getTime() + hour)
  await storage.locks?.extend(`manifests/${place.second}`, { until, mode: 'governance' })
  await assert.rejects(remove(place, place.second), { code: 'backup_kept', message: /locked/ })
  await assert.rejects(remove(place, place.third), { code: 'backup_kept', hint: /--even-last/ })
  assert.equal((await readAll(place)).length, 3)
  await remove(place, place.third, { evenLast: true })
  await remove(place, place.first)
  assert.deepEqual(await readAll(place), [place.second])
})

/** The same objects in a storage of their own. */
async function copyOf({ storage, clock }: PrunePlace): Promise<Storage> {
  const copy = openMemoryStorage({ clock })
  for (const key of await keysBelow(storage, '')) await copy.put(key, await storage.get(key))
  return copy
}

test('whoever begins to read it while it goes is seen, or sees it, at whatever call that is', async () => {
  const place = await threeBackups()
  const manifest = `manifests/${place.first}`
  let refused = 0
  for (let at = 1; ; at++) {
    const storage = await copyOf(place)
    let calls = 0
    let reading: { state: string; there: boolean } | null = null
    const before = async (): Promise<void> => {
      calls += 1
      if (calls !== at) return
      const use = await markUse({ storage, id: place.first })
      reading = { state: use.state, there: (await storage.head(manifest)) !== null }
    }
    const watched = new Proxy(storage, {
      get(target, name: keyof Storage) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name === 'list')
          return async function* (...args: Parameters<Storage['list']>) {
            await before()
            yield* target.list(...args)
          }
        return async (...args: unknown[]): Promise<unknown> => {
          await before()
          return await (Reflect.apply(value, target, args) as Promise<unknown>)
        }
      },
    })
    const removed = await remove(place, place.first, { storage: watched }).then(
      () => true,
      (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'backup_kept', String(error))
        return false
      },
    )
    const seen = reading as { state: string; there: boolean } | null
    if (seen === null) break
    assert.equal((await storage.head(manifest)) === null, removed)
    if (!removed) refused += 1
    if (removed && seen.there)
      assert.equal(seen.state, 'going', `it goes under a reader who was not told, call ${at}`)
  }
  assert.ok(refused > 0)
})
