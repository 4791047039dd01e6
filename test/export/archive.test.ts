import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeArchive } from '../../src/export/archive.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { checkRepository } from '../../src/repository/check.ts'
import { erasuresInForce, putErasure } from '../../src/repository/erasures.ts'
import { chunkKey, chunkName, mendedKey } from '../../src/repository/format/chunk-names.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { putPin } from '../../src/repository/pins.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import { openArchiveStorage } from '../../src/storage/archive/archive.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { archiveOf, memorySink } from '../support/archive.ts'
import { bytesOf } from '../support/chunks.ts'
import { backUp, prunePlace } from '../support/prune.ts'
import { replaceObject } from '../support/repository.ts'
import { expectedRepository as expected, vectorRepository } from '../support/repository-vector.ts'

const directory = await mkdtemp(join(tmpdir(), 'holdfast-archive-'))
after(() => rm(directory, { recursive: true, force: true }))
const vector = join(import.meta.dirname, '../vectors/archive.holdfast')
let files = 0

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${(files += 1)}.holdfast`)
  await writeFile(path, bytes)
  return path
}

async function keysOf(path: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of openArchiveStorage(path).list('')) keys.push(key)
  return keys
}

/** True if reading all of it finds nothing wrong; an error of any kind is a finding. */
async function isWhole(path: string, identity: string): Promise<boolean> {
  try {
    const { repository, vault } = await openUnlocked({ storage: openArchiveStorage(path), identity })
    await using reader = readerOf(repository, vault, 0)
    const { report, refused } = await checkRepository({ repository, reader, share: 1, now: new Date(0) })
    await erasuresInForce({ repository, reader })
    await repository.find('latest')
    const faults = [...report.backups, ...report.erasures].flatMap(({ missing, damaged, sizeDiffers }) => [
      ...missing,
      ...damaged,
      ...sizeDiffers,
    ])
    return faults.length + refused.length === 0
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'internal') throw error
    return false
  }
}

test('the stored archive is read for ever, written the same, and is a repository when it is unpacked', async () => {
  const repository = await openRepository({
    storage: await vectorRepository(),
    trust: { ownerKey: expected.ownerKey },
  })
  const [, backup] = expected.backups
  assert.ok(backup)
  const written = await archiveOf(repository, backup.manifest.id)
  assert.ok(written.equals(readFileSync(vector)))
  const unpacked = join(directory, 'unpacked')
  await mkdir(unpacked)
  assert.equal(spawnSync('tar', ['-x', '-f', vector, '-C', unpacked]).status, 0)
  for (const storage of [openArchiveStorage(vector), openLocalStorage(unpacked)]) {
    const opened = await openUnlocked({ storage, identity: expected.identity })
    const { backups } = await opened.repository.manifests()
    assert.deepEqual(
      backups.map(({ id }) => id),
      [backup.manifest.id],
    )
    await using reader = readerOf(opened.repository, opened.vault, 1)
    const manifest = await opened.repository.find('latest')
    assert.deepEqual((await readContents(reader, manifest)).database, backup.contents.database)
    const { report } = await checkRepository({
      repository: opened.repository,
      reader,
      share: 1,
      now: new Date(0),
    })
    assert.deepEqual([report.readHurt, report.unreferenced.objects], [0, 0])
    assert.equal(report.read, manifest.chunks.length)
  }
  assert.deepEqual((await readdir(unpacked)).sort(), ['chunks', 'holdfast', 'keys', 'manifests'])
})

test('a changed byte, wherever it is, is found by reading', async () => {
  const bytes = readFileSync(vector)
  assert.ok(await isWhole(vector, expected.identity))
  const members = spawnSync('tar', ['-t', '-v', '-R', '-f', vector], { encoding: 'utf8' }).stdout
  const blocks = [...members.matchAll(/^block (\d+): \S+ \S+ +(\d+)/gm)].map(([, block, size]) => ({
    at: Number(block) * 512 + 512,
    size: Number(size),
  }))
  assert.ok(blocks.length > 8, members)
  for (const { at, size } of blocks) {
    // Of each object the first byte and one in the middle; what is between objects, test/storage has.
    for (const place of [0, Math.floor(size / 2)]) {
      const changed = Buffer.from(bytes)
      changed[at + place] = (changed[at + place] ?? 0) ^ 1
      assert.ok(!(await isWhole(await fileOf(changed), expected.identity)), `byte ${at + place}`)
    }
  }
})

test('what mends a chunk, erasures and pins go along, other backups do not, and the manifest is the last', async () => {
  const place = await prunePlace()
  const other = await backUp(place, ['x', 'b'])
  const backup = await backUp(place, ['a', 'b', 'c'])
  const { repository, storage, vault, credentials, clock } = place
  const nameOf = (text: string): string => chunkName(vault.namingKey, bytesOf(text))
  const keyOf = (text: string): string => chunkKey(nameOf(text))
  const good = await storage.get(keyOf('a'))
  await storage.put(mendedKey(nameOf('a'), '0123456789abcdef'), good)
  await storage.delete(keyOf('a'))
  await storage.put(mendedKey(nameOf('b'), '0123456789abcdef'), await storage.get(keyOf('b')))
  await replaceObject(storage, keyOf('b'), 'short')
  for (const { id } of [backup, other])
    await putPin({ repository, credentials, backup: id, when: clock.now(), reason: 'why', who: 'me' })
  const erasure = { schema: 'public', name: 'person', columns: ['id'], keys: ['A'.repeat(43)], reason: 'asked', who: 'me' } // prettier-ignore
  await putErasure({ repository, vault, when: clock.now(), withdraws: null, erasure })

  const path = await fileOf(await archiveOf(repository, backup.id))
  const keys = await keysOf(path)
  assert.equal(keys.at(-1), `manifests/${backup.id}`)
  assert.deepEqual(keys.slice(0, 2), ['holdfast', 'keys/00000001'])
  assert.equal(keys.filter((key) => key.startsWith('mended/')).length, 2)
  assert.ok(!keys.includes(keyOf('a')) && !keys.includes(keyOf('b')) && !keys.includes(keyOf('x')))
  assert.ok(keys.some((key) => key.startsWith('erased/')))
  assert.deepEqual(
    keys.filter((key) => key.startsWith('pins/')).map((key) => key.split('/')[1]),
    [backup.id],
  )
  assert.ok(await isWhole(path, place.identity))

  await storage.delete(keyOf('c'))
  await assert.rejects(archiveOf(repository, backup.id), { code: 'object_missing' })
  await storage.put(keyOf('c'), new Uint8Array(300))
  await assert.rejects(archiveOf(repository, backup.id), { code: 'object_damaged' })
})

test('an export that can not be written to its end leaves no backup', async () => {
  const place = await prunePlace()
  await backUp(place, ['a', 'b'])
  const manifest = await place.repository.find('latest')
  const whole = await archiveOf(place.repository)
  for (let most = 0; most < whole.length; most += 499) {
    const sink = memorySink()
    const to = {
      write: async (data: Uint8Array | string) => {
        if (sink.bytes().length + data.length > most) {
          await sink.write(data.slice(0, most - sink.bytes().length))
          throw new Error('full')
        }
        await sink.write(data)
      },
    }
    await assert.rejects(writeArchive({ repository: place.repository, manifest, to }), /full/)
    await assert.rejects(keysOf(await fileOf(sink.bytes())), { code: 'archive_damaged' })
  }
})
