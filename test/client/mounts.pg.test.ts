import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { forward } from 'holdfast/client'
import { deno } from '../support/deno.ts'
import { testServer } from '../support/postgres.ts'
import { serve } from '../support/served.ts'
import { newService } from '../support/service.ts'

/* The service behind an application: forward, and the examples that use it. */

const server = await testServer(18)
const service = await newService(server)
const worker = service.worker()
const { url, key } = await serve(service, { wake: worker.wake })
await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
const root = fileURLToPath(new URL('../..', import.meta.url))

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts an example, and waits until it answers. */
async function start(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: home, DENO_DIR: join(home, 'deno'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // With what it starts itself.
    detached: true,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  const closed = once(child, 'close')
  after(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await closed
    await rm(home, { recursive: true, force: true })
  })
  for (let i = 0; i < 1200; i++) {
    assert.equal(child.exitCode, null, said)
    const answer = await fetch(`http://127.0.0.1:${env['PORT']}/api/holdfast/sources`).catch(() => null)
    await answer?.body?.cancel()
    if (answer?.status === 401) return
    await sleep(100)
  }
  throw new Error(`It never answered: ${said}`)
}

/** What an application's user does through it. */
async function useThrough(base: string): Promise<void> {
  const headers = { authorization: 'Bearer app', 'content-type': 'application/json' }
  const begun = await fetch(`${base}/backups`, {
    method: 'POST',
    headers,
    body: '{"source": "shop", "name": "done"}',
  })
  assert.equal(begun.status, 202, await begun.clone().text())
  const { id } = (await begun.json()) as { id: string }
  const events = await fetch(`${base}/events?job=${id}`, { headers })
  assert.equal(events.headers.get('content-type'), 'text/event-stream')
  let text = ''
  for await (const piece of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (text.includes('"status":"completed"')) break
  }
  const jobs = (await (await fetch(`${base}/jobs?limit=1`, { headers })).json()) as {
    items: { id: string }[]
  }
  assert.equal(jobs.items[0]?.id, id)
  assert.equal((await fetch(`${base}/sources/none`, { headers })).status, 404)
  for (const one of [{}, { authorization: `Bearer ${key}` }]) {
    const refused = await fetch(`${base}/jobs`, { headers: one })
    await refused.body?.cancel()
    assert.equal(refused.status, 401)
  }
}

test('what is forwarded leads to the API and nowhere else, with the key of the application alone', async () => {
  const sent: Request[] = []
  const fake = async (request: Request): Promise<Response> => {
    sent.push(request)
    return new Response('{}', { headers: { 'content-encoding': 'gzip', 'x-given': 'yes' } })
  }
  const o = { url: 'http://service/below', key: 'ours', fetch: fake }
  const request = new Request('http://app/x?limit=1', {
    headers: { authorization: 'theirs', cookie: 'c', 'last-event-id': '7', 'x-forwarded-for': 'y' },
  })
  const answer = await forward(o, request, 'jobs')
  assert.deepEqual([answer.headers.get('x-given'), answer.headers.get('content-encoding')], ['yes', null])
  assert.equal(sent[0]?.url, 'http://service/below/api/v1/jobs?limit=1')
  assert.deepEqual(Object.fromEntries(sent[0]?.headers ?? []), {
    authorization: 'Bearer ours',
    'last-event-id': '7',
  })
  for (const path of ['/../../metrics', '../../../healthz', '/%2e%2e/%2e%2e/metrics', '//elsewhere/jobs'])
    if ((await forward(o, request, path)).status !== 404)
      assert.match(sent.at(-1)?.url ?? '', /^http:\/\/service\/below\/api\/v1\//, path)
  assert.equal((await forward({ url: 'http://127.0.0.1:1' }, request, '/jobs')).status, 502)
})

test('through the example for Deno a user of the application reaches the service', async () => {
  const port = await freePort()
  const args = [deno, 'run', '--no-remote', '--no-config', '--allow-net=127.0.0.1']
  args.push('--allow-env=HOLDFAST_SERVER,HOLDFAST_KEY,APP_TOKEN,PORT', 'examples/deno/server.ts')
  await start(args, root, { HOLDFAST_SERVER: url, HOLDFAST_KEY: key, APP_TOKEN: 'app', PORT: String(port) })
  await useThrough(`http://127.0.0.1:${port}/api/holdfast`)
})

test('through the example for Next.js a user of the application reaches the service', async () => {
  const port = await freePort()
  const next = join(root, 'node_modules/next/dist/bin/next')
  const args = [process.execPath, next, 'dev', '--webpack', '--hostname', '127.0.0.1', '--port', String(port)]
  await start(args, join(root, 'examples/nextjs'), {
    HOLDFAST_SERVER: url,
    HOLDFAST_KEY: key,
    APP_TOKEN: 'app',
    PORT: String(port),
    NEXT_TELEMETRY_DISABLED: '1',
  })
  await useThrough(`http://127.0.0.1:${port}/api/holdfast`)
})
