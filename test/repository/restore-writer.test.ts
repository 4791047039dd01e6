import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { createChunker } from '../../src/repository/chunker.ts'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import type { SafetyContents } from '../../src/repository/format/restore-contents.ts'
import { readAllPieces } from '../../src/repository/pieces.ts'
import { readReport, readSafety } from '../../src/repository/restore-reader.ts'
import { openRestoreWriter } from '../../src/repository/restore-writer.ts'
import { findRestore, listRestores } from '../../src/repository/restores.ts'
import { readerOf } from '../../src/repository/session.ts'
import {
  failAt,
  fullAfter,
  openFaultyStorage,
  type Fault,
  type StorageCall,
} from '../../src/storage/faulty.ts'
import { randomOf } from '../oracle/random.ts'
import { bytesOf } from '../support/chunks.ts'
import { newUnlocked, replaceObject } from '../support/repository.ts'
import { sampleRecord, sampleRestore, sampleRows, sampleSafety, storeRestore } from '../support/restores.ts'

const finished = new Date('2026-11-21T01:31:59.500Z')
/** What a writer of the sample restore is opened with. */
const ofSample = { id: sampleRestore().id, parts: ['safety', 'report'] as const }

/** An unlocked repository, and one whose storage notes every call. */
async function watched() {
  const made = await newUnlocked()
  const calls: StorageCall[] = []
  const storage = openFaultyStorage(made.storage, (call) => (calls.push(call), null))
  return { ...made, calls, repository: { ...made.repository, storage } }
}

test('a restore asks nothing of the storage but its own objects, and the documents come after the chunks', async () => {
  const made = await watched()
  await storeRestore(made)
  const told = made.calls.map(({ method, key }) => {
    if (key.startsWith('writing/')) return `${method} ${key.replace(/[0-9a-f]{16}/, 'own')}`
    return `${method} ${key.startsWith('chunks/') ? 'chunk' : key}`
  })
  const { id } = sampleRestore()
  assert.deepEqual(told, [
    'list damaged/',
    'put writing/own/begun',
    'list prune/',
    'put writing/own/heeds',
    'put chunk',
    'put chunk',
    'put chunk',
    `put restores/${id}/safety`,
    'put chunk',
    `put restores/${id}/report`,
    'put writing/own/ended',
  ])
})

test('a safety backup is not stored while a chunk is under way, or could not be stored', async () => {
  const made = await newUnlocked()
  await using writer = await openRestoreWriter({ ...made, ...ofSample, threads: 1 })
  const storing = writer.store(bytesOf('x'))
  await assert.rejects(writer.putSafety(sampleRestore(), sampleSafety({ tables: [] })), { code: 'internal' })
  await storing
  await writer.putSafety(sampleRestore(), sampleSafety({ tables: [] }))

  const full = { ...made.repository, storage: openFaultyStorage(made.storage, fullAfter(800)) }
  const later = sampleRestore(32)
  await using failing = await openRestoreWriter({
    ...made,
    ...ofSample,
    id: later.id,
    repository: full,
    threads: 1,
  })
  const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => failing.store(bytesOf(text))))
  assert.ok(results.some(({ status }) => status === 'rejected'))
  await assert.rejects(failing.putSafety(later, sampleSafety({ tables: [] })))
  await assert.rejects(findRestore(made.repository, later.id), { code: 'restore_not_found' })
})

test('a safety backup that the storage fails at any call is there, whole, or not at all', async () => {
  for (const kind of ['fail', 'lost'] as const) {
    let failures = 0
    for (let call = 1; call <= 9; call++) {
      const made = await newUnlocked()
      const storage = openFaultyStorage(made.storage, failAt(call, undefined, { kind } satisfies Fault))
      const stored = await storeRestore({ ...made, repository: { ...made.repository, storage } }).then(
        () => true,
        (error: unknown) => {
          if (!isHoldfastError(error, 'storage_failed')) throw error
          return false
        },
      )
      failures += stored ? 0 : 1
      await using reader = readerOf(made.repository, made.vault, 1)
      const { restores, refused } = await listRestores(made.repository)
      assert.deepEqual(refused, [])
      if (stored) assert.equal(restores.length, 1)
      for (const { id, safety, report } of restores) {
        const read = await readSafety({ ...made, reader, id })
        assert.deepEqual(read?.contents ?? null, safety === null ? null : sampleSafety())
        for (const [name] of read?.document.chunks ?? []) await reader.read(name)
        const record = (await readReport({ ...made, reader, id }))?.record ?? null
        assert.deepEqual(record, report === null ? null : sampleRecord())
      }
    }
    assert.ok(failures >= 8, `${failures} calls were made to fail`)
  }
})

test('a chunk that is there already is read back before a safety backup relies on it', async () => {
  const made = await newUnlocked()
  await storeRestore({ ...made, finished: null })
  await storeRestore({ ...made, restore: sampleRestore(32), finished: null })
  const key = chunkKey(chunkName(made.vault.namingKey, bytesOf(sampleRows[0])))
  const bytes = await made.storage.get(key)
  const damaged = bytes.map((byte, at) => (at === bytes.length - 3 ? byte ^ 4 : byte))
  await replaceObject(made.storage, key, damaged)
  await using writer = await openRestoreWriter({ ...made, ...ofSample, threads: 1 })
  await assert.rejects(writer.store(bytesOf(sampleRows[0])), {
    code: 'object_damaged',
    hint: /check --read-data all/,
  })
  await assert.rejects(writer.putSafety(sampleRestore(), sampleSafety({ tables: [] })), {
    code: 'internal',
  })
  await made.storage.delete(key)
  await storeRestore({ ...made, restore: sampleRestore(33), finished: null })
  await using reader = readerOf(made.repository, made.vault, 1)
  // The earlier one is whole again, too.
  assert.ok(await reader.read((await readSafety({ ...made, reader, id: sampleRestore().id }))?.document.chunks[0]?.[0] ?? '')) // prettier-ignore
})

test('what no reader would accept is not stored', async () => {
  const made = await newUnlocked()
  await using writer = await openRestoreWriter({ ...made, ...ofSample, threads: 1 })
  for (const rows of sampleRows) await writer.store(bytesOf(rows))
  const [table] = sampleSafety().tables
  assert.ok(table)
  const wrong: Partial<SafetyContents>[] = [
    { transaction: 'none' },
    { tables: [{ ...table, created: -1 }] },
    { tables: [{ ...table, key: ['other'] }] },
    { tables: [{ ...table, key: [] }] },
    { tables: [{ ...table, columns: [...table.columns, ...table.columns] }] },
    { tables: [{ ...table, pieces: [{ chunk: 0, offset: 1, length: sampleRows[0].length }] }] },
    { tables: [{ ...table, pieces: [{ chunk: 2, offset: 0, length: 1 }] }] },
  ]
  for (const changes of wrong)
    await assert.rejects(writer.putSafety(sampleRestore(), sampleSafety(changes)), { code: 'internal' })
  const restore = { ...sampleRestore(), finished }
  await assert.rejects(writer.putReport(restore, sampleRecord({ seconds: NaN })), { code: 'internal' })
  await assert.rejects(writer.putReport({ ...restore, id: 'x' }, sampleRecord()), { code: 'internal' })
  assert.deepEqual(await listRestores(made.repository), { restores: [], refused: [] })
  await writer.putSafety(sampleRestore(), sampleSafety())
})

test('rows of many chunks, some shared by two tables, come back as they went', async () => {
  const made = await newUnlocked()
  const seed = randomBytes(8).toString('hex')
  const random = randomOf(seed)
  /** Rows of the two tables, the first of them larger than several chunks. */
  const streams = [300, 20].map((rows) =>
    Array.from({ length: rows }, () => Buffer.alloc(1 + random.skewed(200_000), random.between(32, 126))),
  )
  await using writer = await openRestoreWriter({ ...made, ...ofSample, threads: 2 })
  const chunker = createChunker({ store: (bytes) => writer.store(bytes) })
  const runs = []
  for (const rows of streams) {
    chunker.begin()
    for (const row of rows) await chunker.write(row, true)
    runs.push(chunker.end())
  }
  await chunker.flush()
  const [one] = sampleSafety().tables
  assert.ok(one)
  const tables = await Promise.all(
    runs.map(async (run, at) => ({ ...one, name: `t${at}`, pieces: await run.pieces() })),
  )
  await writer.putSafety(sampleRestore(), sampleSafety({ tables }))
  await using reader = readerOf(made.repository, made.vault, 1)
  const safety = await readSafety({ ...made, reader, id: sampleRestore().id })
  for (const [at, rows] of streams.entries()) {
    const pieces = safety?.contents.tables[at]?.pieces ?? []
    const read = await readAllPieces({ manifest: safety?.document ?? assert.fail(), reader, pieces })
    assert.ok(Buffer.concat(rows).equals(read), `seed ${seed}, table ${at}`)
  }
})

test('a document is written once: again with the same bytes is no error, others under its name are', async () => {
  const made = await newUnlocked()
  await storeRestore(made)
  await storeRestore(made)
  await using writer = await openRestoreWriter({ ...made, ...ofSample, threads: 1 })
  const other = sampleRecord({ who: 'someone else' })
  await assert.rejects(writer.putReport({ ...sampleRestore(), finished }, other), { code: 'storage_failed' })
})

test('a cancelled restore stores no document, and the vault of another repository can sign none', async () => {
  const [made, other] = [await newUnlocked(), await newUnlocked()]
  const controller = new AbortController()
  await using writer = await openRestoreWriter({
    ...made,
    ...ofSample,
    threads: 1,
    signal: controller.signal,
  })
  await writer.store(bytesOf('x'))
  controller.abort()
  await assert.rejects(writer.putSafety(sampleRestore(), sampleSafety({ tables: [] })), { code: 'cancelled' })
  await assert.rejects(openRestoreWriter({ ...made, ...ofSample, vault: other.vault }), { code: 'internal' })
  assert.deepEqual((await listRestores(made.repository)).restores, [])
})
