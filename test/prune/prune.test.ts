import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { checkRepository } from '../../src/repository/check.ts'
import { openRepository } from '../../src/repository/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { putErasure } from '../../src/repository/erasures.ts'
import { listRestores } from '../../src/repository/restores.ts'
import { putPin, removePins } from '../../src/repository/pins.ts'
import { markUse } from '../../src/repository/uses.ts'
import { putVerified } from '../../src/repository/verified.ts'
import { failAt, openFaultyStorage } from '../../src/storage/faulty.ts'
import {
  backUp,
  begin,
  finish,
  hour,
  keysBelow,
  preview,
  prune,
  prunePlace,
  readAll,
} from '../support/prune.ts'
import { storeRestore } from '../support/restores.ts'

const found = {
  result: 'passed',
  level: 'whole',
  compared: { hashed: 1, sampled: 0, counted: 0 },
  assertions: { passed: 0, failed: 0 },
  notVerified: 0,
  seconds: 1,
  holdfast: '0.1.0',
} as const

/** Three backups a day apart: each shares a row with the next. */
async function threeBackups() {
  const place = await prunePlace()
  const made = []
  for (const rows of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ]) {
    made.push(await backUp(place, rows))
    place.clock.pass(24 * hour)
  }
  const [first, second, third] = made
  assert.ok(first && second && third)
  return { ...place, first, second, third }
}

test('the first prune plans and removes nothing; the next, after the time of grace, removes what nothing needs', async () => {
  const place = await threeBackups()
  const before = await keysBelow(place.storage, '')
  const shown = await preview(place)
  assert.deepEqual(await keysBelow(place.storage, ''), before, 'a preview leaves no trace')
  assert.deepEqual(shown.decisions.map(({ keep }) => keep), [true, false, false]) // prettier-ignore
  assert.equal(shown.frees.objects, 4)

  const planned = await prune(place)
  assert.deepEqual(planned.removed.backups, [])
  assert.equal(planned.planned?.backups.length, 2)
  assert.equal(planned.planned.chunks.bytes, shown.frees.bytes)
  assert.equal((await readAll(place)).length, 3)
  place.clock.pass(23 * hour)
  assert.deepEqual((await prune(place)).removed.backups, [])
  place.clock.pass(hour)
  const done = await prune(place)
  assert.deepEqual(done.removed.backups, [place.second.id, place.first.id])
  assert.deepEqual(done.removed.chunks, shown.frees)
  assert.equal(done.planned, null)
  assert.deepEqual(await readAll(place), [place.third.id])
  assert.deepEqual(await keysBelow(place.storage, 'chunks/'), place.third.chunks.map(([name]) => chunkKey(name)).sort()) // prettier-ignore
  // A week later nothing is left of it but the backup.
  place.clock.pass(8 * 24 * hour)
  await prune(place)
  assert.deepEqual(
    (await keysBelow(place.storage, '')).filter((key) => !key.startsWith('chunks/')),
    ['holdfast', 'keys/00000001', `manifests/${place.third.id}`],
  )
})

test('what is pinned, proved or in use meanwhile stays, and goes when it is not', async () => {
  const place = await threeBackups()
  await prune(place)
  const { credentials, repository, storage, vault, first, second } = place
  await putPin({
    repository,
    credentials,
    backup: first.id,
    when: place.clock.now(),
    reason: 'audit',
    who: 'ada',
  })
  const use = await markUse({ storage, id: second.id })
  assert.equal(use.state, 'kept')
  place.clock.pass(23 * hour)
  const kept = await prune(place, undefined, { graceMs: hour })
  assert.deepEqual(kept.removed.backups, [])
  assert.deepEqual(kept.decisions.map(({ reasons }) => reasons[0]?.rule), ['last', 'used', 'pinned']) // prettier-ignore
  await use[Symbol.asyncDispose]()
  assert.equal(await removePins({ repository, backup: first.id }), 1)
  await putVerified({ repository, vault, manifest: first, when: place.clock.now(), found })
  await prune(place)
  place.clock.pass(24 * hour)
  assert.deepEqual((await prune(place)).removed.backups, [second.id])
  assert.deepEqual(await readAll(place), [place.third.id, first.id])
  // Somebody who was cut off while reading keeps it for a day.
  await putVerified({ repository, vault, manifest: place.third, when: place.clock.now(), found })
  await markUse({ storage, id: first.id })
  await prune(place)
  place.clock.pass(24 * hour)
  assert.deepEqual((await prune(place)).removed.backups, [])
  place.clock.pass(hour)
  await prune(place)
  place.clock.pass(24 * hour)
  assert.deepEqual((await prune(place)).removed.backups, [first.id])
  assert.deepEqual(await keysBelow(storage, `verified/${first.id}/`), [])
  assert.deepEqual(await keysBelow(storage, 'uses/'), [])
})

test('erasures, and restores that can be undone, keep their chunks', async () => {
  const place = await threeBackups()
  const { repository, vault } = place
  const erasure = { schema: 'public', name: 't', columns: ['id'], reason: 'asked', who: 'ada', keys: ['k'.repeat(43)] } // prettier-ignore
  await putErasure({ repository, vault, when: place.clock.now(), withdraws: null, erasure })
  await storeRestore({ repository, vault })
  const needed = await keysBelow(place.storage, 'chunks/')
  await prune(place, { last: 3 })
  place.clock.pass(24 * hour)
  await prune(place, { last: 3 })
  assert.deepEqual(await keysBelow(place.storage, 'chunks/'), needed)
  place.clock.pass(90 * 24 * hour)
  assert.equal((await prune(place, { last: 3 })).planned?.restores.length, 1)
  place.clock.pass(24 * hour)
  const done = await prune(place, { last: 3 })
  assert.equal(done.removed.restores.length, 1)
  const { restores } = await listRestores(repository)
  assert.deepEqual(restores.map(({ safety, report }) => [safety === null, report === null]), [[true, false]]) // prettier-ignore
  assert.equal((await keysBelow(place.storage, 'chunks/')).length, needed.length - 3)
  await readAll(place)
})

test('a backup that began before the plan is waited for, and keeps what it took over', async () => {
  const place = await threeBackups()
  await using writer = await begin(place)
  await prune(place)
  place.clock.pass(23 * hour)
  const waits = await prune(place, undefined, { graceMs: hour })
  assert.equal(waits.waiting.length, 1)
  assert.deepEqual(waits.removed.backups, [])
  // It takes over a row that only a backup has that goes.
  const made = await finish(place, writer, ['a', 'new'])
  await writer[Symbol.asyncDispose]()
  place.clock.pass(24 * hour)
  const done = await prune(place)
  assert.deepEqual(done.waiting, [])
  assert.equal(done.removed.backups.length, 2)
  assert.equal((await readAll(place))[0], made.id)
})

test('a backup that begins after the plan uses nothing of it, and is not waited for', async () => {
  const place = await threeBackups()
  await prune(place)
  place.clock.pass(24 * hour)
  await using writer = await begin(place)
  const done = await prune(place)
  assert.deepEqual(done.waiting, [])
  assert.equal(done.removed.backups.length, 2)
  // The row is stored anew, under another name; once more, and it is found.
  const made = await finish(place, writer, ['a', 'c'])
  assert.equal(writer.stats.reusedChunks, 1)
  assert.ok(made.chunks.every(([name]) => !place.first.chunks.some(([old]) => old === name)))
  place.clock.pass(hour)
  await using next = await begin(place)
  const again = await finish(place, next, ['a', 'c'])
  assert.equal(next.stats.reusedChunks, 2)
  assert.deepEqual(await readAll(place), [again.id, made.id, place.third.id])
})

test('a backup that was taken for dead can make no backup any more, and is told', async () => {
  const place = await threeBackups()
  await using writer = await begin(place)
  await prune(place)
  place.clock.pass(25 * hour)
  const done = await prune(place)
  assert.equal(done.removed.backups.length, 2)
  await assert.rejects(finish(place, writer, ['a']), { code: 'writer_overtaken' })
  assert.deepEqual(await readAll(place), [place.third.id])
  await assert.rejects(place.repository.find(writer.id), { code: 'backup_not_found' })
  assert.equal((await place.repository.find('latest')).id, place.third.id)
  const next = await backUp(place, ['a'])
  assert.equal((await readAll(place))[0], next.id)
})

test('whose signs of life or end are forged is waited for, or can make no backup, but never makes a broken one', async () => {
  const place = await threeBackups()
  await using writer = await begin(place)
  await prune(place)
  const [plan = ''] = (await keysBelow(place.storage, 'prune/')).map((key) => key.split('/')[1])
  const [key = ''] = await keysBelow(place.storage, 'writing/')
  const id = key.split('/')[1] ?? ''
  const heeds = Buffer.from(await place.storage.get(`writing/${id}/heeds`)).toString()
  for (const what of ['ended', 'heeds']) {
    await place.storage.delete(`writing/${id}/${what}`)
    const forged = heeds.replace('"heeds"', `"${what}"`).replace('"plans":[]', `"plans":["${plan}"]`)
    await place.storage.put(`writing/${id}/${what}`, Buffer.from(forged))
  }
  place.clock.pass(23 * hour)
  const waits = await prune(place, undefined, { graceMs: hour })
  assert.equal(waits.waiting.length, 1)
  const made = await finish(place, writer, ['a'])
  assert.equal((await readAll(place))[0], made.id)
})

test('a plan that nobody has made takes nothing that is needed', async () => {
  const place = await threeBackups()
  const id = '20200101T000000Z-00000000'
  const all = [place.first, place.second, place.third]
  const forged = {
    format: 1,
    id,
    backups: all.map((backup) => backup.id),
    restores: [],
    chunks: [...new Set(all.flatMap(({ chunks }) => chunks.map(([name]) => name)))],
  }
  await place.storage.put(`prune/${id}/plan`, Buffer.from(JSON.stringify(forged)))
  place.clock.pass(25 * hour)
  await prune(place, { last: 3 })
  assert.equal((await readAll(place)).length, 3)
})

test('what can not be read stops it, and nothing is removed, unless it is told otherwise', async () => {
  const place = await threeBackups()
  await place.storage.put('manifests/20261103T000000Z-00000000', Buffer.from('rubbish'))
  const before = await keysBelow(place.storage, 'chunks/')
  await assert.rejects(prune(place), { code: 'prune_refused' })
  await assert.rejects(preview(place), { code: 'prune_refused' })
  assert.deepEqual(await keysBelow(place.storage, 'chunks/'), before)
  assert.equal((await place.repository.manifests()).backups.length, 3)
  await prune(place, undefined, { despiteRefused: true })
  place.clock.pass(24 * hour)
  assert.equal((await prune(place, undefined, { despiteRefused: true })).removed.backups.length, 2)
})

test('without the right to delete it says so at once', async () => {
  const place = await threeBackups()
  const storage = openFaultyStorage(place.storage, failAt(1, 'delete', { kind: 'fail', code: 'storage_denied' })) // prettier-ignore
  await assert.rejects(prune({ ...place, storage }), { code: 'storage_denied', message: /right to delete/ })
  assert.equal((await readAll(place)).length, 3)
})

test('a wrong clock of the machine that prunes or backs up changes nothing of what is safe', async () => {
  const place = await threeBackups()
  const wrong = (years: number) => ({
    now: () => new Date(place.clock.now().getTime() + years * 8766 * hour),
  })
  const future = await backUp({ ...place, clock: wrong(10) }, ['a', 'z'])
  const past = await backUp({ ...place, clock: wrong(-10) }, ['b', 'y'])
  await prune({ ...place, clock: wrong(50) }, { last: 1 })
  place.clock.pass(24 * hour)
  const done = await prune({ ...place, clock: wrong(-50) }, { last: 1 })
  // The newest by its moment stays, and what was made last, whatever date it has.
  assert.deepEqual(done.removed.backups, [place.second.id, place.first.id])
  assert.deepEqual(await readAll(place), [past.id, future.id, place.third.id])
})

test('a check that a prune overtakes misses nothing of what was removed', async () => {
  const place = await threeBackups()
  await prune(place)
  place.clock.pass(24 * hour)
  let pruned = false
  const storage: Storage = {
    ...place.storage,
    async *list(prefix, options) {
      // The manifests were read by now.
      if (prefix === 'chunks/' && !pruned) {
        pruned = true
        await prune(place)
      }
      yield* place.storage.list(prefix, options)
    },
  }
  const repository = await openRepository({ storage })
  const { report } = await checkRepository({ repository, reader: null, share: 0, now: new Date(0) })
  assert.ok(pruned)
  assert.deepEqual(report.backups.map(({ id, missing }) => [id, missing.length]), [[place.third.id, 0]]) // prettier-ignore
})

test('rules that are for one source leave the others alone', async () => {
  const place = await threeBackups()
  const other = 'ef'.repeat(32)
  for (const row of ['o', 'p']) {
    await backUp(place, [row], { source: other })
    place.clock.pass(hour)
  }
  const { decisions } = await prune(place, { last: 1 }, { sources: [other] })
  assert.deepEqual(decisions.map(({ keep }) => keep), [true, false, true, true, true]) // prettier-ignore
})
