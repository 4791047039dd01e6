import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revokeHost } from '../../src/repository/keys.ts'
import { listBackups, readBackups } from '../../src/repository/listing.ts'
import { putManifest } from '../../src/repository/manifests.ts'
import { repositoryOf } from '../../src/repository/repository.ts'
import type { SummaryStore } from '../../src/repository/summaries.ts'
import { putVerified } from '../../src/repository/verified.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { newUnlocked, replaceAll, replaceObject, sampleManifest, setClock } from '../support/repository.ts'

const backups = 120
const drill = {
  result: 'passed',
  level: 'whole',
  compared: { hashed: 1, sampled: 0, counted: 0 },
  assertions: { passed: 0, failed: 0 },
  notVerified: 0,
  seconds: 1,
  holdfast: '0.1.0',
} as const

function keptInMemory(): SummaryStore & { text: string | null; writes: number } {
  return {
    holdfast: '0.1.0',
    text: null,
    writes: 0,
    async read() {
      return this.text
    },
    async write(text) {
      this.text = text
      this.writes += 1
    },
  }
}

/** A repository whose storage has a clock, and counts manifests that are read. */
async function manyBackups() {
  const made = await newUnlocked()
  const clock = setClock()
  const inner = openMemoryStorage({ clock })
  await replaceAll(made.storage, inner)
  const { hostCredentials, vault } = made
  for (let i = 0; i < backups; i++) await putManifest(inner, sampleManifest(hostCredentials), hostCredentials)
  let reads = 0
  const storage: Storage = {
    ...inner,
    get(key, options) {
      if (key.startsWith('manifests/')) reads += 1
      return inner.get(key, options)
    },
  }
  const repository = repositoryOf({ ...made.repository, storage })
  const manifest = await repository.find('latest')
  await putVerified({ repository, vault, manifest, when: new Date('2026-11-28T00:00:00Z'), found: drill })
  const store = keptInMemory()
  return {
    ...made,
    inner,
    clock,
    repository,
    store,
    newest: manifest.id,
    /** What is listed, and how many manifests were read for it. */
    async list(of: Parameters<typeof listBackups>[0]['repository'] = repository) {
      reads = 0
      const listed = await listBackups({ repository: of, store })
      return { listed, reads }
    },
  }
}

test('what was read before is not read again, and listed the same', async () => {
  const { repository, store, list, inner, newest, hostCredentials } = await manyBackups()
  const truth = await readBackups({ repository })
  assert.equal(truth.backups.length, backups)
  assert.equal(truth.verified.marks.get(newest)?.result, 'passed')
  assert.deepEqual(await list(), { listed: truth, reads: backups })
  assert.deepEqual(await list(), { listed: truth, reads: 0 })
  assert.equal(store.writes, 1)

  const added = sampleManifest(hostCredentials)
  await putManifest(inner, added, hostCredentials)
  await inner.delete(`manifests/${newest}`)
  const { listed, reads } = await list()
  assert.equal(reads, 1)
  assert.deepEqual(listed.backups.map(({ id }) => id), [added.id, ...truth.backups.slice(1).map(({ id }) => id)]) // prettier-ignore
})

test('what is kept and is lost, cut, hurt or of something else is made anew from the objects', async () => {
  const { repository, store, list } = await manyBackups()
  const truth = await readBackups({ repository })
  await list()
  const good = store.text ?? ''
  const other = await manyBackups()
  await other.list()
  const hurt: readonly [string, string | null][] = [
    ['lost', null],
    ['empty', ''],
    ['cut', good.slice(0, good.length / 2)],
    ['one digit another', good.replace('"sequence":1', '"sequence":9')],
    ['nonsense', 'nonsense\n'],
    ['of another repository', other.store.text],
  ]
  for (const [what, text] of hurt) {
    store.text = text
    assert.deepEqual(await list(), { listed: truth, reads: backups }, what)
    assert.equal((await list()).reads, 0, what)
  }
  const newer = { ...store, holdfast: '0.2.0' }
  assert.deepEqual((await listBackups({ repository, store: newer })).backups, truth.backups)
  assert.notEqual(newer.text, good)
})

test('objects that were put in the place of those that were read are seen, and a revoked host is', async () => {
  const { repository, vault, list, inner, clock, newest, hostCredentials } = await manyBackups()
  await list()
  clock.set('2026-11-22T00:00:00.000Z')
  const bytes = Uint8Array.from(await inner.get(`manifests/${newest}`))
  bytes[200] = (bytes[200] ?? 0) ^ 1
  await replaceObject(inner, `manifests/${newest}`, bytes)
  const { listed, reads } = await list()
  assert.equal(reads, 1)
  assert.deepEqual(listed.refused.map(({ key, code }) => [key, code]), [[`manifests/${newest}`, 'manifest_forged']]) // prettier-ignore

  // Of the others half are older than the revocation.
  const early = sampleManifest(hostCredentials, { moment: '2020-01-01T00:00:00.000Z' })
  await putManifest(inner, early, hostCredentials)
  await list()
  const at = new Date('2026-01-01')
  const revoked = await revokeHost({ repository, vault, clock, host: hostCredentials.host, at })
  const after = await list(revoked.repository)
  assert.deepEqual(after.listed.backups.map(({ id }) => id), [early.id]) // prettier-ignore
  assert.equal(after.listed.refused.length, backups)
})
