import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import { summarize, type Manifest } from '../../src/repository/format/manifest.ts'
import { openFaultyStorage } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Repository } from '../../src/repository/types.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf, chunkKeys, manifestOf } from '../support/chunks.ts'

const keys = chunkKeys()
const nameOf = (text: string) => chunkName(keys.namingKey, bytesOf(text))
type CheckCall = { storage: Storage; manifests: readonly Manifest[] } & Pick<
  Parameters<typeof checkRepository>[0],
  'reader' | 'signal' | 'onProgress'
>
const clean = { missing: [], damaged: [], sizeDiffers: [], unreadable: [] }

/** Checks all that these manifests name. They need no signatures: reading them is the repository's matter. */
async function check({ storage, manifests, ...options }: CheckCall) {
  const repository = {
    storage,
    keyset: { ownerKey: '', hosts: [] },
    async manifests({ visit }: Parameters<Repository['manifests']>[0] = {}) {
      for (const manifest of manifests) visit?.(manifest)
      return { backups: manifests.map(summarize), refused: [] }
    },
    async find(id: string) {
      const manifest = manifests.find((one) => one.id === id)
      return manifest ?? assert.fail(id)
    },
  }
  return (await checkRepository({ repository, share: 1, now: new Date(0), ...options })).report
}

/** Two backups that share the chunks of `shared`, and garbage. */
async function repository() {
  const storage = openMemoryStorage()
  const manifests: Manifest[] = []
  for (const id of ['one', 'two']) {
    await using writer = await keys.writer(storage, manifests)
    for (let i = 0; i < 20; i++) await writer.store(bytesOf(i < 10 ? `shared ${i}` : `of ${id} ${i}`))
    manifests.unshift(manifestOf(writer, id))
  }
  return { storage, manifests }
}

async function replace(
  storage: Storage,
  key: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = await storage.get(key)
  await storage.delete(key)
  await storage.put(key, change(bytes))
}

test('a whole repository is found to be whole, with what it needs and what it does not', async () => {
  const { storage, manifests } = await repository()
  await storage.put('chunks/zz/strange', Buffer.alloc(7))
  await storage.put(chunkKey(nameOf('of nobody')), Buffer.alloc(300))
  await using reader = keys.reader(storage)
  const report = await check({ storage, manifests, reader })
  assert.deepEqual(report.backups, [{ id: 'two', ...clean }, { id: 'one', ...clean }]) // prettier-ignore
  assert.deepEqual([report.objects, report.read], [30, 30])
  assert.deepEqual(report.unreferenced, { objects: 2, bytes: 307 })
  const plain = new Map(manifests.flatMap(({ chunks }) => chunks.map(([name, bytes]) => [name, bytes])))
  assert.equal(report.bytesRead, [...plain.values()].reduce((sum, bytes) => sum + bytes, 0)) // prettier-ignore
})

test('what is missing or of another size is found without any key', async () => {
  const { storage, manifests } = await repository()
  await storage.delete(chunkKey(nameOf('shared 3')))
  await replace(storage, chunkKey(nameOf('of two 12')), (bytes) => bytes.subarray(1))
  const { backups, read } = await check({ storage, manifests, reader: null })
  assert.equal(read, 0)
  assert.deepEqual(backups, [
    { ...clean, id: 'two', missing: [nameOf('shared 3')], sizeDiffers: [nameOf('of two 12')] },
    { ...clean, id: 'one', missing: [nameOf('shared 3')] },
  ])
})

test('what was changed or swapped is found by reading it, and only by that', async () => {
  const { storage, manifests } = await repository()
  await replace(storage, chunkKey(nameOf('shared 1')), (bytes) =>
    bytes.map((byte, i) => (i === bytes.length - 5 ? byte ^ 1 : byte)),
  )
  const other = await storage.get(chunkKey(nameOf('of one 10')))
  await replace(storage, chunkKey(nameOf('of one 11')), () => other)
  const presence = await check({ storage, manifests, reader: null })
  assert.ok(presence.backups.every(({ damaged }) => damaged.length === 0))
  await using reader = keys.reader(storage)
  const { backups } = await check({ storage, manifests, reader })
  const found = backups.map(({ id, damaged }) => [id, damaged])
  assert.deepEqual(found, [['two', [nameOf('shared 1')]], ['one', [nameOf('shared 1'), nameOf('of one 11')]]]) // prettier-ignore
})

test('backups that disagree about a chunk: it is told of the one that is wrong', async () => {
  const { storage, manifests } = await repository()
  const [two, one] = manifests
  assert.ok(two && one)
  const change = (
    wrong: Manifest,
    index: number,
    by: readonly [plain: number, stored: number],
  ): Manifest => ({
    ...wrong,
    chunks: wrong.chunks.map(([name, plain, stored], i) =>
      i === index ? [name, plain + by[0], stored + by[1]] : [name, plain, stored],
    ),
  })
  const wrong = change(change(one, 4, [1, 0]), 5, [0, 1])
  const names = wrong.chunks.map(([name]) => name)
  const expected = { ...clean, id: 'one', damaged: names.slice(4, 5), sizeDiffers: names.slice(5, 6) }
  await using reader = keys.reader(storage)
  const first = await check({ storage, manifests: [wrong, two], reader })
  assert.deepEqual(first.backups, [expected, { ...clean, id: 'two' }])
  const last = await check({ storage, manifests: [two, wrong], reader })
  assert.deepEqual(last.backups, [{ ...clean, id: 'two' }, expected])
})

test('what the storage cannot read is told from what is damaged; a denied storage fails the check', async () => {
  const { storage, manifests } = await repository()
  const bad = chunkKey(nameOf('shared 2'))
  const failing = openFaultyStorage(storage, ({ method, key }) =>
    method === 'get' && key === bad ? { kind: 'fail' } : null,
  )
  await using reader = keys.reader(failing)
  const { backups } = await check({ storage: failing, manifests, reader })
  assert.deepEqual(backups.map(({ unreadable }) => unreadable), [[nameOf('shared 2')], [nameOf('shared 2')]]) // prettier-ignore
  const denied = openFaultyStorage(storage, ({ method }) =>
    method === 'get' ? { kind: 'fail', code: 'storage_denied' } : null,
  )
  await using deniedReader = keys.reader(denied)
  const checking = check({ storage: denied, manifests, reader: deniedReader })
  await assert.rejects(checking, { code: 'storage_denied' })
})

test('progress is told, and a check can be cancelled', async () => {
  const { storage, manifests } = await repository()
  await using reader = keys.reader(storage)
  const controller = new AbortController()
  const phases = new Set<string>()
  const checking = check({
    storage,
    manifests,
    reader,
    signal: controller.signal,
    onProgress: ({ phase, done }) => {
      phases.add(phase)
      if (phase === 'reading chunks' && done === 3) controller.abort()
    },
  })
  await assert.rejects(checking, { code: 'cancelled' })
  assert.deepEqual([...phases], ['listing chunks', 'reading chunks'])
})
