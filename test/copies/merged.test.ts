import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyKeys } from '../../src/copies/make-copy.ts'
import { mergedRepository } from '../../src/copies/merged.ts'
import { openCopies } from '../../src/copies/open.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { abandoned } from '../../src/repository/format/abandoned.ts'
import { manifestKey } from '../../src/repository/format/fields.ts'
import { revokeHost, rotate } from '../../src/repository/keys.ts'
import { readerOf } from '../../src/repository/session.ts'
import type { CopyFault, Repository } from '../../src/repository/types.ts'
import { openFaultyStorage } from '../../src/storage/faulty.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { backUpBoth, copyOf, twoCopies } from '../support/copies.ts'
import { failure } from '../support/journey.ts'
import { backUp, hour, keysBelow, type PrunePlace } from '../support/prune.ts'
import { replaceObject } from '../support/repository.ts'

/* Several copies, read as one. */

async function merged(...storages: Storage[]): Promise<{ repository: Repository; faults: CopyFault[] }> {
  const faults: CopyFault[] = []
  const { copies } = await openCopies({ storages })
  return { repository: mergedRepository(copies, (fault) => faults.push(fault)), faults }
}

/** Reads every chunk of a backup. */
async function readBackup(repository: Repository, { vault }: PrunePlace, id: string): Promise<void> {
  const { chunks } = await repository.find(id)
  await using reader = readerOf(repository, vault, 1)
  for (const [name] of chunks) await reader.read(name)
}

test('what one copy lacks or has damaged is read from the other, verified, and told', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUpBoth(a, [a.storage, b.storage], ['one', 'two', 'three'])
  const [first = '', second = ''] = (await a.repository.find(id)).chunks.map(([name]) => chunkKey(name))
  await a.storage.delete(first)
  const bytes = await a.storage.get(second)
  await replaceObject(a.storage, second, bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))) // prettier-ignore
  const { repository, faults } = await merged(a.storage, b.storage)
  await readBackup(repository, a, id)
  assert.deepEqual(
    new Map(faults.map(({ address, key, what }) => [key, `${what} in ${address}`])),
    new Map([[first, 'missing in memory:a'], [second, 'damaged in memory:a']]), // prettier-ignore
  )
  await b.storage.delete(first)
  await failure(readBackup(repository, a, id), 'object_missing')
  await replaceObject(b.storage, second, 'x')
  await failure((await merged(a.storage, b.storage)).repository.find(id).then(({ chunks }) => readerOf(repository, a.vault, 1).read(chunks[1]?.[0] ?? '')), 'object_damaged') // prettier-ignore
})

test('a manifest that is damaged in one copy is read from the other; one that is in no copy as it was is refused', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUpBoth(a, [a.storage, b.storage], ['one'])
  await replaceObject(a.storage, manifestKey(id), 'holdfast manifest 1\n{}\nsignature')
  const { repository, faults } = await merged(a.storage, b.storage)
  const { backups, refused } = await repository.manifests()
  assert.deepEqual([backups.map((one) => one.id), refused], [[id], []])
  assert.equal(faults[0]?.what, 'damaged')
  await replaceObject(b.storage, manifestKey(id), 'x')
  assert.equal((await (await merged(a.storage, b.storage)).repository.manifests()).refused.length, 1)
})

test('latest is the newest backup of any copy; that another lacks it is no fault', async () => {
  const { a, b } = await twoCopies()
  await backUpBoth(a, [a.storage, b.storage], ['one', 'two'])
  for (const { clock } of [a, b]) clock.pass(hour)
  const newest = await backUp(b, ['two', 'three'])
  const { repository, faults } = await merged(a.storage, b.storage)
  assert.equal((await repository.find('latest')).id, newest.id)
  assert.equal((await repository.manifests()).backups.length, 2)
  await readBackup(repository, a, 'latest')
  assert.deepEqual(faults, [])
  // Given up by a prune of one copy, and made in the other: what says so is no object.
  await a.storage.put(manifestKey(newest.id), abandoned)
  const again = await merged(a.storage, b.storage)
  assert.equal((await again.repository.find('latest')).id, newest.id)
  await readBackup(again.repository, a, newest.id)
  assert.deepEqual(again.faults, [])
})

test('a copy that fails is told and passed over; when all fail that is an error, never less than there is', async () => {
  const { a, b } = await twoCopies()
  const { id } = await backUpBoth(a, [a.storage, b.storage], ['one'])
  let broken = false
  const failing = (storage: Storage): Storage => openFaultyStorage(storage, () => (broken ? { kind: 'fail' } : null)) // prettier-ignore
  const one = await merged(failing(a.storage), b.storage)
  const all = await merged(failing(a.storage), failing(b.storage))
  broken = true
  await readBackup(one.repository, a, id)
  assert.ok(one.faults.some(({ what, address }) => what === 'failed' && address === 'memory:a'))
  await failure(all.repository.manifests(), 'storage_failed')
  // Missing in the one that answers is not missing.
  await failure(one.repository.storage.get(manifestKey('20260101T000000Z-00000000')), 'storage_failed')
})

test('what is written goes into one copy, which has the newest keys; what each has of its own is not mixed', async () => {
  const { a, b } = await twoCopies()
  await rotate({ ...b, repository: (await openCopies({ storages: [b.storage] })).copies[0] ?? b.repository })
  const { repository } = await merged(a.storage, b.storage)
  assert.equal(repository.keyset.version, 2)
  await a.storage.put('writing/1111111111111111/begun', new Uint8Array())
  await repository.storage.put('writing/2222222222222222/begun', new Uint8Array())
  assert.deepEqual(await keysBelow(repository.storage, 'writing/'), ['writing/2222222222222222/begun'])
  assert.deepEqual(await keysBelow(b.storage, 'writing/'), ['writing/2222222222222222/begun'])
  const unchanged = await copyOf(a)
  assert.deepEqual(await keysBelow(unchanged.storage, 'keys/'), ['keys/00000001'])
})

test('a host that is revoked keeps its backups of every copy, also those that are in one only', async () => {
  const { a, b } = await twoCopies()
  const [one, other] = [await backUp(a, ['one']), await backUp(b, ['two'])]
  const { repository } = await merged(a.storage, b.storage)
  const at = new Date(a.clock.now().getTime() + hour)
  const changed = await revokeHost({ ...a, repository, host: a.credentials.host, at })
  assert.deepEqual(await keysBelow(b.storage, 'keys/'), ['keys/00000001'])
  await copyKeys(changed.repository, (await openCopies({ storages: [b.storage] })).copies[0] ?? b.repository, {}) // prettier-ignore
  for (const [place, { id }] of [
    [a, one],
    [b, other],
  ] as const) {
    // prettier-ignore
    const [copy] = (await openCopies({ storages: [place.storage] })).copies
    assert.equal(copy?.keyset.version, 2)
    assert.deepEqual((await copy.manifests()).backups.map((backup) => backup.id), [id]) // prettier-ignore
  }
})
