import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { chmod, chown, cp, mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { version } from '../../src/version.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const launcher = join(root, 'bin/holdfast')
const bundled = `node-linux-${process.arch}`

/** A directory with a `node` that says it is of this version, and runs `then` when asked for anything else. */
async function fakeNode(
  directory: string,
  version: string,
  then = 'exit 99',
  asked = "-v | '--liftoff-only -v'",
): Promise<string> {
  const bin = join(directory, `bin ${version}`)
  await mkdir(bin, { recursive: true })
  await writeFile(
    join(bin, 'node'),
    `#!/bin/sh\ncase "$*" in ${asked}) echo ${version}; exit;; esac\n${then}\n`,
  )
  await chmod(join(bin, 'node'), 0o755)
  return bin
}

/** Only the system's own tools, behind the directory whose `node` is to be found. */
function run(
  program: string,
  options: { path: string; cwd?: string; args?: string[]; env?: NodeJS.ProcessEnv },
): SpawnSyncReturns<string> {
  return spawnSync(program, options.args ?? ['--version'], {
    cwd: options.cwd ?? root,
    env: { PATH: `${options.path}:/usr/bin:/bin`, ...options.env },
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
    '--liftoff-only',
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

test("compiled code is kept in the user's own cache, unless somewhere else is asked for", async (t) => {
  const home = await temporaryDirectory(t)
  const path = await fakeNode(home, 'v24.0.0', 'echo "${NODE_COMPILE_CACHE-none}"')
  const kept = (env: NodeJS.ProcessEnv): string => run(launcher, { path, env }).stdout.trim()
  assert.equal(kept({ HOME: home }), join(home, '.cache/holdfast/compiled'))
  assert.equal(kept({ HOME: '/nowhere', XDG_CACHE_HOME: home }), join(home, 'holdfast/compiled'))
  assert.equal(kept({ HOME: home, NODE_COMPILE_CACHE: '/else' }), '/else')
  assert.equal(kept({ HOME: home, NODE_COMPILE_CACHE: '' }), '')
  assert.equal(kept({}), 'none')
  const foreign = join(home, 'foreign')
  await mkdir(foreign)
  // Only root can give a directory away, and for everybody else / is root's.
  if (process.getuid?.() === 0) await chown(foreign, 65534, 65534)
  assert.equal(kept({ HOME: process.getuid?.() === 0 ? foreign : '/' }), 'none')
})

test('a cache that is filled is used, and one that cannot be written is done without', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(directory, 'v20.20.2')
  const home = join(directory, 'home')
  await mkdir(home)
  for (let n = 0; n < 2; n++) assertRuns(run(launcher, { path, env: { HOME: home } }))
  assert.equal((await readdir(join(home, '.cache/holdfast/compiled'))).length, 1)
  await writeFile(join(home, 'file'), '')
  for (const cache of [join(home, 'file'), '/proc']) {
    assertRuns(run(launcher, { path, env: { XDG_CACHE_HOME: cache } }))
  }
})

test('a node that lacks an option of V8 is started without it', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = await fakeNode(
    directory,
    'v99.0.0',
    'if [ "$1" = --liftoff-only ]; then exit 9; fi; echo "$1"',
    '-v',
  )
  assert.equal(run(launcher, { path }).stdout, '--disable-warning=ExperimentalWarning\n')
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
