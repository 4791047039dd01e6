import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createClient } from 'holdfast/client'
import { testServer } from '../support/postgres.ts'
import { serving } from '../support/serve.ts'

/* The same commands, here and at a service, and what they say. */

const server = await testServer(17)
const user = await serving()
const { run, json, directory } = user
const shop = await server.database()
await shop.query(
  'CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 1000)',
)
const service = user.start(['serve', '--data', 'data', '--listen', '0'])
const key = await service.after(/not shown again: (hfk_\S+)/)
const api = await service.after(/listens at (\S+)/)
const url = api.replace(/\/api\/v1$/, '')
await user.client(api, key).add(shop, server.password)
const client = createClient({ url, key })
const at = { HOLDFAST_SERVER: url, HOLDFAST_KEY: key }

test('a backup, a list, a drill and a check say at a service what they say here', () => {
  const local = run(['backup', shop.url])
  assert.equal(local.status, 0, local.stderr)
  const there = run(['backup', 'shop'], at)
  assert.equal(there.status, 0, there.stderr)
  const labels = (text: string): string[] =>
    text
      .split('\n')
      .slice(1)
      .map((line) => line.slice(0, 10))
  assert.deepEqual(labels(there.stdout), labels(local.stdout))
  assert.match(there.stdout, /^Backup \S+ of shop\n {2}holds {3}1,000 rows in 1 table,/)
  assert.match(there.stdout, /proof {3}sampled: rows received/)

  const drill = run(['drill', 'latest', '--source', 'shop'], at)
  assert.equal(drill.status, 0, drill.stderr)
  assert.match(drill.stdout, /restores, and all that was compared is equal\./)
  const check = run(['check', '--read-data', 'all'], at)
  assert.equal(check.status, 0, check.stderr)
  assert.equal(check.stdout.split('\n')[0], run(['check', '--read-data', 'all']).stdout.split('\n')[0])

  // The service knows of its own; a refresh tells it of the other.
  const listed = run(['list', '--source', 'shop'], at).stdout.split('\n')
  const here = run(['list']).stdout.split('\n')
  // Columns are as wide as what is in them, of which there may be more here.
  const words = (line: string | undefined) => line?.trim().split(/\s+/)
  assert.deepEqual(words(listed[0]), words(here[0]))
  assert.deepEqual(words(listed[1]), words(here[1]), 'one backup, shown alike')
  const sources = run(['source', 'list'], at).stdout
  assert.match(sources, /^SOURCE +ADDRESS .*\nshop +postgres:/)
  assert.doesNotMatch(sources, new RegExp(server.password))
  const result = json<{ backup: { id: string }; tables: unknown[] }>(['backup', 'shop'], { env: at })
  assert.equal(result.tables.length, 1)
})

test('what makes no sense at a service is refused, and so is a wrong key', async () => {
  const refused = (
    args: string[],
    env: Readonly<Record<string, string>>,
    words: RegExp,
    status = 2,
  ): void => {
    const result = run(args, env)
    assert.equal(result.status, status, result.stdout + result.stderr)
    assert.match(result.stderr, words)
  }
  refused(['backup', 'shop', '--identity', 'x'], at, /Unknown option|--identity/)
  refused(['backup', 'shop', '--host-file', 'x'], at, /--host-file is about this machine/)
  refused(['keys'], at, /HOLDFAST_SERVER/)
  refused(['keys', '--server', url], {}, /--server/)
  refused(['backup', 'shop'], { HOLDFAST_SERVER: url }, /HOLDFAST_KEY/, 5)
  refused(['backup', 'shop'], { ...at, HOLDFAST_KEY: 'hfk_wrong' }, /no valid key/, 5)
  refused(['backup', 'none'], at, /no source none/, 3)
  refused(['backup', 'shop'], { ...at, HOLDFAST_SERVER: 'http://127.0.0.1:1' }, /could not be reached/, 6)
  await writeFile(join(directory, 'key'), `${key}\n`, { mode: 0o600 })
  const byFile = run(['source', 'list', '--server', url, '--key-file', 'key'])
  assert.equal(byFile.status, 0, byFile.stderr)
})

test('a job is left running with --detach, and cancelled by Ctrl-C without', async () => {
  const blocker = new pg.Client({ connectionString: shop.url })
  await blocker.connect()
  await blocker.query('BEGIN; LOCK TABLE orders')
  const { job } = json<{ job: string }>(['backup', 'shop', '--detach'], { env: at })
  assert.ok(['pending', 'running'].includes((await client.getBackupJob(job)).status))
  await client.cancelBackupJob(job)

  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, 'backup', 'shop', '--name', 'cancelled'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, ...at },
  })
  after(() => child.kill('SIGKILL'))
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const closed = once(child, 'close') as Promise<[number]>
  let id: string | null = null
  for (let i = 0; id === null; i++) {
    assert.ok(i < 1200 && child.exitCode === null, text)
    const { items } = await client.getBackupJobs({ status: 'running' })
    id = items.find(({ params }) => params['name'] === 'cancelled')?.id ?? null
    if (id === null) await sleep(50)
  }
  child.kill('SIGINT')
  const [status] = await closed
  assert.equal(status, 130, text)
  assert.equal((await client.getBackupJob(id)).status, 'cancelled')
  await blocker.end()
})
