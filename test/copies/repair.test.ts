import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { createOpener, type Opener } from '../../src/repository/crypto/opener.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { headerKey, keysetKey, manifestKey } from '../../src/repository/format/fields.ts'
import { openFaultyStorage, type Fault } from '../../src/storage/faulty.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { backUpBoth, copyOf, copyOver, sharedKeys, twoCopies } from '../support/copies.ts'
import { readAll, type PrunePlace } from '../support/prune.ts'
import { replaceObject } from '../support/repository.ts'

/* `holdfast copy --repair`: what is damaged in a copy is replaced. */

/** Changes one byte, and no size. */
async function damage(storage: Storage, key: string): Promise<void> {
  const bytes = await storage.get(key)
  await replaceObject(storage, key, bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))) // prettier-ignore
}

/** Two copies with a backup, and the keys of its chunks. */
async function withBackup(): Promise<{ a: PrunePlace; b: PrunePlace; id: string; chunks: string[] }> {
  const { a, b } = await twoCopies()
  const { id } = await backUpBoth(a, [a.storage, b.storage], ['one', 'two', 'three'])
  return { a, b, id, chunks: (await a.repository.find(id)).chunks.map(([name]) => chunkKey(name)) }
}

async function repairing<T>({ vault }: PrunePlace, work: (opener: Opener) => Promise<T>): Promise<T> {
  await using opener = createOpener({ ...vault, threads: 1 })
  return await work(opener)
}

test('chunks and manifests that are damaged or missing are replaced, and nothing else is touched', async () => {
  const { a, b, id, chunks } = await withBackup()
  const [first = '', second = '', third = ''] = chunks
  await damage(b.storage, first)
  await replaceObject(b.storage, second, 'short')
  await b.storage.delete(third)
  await damage(b.storage, manifestKey(id))
  const deleted: string[] = []
  const watched = openFaultyStorage(b.storage, ({ method, key }) => {
    if (method === 'delete') deleted.push(key)
    return null
  })
  const report = await repairing(a, (opener) => copyOver(a, { storage: watched }, { opener, repair: true }))
  assert.deepEqual(report.failed, [])
  assert.deepEqual(report.replaced.toSorted(), [first, second].toSorted())
  assert.deepEqual(report.documents, [manifestKey(id)])
  assert.deepEqual(deleted.toSorted(), [first, second, manifestKey(id)].toSorted())
  assert.deepEqual(await readAll(b), [id])
  for (const key of await sharedKeys(a.storage))
    assert.deepEqual(await b.storage.get(key), await a.storage.get(key), key)
})

test('what a copy is opened with is brought back where it is damaged or missing, and never over that of another', async () => {
  const { a, b, id } = await withBackup()
  const repair = (): Promise<unknown> => repairing(a, (opener) => copyOver(a, b, { opener, repair: true }))
  for (const key of [headerKey, keysetKey(1)]) {
    const good = await b.storage.get(key)
    for (const harm of [
      damage,
      (storage: Storage) => replaceObject(storage, key, ''),
      (storage: Storage) => storage.delete(key),
    ]) {
      await harm(b.storage, key)
      await assert.rejects(copyOver(a, b), (error) => isHoldfastError(error), key)
      await repair()
      assert.deepEqual(await b.storage.get(key), good, key)
    }
  }
  assert.deepEqual(await readAll(b), [id])
  const other = await twoCopies()
  const before = await other.b.storage.get(headerKey)
  await assert.rejects(repairing(a, (opener) => copyOver(a, other.b, { opener, repair: true })), { code: 'copies_differ' }) // prettier-ignore
  assert.deepEqual(await other.b.storage.get(headerKey), before)
})

test('what is damaged in both copies is left as it is, and told', async () => {
  const { a, b, chunks } = await withBackup()
  const [key = ''] = chunks
  await damage(a.storage, key)
  await damage(b.storage, key)
  const before = await b.storage.get(key)
  const report = await repairing(a, (opener) => copyOver(a, b, { opener, repair: true }))
  assert.deepEqual(report.replaced, [])
  assert.ok(report.failed.some((one) => one.key === key && /memory:a/.test(one.reason)))
  assert.deepEqual(await b.storage.get(key), before)
})

test('who may not delete is told, and what is damaged stays', async () => {
  const { a, b, chunks } = await withBackup()
  const [key = ''] = chunks
  await damage(b.storage, key)
  const denied = openFaultyStorage(b.storage, ({ method }) =>
    method === 'delete' ? { kind: 'fail', code: 'storage_denied' } : null,
  )
  const { failed } = await repairing(a, (opener) =>
    copyOver(a, { storage: denied }, { opener, repair: true }),
  )
  assert.deepEqual(failed.map((one) => [one.key, one.code]), [[key, 'storage_denied']]) // prettier-ignore
})

test('a repair that is broken off at any call is ended by the next one', async () => {
  const prepared = await withBackup()
  await damage(prepared.b.storage, prepared.chunks[0] ?? '')
  await damage(prepared.b.storage, manifestKey(prepared.id))
  await repairing(prepared.a, async (opener) => {
    for (let number = 1; ; number++) {
      const [a, b] = [await copyOf(prepared.a), await copyOf(prepared.b)]
      let reached = false
      const dying = openFaultyStorage(b.storage, (call): Fault | null => {
        if (call.number === number) reached = true
        return call.number >= number ? { kind: 'fail' } : null
      })
      await copyOver(a, { storage: dying }, { opener, repair: true }).catch((error: unknown) => {
        if (!isHoldfastError(error, 'storage_failed')) throw error
      })
      if (!reached) {
        assert.ok(number > 20, `${number} calls were made to fail`)
        break
      }
      const { failed } = await copyOver(a, b, { opener, repair: true })
      assert.deepEqual(failed, [], `call ${number}`)
      for (const key of await sharedKeys(a.storage))
        assert.deepEqual(await b.storage.get(key), await a.storage.get(key), `${key}, call ${number}`)
    }
  })
})
