import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { createOpener } from '../../src/repository/crypto/opener.ts'
import { abandoned } from '../../src/repository/format/abandoned.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { manifestKey } from '../../src/repository/format/fields.ts'
import { putErasure } from '../../src/repository/erasures.ts'
import { newId } from '../../src/repository/ids.ts'
import { addRecipient, removeRecipient, rotate } from '../../src/repository/keys.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { putPin } from '../../src/repository/pins.ts'
import { openRestoreWriter } from '../../src/repository/restore-writer.ts'
import { putVerified } from '../../src/repository/verified.ts'
import { openFaultyStorage, type Fault } from '../../src/storage/faulty.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf } from '../support/chunks.ts'
import { backUpBoth, copyOf, copyOver, named, sharedKeys, twoCopies } from '../support/copies.ts'
import { failure } from '../support/journey.ts'
import { backUp, hour, keysBelow, movingClock, prune, prunePlace, readAll, wholeBackups, type PrunePlace } from '../support/prune.ts' // prettier-ignore
import { replaceObject } from '../support/repository.ts'
import { s3Server } from '../support/s3-server.ts'
import { freshAddress, retryingS3 } from '../support/s3.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/* `holdfast copy`: what one copy lacks is brought from another. */

function emptyStorage(): Storage {
  return named(openMemoryStorage({ clock: movingClock() }), 'memory:b')
}

/** A repository with one of everything that can be in it. */
async function furnished(): Promise<PrunePlace> {
  const place = await prunePlace(named(openMemoryStorage({ clock: movingClock() }), 'memory:a'))
  const { repository, vault, credentials, clock } = place
  const first = await backUp(place, ['one', 'two'])
  clock.pass(hour)
  await backUp(place, ['two', 'three'])
  const when = clock.now()
  await putPin({ repository, credentials, backup: first.id, when, reason: 'kept', who: 'us' })
  const found = { holdfast: '1', result: 'passed', level: 'whole', compared: { hashed: 1, sampled: 0, counted: 0 }, assertions: { passed: 0, failed: 0 }, notVerified: 0, seconds: 1 } as const // prettier-ignore
  await putVerified({ repository, vault, manifest: first, when, found })
  const erasure = { schema: 'public', name: 'person', columns: ['id'], reason: 'asked', who: 'us', keys: [] }
  await putErasure({ repository, vault, when, withdraws: null, erasure })
  const id = newId(when)
  await using writer = await openRestoreWriter({ repository, vault, id, parts: ['report'], threads: 1 })
  const record = { format: 1, kind: 'new database', backup: first.id, moment: first.moment, undoes: null, target: 't', who: 'us', started: when.toISOString(), finished: when.toISOString(), seconds: 1, scope: [], tables: [], checks: [], warnings: [] } as const // prettier-ignore
  await writer.putReport({ id, backup: first.id, undoes: null, started: when, finished: when }, record)
  return place
}

async function requireEqual(a: Storage, b: Storage, label = ''): Promise<void> {
  assert.deepEqual(await sharedKeys(b), await sharedKeys(a), label)
  for (const key of await sharedKeys(a)) assert.deepEqual(await b.get(key), await a.get(key), key)
}

test('an empty storage becomes a copy, object by object, which the same identity opens', async () => {
  const a = await furnished()
  const b = emptyStorage()
  const report = await copyOver(a, { storage: b })
  assert.deepEqual([report.made, report.pins, report.marks, report.failed], [true, 1, 1, []])
  assert.equal(report.documents.length, 4)
  await requireEqual(a.storage, b)
  assert.equal((await readAll({ storage: b, identity: a.identity })).length, 2)
  // Whoever restores heeds erasures: they are there before the backups are.
  assert.match(report.documents[0] ?? '', /^erased\//)
  const again = await copyOver(a, { storage: b })
  assert.deepEqual([again.made, again.documents, again.objects], [false, [], 0])
  assert.deepEqual((await keysBelow(a.storage, 'uses/')).filter((key) => key.endsWith('/begun')).length, 3)
})

test('a copy that a storage fails at any call is whole as far as it goes, and the next one ends it', async () => {
  const a = await furnished()
  for (const which of ['from', 'to'] as const) {
    for (const kind of ['fail', 'lost'] as const) {
      for (let number = 1; ; number++) {
        const [source, b] = [await copyOf(a), emptyStorage()]
        let reached = false
        const faulty = (storage: Storage): Storage =>
          openFaultyStorage(storage, (call): Fault | null => {
            if (call.number === number) reached = true
            return call.number === number || (kind === 'fail' && call.number > number) ? { kind } : null
          })
        const label = `${which} ${kind} at ${number}`
        const [from, to] = which === 'from' ? [faulty(source.storage), b] : [source.storage, faulty(b)]
        await copyOver({ ...source, storage: from }, { storage: to }).catch((error: unknown) => {
          if (!isHoldfastError(error, 'storage_failed')) throw error
        })
        if (!reached) {
          assert.ok(number > 20, `${number} calls were made to fail`)
          break
        }
        if ((await b.head('holdfast')) !== null) await wholeBackups({ storage: b })
        const { failed } = await copyOver(source, { storage: b })
        assert.deepEqual(failed, [], label)
        await requireEqual(source.storage, b, label)
      }
    }
  }
})

test('what a copy missed when it failed is brought to it', async () => {
  const { a, b } = await twoCopies()
  await backUpBoth(a, [a.storage, b.storage], ['one', 'two'])
  const broken = openFaultyStorage(b.storage, ({ method, key, number }) =>
    method === 'put' && (key.startsWith('manifests/') || number > 12) ? { kind: 'fail' } : null,
  )
  for (const { clock } of [a, b]) clock.pass(hour)
  const missed = await backUpBoth(a, [a.storage, broken], ['two', 'three'])
  assert.equal(missed.failures.get('memory:b'), 'storage_failed')
  const { documents, objects } = await copyOver(a, b)
  assert.deepEqual(documents, [manifestKey(missed.id)])
  assert.ok(objects <= 2)
  await requireEqual(a.storage, b.storage)
  assert.deepEqual(await readAll(b), await readAll(a))
})

test('a chunk that is missing in a copy is put again, also where its backup is there', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUpBoth(a, [a.storage, b.storage], ['one', 'two'])
  const [key = ''] = (await a.repository.find(id)).chunks.map(([name]) => chunkKey(name))
  await b.storage.delete(key)
  assert.deepEqual((await copyOver(a, b)).objects, 1)
  await readAll(b)
})

test('a prune of the copy that gave up the writer of a backup does not keep it out for good', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUp(a, ['one', 'two'])
  await b.storage.put(manifestKey(id), abandoned)
  const denied = openFaultyStorage(b.storage, ({ method }) =>
    method === 'delete' ? { kind: 'fail', code: 'storage_denied' } : null,
  )
  const refused = await copyOver(a, { storage: denied })
  assert.deepEqual(refused.failed.map(({ key, code }) => [key, code]), [[manifestKey(id), 'storage_denied']]) // prettier-ignore
  assert.deepEqual(await wholeBackups(b), [])
  assert.deepEqual((await copyOver(a, b)).documents, [manifestKey(id)])
  assert.deepEqual(await readAll(b), [id])
})

test('a copy that was taken for dead while it slept stores nothing more, and takes nothing away', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUp(a, ['one', 'two'])
  await b.storage.put(manifestKey(id), abandoned)
  // Asleep before the mark is deleted: a prune gives this writer up, and removes what nothing names.
  const sleeper: Storage = {
    ...b.storage,
    async delete(key, options) {
      if (key === manifestKey(id)) {
        await prune(b, { last: 1 }, { graceMs: 0 })
        b.clock.pass(30 * hour)
        await prune(b, { last: 1 }, { graceMs: 0 })
        assert.deepEqual(await keysBelow(b.storage, 'chunks/'), [])
      }
      await b.storage.delete(key, options)
    },
  }
  await failure(copyOver(a, { storage: sleeper }), 'writer_overtaken')
  assert.deepEqual(await wholeBackups(b), [])
  assert.deepEqual(await b.storage.get(manifestKey(id)), abandoned)
})

test('a document whose key was taken is put only if all chunks are there by a look that is made after announcing it anew', async () => {
  const { a, b } = await twoCopies()
  const { id, chunks } = await backUp(a, ['one', 'two'])
  await b.storage.put(manifestKey(id), abandoned)
  let announced = 0
  const pruned: Storage = {
    ...b.storage,
    async put(key, data, options) {
      // The second time: what was copied under the first announcement is gone.
      if (key.endsWith('/begun') && (announced += 1) === 2)
        await b.storage.delete(chunkKey(chunks[0]?.[0] ?? ''))
      return await b.storage.put(key, data, options)
    },
  }
  assert.deepEqual((await copyOver(a, { storage: pruned })).waiting, [manifestKey(id)])
  assert.equal(announced, 2)
  assert.deepEqual(await wholeBackups(b), [])
  assert.deepEqual((await copyOver(a, b)).documents, [manifestKey(id)])
  assert.deepEqual(await readAll(b), [id])
})

test('what a prune plan of the copy lists is not used: the backup waits until the plan is in force no more', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUp(a, ['one', 'two'])
  const manifest = await a.repository.find(id)
  for (const [name] of manifest.chunks)
    await b.storage.put(chunkKey(name), await a.storage.get(chunkKey(name)))
  b.clock.pass(48 * hour)
  assert.notEqual((await prune(b)).planned, null)
  assert.deepEqual((await copyOver(a, b)).waiting, [manifestKey(id)])
  b.clock.pass(25 * hour)
  await prune(b)
  assert.deepEqual(await keysBelow(b.storage, 'chunks/'), [])
  assert.deepEqual((await copyOver(a, b)).waiting, [manifestKey(id)])
  b.clock.pass(8 * 24 * hour)
  await prune(b)
  assert.deepEqual((await copyOver(a, b)).documents, [manifestKey(id)])
  assert.deepEqual(await readAll(b), [id])
})

test('one of several backups is copied by its id, with all erasures, and without what restores left', async () => {
  const a = await furnished()
  const b = emptyStorage()
  const [newest = ''] = await wholeBackups(a)
  await copyOver(a, { storage: b }, { backups: new Set([newest]) })
  assert.deepEqual(await wholeBackups({ storage: b }), [newest])
  assert.equal((await keysBelow(b, 'erased/')).length, 1)
  assert.equal((await keysBelow(b, 'restores/')).length, 0)
})

test('a change of keys follows, and what only a removed recipient can open goes', async () => {
  const { a, b } = await twoCopies()
  const added = await addRecipient({ ...a, name: 'safe', recipient: { kind: 'passphrase', passphrase: 'sesame sesame' } }) // prettier-ignore
  assert.equal((await copyOver(a, b)).keys.changed, true)
  await removeRecipient({ ...a, ...added, name: 'safe' })
  const denied = openFaultyStorage(b.storage, ({ method }) => (method === 'delete' ? { kind: 'fail', code: 'storage_denied' } : null)) // prettier-ignore
  assert.deepEqual((await copyOver(a, { storage: denied })).keys.left, ['keys/00000002'])
  await copyOver(a, b)
  // The first one opens for nobody who was removed.
  assert.deepEqual(await keysBelow(b.storage, 'keys/'), ['keys/00000001', 'keys/00000003'])
  await failure(openUnlocked({ storage: b.storage, passphrase: 'sesame sesame' }), 'identity_wrong')
  const before = await openRepository({ storage: b.storage })
  await rotate({ ...b, repository: before, vault: (await openUnlocked({ storage: b.storage, identity: a.identity })).vault }) // prettier-ignore
  // The copy has newer keys now: they are left alone, and another change of the first is told.
  assert.equal((await copyOver(a, b)).keys.changed, false)
  const unlocked = await openUnlocked({ storage: a.storage, identity: a.identity })
  await rotate({ ...a, ...unlocked })
  await failure(copyOver(a, b), 'copies_differ')
})

test('a chunk that is damaged where it is read is not copied, if it can be opened or has lost bytes; the other backups are', async () => {
  for (const verify of [true, false]) {
    const { a } = await twoCopies()
    const b = emptyStorage()
    const first = await backUp(a, ['one', 'two'])
    a.clock.pass(hour)
    const second = await backUp(a, ['three'])
    const key = chunkKey(first.chunks[0]?.[0] ?? '')
    const bytes = await a.storage.get(key)
    await replaceObject(a.storage, key, verify ? bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)) : bytes.subarray(1)) // prettier-ignore
    await using opener = verify ? createOpener({ ...a.vault, threads: 1 }) : null
    const report = await copyOver(a, { storage: b }, { opener })
    assert.deepEqual(report.documents, [manifestKey(second.id)])
    assert.deepEqual(report.failed.map(({ key: of, code }) => [of, code]), [[manifestKey(first.id), 'object_damaged']]) // prettier-ignore
    assert.deepEqual(await readAll({ storage: b, identity: a.identity }), [second.id])
  }
})

test('another repository, and a storage with the rest of one, are refused', async () => {
  const { a } = await twoCopies()
  await failure(copyOver(a, await prunePlace()), 'copies_differ')
  const rest = emptyStorage()
  await rest.put('chunks/00/x', bytesOf('x'))
  await failure(copyOver(a, { storage: rest }), 'repository_exists')
  assert.deepEqual(await keysBelow(rest, ''), ['chunks/00/x'])
})

test('a directory and a bucket are copies of one repository: made, backed up into at once, and brought up to date', async (t) => {
  const a = await prunePlace(openLocalStorage(join(await temporaryDirectory(t), 'a')))
  const server = await s3Server()
  const b = retryingS3(server, freshAddress(server, 'bucket'))
  assert.equal((await copyOver(a, { storage: b })).made, true)
  const { failures } = await backUpBoth(a, [a.storage, b], ['one', 'two'])
  assert.deepEqual([...failures.values()], [null, null])
  a.clock.pass(hour)
  await backUp(a, ['two', 'three'])
  assert.equal((await copyOver(a, { storage: b })).documents.length, 1)
  await requireEqual(a.storage, b)
  assert.equal((await readAll({ storage: b, identity: a.identity })).length, 2)
})
