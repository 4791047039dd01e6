import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { randomOf, type Random } from '../oracle/random.ts'
import { backUpBoth, copyOver, twoCopies } from '../support/copies.ts'
import { slow } from '../support/slow-storage.ts'
import { hour, prune, wholeBackups, type PrunePlace } from '../support/prune.ts'

/** True for what may happen to who was taken for dead, or whose storage was pruned meanwhile. */
function mayHappen(error: unknown): boolean {
  if (isHoldfastError(error, 'writer_overtaken')) return true
  return isHoldfastError(error, 'storage_failed') && /gone again/.test(error.message)
}

/** A machine that backs up into both, with its own idea of the time. */
async function backups(a: PrunePlace, b: PrunePlace, random: Random, times: number): Promise<number> {
  const wrongBy = random.pick([0, -9000, 9000]) * hour
  const clock = { ...a.clock, now: () => new Date(a.clock.now().getTime() + wrongBy) }
  let made = 0
  for (let time = 0; time < times; time++) {
    const storages = [slow(a.storage, random), slow(b.storage, random)]
    try {
      const rows = random.some(['a', 'b', 'c', 'd', 'e', 'f'], 0.5)
      await backUpBoth({ ...a, clock }, random.chance(0.5) ? storages : storages.toReversed(), rows)
      made += 1
    } catch (error) {
      if (!mayHappen(error)) throw error
    }
  }
  return made
}

async function prunes(place: PrunePlace, random: Random, isOver: () => boolean): Promise<void> {
  const machine = { storage: slow(place.storage, random), clock: place.clock }
  while (!isOver()) {
    place.clock.pass(random.pick([0, 1, 1, 1, 25, 200]) * hour)
    await prune(machine, { last: random.between(1, 3) }, { graceMs: 0 })
  }
}

async function copies(
  from: PrunePlace,
  to: PrunePlace,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await turn()
    const slowly = [slow(from.storage, random), slow(to.storage, random)] as const
    try {
      await copyOver({ ...from, storage: slowly[0] }, { storage: slowly[1] })
    } catch (error) {
      if (!mayHappen(error)) throw error
    }
  }
}

test('in whatever order the calls of backups, copies and prunes come, every backup in every copy is whole', async () => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  for (let round = 0; round < Number(process.env['HOLDFAST_COPY_ROUNDS'] ?? 4); round++) {
    const name = `${seed}/${round}`
    const random = randomOf(name)
    const { a, b } = await twoCopies()
    let over = false
    const isOver = (): boolean => over
    const background = [
      prunes(a, random.fork('pa'), isOver),
      prunes(b, random.fork('pb'), isOver),
      copies(a, b, random.fork('ab'), isOver),
      copies(b, a, random.fork('ba'), isOver),
    ]
    try {
      const made = await Promise.all(['x', 'y'].map((label) => backups(a, b, random.fork(label), 5)))
      assert.ok(made.reduce((sum, count) => sum + count) > 0, name)
    } finally {
      over = true
      for (const one of await Promise.allSettled(background))
        if (one.status === 'rejected') assert.fail(`seed ${name}: ${String(one.reason)}`)
    }
    for (const place of [a, b])
      await wholeBackups(place).catch((error: unknown) => assert.fail(`seed ${name}: ${String(error)}`))

    // When no plan is in force any more, each gets all that the other has.
    for (const place of [a, b])
      for (let time = 0; time < 3; time++) {
        place.clock.pass(9 * 24 * hour)
        await prune(place, { last: 100 })
      }
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      // prettier-ignore
      const { waiting, failed } = await copyOver(from, to)
      assert.deepEqual([waiting, failed], [[], []], name)
    }
    assert.deepEqual((await wholeBackups(a)).toSorted(), (await wholeBackups(b)).toSorted(), name)
  }
})
