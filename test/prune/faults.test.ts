import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openFaultyStorage, type Fault } from '../../src/storage/faulty.ts'
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
  wholeBackups,
  type PrunePlace,
} from '../support/prune.ts'
import { replaceAll } from '../support/repository.ts'

/** A storage whose call `number` fails as `kind` says; with `dies` every later one does, too, as if the process was killed. */
function failing(inner: Storage, number: number, kind: Fault['kind'] & ('fail' | 'lost'), dies: boolean) {
  let reached = false
  const storage = openFaultyStorage(inner, (call) => {
    if (call.number === number) reached = true
    if (call.number === number) return { kind }
    return dies && call.number > number ? { kind: 'fail' } : null
  })
  return { storage, reached: () => reached }
}

/** Does it; a storage that fails is allowed to end it. True if nothing did. */
async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (isHoldfastError(error) && /^storage_|^object_missing/.test(error.code)) return false
    throw error
  }
}

/** A repository in which both runs of a prune have work to do, and a copy of it for each round. */
async function prepared() {
  const place = await prunePlace()
  for (const rows of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ]) {
    await backUp(place, rows)
    place.clock.pass(24 * hour)
  }
  return place
}

async function copyOf(place: PrunePlace): Promise<PrunePlace> {
  const clock = movingClock()
  const storage = openMemoryStorage({ clock })
  await replaceAll(place.storage, storage)
  // What is a copy was stored just now; the plans and backups of it are older than that.
  clock.pass(place.clock.now().getTime() - clock.now().getTime())
  return { ...place, storage, clock }
}

for (const dies of [false, true]) {
  test(`a prune that the storage fails at any call${dies ? ', and is killed then,' : ''} harms no backup, and the next ones end what it began`, async () => {
    const prepare = await prepared()
    const policy = { last: 1 }
    for (const step of ['planning', 'removing'] as const) {
      for (let number = 1; ; number++) {
        const place = await copyOf(prepare)
        if (step === 'removing') {
          await prune(place, policy)
          place.clock.pass(24 * hour)
        }
        const before = await wholeBackups(place)
        const { storage, reached } = failing(place.storage, number, number % 2 === 0 ? 'lost' : 'fail', dies)
        await attempt(prune({ ...place, storage }, policy))
        if (!reached()) {
          assert.ok(number > 15, `${number} calls were made to fail`)
          break
        }
        const label = `${step}, call ${number}`
        // Whatever is there is whole, and the newest is.
        const left = await wholeBackups(place)
        assert.equal(left[0], before[0], label)
        // Now and then a backup in between, which uses what is there: it takes a thread.
        const made = number % 5 === 0 ? await backUp(place, ['a', 'd', 'e']) : null
        for (let round = 0; round < 3; round++) {
          place.clock.pass(25 * hour)
          await prune(place, policy)
        }
        assert.deepEqual(await wholeBackups(place), [made?.id ?? before[0]], label)
        if (made !== null) await readAll(place)
        const chunks = (await keysBelow(place.storage, 'chunks/')).length
        assert.ok(chunks >= 3 && chunks <= 5, `${label}: ${chunks} chunks are left`)
      }
    }
  })
}

test('a backup that the storage fails at any call between the steps of a prune is none, or whole', async () => {
  const prepare = await prepared()
  for (const kind of ['fail', 'lost'] as const) {
    for (let number = 1; ; number++) {
      const place = await copyOf(prepare)
      await prune(place)
      const { storage, reached } = failing(place.storage, number, kind, number % 3 === 0)
      await attempt(backUp({ ...place, storage }, ['a', 'e']))
      if (!reached()) {
        assert.ok(number > 8, `${number} calls were made to fail`)
        break
      }
      place.clock.pass(25 * hour)
      await prune(place, { last: 2 })
      await wholeBackups(place)
      const made = await backUp(place, ['a', 'f'])
      assert.equal((await wholeBackups(place))[0], made.id)
    }
  }
})
