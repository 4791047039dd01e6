import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { chmod, cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { version } from '../../src/version.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const launcher = join(root, 'bin/holdfast')
const bundled = `node-linux-${process.arch}`

/** A directory with a `node` that says it is of this version, and runs `then` when asked for anything else. */
async function fakeNode(directory: string, version: string, then = 'exit 99'): Promise<string> {
  const bin = join(directory, `bin ${version}`)
  await mkdir(bin, { recursive: true })
  await writeFile(join(bin, 'node'), `#!/bin/sh\nif [ "$1" = -v ]; then echo ${version}; exit; fi\n${then}\n`)
  await chmod(join(bin, 'node'), 0o755)
  return bin
}

/** Only the system's own tools, behind the directory whose `node` is to be found. */
function run(
  program: string,
  options: { path: string; cwd?: string; args?: string[] },
): SpawnSyncReturns<string> {
  return spawnSync(program, options.args ?? ['--version'], {
    cwd: options.cwd ?? root,
    env: { PATH: `${options.path}:/usr/bin:/bin` },
    encoding: 'utf8',
  })
}

function assertRuns(result: SpawnSyncReturns<string>): void {
  assert.equal(result.stderr, '')
  assert.equal(result.stdout, `${version}\n`)
  assert.equal(result.status, 0)
}

/** A copy of the launcher in its own tree, with the sources beside it. */
async function copyOfLauncher(folder: string): Promise<string> {
  await mkdir(join(folder, 'bin'), { recursive: true })
  await cp(launcher, join(folder, 'bin/holdfast'))
  await symlink(join(root, 'src'), join(folder, 'src'))
  return join(folder, 'bin/holdfast')
}

test('with an old node on PATH the one from npm is used, from any directory', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v20.20.2')
  assertRuns(run(launcher, { path, cwd: '/' }))
})

test('through symbolic links, absolute and relative, one after another', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v20.20.2')
  await symlink(launcher, join(directory, 'absolute'))
  await symlink('absolute', join(directory, 'relative'))
  assertRuns(run(join(directory, 'relative'), { path, cwd: directory }))
  assertRuns(run('./relative', { path, cwd: directory }))
  assertRuns(run('holdfast', { path: `${path}:${dirname(launcher)}`, cwd: directory }))
})

test('from a path with spaces', async (t) => {
  const directory = join(await temporaryDirectory(t), 'a folder', "of the user's")
  const path = await fakeNode(directory, 'v20.20.2')
  const copy = await copyOfLauncher(directory)
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  assertRuns(run(copy, { path }))
})

test('installed as a dependency, where npm puts Node beside it', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v20.20.2')
  const copy = await copyOfLauncher(join(directory, 'node_modules/holdfast'))
  const node = await realpath(join(root, 'node_modules', bundled))
  await symlink(node, join(directory, 'node_modules', bundled))
  await mkdir(join(directory, 'node_modules/.bin'))
  await symlink('../holdfast/bin/holdfast', join(directory, 'node_modules/.bin/holdfast'))
  assertRuns(run(copy, { path }))
  assertRuns(run(join(directory, 'node_modules/.bin/holdfast'), { path }))
})

test('a new enough node of the machine comes first, and is given all arguments', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v24.0.0', 'printf "%s\\n" "$@"')
  const { stdout, status } = run(launcher, { path, args: ['list', '--repo', 'a b', '', '$HOME'] })
  assert.equal(status, 0)
  assert.deepEqual(stdout.split('\n'), [
    '--disable-warning=ExperimentalWarning',
    join(root, 'src/cli/main.ts'),
    'list',
    '--repo',
    'a b',
    '',
    '$HOME',
    '',
  ])
})

test('node takes the place of the launcher, so that it gets the signals', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v25.1.0', 'echo $$')
  const result = run(launcher, { path })
  assert.equal(result.stdout.trim(), String(result.pid))
})

test('without a new enough node it says how to get one', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v20.20.2')
  const copy = await copyOfLauncher(join(directory, 'alone'))
  const { status, stdout, stderr } = run(copy, { path })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /needs Node 24 or newer \(found on this machine: v20\.20\.2\)/)
  assert.match(stderr, /npm ci/)
  assert.equal(basename(copy), 'holdfast')
})
