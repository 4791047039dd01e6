import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../support/many-backups.ts', import.meta.url))

test('lists of chunks that do not fit in memory together are read one after the other', async () => {
  // One list takes 1.7 MB of heap, all of them 51 MB.
  const limits = ['--max-old-space-size=36', '--disable-warning=ExperimentalWarning']
  const { stdout } = await promisify(execFile)(process.execPath, [...limits, program, '30', '10000'])
  assert.deepEqual(stdout.trim().split('\n'), [
    'listed 30 of 10000',
    'latest has 10000',
    'began number 31',
    'checked 10000, hurt 30',
    'prune would remove 29 and free 0',
    'revoked with 30',
  ])
})
