import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
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
  'CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 1000); CREATE PUBLICATION news FOR TABLE orders',
)
const service = user.start(['serve', '--data', 'data', '--listen', '0'])
const key = await service.after(/not shown again: (hfk_\S+)/)
const api = await service.after(/listens at (\S+)/)
const url = api.replace(/\/api\/v1$/, '')
await user.client(api, key).add(shop, server.password)
const client = createClient({ url, key })
const archive = 'from-service.holdfast'
const at = { HOLDFAST_SERVER: url, HOLDFAST_KEY: key }

/** But for how long ago things were, a minute of which may end between two commands. Columns are as wide as what is in them. */
const ageless = (text: string): string =>
  text.replaceAll(/just now|\d+ minutes? ago/g, 'WHEN').replaceAll(/ +/g, ' ')

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
  const words = (line: string | undefined) =>
    ageless(line ?? '')
      .trim()
      .split(' ')
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

/** The command succeeds; what it says. */
function said(args: readonly string[], env: Readonly<Record<string, string>> = at): string {
  const { status, stdout, stderr } = run([...args], env)
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

const lines = (text: string): string[] => text.trimEnd().split('\n')

test('what is known of backups is said as here, and they are pinned, removed, pruned and downloaded', () => {
  const ids = json<{ backups: { id: string }[] }>(['list', '--source', 'shop'], { env: at }).backups.map((b) => b.id) // prettier-ignore
  const [newest = '', older = ''] = ids
  assert.equal(ids.length, 2)
  assert.equal(ageless(said(['show', newest])), ageless(said(['show', newest], {})))
  assert.equal(said(['show', 'latest', '--source', 'shop']).split('\n')[0], `Backup  ${newest}`)
  // What is free changes meanwhile.
  assert.deepEqual(lines(said(['stats'])).slice(0, -1), lines(said(['stats'], {})).slice(0, -1))

  assert.match(
    said(['pin', older, '--reason', 'before it all']),
    /is kept until holdfast unpin: before it all/,
  )
  const dry = ['prune', '--keep-last', '1', '--dry-run']
  assert.match(said([...dry, '--source', 'shop']), /pinned/)
  assert.match(said(['unpin', older]), /is not pinned any more/)
  const here = json<{ backups: { source: string }[] }>(['list']).backups[0]?.source ?? ''
  assert.equal(ageless(said([...dry, '--source', 'shop'])), ageless(said([...dry, '--only', here], {})))
  assert.match(said(['prune', '--source', 'shop', '--keep-last', '1', '--yes']), /Planned: 1 backup/)
  assert.equal(run(['remove', older], at).status, 7)
  assert.match(said(['remove', older, '--yes', '--even-last']), new RegExp(`Backup ${older} is gone`))
  assert.doesNotMatch(said(['list'], {}), new RegExp(older))

  assert.match(said(['export', newest, '--format', 'archive', '--out', archive]), /^Wrote backup/)
  assert.match(said(['list', '--repo', archive], {}), new RegExp(newest))
  const csv = run(['export', newest, '--format', 'sql', '--table', 'orders', '--out', '-'], at)
  assert.match(csv.stdout, /\n1000\n/)
})

test('rows come back over a service as they do here, by what is shown and typed, and go again', async () => {
  const count = async () => (await shop.query('SELECT count(*)::int4 AS count FROM orders'))[0]?.['count']
  const { pathname } = new URL(shop.url)
  const name = pathname.slice(1)
  await shop.query('DELETE FROM orders WHERE id <= 10')
  const inPlace = ['restore', 'latest', '--to', 'shop', '--in-place', '--table', 'orders']
  const local = ['restore', 'latest', '--to', shop.url, '--in-place', '--table', 'orders', '--preview']
  assert.deepEqual(lines(said([...inPlace, '--preview'])).slice(2), lines(said(local, {})).slice(2))
  const unsaid = run([...inPlace, '--yes', '--confirm', 'another'], at)
  assert.equal(unsaid.status, 7, unsaid.stderr)
  assert.equal(await count(), 990)
  assert.match(said([...inPlace, '--yes', '--confirm', name]), /10 rows.*holdfast undo \S+\n$/s)
  assert.equal(await count(), 1000)
  assert.match(said(['restores']), /in place.*\+10.*yes/)
  assert.match(said(['undo', 'latest', '--to', 'shop', '--yes', '--confirm', name]), /holdfast undo/)
  assert.equal(await count(), 990)
  const table = said(['restores'])
  assert.match(table, /undo .*-10/)
  assert.match(table, /in place.*\+10.*undone/)
  assert.match(said(['restores', 'latest', '--source', 'shop']), /^Restore .*\nKind +undo/ms)

  // An archive at a service, with an identity for this once.
  const { repository } = json<{ repository: { id: string } }>(['keys'])
  const identity = join(directory, '.config/holdfast', repository.id, 'identity.txt')
  const bytes = await openAsBlob(join(directory, archive))
  const upload = await client.createUpload(bytes.stream(), { name: 'laptop' })
  assert.equal(upload.backups.length, 1)
  const copy = new URL(shop.url)
  const target = new URL(shop.url)
  target.pathname = '/from_laptop'
  const from = ['restore', 'latest', '--repo', 'laptop', '--to', target.href, '-C']
  assert.equal(run(from, at).status, 7, 'it holds no identity')
  assert.match(said([...from, '--identity', identity]), /restored +1,000 rows/)
  copy.pathname = '/copy_of_shop'
  copy.password = ''
  const restore = ['restore', 'latest', '--to', copy.href]
  const password = { ...at, PGPASSWORD: server.password }
  assert.match(said([...restore, '-C'], password), /restored +1,000 rows.*off +1 publication/s)
  const released = said(['release', copy.href, '--yes', '--confirm', 'copy_of_shop'], password)
  assert.match(released, /Off: 1 publication.*Released in .*: 1 publication/s)
  const secret = (await client.getRestores()).items.map((one) => JSON.stringify(one)).join()
  assert.doesNotMatch(secret, new RegExp(server.password))
  for (const [option, words] of [
    [['--jobs', '2'], /--jobs is about this machine/],
    [['--plan'], /--plan is about a swap/],
  ] as const) {
    const refused = run([...restore, ...option], at)
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, words)
  }
})

test('a source is shown, tried and added at a service, with its password read here', async () => {
  assert.match(said(['source', 'test', 'shop']), /A backup would work/)
  const address = new URL(shop.url)
  address.password = ''
  const add = ['source', 'add', 'again', address.href, '--password-env', 'SECRET', '--proof', 'counts']
  said(add, { ...at, SECRET: server.password })
  assert.match(said(['source', 'show', 'again']), /Repository +main\nproof +counts/)
  assert.match(said(['source', 'test', 'again']), /A backup would work/)
  const wrong = run(['source', 'add', 'third', address.href, '--password-env', 'NONE'], at)
  assert.equal(wrong.status, 5, wrong.stderr)
  assert.deepEqual(
    (await client.getSources()).items.map((one) => one.name),
    ['again', 'shop'],
  )
})
