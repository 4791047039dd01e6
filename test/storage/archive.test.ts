import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tarEnd, tarHeader, tarPadding, type TarMember } from '../../src/lib/tar.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openArchiveStorage } from '../../src/storage/archive/archive.ts'
import type { Storage } from '../../src/storage/storage.ts'

const directory = await mkdtemp(join(tmpdir(), 'holdfast-archive-'))
after(() => rm(directory, { recursive: true, force: true }))
const modified = new Date('2026-11-28T10:00:00Z')
const objects: readonly (readonly [string, string])[] = [
  ['holdfast', 'header'],
  ['chunks/ab/empty', ''],
  ['chunks/ab/block', 'x'.repeat(512)],
  ['manifests/one', 'manifest'],
]

function tar(members: readonly (readonly [string, string])[], changes: Partial<TarMember> = {}): Buffer {
  return Buffer.concat([
    ...members.flatMap(([name, text]) => {
      const header = tarHeader({ name, size: text.length, modified, ...changes })
      return [header, Buffer.from(text), Buffer.alloc(tarPadding(text.length))]
    }),
    tarEnd,
  ])
}

let files = 0
async function opened(bytes: Uint8Array): Promise<Storage> {
  const path = join(directory, `${(files += 1)}.holdfast`)
  await writeFile(path, bytes)
  return openArchiveStorage(path)
}

async function keysOf(storage: Storage, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix)) keys.push(key)
  return keys
}

/** Whether opening it tells that something is wrong. */
async function isRefused(bytes: Uint8Array): Promise<boolean> {
  try {
    await keysOf(await opened(bytes))
    return false
  } catch (error) {
    assert.ok(isHoldfastError(error, 'archive_damaged'), String(error))
    return true
  }
}

test('an archive gives its objects as any storage does, and takes none', async () => {
  const storage = await opened(tar(objects))
  assert.deepEqual(
    await keysOf(storage),
    objects.map(([key]) => key),
  )
  assert.deepEqual(await keysOf(storage, 'chunks/'), ['chunks/ab/empty', 'chunks/ab/block'])
  for (const [key, text] of objects) {
    assert.equal(Buffer.from(await storage.get(key)).toString(), text)
    assert.deepEqual(await storage.head(key), { key, size: text.length, modified })
  }
  const part = await storage.get('holdfast', { offset: 2, length: 3 })
  assert.equal(Buffer.from(part).toString(), 'ade')
  assert.equal((await storage.get('holdfast', { offset: 9 })).length, 0)
  assert.equal(await storage.head('keys/1'), null)
  await assert.rejects(storage.get('keys/1'), { code: 'storage_not_found' })
  await assert.rejects(storage.get('../etc/passwd'), { code: 'storage_failed' })
  for (const change of [storage.put('keys/1', new Uint8Array()), storage.delete('holdfast')])
    await assert.rejects(change, (error) => isHoldfastError(error, 'storage_denied') && /holdfast copy/.test(error.hint)) // prettier-ignore
  const cancelled = { signal: AbortSignal.abort() }
  await assert.rejects(storage.get('holdfast', cancelled), { code: 'cancelled' })
  await assert.rejects(keysOf(openArchiveStorage(join(directory, 'none'))), { code: 'storage_not_found' })
})

test('an archive that is cut anywhere is told, and so is any byte that was changed between its objects', async () => {
  const bytes = tar(objects)
  assert.equal(await isRefused(bytes), false)
  const inside = new Set<number>()
  let at = 0
  for (const [, text] of objects) {
    for (let byte = 0; byte < text.length; byte++) inside.add(at + 512 + byte)
    at += 512 + text.length + tarPadding(text.length)
  }
  for (let length = 0; length < bytes.length; length += 1)
    assert.ok(await isRefused(bytes.subarray(0, length)), `cut to ${length}`)
  for (let place = 0; place < bytes.length; place += 1) {
    const changed = Buffer.from(bytes)
    changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8))
    assert.equal(await isRefused(changed), !inside.has(place), `byte ${place}`)
  }
})

test('what is no archive, or holds what none may hold, is refused', async () => {
  const long = 'x'.repeat(2000)
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from(long)],
    ['a key twice', tar([...objects, ['holdfast', 'other']])],
    ['a way out', tar([['../holdfast', 'header']])],
    ['a whole path', tar([['/holdfast', 'header']])],
    ['something behind its end', Buffer.concat([tar(objects), Buffer.from('x')])],
    ['more zeroes than end it', Buffer.concat([tar(objects), Buffer.alloc(512)])],
    ['an object longer than the file', tar([['holdfast', 'header']], { size: 8 ** 11 - 1 })],
  ] as const)
    assert.ok(await isRefused(bytes), what)
  for (const member of [
    { name: 'x'.repeat(101), size: 0 },
    { name: 'ü', size: 0 },
    { name: 'x', size: 8 ** 11 },
  ])
    assert.throws(() => tarHeader({ ...member, modified }), RangeError)
})

test('a file that changes after it was opened is not read on', async () => {
  const path = join(directory, 'changing.holdfast')
  await writeFile(path, tar(objects))
  const storage = openArchiveStorage(path)
  await storage.get('holdfast')
  await writeFile(path, (await readFile(path)).subarray(0, 600))
  await assert.rejects(storage.get('manifests/one'), { code: 'archive_damaged' })
})
