import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A repository, and shells in which `$holdfast` starts the program. */
async function setUp(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const env = { PATH: process.env['PATH'], HOME: directory, HOLDFAST_REPO: 'repo' }
  const how = { cwd: directory, env }
  const shell = (script: string) => {
    const whole = script.replaceAll('$holdfast', 'exec "$0" "$1"')
    return spawnSync('sh', ['-c', whole, process.execPath, main], { ...how, encoding: 'utf8' })
  }
  const start = (...args: string[]) => spawn(process.execPath, [main, ...args], how)
  assert.equal(shell('$holdfast init repo').status, 0)
  return { directory, shell, start }
}

const lost =
  /^holdfast: The command was done, but its result could not be written to stdout: ENOSPC.*\n.*what to do:.*\n.*result_lost\n$/

test('a result that stdout does not take fails the command, once and in words', async (t) => {
  const { shell } = await setUp(t)
  for (const args of ['list --json', 'keys', '--help']) {
    const { status, stderr } = shell(`$holdfast ${args} --quiet >/dev/full`)
    assert.equal(status, 1, args)
    assert.match(stderr, lost, args)
  }
  assert.equal(shell('$holdfast list --json >/dev/full 2>/dev/full').status, 1)
})

test('a failure that stdout does not take is told on stderr, with its own exit status', async (t) => {
  const { shell } = await setUp(t)
  for (const args of ['list --repo nowhere --json', 'list --repo nowhere']) {
    const { status, stderr } = shell(`$holdfast ${args} >/dev/full`)
    assert.equal(status, 3)
    assert.match(stderr, /^holdfast: There is no Holdfast repository.*\n.*\n.*repository_missing\n$/)
  }
})

test('a file that takes a part of the result only fails the command, too', async (t) => {
  const { directory, shell } = await setUp(t)
  // A limit on the size of files cuts a write in the middle as a full disk does: Node takes the part for the whole.
  const { status, stderr } = shell('ulimit -f 1; $holdfast keys --json >result')
  assert.equal(status, 1, stderr)
  assert.match(stderr, /could not be written to stdout: EFBIG[\s\S]*result_lost/)
  assert.ok((await readFile(join(directory, 'result'))).length > 0)
  assert.equal(shell('$holdfast keys --json >result').status, 0)
})

test('a reader that has seen enough fails nothing', async (t) => {
  const { start } = await setUp(t)
  const child = start('list', '--json')
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [status] = (await once(child, 'close')) as [number]
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
})
