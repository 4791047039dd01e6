import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { isAbandoned } from '../../src/repository/format/abandoned.ts'
import { manifestKey } from '../../src/repository/format/fields.ts'
import { markUse } from '../../src/repository/uses.ts'
import { randomOf, type Random } from '../oracle/random.ts'
import { bytesOf } from '../support/chunks.ts'
import { slow } from '../support/slow-storage.ts'
import { begin, finish, hour, prune, prunePlace, wholeBackups, type PrunePlace } from '../support/prune.ts'

/** A machine that backs up: rows that others have, too, with its own idea of the time. */
async function backups(place: PrunePlace, random: Random, times: number): Promise<number> {
  const storage = slow(place.storage, random)
  const wrongBy = random.pick([0, -9000, 9000]) * hour
  const clock = { now: () => new Date(place.clock.now().getTime() + wrongBy) }
  const machine = { storage, credentials: place.credentials, clock }
  let made = 0
  for (let time = 0; time < times; time++) {
    let id = ''
    try {
      await using writer = await begin(machine)
      id = writer.id
      for (const row of random.some(['a', 'b', 'c', 'd', 'e', 'f'], 0.5)) await writer.store(bytesOf(row))
      await finish(machine, writer, [])
      made += 1
    } catch (error) {
      // Who was given up is told at the end, or finds a chunk gone before; nobody else may find that.
      const gone = isHoldfastError(error, 'storage_failed') && /gone again/.test(error.message)
      if (gone) assert.ok(isAbandoned(await place.storage.get(manifestKey(id))), error.message)
      else if (!isHoldfastError(error, 'writer_overtaken')) throw error
    }
  }
  return made
}

/** A machine that prunes, with no time of grace. */
async function prunes(place: PrunePlace, random: Random, isOver: () => boolean): Promise<void> {
  const machine = { storage: slow(place.storage, random), clock: place.clock }
  while (!isOver()) {
    place.clock.pass(random.pick([0, 1, 1, 1, 25]) * hour)
    await prune(machine, { last: random.between(1, 2) }, { graceMs: 0 })
  }
}

/** A machine that reads. What is in use and was there then is there to the end, unless it was told to be going. */
async function reads(place: PrunePlace, random: Random, isOver: () => boolean): Promise<void> {
  const storage = slow(place.storage, random)
  while (!isOver()) {
    const [newest, second] = (await place.repository.manifests()).backups
    const backup = second ?? newest
    if (backup === undefined) {
      await turn()
      continue
    }
    const before = place.clock.now().getTime()
    await using use = await markUse({ storage, id: backup.id })
    const manifest = await place.repository.find(backup.id).catch(() => null)
    for (let turns = random.int(300); turns > 0; turns--) await turn()
    const silent = place.clock.now().getTime() - before > 20 * hour
    if (manifest === null || use.state === 'going' || silent) continue
    for (const [name] of manifest.chunks)
      assert.ok(await place.storage.head(`chunks/${name.slice(0, 2)}/${name}`), `${backup.id} was in use`)
  }
}

test('in whatever order the calls of backups, prunes and readers come, every backup that is there is whole', async () => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  for (let round = 0; round < Number(process.env['HOLDFAST_PRUNE_ROUNDS'] ?? 4); round++) {
    const name = `${seed}/${round}`
    const random = randomOf(name)
    const place = await prunePlace()
    let over = false
    const isOver = (): boolean => over
    const background = [
      prunes(place, random.fork('p1'), isOver),
      prunes(place, random.fork('p2'), isOver),
      reads(place, random.fork('r'), isOver),
    ]
    try {
      const made = await Promise.all(['a', 'b', 'c'].map((label) => backups(place, random.fork(label), 5)))
      assert.ok(made.reduce((sum, count) => sum + count) > 0, name)
    } finally {
      over = true
      const ended = await Promise.allSettled(background)
      for (const one of ended)
        if (one.status === 'rejected') assert.fail(`seed ${name}: ${String(one.reason)}`)
    }
    await wholeBackups(place).catch((error: unknown) => assert.fail(`seed ${name}: ${String(error)}`))
  }
})
