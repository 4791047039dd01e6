import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { WorkerRequest } from '../../src/repository/crypto/messages.ts'
import { createOpener } from '../../src/repository/crypto/opener.ts'
import { startPool } from '../../src/repository/crypto/pool.ts'
import { createSealer } from '../../src/repository/crypto/sealer.ts'
import { decodeRecipient } from '../../src/repository/format/age-keys.ts'
import { chunkName } from '../../src/repository/format/chunk-names.ts'
import { chunkKeys } from '../support/chunks.ts'

const { namingKey, epoch, identity } = chunkKeys()
const epochPublicKey = decodeRecipient(epoch.publicKey)

test('many chunks at once come back as they went in, on several threads', async () => {
  await using sealer = createSealer({ namingKey, epochPublicKey, threads: 3 })
  await using opener = createOpener({ namingKey, epochs: new Map([['e', identity]]), threads: 3 })
  const plains = Array.from({ length: 60 }, (_, i) => randomBytes((i * 7919) % 50_000))
  await Promise.all(
    plains.map(async (plain) => {
      const chunk = await sealer.name(Uint8Array.from(plain))
      assert.equal(chunk.name, chunkName(namingKey, plain))
      assert.equal(chunk.plainBytes, plain.length)
      assert.ok(plain.equals(await opener.open(chunk.name, await chunk.seal())))
    }),
  )
})

test('bytes are moved, not copied', async () => {
  await using sealer = createSealer({ namingKey, epochPublicKey, threads: 1 })
  const bytes = new Uint8Array(1000)
  const chunk = await sealer.name(bytes)
  assert.ok(bytes.buffer.detached)
  chunk.drop()
})

test('an error in a thread fails the call that waits, and the thread goes on', async () => {
  await using sealer = createSealer({ namingKey, epochPublicKey: new Uint8Array(31), threads: 1 })
  const chunk = await sealer.name(new Uint8Array(10))
  await assert.rejects(chunk.seal(), { name: 'HoldfastError', code: 'internal' })
  await assert.rejects(chunk.seal(), { code: 'internal', message: /not handed over/ })
  assert.equal((await sealer.name(new Uint8Array(0))).name, chunkName(namingKey, new Uint8Array(0)))
})

test('a thread that dies fails the calls that wait and all later ones', async () => {
  const pool = startPool({ threads: 1, setup: { work: 'seal', namingKey, epochPublicKey, level: 1 } })
  const worker = pool.pick()
  worker.tell(null as unknown as WorkerRequest)
  const waiting = worker.ask({ kind: 'name', job: 1, bytes: new Uint8Array(10) })
  await assert.rejects(waiting, { code: 'internal', message: /worker thread failed/ })
  await assert.rejects(pool.pick().ask({ kind: 'seal', job: 2 }), { code: 'internal' })
  pool.dispose()
})

test('what still waits when the pool is disposed is cancelled', async () => {
  const sealer = createSealer({ namingKey, epochPublicKey, threads: 2 })
  const waiting = Promise.allSettled([1, 2, 3].map(() => sealer.name(new Uint8Array(5_000_000))))
  await sealer[Symbol.asyncDispose]()
  for (const one of await waiting) {
    assert.equal(one.status, 'rejected')
    assert.equal((one.reason as { code?: string }).code, 'cancelled')
  }
  await assert.rejects(sealer.name(new Uint8Array(1)), { code: 'cancelled' })
})

test('a process waits for an answer, and is not held by threads that nobody disposed of', async () => {
  const module = new URL('../../src/repository/crypto/sealer.ts', import.meta.url).href
  const code = `import { createSealer } from ${JSON.stringify(module)}
    const key = new Uint8Array(32).fill(9)
    const sealer = createSealer({ namingKey: key, epochPublicKey: key, threads: 2 })
    const chunk = await sealer.name(new Uint8Array(3))
    console.log((await chunk.seal()).length > 200)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    timeout: 20_000,
  })
  assert.equal(stdout, 'true\n')
})
