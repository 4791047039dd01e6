import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { expectedRepository } from '../support/repository-vector.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const absolute = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const main = absolute('../../src/cli/main.ts')
const secretFile = absolute('../../src/cli/secret-file.ts')
const objects = absolute('../vectors/repository/objects')

/** Where not even root may make a file, on every Linux. */
const forbidden = '/sys/holdfast-test'

/** A limit on the size of files, 512 bytes: writes stop in the middle as on a disk that has no more room. */
const small = ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath]

/** A directory of the user's, and a way to run the program in it. */
async function setUp(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const how = {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory },
    encoding: 'utf8',
  } as const
  const run = (...args: string[]) => spawnSync(process.execPath, [main, ...args], how)
  const runSmall = (...args: string[]) => spawnSync('sh', [...small, main, ...args], how)
  return { directory, how, run, runSmall }
}

test('an export that has no room says storage_full with the path, and leaves nothing', async (t) => {
  const { directory, run, runSmall } = await setUp(t)
  await writeFile(join(directory, 'me.txt'), expectedRepository.identity, { mode: 0o600 })
  await mkdir(join(directory, 'exports'))
  // Reading leaves marks of use.
  await cp(objects, join(directory, 'repository'), { recursive: true })
  for (const format of ['sql', 'folder', 'csv', 'json']) {
    const args = ['export', 'latest', '-f', format, '-r', 'repository', '-i', 'me.txt', '--quiet', '-o']
    const { status, stderr } = runSmall(...args, 'exports/out')
    assert.equal(status, 1, stderr)
    assert.match(
      stderr,
      /^holdfast: Cannot write \/.*\/exports\/out: EFBIG.*\n.*Make room.*\n.*storage_full\n$/,
    )
    assert.deepEqual(await readdir(join(directory, 'exports')), [])
    if (format !== 'folder') continue
    const denied = run(...args, forbidden)
    assert.equal(denied.status, 5)
    assert.match(denied.stderr, /^holdfast: Cannot write \/sys\/holdfast-test: .*\n.*\n.*storage_denied\n$/)
    const nowhere = run(...args, 'nowhere/out')
    assert.equal(nowhere.status, 2)
    assert.match(nowhere.stderr, /^holdfast: Cannot write \/.*\/nowhere\/out: ENOENT.*\n.*\n.*usage\n$/)
  }
})

test('a secret that has no room says storage_full with the path, and is not in the way of the next try', async (t) => {
  const { directory, how } = await setUp(t)
  const write = `import(process.argv[1]).then(({ writeSecretFile }) => writeSecretFile('keys/me.txt', 'x'.repeat(1000))).then(
    () => console.log('written'), ({ code, message }) => console.log(code, message))`
  const { stdout } = spawnSync('sh', [...small, '-e', write, secretFile], how)
  assert.match(stdout, /^storage_full Cannot write \/.*\/keys\/me\.txt: EFBIG/)
  assert.deepEqual(await readdir(join(directory, 'keys')), [])
  assert.equal(spawnSync(process.execPath, ['-e', write, secretFile], how).stdout, 'written\n')
  assert.equal((await readFile(join(directory, 'keys/me.txt'))).length, 1000)
  const again = spawnSync(process.execPath, ['-e', write, secretFile], how)
  assert.match(again.stdout, /^secret_file_exists/)
  assert.equal((await readFile(join(directory, 'keys/me.txt'))).length, 1000)
})

test('a secret that may not be written makes no repository; an admitted host without its file is told', async (t) => {
  const { directory, run } = await setUp(t)
  for (const option of ['--identity', '--host-file']) {
    const { status, stderr } = run('init', 'repo', '--identity', 'me.txt', option, forbidden)
    assert.equal(status, 5, stderr)
    assert.match(stderr, /^holdfast: Cannot write \/sys\/holdfast-test: .*\n.*\n.*storage_denied\n$/)
    assert.equal(run('list', '--repo', 'repo').status, 3)
  }
  assert.equal(run('init', 'repo', '--identity', 'me.txt').status, 0, 'nothing is in the way')
  const { status, stderr } = run('keys', 'admit', 'db2', '--out', forbidden, '-r', 'repo', '-i', 'me.txt')
  assert.equal(status, 5)
  assert.match(stderr, /db2 is admitted, but without its file: first holdfast keys revoke db2/)
  // A link to nothing is in the way as a file is, and seen before anything is changed.
  await symlink('nowhere', join(directory, 'link.json'))
  const linked = run('keys', 'admit', 'db3', '--out', 'link.json', '-r', 'repo', '-i', 'me.txt')
  assert.match(linked.stderr, /There is a file at .*link\.json already\.\n.*nothing was overwritten\.\n/)
})
