/**
 * How fast objects go into a repository's storage and out of it: a directory of this machine, and Ceph's object gateway over loopback,
 * which keeps all in memory. Prints a table. `npm run bench:storage`; needs the packages that tests named *.radosgw.test.ts need.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eachLimited } from '../src/lib/async.ts'
import { steadyClock } from '../src/lib/clock.ts'
import { openLocalStorage } from '../src/storage/local.ts'
import { measuredStorage } from '../src/storage/measured.ts'
import type { Storage } from '../src/storage/storage.ts'
import { startRadosgw } from '../test/support/radosgw.ts'
import { makeBucket, retryingS3 } from '../test/support/s3.ts'

/** Sizes of objects, how many of each, and how many calls at once, as a backup of four connections makes them. */
const loads = [
  { name: 'chunks of 4 MB', bytes: 4_000_000, objects: 150 },
  { name: 'small objects, 2 kB', bytes: 2000, objects: 1500 },
]
const atOnce = 4
const rounds = 3

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-storage-'))
const cluster = await startRadosgw()
try {
  await makeBucket(cluster, 'bench')
  process.stdout.write(
    '| objects | storage | written | read | per call: write, read |\n| --- | --- | --- | --- | --- |\n',
  )
  for (const { name, bytes, objects } of loads) {
    for (let round = 1; round <= rounds; round += 1) {
      const place = `${bytes}-${round}`
      const storages = {
        'local disk': openLocalStorage(join(directory, place)),
        'loopback S3': retryingS3(cluster, `s3://bench/${place}?endpoint=${cluster.endpoint}`),
      }
      for (const [which, storage] of Object.entries(storages)) {
        process.stdout.write(`| ${name} | ${which} | ${await measure(storage, bytes, objects)} |\n`)
      }
    }
  }
} finally {
  await cluster.stop()
  await rm(directory, { recursive: true, force: true })
}

async function measure(inner: Storage, bytes: number, objects: number): Promise<string> {
  const { storage, metrics } = measuredStorage(inner, { clock: steadyClock })
  const data = randomBytes(bytes)
  const keys = Array.from({ length: objects }, (_, index) => `chunks/${index % 256}/${index}`)
  const began = performance.now()
  await eachLimited(keys, atOnce, async (key) => void (await storage.put(key, data)))
  const written = performance.now()
  await eachLimited(keys, atOnce, async (key) => void (await storage.get(key)))
  const read = performance.now()
  const rate = (ms: number): string =>
    `${((bytes * objects) / ms / 1000).toFixed(1)} MB/s, ${Math.round((objects * 1000) / ms)}/s`
  const { put, get } = metrics()
  const per = [put, get].map(({ totalMs, calls }) => `${(totalMs / calls).toFixed(1)} ms`).join(', ')
  return `${rate(written - began)} | ${rate(read - written)} | ${per}`
}
