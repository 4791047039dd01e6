import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { printHostFile } from '../../src/repository/hostfile.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { randomOf } from '../oracle/random.ts'
import { sharedKeys } from '../support/copies.ts'
import { backUp, prunePlace, readAll, wholeBackups } from '../support/prune.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test('a copy that is killed at any moment leaves whole backups, and the next one ends it', async (t) => {
  const directory = await temporaryDirectory(t)
  const from = openLocalStorage(join(directory, 'a'))
  const place = await prunePlace(from)
  const hostFile = join(directory, 'host.json')
  await writeFile(hostFile, printHostFile(place.credentials), { mode: 0o600 })
  const rows = Array.from({ length: 40 }, (_, index) => `row ${index}`.repeat(5000))
  for (let backup = 0; backup < 5; backup++) await backUp(place, rows.slice(backup * 5, backup * 5 + 20))
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  const random = randomOf(seed)
  t.diagnostic(`seed ${seed}`)

  /** Copies, and is killed when so many objects are there; null: never. True if it came to its end. */
  const copy = async (killAt: number | null): Promise<boolean> => {
    const args = [
      main,
      'copy',
      join(directory, 'a'),
      join(directory, 'b'),
      '--host-file',
      hostFile,
      '--quiet',
    ]
    const child = spawn(process.execPath, args, { env: { ...process.env, HOME: directory }, stdio: 'ignore' })
    const ended = once(child, 'exit')
    let over = false
    void ended.then(() => (over = true))
    const to = openLocalStorage(join(directory, 'b'))
    while (killAt !== null && !over) {
      // A directory that is being made may be gone from one look to the next.
      const keys = await sharedKeys(to).catch(() => [])
      if (keys.length >= killAt) child.kill('SIGKILL')
    }
    const [status] = (await ended) as [number | null]
    return status === 0
  }

  const all = (await sharedKeys(from)).length
  let killed = 0
  for (let at = 1; at < all; at += random.between(2, 9)) {
    if (!(await copy(at))) killed += 1
    const to = openLocalStorage(join(directory, 'b'))
    if ((await to.head('holdfast')) !== null) await wholeBackups({ storage: to })
  }
  assert.ok(killed > 3, `${killed} of the copies were killed`)
  assert.equal(await copy(null), true)
  const to = openLocalStorage(join(directory, 'b'))
  assert.deepEqual(await sharedKeys(to), await sharedKeys(from))
  for (const key of await sharedKeys(from)) assert.deepEqual(await to.get(key), await from.get(key), key)
  assert.equal((await readAll({ storage: to, identity: place.identity })).length, 5)
})
