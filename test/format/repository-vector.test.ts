import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import type { BackupContents } from '../../src/repository/format/contents.ts'
import { summarize } from '../../src/repository/format/manifest.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { readAllPieces } from '../../src/repository/pieces.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import {
  expectedRepository as expected,
  expectedSecond,
  vectorRepository,
} from '../support/repository-vector.ts'
import type { ExpectedBytes } from '../support/repository-vector.ts'

test('the stored repository is listed and checked without a secret', async () => {
  const storage = await vectorRepository()
  const repository = await openRepository({ storage, trust: { ownerKey: expected.ownerKey } })
  assert.equal(repository.id, expected.repositoryId)
  const { backups, refused } = await repository.manifests()
  assert.deepEqual(refused, [])
  assert.deepEqual(backups, expected.backups.map(({ manifest }) => summarize(manifest)).reverse())
  const { report } = await checkRepository({ repository, reader: null, share: 0, now: new Date(0) })
  assert.deepEqual(
    report.backups.flatMap(({ missing, sizeDiffers }) => [...missing, ...sizeDiffers]),
    [],
  )
  assert.equal(report.unreferenced.objects, 0)
})

test('its host may go on writing to it', async () => {
  const storage = await vectorRepository()
  const repository = await openRepository({ storage, trust: { host: expected.host } })
  assert.ok(repository.keyset.hosts.some(({ id, revoked }) => id === expected.host.host && revoked === null))
})

/** What later formats say besides is not known of a backup of format 1. */
function asRead(contents: BackupContents): BackupContents {
  if (contents.format !== 1) return contents
  const server = { ...contents.server, horizon: null, incarnation: null }
  return { ...contents, server, tables: contents.tables.map((table) => ({ ...table, filenode: null })) }
}

for (const [vector, { identity, backups }] of [
  ['repository', expected],
  ['second', expectedSecond],
] as const) {
  test(`${vector}: its backups hold what they held when they were made`, async () => {
    const storage = await vectorRepository(vector)
    const { repository, vault } = await openUnlocked({ storage, identity })
    await using reader = readerOf(repository, vault, 1)
    for (const { manifest: wanted, ...backup } of backups) {
      const manifest = await repository.find(wanted.id)
      const contents = await readContents(reader, manifest)
      assert.deepEqual(contents, asRead(backup.contents))
      const bytes = (pieces: Parameters<typeof readAllPieces>[0]['pieces']) =>
        readAllPieces({ manifest, reader, pieces })
      requireBytes(await bytes(contents.schema.pieces), backup.schema)
      for (const { schema, name, ranges } of contents.tables) {
        const rows = await bytes(ranges.flatMap(({ pieces }) => pieces))
        requireBytes(rows, backup.rows[`${schema}.${name}`])
      }
      const pages = contents.largeObjects.ranges.flatMap(({ pieces }) => pieces)
      requireBytes(await bytes(pages), backup.largeObjects)
    }
  })
}

test('what only format 2 can say is in the later one', () => {
  const [backup] = expectedSecond.backups
  assert.ok(backup)
  const { format, server, tables } = backup.contents
  assert.equal(format, 2)
  assert.match(server.horizon ?? '', /^\d+$/)
  assert.match(server.incarnation ?? '', /^\S/)
  assert.ok(tables.every(({ filenode }) => Number(filenode) > 0))
})

test('all kinds of things are in it', () => {
  const [first, second] = expected.backups
  assert.ok(first && second)
  assert.notEqual(first.manifest.epoch, second.manifest.epoch)
  assert.ok(second.manifest.totals.reusedChunks > 0)
  const { tables, largeObjects, sequences, roles, schema } = first.contents
  assert.ok(tables.some(({ ranges }) => ranges.length > 1))
  assert.ok(tables.some(({ loadVia, parents }) => loadVia !== null && parents.length > 0))
  assert.ok(tables.some(({ data }) => data === 'excluded'))
  assert.ok(tables.some(({ fingerprint }) => (fingerprint?.samples.length ?? 0) > 0))
  assert.ok(tables.some(({ ranges }) => ranges.some(({ pieces }) => pieces.some(({ offset }) => offset > 0))))
  for (const { length } of [largeObjects.objects, largeObjects.ranges, sequences, roles])
    assert.ok(length > 0)
  assert.deepEqual(new Set(schema.entries.map(({ phase }) => phase)), new Set(['pre', 'post', 'acl', 'last']))
})

function requireBytes(actual: Uint8Array, wanted: ExpectedBytes | undefined): void {
  assert.ok(wanted)
  if ('text' in wanted) assert.equal(Buffer.from(actual).toString(), wanted.text)
  else assert.equal(createHash('sha256').update(actual).digest('hex'), wanted.sha256)
}
