import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import { restoreKey } from '../../src/repository/format/fields.ts'
import type { RestoreRecord, SafetyContents } from '../../src/repository/format/restore-contents.ts'
import {
  encodeRestoreDocument,
  type ReportDocument,
  type SafetyDocument,
} from '../../src/repository/format/restore-documents.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readPieces } from '../../src/repository/pieces.ts'
import { readReport, readSafety } from '../../src/repository/restore-reader.ts'
import { listRestores } from '../../src/repository/restores.ts'
import { readerOf } from '../../src/repository/session.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'

interface Expected {
  identity: string
  ownerKey: string
  /** Ed25519 seed, base64url. */
  owner: string
  /** Newest first. */
  restores: {
    /** `rows`: the stream of each table. */
    safety: { document: SafetyDocument; contents: SafetyContents; rows: string[] }
    report: { document: ReportDocument; record: RestoreRecord } | null
  }[]
}

/** Restores of format 1, and those of format 2. */
const vectors = ['restores', 'second'].map((name) => {
  const directory = join(import.meta.dirname, '../vectors', name)
  const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8')) as Expected
  const objects = new Map(
    readdirSync(join(directory, 'objects'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(join(directory, 'objects').length + 1), readFileSync(file)] as const),
  )
  return { name, expected, objects }
})

async function openVector({ expected, objects }: (typeof vectors)[number]) {
  const storage = openMemoryStorage()
  for (const [key, data] of objects) await storage.put(key, data)
  return await openUnlocked({ storage, identity: expected.identity })
}

/** What later formats say besides did not happen in a restore of format 1. */
function asRead(contents: SafetyContents): SafetyContents {
  if (contents.format !== 1) return contents
  const madeTables = contents.madeTables.map((table) => ({ ...table, keptRows: false }))
  return { ...contents, madeTables, droppedTables: [], schema: null }
}

for (const vector of vectors) {
  const { name, expected, objects } = vector
  test(`${name}: what restores left in the stored repository is read for ever`, async () => {
    const { repository, vault } = await openVector(vector)
    await using reader = readerOf(repository, vault, 1)
    const { restores, refused } = await listRestores(repository)
    assert.deepEqual(refused, [])
    assert.deepEqual(restores.map(({ id }) => id), expected.restores.map((one) => one.safety.document.id)) // prettier-ignore
    for (const { safety, report } of expected.restores) {
      const { id } = safety.document
      const read = await readSafety({ repository, reader, id })
      assert.deepEqual(read, { document: safety.document, contents: asRead(safety.contents) })
      for (const [at, { pieces }] of safety.contents.tables.entries()) {
        let rows = ''
        for await (const bytes of readPieces({ manifest: safety.document, reader, pieces }))
          rows += Buffer.from(bytes).toString()
        assert.equal(rows, safety.rows[at])
      }
      assert.deepEqual(await readReport({ repository, reader, id }), report)
    }
    const { report } = await checkRepository({ repository, reader, share: 1, now: new Date(0) })
    assert.deepEqual(report.unreferenced, { objects: 0, bytes: 0 })
    assert.ok(report.restores.every(({ missing, damaged, sizeDiffers }) => [...missing, ...damaged, ...sizeDiffers].length === 0)) // prettier-ignore
  })

  test(`${name}: writing documents of restores gives the same bytes`, () => {
    const ownerSeed = new Uint8Array(Buffer.from(expected.owner, 'base64url'))
    for (const { safety, report } of expected.restores) {
      const bytes = encodeRestoreDocument({ part: 'safety', document: safety.document, ownerSeed })
      assert.deepEqual(Buffer.from(bytes), objects.get(restoreKey(safety.document.id, 'safety')))
      if (report === null) continue
      const other = encodeRestoreDocument({ part: 'report', document: report.document, ownerSeed })
      assert.deepEqual(Buffer.from(other), objects.get(restoreKey(report.document.id, 'report')))
    }
  })

  test(`${name}: what docs/FORMAT.md says is enough to verify documents of restores`, () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: expected.ownerKey }
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    for (const [key, data] of objects) {
      if (!key.startsWith('restores/')) continue
      const [head, json, last, end] = data.toString('utf8').split('\n')
      assert.equal(head, key.endsWith('/safety') ? 'holdfast safety 1' : 'holdfast restore 1')
      assert.equal(end, '')
      const [word, signer, signature = ''] = (last ?? '').split(' ')
      assert.deepEqual([word, signer], ['signature', 'owner'])
      assert.ok(
        verify(null, Buffer.from(`${head}\n${json}\n`), publicKey, Buffer.from(signature, 'base64url')),
      )
    }
  })
}

test('what only format 2 can say is in the later one', () => {
  const contents = vectors[1]?.expected.restores.map(({ safety }) => safety.contents) ?? []
  assert.ok(contents.every(({ format }) => format === 2))
  assert.ok(contents.some(({ droppedTables }) => droppedTables.some(({ keptRows }) => keptRows)))
  assert.ok(contents.some(({ droppedTables }) => droppedTables.some(({ keptRows }) => !keptRows)))
  assert.ok(contents.some(({ madeTables }) => madeTables.some(({ keptRows }) => keptRows)))
  assert.ok(contents.some(({ schema }) => (schema?.objects.length ?? 0) > 1))
})
