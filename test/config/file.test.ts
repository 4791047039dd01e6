import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { changeConfigFile, findConfigFile, readConfigFile } from '../../src/config/file.ts'
import { randomOf } from '../oracle/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const child = fileURLToPath(new URL('write-child.ts', import.meta.url))
const appender = fileURLToPath(new URL('append-child.ts', import.meta.url))
const me = process.getuid?.()
const { signal } = new AbortController()

async function write(path: string, text: string): Promise<string> {
  return await changeConfigFile({ path, absent: '', change: () => text, signal })
}

/** Makes what killed processes left old enough to be known as that. */
async function ageClaims(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.includes('claim')) await utimes(join(directory, name), 0, 0).catch(() => undefined)
}

test('a writer that is killed at any moment leaves the old text or the new one, whole', async (t) => {
  const seed = process.env['SEED'] ?? String(Date.now())
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  await writeFile(path, 'a'.repeat(1_000_000))
  for (let round = 0; round < 6; round++) {
    const writer = spawn(process.execPath, [child, path, 'a', 'b'], { stdio: ['ignore', 'pipe', 'inherit'] })
    let left = random.between(1, 40)
    writer.stdout.on('data', (dots: Buffer) => {
      left -= dots.length
      if (left <= 0) writer.kill('SIGKILL')
    })
    const [, signal] = (await once(writer, 'close')) as [unknown, unknown]
    assert.equal(signal, 'SIGKILL')
    const text = await readFile(path, 'utf8')
    assert.ok(text.length === 1_000_000 && /^(a+|b+)$/.test(text), `${text.length} characters`)
    await ageClaims(directory)
  }
})

test('what several processes change at the same time is all there', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  const letters = ['a', 'b', 'c']
  await Promise.all(
    letters.map(async (letter) => {
      const writer = spawn(process.execPath, [appender, path, letter, '8'], { stdio: 'inherit' })
      const [status] = (await once(writer, 'close')) as [unknown]
      assert.equal(status, 0)
    }),
  )
  assert.equal([...(await readFile(path, 'utf8'))].sort().join(''), letters.map((l) => l.repeat(8)).join(''))
  assert.deepEqual(await readdir(directory), ['holdfast.json'])
})

test('a change waits for another one, but not for one whose process has died', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  await writeFile(path, 'old')
  const other = '.holdfast.json.claim-0'
  await writeFile(join(directory, other), '')
  const claims = new Set<string>()
  let ended = false
  const changed = write(path, 'new').finally(() => (ended = true))
  // The second claim of its own says that the first was taken back.
  while (claims.size < 2 && !ended)
    for (const name of await readdir(directory))
      if (name.includes('claim') && name !== other) claims.add(name)
  assert.equal(await readFile(path, 'utf8'), 'old')
  await ageClaims(directory)
  assert.equal(await changed, 'new')
  assert.deepEqual(await readdir(directory), ['holdfast.json'])

  await writeFile(join(directory, other), '')
  const stopped = changeConfigFile({ path, change: (text) => text, signal: AbortSignal.abort() })
  await assert.rejects(stopped, { name: 'AbortError' })
  assert.deepEqual(await readdir(directory), [other, 'holdfast.json'])
})

test('a write that has no room leaves the file as it was, and nothing beside it', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  await writeFile(path, 'old')
  const shell = ['-c', `ulimit -f 4; "$0" "$1" "$2" a`, process.execPath, child, path]
  const { status, stderr } = spawnSync('sh', shell, { encoding: 'utf8' })
  assert.notEqual(status, 0)
  assert.match(stderr, /storage_full/)
  assert.equal(await readFile(path, 'utf8'), 'old')
  assert.deepEqual(await readdir(directory), ['holdfast.json'])
})

test('a new file can be read by all; a file that is there keeps its permissions, and a link stays one', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  await write(path, 'one')
  assert.equal((await stat(path)).mode & 0o777, 0o644 & ~process.umask())
  await chmod(path, 0o600)
  await symlink('holdfast.json', join(directory, 'link'))
  await write(join(directory, 'link'), 'two')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(
    [await readFile(path, 'utf8'), await readlink(join(directory, 'link'))],
    ['two', 'holdfast.json'],
  )
  await assert.rejects(write(join(directory, 'none/holdfast.json'), 'x'), { code: 'usage' })
})

test('the nearest file upwards is found; one that others could have written is refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const deep = join(directory, 'a/b')
  await mkdir(deep, { recursive: true })
  const path = join(directory, 'holdfast.json')
  await writeFile(path, '{}')
  await chmod(path, 0o644)
  await mkdir(join(directory, 'a/holdfast.json'))
  assert.equal(await findConfigFile(deep, me), path, 'a directory of that name is none')
  assert.equal(await findConfigFile(deep, undefined), path)

  const untrusted = { code: 'config_untrusted' }
  const { uid } = await stat(path)
  if (uid === 0) assert.equal(await findConfigFile(deep, 12345), path, 'the administrator is trusted')
  else await assert.rejects(findConfigFile(deep, uid + 1), untrusted)
  await chmod(path, 0o666)
  await assert.rejects(findConfigFile(deep, me), untrusted)
})

test('what can not be a configuration is refused before it is parsed', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'holdfast.json')
  await assert.rejects(readConfigFile(path), { code: 'config_missing' })
  await assert.rejects(readConfigFile(directory), { code: 'config_missing' })
  await writeFile(path, Buffer.from([0x7b, 0xff, 0x7d]))
  await assert.rejects(readConfigFile(path), {
    code: 'config_invalid',
    message: `${path} is not UTF-8 text.`,
  })
  await writeFile(path, ' '.repeat(2 ** 20 + 1))
  await assert.rejects(readConfigFile(path), { code: 'config_invalid' })
})
