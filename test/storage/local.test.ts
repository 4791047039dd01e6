import assert from 'node:assert/strict'
import { spawn, execFile } from 'node:child_process'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sharedDirectorySync } from '../../src/storage/directory-sync.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { listed, storageConformance } from './conformance.ts'

const child = new URL('./local-child.ts', import.meta.url).pathname
const run = promisify(execFile)

storageConformance(
  'local',
  async (t) => openLocalStorage(join(await temporaryDirectory(t), 'not', 'made', 'yet')),
  { manyKeys: 1000 },
)

test('directories and files are for their owner only', async (t) => {
  const root = join(await temporaryDirectory(t), 'repository')
  await openLocalStorage(root).put('a/b/c', Buffer.from('x'))
  for (const path of ['', 'a', 'a/b', 'tmp'])
    assert.equal((await stat(join(root, path))).mode & 0o777, 0o700, path)
  assert.equal((await stat(join(root, 'a/b/c'))).mode & 0o777, 0o600)
})

test('where no directory can be made a put ends with why', async () => {
  // Says of itself that it is there, and of what is made in it that something above is not.
  await assert.rejects(openLocalStorage('/proc/no/repository').put('a/b', Buffer.from('x')), {
    code: 'storage_failed',
    message: /\/proc\/no\/repository can't be made: ENOENT.*'\/proc\/no'/,
  })
})

test('a put that ends leaves nothing in tmp/', async (t) => {
  const root = await temporaryDirectory(t)
  const storage = openLocalStorage(root)
  await Promise.all(Array.from({ length: 8 }, () => storage.put('a/b', Buffer.from('x'))))
  await writeFile(join(root, 'file'), 'in the way of a directory')
  await assert.rejects(storage.put('file/b', Buffer.from('x')), {
    code: 'storage_failed',
    message: /file\/b/,
  })
  assert.deepEqual(await readdir(join(root, 'tmp')), [])
})

test('what a killed process left in tmp/ is never listed, and goes after a day', async (t) => {
  const root = await temporaryDirectory(t)
  await mkdir(join(root, 'tmp'))
  await writeFile(join(root, 'tmp', 'old'), 'part of an object')
  await writeFile(join(root, 'tmp', 'fresh'), 'part of an object')
  const { mtime } = await stat(join(root, 'tmp', 'old'))
  await utimes(join(root, 'tmp', 'old'), mtime, new Date(mtime.getTime() - 25 * 60 * 60 * 1000))
  const storage = openLocalStorage(root)
  assert.deepEqual(await listed(storage, ''), [])
  await storage.put('a', Buffer.from('x'))
  assert.deepEqual(await listed(storage, ''), ['a'])
  assert.deepEqual(await readdir(join(root, 'tmp')), ['fresh'])
})

test('files that are not ours are passed over', async (t) => {
  const root = await temporaryDirectory(t)
  const storage = openLocalStorage(root)
  await storage.put('a/b', Buffer.from('x'))
  await mkdir(join(root, 'lost+found'))
  await writeFile(join(root, 'lost+found', 'x'), '')
  await writeFile(join(root, 'a', 'notes (copy).txt'), '')
  await symlink('/etc/passwd', join(root, 'a', 'link'))
  assert.deepEqual(await listed(storage, ''), ['a/b'])
})

test('what is no file is not taken for an object that is there', async (t) => {
  const root = await temporaryDirectory(t)
  const storage = openLocalStorage(root)
  await storage.put('a/b', Buffer.from('x'))
  await symlink('b', join(root, 'a', 'link'))
  await symlink('nowhere', join(root, 'a', 'dangling'))
  await mkdir(join(root, 'a', 'directory'))
  for (const name of ['link', 'dangling', 'directory']) {
    const putting = storage.put(`a/${name}`, Buffer.from('x'))
    await assert.rejects(putting, { code: 'storage_failed', message: /is no file of its own/ })
    assert.equal(await storage.head(`a/${name}`), null)
  }
})

test('directories that vanished are made again', async (t) => {
  const root = await temporaryDirectory(t)
  const storage = openLocalStorage(root)
  await storage.put('a/b', Buffer.from('x'))
  await run('rm', ['-r', join(root, 'a'), join(root, 'tmp')])
  assert.equal(await storage.put('a/b', Buffer.from('y')), 'stored')
  assert.equal(Buffer.from(await storage.get('a/b')).toString(), 'y')
})

test('a storage that has gone is not made anew, and nothing of it is taken for absent', async (t) => {
  const directory = await temporaryDirectory(t)
  const [root, away] = [join(directory, 'repository'), join(directory, 'away')]
  const storage = openLocalStorage(root)
  await storage.put('a/b', Buffer.from('x'))
  const calls: (() => Promise<unknown>)[] = [
    () => storage.put('a/c', Buffer.from('x')),
    () => storage.put('new/c', Buffer.from('x')),
    () => storage.get('a/b'),
    () => storage.head('a/b'),
    () => storage.delete('a/b'),
    () => listed(storage, ''),
  ]
  await rename(root, away)
  for (const call of calls) await assert.rejects(call(), { code: 'storage_unreachable', message: /repository is not there/ }) // prettier-ignore
  assert.deepEqual(await readdir(directory), ['away'])
  await rename(away, root)
  await storage.put('new/c', Buffer.from('x'))
  assert.deepEqual(await listed(storage, ''), ['a/b', 'new/c'])
})

test('the directory that a disk was mounted on is not taken for the disk', async (t) => {
  const [disk, below] = [await mkdtemp('/dev/shm/holdfast-'), await temporaryDirectory(t)]
  t.after(() => rm(disk, { recursive: true }))
  const root = join(await temporaryDirectory(t), 'mounted')
  await symlink(disk, root)
  const storage = openLocalStorage(root)
  await storage.put('a/b', Buffer.from('x'))
  await unlink(root)
  await symlink(below, root)
  await assert.rejects(storage.put('a/c', Buffer.from('x')), { code: 'storage_unreachable' })
  await assert.rejects(storage.get('a/b'), { code: 'storage_unreachable' })
  assert.deepEqual(await readdir(below), [])
})

test('after kill -9 in the middle of puts every object is whole, and the next put works', async (t) => {
  const root = await temporaryDirectory(t)
  const size = 2_000_000
  let objects = 0
  let cut = 0
  for (let round = 0; round < 8; round++) {
    const process_ = spawn(process.execPath, [child, root, 'fill', String(size)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => process_.once('exit', resolve))
    await new Promise((resolve) => process_.stdout.once('data', resolve))
    await sleep(20 + round * 7)
    process_.kill('SIGKILL')
    await ended
    const storage = openLocalStorage(root)
    for await (const { key, size: found } of storage.list('')) {
      assert.equal(found, size, key)
      const fill = Number(key.split('.')[1])
      assert.ok(Buffer.alloc(size, fill).equals(await storage.get(key)), key)
      objects += 1
      await storage.delete(key)
    }
    // There is none before the first put has begun.
    cut += (await readdir(join(root, 'tmp')).catch(() => [])).length
    assert.equal(await storage.put(`after/${round}`, Buffer.from('x')), 'stored')
    await storage.delete(`after/${round}`)
  }
  assert.ok(objects > 0, 'some objects were written')
  assert.ok(cut > 0, 'some writes were cut in the middle')
})

test('a disk that has no room says storage_full, names the path, and keeps no part', async (t) => {
  const root = await temporaryDirectory(t)
  // A limit on the size of files is the nearest to a full disk that needs no rights: writes stop in the middle.
  const limited = ['-c', 'ulimit -f 256; exec "$0" "$@"', process.execPath, child, root, 'put']
  const { stdout } = await run('sh', [...limited, '5000000'])
  assert.match(stdout, /^storage_full Cannot write .*\/a\/b: EFBIG/)
  assert.deepEqual(await listed(openLocalStorage(root), ''), [])
  assert.deepEqual(await readdir(join(root, 'tmp')), [])
  assert.equal((await run('sh', [...limited, '50000'])).stdout, 'stored')
})

test('a storage that may not be written says storage_denied and names the path', async (t) => {
  const root = await temporaryDirectory(t)
  await chmod(root, 0o555)
  const { stdout } = await run(process.execPath, [child, root, 'put', '10', 'nobody'])
  assert.match(stdout, /^storage_denied Cannot write .*\/a\/b: EACCES/)
})

test('syncs of a directory are shared, but never joined under way', async () => {
  const begun: (() => void)[] = []
  const sync = sharedDirectorySync(() => new Promise((resolve) => begun.push(resolve)))
  const done: string[] = []
  const ask = (who: string) => sync(tmpdir()).then(() => done.push(who))
  const all = [ask('a'), ask('b'), ask('c')]
  assert.equal(begun.length, 1)
  begun[0]?.()
  await all[0]
  assert.deepEqual(done, ['a'])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(begun.length, 2)
  all.push(ask('d'))
  begun[1]?.()
  await Promise.all(all.slice(0, 3))
  assert.deepEqual(done, ['a', 'b', 'c'])
  await new Promise((resolve) => setImmediate(resolve))
  begun[2]?.()
  await Promise.all(all)
  assert.deepEqual([begun.length, done], [3, ['a', 'b', 'c', 'd']])
})

test('a sync that fails fails those who waited for it, and the next one begins anew', async () => {
  let calls = 0
  const sync = sharedDirectorySync(async () => {
    calls += 1
    if (calls === 1) throw new Error('disk error')
  })
  const [first, second] = await Promise.allSettled([sync('/d'), sync('/d')])
  assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled'])
  await sync('/d')
  assert.equal(calls, 3)
})
