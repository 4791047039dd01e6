import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient, HoldfastClientError, itemsOf, type FollowedEvent } from 'holdfast/client'
import { operationsOf, type ApiDocument } from '../../scripts/client.ts'
import { deno } from '../support/deno.ts'
import { testServer } from '../support/postgres.ts'
import { newReceiver } from '../support/receiver.ts'
import { serve } from '../support/served.ts'
import { newService } from '../support/service.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

const server = await testServer(18)
const service = await newService(server)
const worker = service.worker()
const { url, key, app } = await serve(service, { wake: worker.wake })
const client = createClient({ url, key })
await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
const clientFolder = fileURLToPath(new URL('../../src/client', import.meta.url))

const failure = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof HoldfastClientError, String(error))
  assert.deepEqual([error.code, error.status], [code, status], error.message)
  return true
}

test('every operation of the API has a call', () => {
  const document = app.document() as unknown as ApiDocument
  const names = operationsOf(document).map(({ name, path }) => (path === '/events' ? 'events' : name))
  assert.deepEqual(Object.keys(client).sort(), names.sort())
})

test('a backup is begun, followed, looked at and listed', async () => {
  const begun = await client.createBackupJob({ source: 'shop', name: 'done' })
  for await (const { event } of client.events({ job: begun.id }))
    if (event.kind === 'job' && event.job?.status === 'completed') break
  const job = await client.getBackupJob(begun.id)
  assert.deepEqual([job.status, job.about, job.result], ['completed', 'shop', { done: true }])
  for (let i = 0; i < 4; i++) await client.createJob({ kind: 'check', repository: 'main' })
  const ids = new Set<string>()
  for await (const { id } of itemsOf((next) => client.getBackupJobs({ limit: 2, after: next }))) ids.add(id)
  assert.equal(ids.size, 5)
  const ofShop = await client.getBackupJobs({ source: 'shop' })
  assert.deepEqual(
    ofShop.items.map(({ id }) => id),
    [begun.id],
  )
  const waits = await client.createBackupJob({ source: 'shop', name: 'wait never' })
  assert.equal((await client.cancelBackupJob(waits.id)).id, waits.id)
  await client.setAlarmSettings('shop', { maxAgeSeconds: 60 })
  assert.equal((await client.getAlarmSettings('shop')).maxAgeSeconds, 60)
  assert.equal(await client.deleteAlarmSettings('shop'), undefined)
  assert.deepEqual((await client.getAlarms({ open: true, unseen: false })).items, [])
  const schedule = {
    name: 'daily',
    kind: 'backup',
    source: 'shop',
    rule: { every: 'day', at: '02:30' },
  } as const
  assert.equal((await client.createBackupSchedule(schedule)).zone, 'UTC')
  assert.equal((await client.getBackupSchedules()).items.length, 1)
})

test('an error says code, hint and status, and what is wrong', async () => {
  await assert.rejects(client.getSource('none'), (error) => {
    failure('not_found', 404)(error)
    assert.notEqual((error as HoldfastClientError).hint, '')
    return true
  })
  await assert.rejects(client.createSource({ name: 'A', address: 'x', repository: 'main' }), (error) => {
    failure('request_invalid', 400)(error)
    assert.equal((error as HoldfastClientError).problems[0]?.path, 'name')
    return true
  })
  await assert.rejects(createClient({ url, key: 'none' }).getSources(), failure('not_signed_in', 401))
  const nothing = createClient({ url: 'http://127.0.0.1:1', attempts: 2 })
  await assert.rejects(nothing.getSources(), failure('unreachable', 0))
})

test('a GET is tried again, a POST is not, and carries a key that tells repetitions', async () => {
  const receiver = await newReceiver()
  const options = { url: `${receiver.url}/below/`, key: 'k', headers: { 'x-a': 'b' } }
  const fake = createClient(options)
  let count = 0
  receiver.answer((response) => {
    count++
    if (count < 3) response.writeHead(503, { 'retry-after': '0' }).end()
    else response.end(JSON.stringify({ items: [] }))
  })
  assert.deepEqual(await fake.getSources(), { items: [] })
  assert.equal(count, 3)
  const [first] = receiver.requests
  assert.deepEqual(
    [first?.path, first?.headers['authorization'], first?.headers['x-a'], first?.headers['idempotency-key']],
    ['/below/api/v1/sources', 'Bearer k', 'b', undefined],
  )
  receiver.answer(503)
  receiver.requests.splice(0)
  await assert.rejects(fake.createBackupJob({ source: 'shop' }), failure('not_understood', 503))
  await assert.rejects(
    fake.createBackupJob({ source: 'shop' }, { idempotencyKey: 'mine' }),
    failure('not_understood', 503),
  )
  const keys = receiver.requests.map(({ headers }) => headers['idempotency-key'])
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/)
  assert.deepEqual([keys.length, keys[1]], [2, 'mine'])
  receiver.answer((response) => response.end('<html>'))
  await assert.rejects(fake.getSource('x'), failure('not_understood', 200))
  // No answer at all.
  receiver.answer(() => undefined)
  const hasty = createClient({ ...options, timeoutMs: 500 })
  await assert.rejects(hasty.createBackupJob({ source: 'shop' }), failure('timed_out', 0))
  const aborting = AbortSignal.abort(new Error('enough'))
  await assert.rejects(fake.getSources({ signal: aborting }), /enough/)
})

test('events go on over connections that break, none left out, until the signal or the key ends', async () => {
  const proxy = await tcpProxy(Number(new URL(url).port))
  after(() => proxy.close())
  const far = createClient({ url: `http://127.0.0.1:${proxy.port}`, key })
  const { id: before } = await client.createBackupJob({ source: 'shop', name: 'done' })
  const beginning = client.events({ job: before })
  const { value: first } = (await beginning.next()) as { value: FollowedEvent }
  await beginning.return(undefined)

  const stopping = new AbortController()
  const seen = new Set<string>()
  let onSeen = (): void => undefined
  const following = (async () => {
    const wanted = { kinds: ['job'], source: 'shop', after: first.id ?? '', signal: stopping.signal } as const
    for await (const { event } of far.events(wanted)) {
      if (event.kind === 'job') seen.add(event.id)
      onSeen()
    }
  })()
  for (let i = 0; i < 12; i++) {
    const { id } = await client.createBackupJob({ source: 'shop', name: 'done' })
    // Cut while the job is told, before, and between two.
    if (i % 2 === 0) proxy.cut()
    while (i % 3 === 0 && !seen.has(id)) await new Promise<void>((resolve) => (onSeen = resolve))
    if (i === 11) while (!seen.has(id)) await new Promise<void>((resolve) => (onSeen = resolve))
  }
  const made = await client.getBackupJobs({ source: 'shop', limit: 12 })
  assert.deepEqual(
    made.items.filter(({ id }) => !seen.has(id)),
    [],
  )
  stopping.abort(new Error('enough'))
  await assert.rejects(following, /enough/)

  await assert.rejects(
    (async (): Promise<FollowedEvent | undefined> => {
      for await (const one of createClient({ url, key: 'none' }).events()) return one
      return undefined
    })(),
    failure('not_signed_in', 401),
  )
})

test('it runs from its own files alone, in Node and in Deno', async () => {
  for (const name of await readdir(clientFolder)) {
    const text = await readFile(join(clientFolder, name), 'utf8')
    for (const [, from = ''] of text.matchAll(/from '([^']+)'/g)) assert.match(from, /^\.\/\w+\.ts$/)
  }
  const alone = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  after(() => rm(alone, { recursive: true, force: true }))
  await cp(clientFolder, join(alone, 'client'), { recursive: true })
  await writeFile(
    join(alone, 'use.ts'),
    `import { createClient } from './client/client.ts'
     const client = createClient({ url: '${url}', key: '${key}' })
     const { id } = await client.createBackupJob({ source: 'shop', name: 'done' })
     for await (const { event } of client.events({ job: id }))
       if (event.kind === 'job' && event.job?.status === 'completed') break
     console.log((await client.getBackupJob(id)).status)\n`,
  )
  const env = { PATH: process.env['PATH'], HOME: alone, DENO_DIR: join(alone, 'deno') }
  const runs: readonly (readonly [string, readonly string[]])[] = [
    [process.execPath, ['--disable-warning=ExperimentalWarning', 'use.ts']],
    [deno, ['run', '--no-remote', '--no-config', '--allow-net=127.0.0.1', 'use.ts']],
  ]
  for (const [program, args] of runs) {
    const { stdout } = await promisify(execFile)(program, args, { cwd: alone, env })
    assert.equal(stdout, 'completed\n', program)
  }
})
