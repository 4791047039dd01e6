import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '../../src/lib/clock.ts'
import type { ManifestChunk } from '../../src/repository/format/manifest.ts'
import { initRepository } from '../../src/repository/init.ts'
import { encodeManifest } from '../../src/repository/manifests.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { numberedName } from '../support/chunks.ts'
import { sampleManifest } from '../support/repository.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const program = fileURLToPath(new URL('../support/prune-many.ts', import.meta.url))

const backups = 5000
const chunksOfEach = 200
const newOfEach = 40
const mostMegabytes = 400

test('5,000 backups with 200,000 chunks are pruned in less than 400 MB', async (t) => {
  const directory = join(await temporaryDirectory(t), 'repo')
  const { hostCredentials: host } = await initRepository({
    storage: openLocalStorage(directory),
    clock: systemClock,
    hostName: 'alpha',
    recipient: { kind: 'new-identity' },
  })
  await mkdir(join(directory, 'manifests'))
  const named = (n: number): ManifestChunk => [numberedName(n), 4_000_000, 300]
  const chunks = Array.from({ length: chunksOfEach }, (_, n) => named(n))
  let next = chunksOfEach
  for (let i = 0; i < backups; i++) {
    for (let n = 0; n < newOfEach; n++, next++) chunks[next % chunksOfEach] = named(next)
    const manifest = sampleManifest(host, { chunks, contents: chunks[0]?.[0] ?? '' })
    // Not by a put, which would sync each of them.
    await writeFile(join(directory, 'manifests', manifest.id), encodeManifest(manifest, host))
  }
  const args = ['--disable-warning=ExperimentalWarning', program, directory, String(next)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const [removed, objects, megabytes] = stdout.trim().split(' ').map(Number)
  t.diagnostic(`${megabytes} MB`)
  assert.deepEqual([removed, objects], [backups - 1, next - chunksOfEach])
  assert.ok((megabytes ?? Infinity) < mostMegabytes, `${megabytes} MB`)
})
