/**
 * How long the program takes to list 5,000 backups of one source on a local disk, each of 200 chunks, from its start to its end: when it
 * has read none of them before, and when it has. Prints a row of a table. `npm run bench:listing`
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/lib/clock.ts'
import type { ManifestChunk } from '../src/repository/format/manifest.ts'
import { initRepository } from '../src/repository/init.ts'
import { encodeManifest } from '../src/repository/manifests.ts'
import { openLocalStorage } from '../src/storage/local.ts'
import { sampleManifest } from '../test/support/repository.ts'

const backups = 5000
const chunksOfEach = 200
const rounds = 5

const program = fileURLToPath(new URL('../bin/holdfast', import.meta.url))
const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-listing-'))
try {
  const repo = join(directory, 'repo')
  await fill(repo)
  const cold: number[] = []
  const warm: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await rm(join(directory, '.cache/holdfast/summaries'), { recursive: true, force: true })
    cold.push(list(repo))
    warm.push(list(repo))
  }
  const range = (ms: readonly number[]): string =>
    `${(Math.min(...ms) / 1000).toFixed(2)}-${(Math.max(...ms) / 1000).toFixed(2)} s`
  process.stdout.write(`| 5,000 backups listed | ${range(cold)} | ${range(warm)} |\n`)
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** Each backup has a few chunks that the one before it has not. */
async function fill(repo: string): Promise<void> {
  const { hostCredentials: host } = await initRepository({
    storage: openLocalStorage(repo),
    clock: systemClock,
    hostName: 'bench',
    recipient: { kind: 'new-identity' },
  })
  const chunk = (n: number): ManifestChunk => [createHash('sha256').update(`${n}`).digest('hex'), 4e6, 1e6]
  const chunks = Array.from({ length: chunksOfEach }, (_, n) => chunk(n))
  await mkdir(join(repo, 'manifests'), { recursive: true })
  for (let n = 0; n < backups; n += 1) {
    chunks[n % chunksOfEach] = chunk(chunksOfEach + n)
    const manifest = sampleManifest(host, { contents: chunks[0]?.[0] ?? '', chunks: [...chunks] })
    await writeFile(join(repo, 'manifests', manifest.id), encodeManifest(manifest, host))
  }
}

function list(repo: string): number {
  const began = performance.now()
  const env = { PATH: process.env['PATH'], HOME: directory }
  const { status, stderr } = spawnSync(program, ['list', '--repo', repo], { env, maxBuffer: 1e8 })
  if (status !== 0) throw new Error(stderr.toString())
  return performance.now() - began
}
