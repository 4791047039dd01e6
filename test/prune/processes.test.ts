import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLocalStorage } from '../../src/storage/local.ts'
import { randomOf } from '../oracle/random.ts'
import type { PruneChild } from '../support/prune-child.ts'
import { keysBelow, prune, prunePlace, readAll } from '../support/prune.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const program = fileURLToPath(new URL('../support/prune-child.ts', import.meta.url))

/** A process at work; `ended` resolves to what it printed, and how it ended. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args])
  let printed = ''
  let lines = 0
  const waiting: (() => void)[] = []
  child.stdout.on('data', (data: Buffer) => {
    printed += data.toString()
    lines = printed.split('\n').length - 1
    for (const resolve of waiting.splice(0)) resolve()
  })
  child.stderr.on('data', (data: Buffer) => (printed += data.toString()))
  const ended = new Promise<{ printed: string; code: number | null }>((resolve) => {
    child.on('close', (code) => {
      resolve({ printed, code })
      for (const other of waiting.splice(0)) other()
    })
  })
  return {
    child,
    ended,
    /** Resolves when it has printed another line, or ended. */
    step: () =>
      child.exitCode === null ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve(),
    lines: () => lines,
  }
}

test('processes that back up, prune without a time of grace and read one repository, with wrong clocks, some killed: what is there is whole', async (t) => {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  const rounds = process.env['HOLDFAST_PRUNE_ROUNDS'] ?? '6'
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const directory = join(await temporaryDirectory(t), 'repo')
  const storage = openLocalStorage(directory)
  const { credentials, identity } = await prunePlace(storage)
  const file = join(directory, '../child.json')
  await writeFile(file, JSON.stringify({ directory, credentials, identity } satisfies PruneChild), {
    mode: 0o600,
  })
  const begin = (work: string, at: number) => start([work, file, `${seed}/${at}`, rounds])
  const steady = ['backup', 'backup', 'prune', 'prune', 'read'].map(begin)
  const doomed = begin('backup', 9)
  // In the middle of its work, wherever that is.
  await doomed.step()
  doomed.child.kill('SIGKILL')
  // As if a day had passed for all who back up: some are still at work, and are given up.
  for (let times = 0; times < 4; times++) {
    await random.pick(steady).step()
    const then = new Date(Date.now() - 2 * 86_400_000)
    for (const key of await keysBelow(storage, 'writing/'))
      await utimes(join(directory, key), then, then).catch(() => undefined)
  }
  for (const { ended } of steady) {
    const { code, printed } = await ended
    assert.equal(code, 0, `seed ${seed}: ${printed}`)
  }
  await doomed.ended
  const before = await readAll({ storage, identity })
  assert.ok(before.length > 0)
  const clock = { now: () => new Date() }
  for (let round = 0; round < 2; round++) await prune({ storage, clock }, { last: 1 }, { graceMs: 0 })
  const left = await readAll({ storage, identity })
  assert.ok(
    left.length > 0 && left.length <= before.length,
    `seed ${seed}: ${left.length} of ${before.length}`,
  )
})
