import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import {
  decodeRestoreDocument,
  type ReportDocument,
  type SafetyDocument,
} from '../../src/repository/format/restore-documents.ts'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import { revokeHost, rotate } from '../../src/repository/keys.ts'
import { readPieces } from '../../src/repository/pieces.ts'
import { readReport, readSafety } from '../../src/repository/restore-reader.ts'
import { findRestore, listRestores } from '../../src/repository/restores.ts'
import { readerOf } from '../../src/repository/session.ts'
import { openFaultyStorage } from '../../src/storage/faulty.ts'
import { bytesOf } from '../support/chunks.ts'
import { newUnlocked, replaceObject, textOf } from '../support/repository.ts'
import { sampleRecord, sampleRestore, sampleRows, sampleSafety, storeRestore } from '../support/restores.ts'

const code = (name: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name

/** A repository in which these restores left their documents. */
async function withRestores(...seconds: number[]) {
  const made = await newUnlocked()
  for (const second of seconds) await storeRestore({ ...made, restore: sampleRestore(second) })
  return made
}

const id = (second: number) => sampleRestore(second).id
const safetyKey = (second: number) => `restores/${id(second)}/safety`
const reportKey = (second: number) => `restores/${id(second)}/report`

test('what a restore leaves is read back, rows and all', async () => {
  const made = await withRestores(31)
  await using reader = readerOf(made.repository, made.vault, 1)
  const safety = await readSafety({ ...made, reader, id: id(31) })
  assert.ok(safety)
  assert.deepEqual(safety.contents, sampleSafety())
  const { backup, undoes, started, epoch } = safety.document
  assert.deepEqual([backup, undoes, started], [sampleRestore().backup, null, '2026-11-21T01:31:31.250Z'])
  assert.equal(epoch, made.repository.keyset.epochs[0]?.id)
  const pieces = safety.contents.tables[0]?.pieces ?? []
  let rows = ''
  for await (const bytes of readPieces({ manifest: safety.document, reader, pieces }))
    rows += Buffer.from(bytes).toString()
  assert.equal(rows, sampleRows.join(''))
  const report = await readReport({ ...made, reader, id: id(31) })
  assert.deepEqual(report?.record, sampleRecord())
  assert.equal(report?.document.finished, '2026-11-21T01:31:59.500Z')
  assert.equal(report?.document.chunks.length, 1)
  assert.equal(await readReport({ ...made, reader, id: id(32) }), null)
  assert.equal(await readSafety({ ...made, reader, id: id(32) }), null)
})

test('restores are listed newest first, with what each has left', async () => {
  const made = await withRestores(31, 33)
  await storeRestore({ ...made, restore: sampleRestore(32), finished: null })
  const undo = { undoes: id(33), backup: null, id: '20261121T013133Z-00000000' }
  await storeRestore({ ...made, restore: sampleRestore(33, { ...undo, started: new Date('2026-11-21T01:31:33.900Z') }) }) // prettier-ignore
  const { restores, refused } = await listRestores(made.repository)
  assert.deepEqual(refused, [])
  assert.deepEqual(restores.map((restore) => restore.id), [undo.id, id(33), id(32), id(31)]) // prettier-ignore
  assert.deepEqual(restores.map(({ finished }) => finished !== null), [true, true, false, true]) // prettier-ignore
  assert.deepEqual(restores.map(({ report }) => report?.chunks), [1, 1, undefined, 1]) // prettier-ignore
  assert.deepEqual(restores.map(({ safety }) => safety?.chunks), [3, 3, 3, 3]) // prettier-ignore
  assert.equal(restores[0]?.undoes, id(33))
  assert.equal((await findRestore(made.repository, 'latest')).id, undo.id)
  const empty = await newUnlocked()
  assert.deepEqual(await listRestores(empty.repository), { restores: [], refused: [] })
})

test('a restore is found by id, by beginning, or not at all', async () => {
  const made = await withRestores(31, 32)
  const find = async (reference: string) => (await findRestore(made.repository, reference)).id
  assert.equal(await find(id(31)), id(31))
  assert.equal(await find(id(32).slice(0, 16)), id(32))
  await assert.rejects(find('20261121'), code('restore_ambiguous'))
  for (const reference of ['2024', '', '../holdfast', '.*', sampleRestore(33).id])
    await assert.rejects(find(reference), code('restore_not_found'))
  const empty = await newUnlocked()
  await assert.rejects(findRestore(empty.repository, 'latest'), code('restore_not_found'))
})

test('forged, edited, swapped, truncated and newer documents of restores are refused one by one, and reading says why', async () => {
  const made = await withRestores(31, 32)
  const { storage, vault, repository, hostCredentials } = made
  const stranger = await withRestores(31)
  const good = await textOf(storage, safetyKey(31))
  const document = JSON.parse(good.split('\n')[1] ?? '') as SafetyDocument
  const hostSeed = new Uint8Array(Buffer.from(hostCredentials.signingKey, 'base64url'))
  const signed = (changes: object, o: { signer?: string; seed?: Uint8Array; kind?: 'safety' | 'restore' } = {}) =>
    encodeSigned({ kind: 'safety', value: { ...document, ...changes }, signer: 'owner', seed: vault.ownerSeed, ...o }) // prettier-ignore
  const cases: [string, Uint8Array | string, string][] = [
    ['of another owner', await textOf(stranger.storage, safetyKey(31)), 'manifest_forged'],
    ['signed by a host', signed({}, { signer: hostCredentials.host, seed: hostSeed }), 'manifest_forged'],
    ["signed by a host in the owner's name", signed({}, { seed: hostSeed }), 'manifest_forged'],
    ['signed by the owner in the name of a host', signed({}, { signer: hostCredentials.host }), 'manifest_forged'], // prettier-ignore
    ['edited', good.replace('"undoes":null', '"undoes": null'), 'manifest_forged'],
    ['edited signature', good.replace(/.{5}\n$/, 'AAAAA\n'), 'manifest_forged'],
    ['of another restore', await textOf(storage, safetyKey(32)), 'object_damaged'],
    ['the report in its place', await textOf(storage, reportKey(31)), 'object_damaged'],
    ['truncated', good.slice(0, -10), 'object_damaged'],
    ['empty', '', 'object_damaged'],
    ['a kind that is not known', good.replace('holdfast safety 1', 'holdfast safer 1'), 'repository_too_new'],
    ['newer version', good.replace('holdfast safety 1', 'holdfast safety 2'), 'repository_too_new'],
    ['newer format', signed({ format: 2 }), 'repository_too_new'],
    ['unknown field', signed({ more: 1 }), 'object_damaged'],
    ['with a field of reports', signed({ finished: document.started }), 'object_damaged'],
    ['no such day', signed({ started: '2026-13-41T00:00:00Z' }), 'object_damaged'],
    ['a backup that is none', signed({ backup: '../../etc' }), 'object_damaged'],
    ['chunk twice', signed({ chunks: [...document.chunks, ...document.chunks] }), 'object_damaged'],
    ['contents missing', signed({ contents: 'ef'.repeat(32) }), 'object_damaged'],
    ['path as chunk', signed({ contents: '../../etc', chunks: [['../../etc', 1, 1]] }), 'object_damaged'],
  ]
  await using reader = readerOf(repository, vault, 1)
  for (const [what, data, expected] of cases) {
    await replaceObject(storage, safetyKey(31), data)
    const { restores, refused } = await listRestores(repository)
    assert.deepEqual(refused.map((entry) => [entry.key, entry.code]), [[safetyKey(31), expected]], what) // prettier-ignore
    assert.deepEqual(restores.map(({ id: one, safety, report }) => [one, safety !== null, report !== null]), [[id(32), true, true], [id(31), false, true]], what) // prettier-ignore
    await assert.rejects(readSafety({ repository, reader, id: id(31) }), code(expected), what)
    assert.deepEqual((await readReport({ repository, reader, id: id(31) }))?.record, sampleRecord(), what)
    assert.deepEqual((await findRestore(repository, id(31))).refused, refused, what)
    // It began before the newest good one, so that one is the latest beyond doubt.
    assert.equal((await findRestore(repository, 'latest')).id, id(32), what)
  }
  await storage.delete(reportKey(31))
  await assert.rejects(findRestore(repository, id(31)), code('object_damaged'))
})

test('other objects under restores/ are refused, and none of them is taken for the latest', async () => {
  const { storage, repository } = await withRestores(31)
  const others = ['restores/notes', `restores/${id(32)}/preview`, `restores/${id(32)}/safety/more`, 'restores/x/report'] // prettier-ignore
  for (const key of others) await storage.put(key, bytesOf('x'))
  const { restores, refused } = await listRestores(repository)
  assert.deepEqual(restores.map((restore) => restore.id), [id(31)]) // prettier-ignore
  assert.deepEqual(refused.map(({ key }) => key).sort(), others.toSorted()) // prettier-ignore
  assert.equal((await findRestore(repository, 'latest')).id, id(31))
})

test('"latest" never quietly means an earlier restore because the newest is damaged', async () => {
  const { storage, repository } = await withRestores(31, 32)
  await replaceObject(storage, safetyKey(32), 'nonsense')
  // The report still tells which one is the latest.
  const latest = await findRestore(repository, 'latest')
  assert.deepEqual([latest.id, latest.refused.map(({ key }) => key)], [id(32), [safetyKey(32)]])
  await replaceObject(storage, reportKey(32), 'nonsense')
  await assert.rejects(findRestore(repository, 'latest'), code('object_damaged'))
  assert.equal((await findRestore(repository, id(31))).id, id(31))
})

test('a bit flipped anywhere in a document of a restore is found', async () => {
  const { storage, repository } = await withRestores(31)
  const { ownerKey } = repository.keyset
  for (const part of ['safety', 'report'] as const) {
    const good = await storage.get(`restores/${id(31)}/${part}`)
    for (let bit = 0; bit < good.length * 8; bit += 7) {
      const bytes = Uint8Array.from(good)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => decodeRestoreDocument({ part, id: id(31), bytes, ownerKey }))
    }
    assert.equal(decodeRestoreDocument({ part, id: id(31), bytes: good, ownerKey }).id, id(31))
  }
})

test('a piece that is not in the chunks of its safety backup is refused before anything is read', async () => {
  const made = await withRestores(31)
  const { storage, vault, repository } = made
  const text = await textOf(storage, safetyKey(31))
  const document = JSON.parse(text.split('\n')[1] ?? '') as SafetyDocument
  const chunks = document.chunks.filter(([name]) => name === document.contents)
  await replaceObject(storage, safetyKey(31), encodeSigned({ kind: 'safety', value: { ...document, chunks }, signer: 'owner', seed: vault.ownerSeed })) // prettier-ignore
  await using reader = readerOf(repository, vault, 1)
  await assert.rejects(readSafety({ repository, reader, id: id(31) }), /it\.tables\[0\]\.pieces\[1\] lies outside/) // prettier-ignore
})

test('a storage that fails is an error, never a shorter list of restores', async () => {
  const { storage, repository } = await withRestores(31)
  const broken = { ...storage, get: async () => await Promise.reject(new Error('connection reset')) }
  await assert.rejects(listRestores({ ...repository, storage: broken }), /connection reset/)
  const failing = openFaultyStorage(storage, ({ method }) => (method === 'get' ? { kind: 'fail' } : null))
  await assert.rejects(listRestores({ ...repository, storage: failing }), code('storage_failed'))
})

test('keys that change later leave restores readable', async () => {
  const made = await withRestores(31)
  const rotated = await rotate(made)
  const revoked = await revokeHost({ ...made, ...rotated, host: made.hostCredentials.host, at: new Date(0) })
  const { repository, vault } = revoked
  await storeRestore({ repository, vault, restore: sampleRestore(32) })
  await using reader = readerOf(repository, vault, 1)
  for (const second of [31, 32]) {
    assert.deepEqual((await readSafety({ repository, reader, id: id(second) }))?.contents, sampleSafety())
  }
  const newest = await textOf(made.storage, safetyKey(32))
  assert.ok(newest.includes(`"epoch":"${repository.keyset.epochs[1]?.id}"`))
})

test('the check knows the chunks of restores, and says which restore is hurt', async () => {
  const made = await withRestores(31)
  const { storage, vault, repository } = made
  await using reader = readerOf(repository, vault, 1)
  const check = async () => await checkRepository({ repository, reader, share: 1, now: new Date(0) })
  const clean = { missing: [], damaged: [], sizeDiffers: [], unreadable: [] }
  const whole = (await check()).report
  assert.deepEqual(whole.restores, [{ id: id(31), ...clean }])
  assert.deepEqual([whole.objects, whole.read], [4, 4])
  assert.deepEqual(whole.unreferenced, { objects: 0, bytes: 0 })

  await storeRestore({ ...made, restore: sampleRestore(32), finished: null })
  const nameOf = (text: string) => chunkName(vault.namingKey, bytesOf(text))
  const report = JSON.parse((await textOf(storage, reportKey(31))).split('\n')[1] ?? '') as ReportDocument
  await storage.delete(chunkKey(nameOf(sampleRows[0])))
  await replaceObject(storage, chunkKey(report.contents), await storage.get(chunkKey(nameOf(sampleRows[1]))))
  const hurt = await check()
  const [later, first] = hurt.report.restores
  assert.deepEqual(later, { ...clean, id: id(32), missing: [nameOf(sampleRows[0])] })
  assert.deepEqual(first, { ...clean, id: id(31), missing: [nameOf(sampleRows[0])], damaged: [report.contents], sizeDiffers: [report.contents] }) // prettier-ignore

  await replaceObject(storage, safetyKey(32), 'nonsense')
  assert.deepEqual((await check()).refused.map(({ key }) => key), [safetyKey(32)]) // prettier-ignore
})

test('a document that is stored while a check runs is not taken for hurt', async () => {
  const made = await withRestores(31)
  const { storage, vault, repository } = made
  await storage.delete(chunkKey(chunkName(vault.namingKey, bytesOf(sampleRows[0]))))
  let listed = 0
  const watched = {
    ...storage,
    async *list(...call: Parameters<typeof storage.list>) {
      // The second time restores are listed is when something is wrong, and each document is read again.
      if (call[0] === 'restores/' && ++listed === 2)
        await storeRestore({ ...made, restore: sampleRestore(32) })
      yield* storage.list(...call)
    },
  }
  const { report } = await checkRepository({ repository: { ...repository, storage: watched }, reader: null, share: 0, now: new Date(0) }) // prettier-ignore
  assert.equal(listed, 2)
  assert.deepEqual(report.restores.map((one) => one.id), [id(31)]) // prettier-ignore
})
