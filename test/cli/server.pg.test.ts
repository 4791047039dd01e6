import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createClient } from 'holdfast/client'
import { testServer } from '../support/postgres.ts'
import { newBrowser } from '../support/browser.ts'
import { serving } from '../support/serve.ts'

/* The same commands, here and at a service, and what they say. */

const server = await testServer(17)
const user = await serving()
const { run, json, directory } = user
const shop = await server.database()
await shop.query(
  'CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 1000); CREATE VIEW first AS SELECT id FROM orders WHERE id < 3; CREATE PUBLICATION news FOR TABLE orders',
)
const service = user.start(['serve', '--data', 'data', '--listen', '0'])
const key = await service.after(/not shown again: (hfk_\S+)/)
const api = await service.after(/listens at (\S+)/)
const url = api.replace(/\/api\/v1$/, '')
await user.client(api, key).add(shop, server.password)
const client = createClient({ url, key })
const archive = 'from-service.holdfast'
const at = { HOLDFAST_SERVER: url, HOLDFAST_KEY: key }

/** What is the same wherever and whenever it is asked: without how long ago something was. Columns are as wide as what is in them. */
function alike(text: string | undefined): string | undefined {
  return text?.replaceAll(/, (?:just now|\d+ \w+ ago|in \d+ \w+)/g, '').replaceAll(/ +/g, ' ').trim() // prettier-ignore
}

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

  interface Keys {
    readonly repository: Readonly<Record<'ownerKey' | 'recipients' | 'epochs', unknown>> & {
      readonly hosts: readonly { readonly id: string }[]
    }
  }
  const [known, own] = [json<Keys>(['keys'], { env: at }).repository, json<Keys>(['keys']).repository]
  for (const what of ['ownerKey', 'recipients', 'epochs'] as const) assert.deepEqual(known[what], own[what])
  const keys = run(['keys'], at).stdout
  assert.match(keys, /^Repository {2}main at .*\nOwner key .*\n\nRECIPIENT .* confirmed\n\nHOST /s)
  assert.match(keys, new RegExp(`${own.hosts[0]?.id} .* may write\\n\\nEPOCH `))

  const drill = run(['drill', 'latest', '--source', 'shop'], at)
  assert.equal(drill.status, 0, drill.stderr)
  assert.match(drill.stdout, /restores, and all that was compared is equal\./)
  const check = run(['check', '--read-data', 'all'], at)
  assert.equal(check.status, 0, check.stderr)
  assert.equal(check.stdout.split('\n')[0], run(['check', '--read-data', 'all']).stdout.split('\n')[0])

  // The service knows of its own; a refresh tells it of the other.
  const listed = run(['list', '--source', 'shop'], at).stdout.split('\n')
  const here = run(['list']).stdout.split('\n')
  assert.equal(alike(listed[0]), alike(here[0]))
  assert.equal(alike(listed[1]), alike(here[1]), 'one backup, shown alike')
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
  refused(['keys', 'rotate'], at, /HOLDFAST_SERVER/)
  refused(['keys', 'rotate', '--server', url], {}, /--server is no option of rotate/)
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
  assert.equal(alike(said(['show', newest])), alike(said(['show', newest], {})))
  assert.equal(said(['show', 'latest', '--source', 'shop']).split('\n')[0], `Backup  ${newest}`)
  // What is free changes meanwhile.
  const [there, own] = [said(['stats']), said(['stats'], {})].map((text) => lines(text).slice(0, -1))
  assert.deepEqual(there?.map(alike), own?.map(alike))

  assert.match(
    said(['pin', older, '--reason', 'before it all']),
    /is kept until holdfast unpin: before it all/,
  )
  const dry = ['prune', '--keep-last', '1', '--dry-run']
  assert.match(said([...dry, '--source', 'shop']), /pinned/)
  assert.match(said(['unpin', older]), /is not pinned any more/)
  const here = json<{ backups: { source: string }[] }>(['list']).backups[0]?.source ?? ''
  assert.equal(alike(said([...dry, '--source', 'shop'])), alike(said([...dry, '--only', here], {})))
  assert.match(said(['prune', '--source', 'shop', '--keep-last', '1', '--yes']), /Planned: 1 backup/)
  assert.equal(run(['remove', older], at).status, 7)
  assert.match(said(['remove', older, '--yes', '--even-last']), new RegExp(`Backup ${older} is gone`))
  assert.doesNotMatch(said(['list'], {}), new RegExp(older))

  assert.match(said(['export', newest, '--format', 'archive', '--out', archive]), /^Wrote backup/)
  assert.match(said(['list', '--repo', archive], {}), new RegExp(newest))
  const csv = run(['export', newest, '--format', 'sql', '--table', 'orders', '--out', '-'], at)
  assert.match(csv.stdout, /\n1000\n/)
})

const page = (file: string): Promise<string> => readFile(join(directory, file), 'utf8')

test('rows come back over a service as they do here, by what is shown and typed, and go again', async () => {
  const count = async () => (await shop.query('SELECT count(*)::int4 AS count FROM orders'))[0]?.['count']
  const { pathname } = new URL(shop.url)
  const name = pathname.slice(1)
  await shop.query('DELETE FROM orders WHERE id <= 10')
  const inPlace = ['restore', 'latest', '--to', 'shop', '--in-place', '--table', 'orders']
  const local = ['restore', 'latest', '--to', shop.url, '--in-place', '--table', 'orders', '--preview']
  const looked = said([...inPlace, '--preview', '--html', 'rows-there.html'])
  assert.deepEqual(lines(looked).slice(2), lines(said([...local, '--html', 'rows-here.html'], {})).slice(2))
  assert.equal(await page('rows-there.html'), await page('rows-here.html'))
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

test('parts of the schema, and a whole database, come back over a service as they do here', async () => {
  const name = new URL(shop.url).pathname.slice(1)
  const agreed = ['--to', 'shop', '--yes', '--confirm', name]
  const rows = async () => (await shop.query('SELECT count(*)::int4 AS count FROM orders'))[0]?.['count']
  await shop.query('DROP VIEW first')
  const views = ['restore', 'latest', '--in-place', '--component', 'views', '--html']
  const preview = said([...views, 'here.html', '--to', shop.url, '--preview'], {})
  const made = said([...views, 'there.html', ...agreed])
  assert.ok(made.startsWith(preview), made)
  assert.match(made, /made 1 object.*\n {2}restore {3}\d/s)
  assert.equal(await page('there.html'), await page('here.html'))
  assert.equal((await shop.query('SELECT FROM first')).length, 0, 'of the rows that are there now')

  // Each look draws these anew.
  const digits = (text: string): string => text.replaceAll(/_[0-9a-f]{8}\b/g, '_')
  const swap = ['restore', 'latest', '--swap']
  const plan = digits(said([...swap, '--to', shop.url, '--plan'], {}))
  const done = said([...swap, ...agreed])
  assert.ok(digits(done).startsWith(plan), done)
  assert.match(
    done,
    /restored {2}1,000 rows.*\n {2}kept {6}what was there before, as \S+_before_[0-9a-f]{8};/s,
  )
  assert.deepEqual([await rows(), (await shop.query('SELECT FROM first')).length], [1000, 2])
  const schemas = ['restore', 'latest', '--swap-schemas', '--plan', '--to']
  assert.equal(digits(said([...schemas, 'shop'])), digits(said([...schemas, shop.url], {})))
  // What was only looked at is no restore that could be taken back.
  assert.match(said(['restores']), /^RESTORE.*\n.* swap .* yes\n/)
  assert.match(said(['undo', 'latest', ...agreed]), /_before_[0-9a-f]{8} is \S+ again\n {2}kept .*_after_/)
  assert.equal(await rows(), 990)
})

test('a source is shown, tried and added at a service, with its password read here', async () => {
  assert.match(said(['source', 'test', 'shop']), /A backup would work/)
  const address = new URL(shop.url)
  address.password = ''
  const add = ['source', 'add', 'again', address.href, '--password-env', 'SECRET', '--proof', 'counts']
  said(add, { ...at, SECRET: server.password })
  assert.match(said(['source', 'show', 'again']), /Repository +main\nproof +counts/)
  assert.match(said(['source', 'test', 'again']), /A backup would work/)
  assert.match(said(['source', 'count', 'again']), /It has no modules/)
  const wrong = run(['source', 'add', 'third', address.href, '--password-env', 'NONE'], at)
  assert.equal(wrong.status, 5, wrong.stderr)
  assert.deepEqual(
    (await client.getSources()).items.map((one) => one.name),
    ['again', 'shop'],
  )
})

test('what takes a second person is said, waited for, agreed to and refused from the command line', async () => {
  const root = user.client(api, key)
  const { link } = await root.call<{ link: { link: string } }>('POST', '/people', { name: 'Second', email: 'second@example.com', role: 'super_admin' }) // prettier-ignore
  const second = newBrowser(url, (request) => fetch(request))
  await second.call('POST /invitation', { link: link.link.split('#')[1], password: 'seven green camels' })
  const wanted = { name: 'second', role: 'super_admin', scopes: ['read', 'change'], expiresAt: null }
  const made = await second.call('POST /keys', wanted)
  assert.equal(made.status, 201, made.text)
  const other = { ...at, HOLDFAST_KEY: String(made.body.key) }
  await client.updateSettings({ approvals: true })
  const { backups } = json<{ backups: { id: string }[] }>(['list', '--source', 'shop'], { env: at })
  const id = backups[0]?.id ?? ''
  said(['pin', id, '--reason', 'kept'])

  // Refused, after having been left alone.
  interface Needed {
    readonly error: {
      readonly code: string
      readonly details: { readonly where: string; readonly approval: { readonly id: string } }
    }
  }
  const left = json<Needed>(['unpin', id, '--detach'], { env: at, status: 7 }).error
  const wish = left.details.approval.id
  assert.deepEqual([left.code, left.details.where], ['approval_needed', `${url}/approvals`])
  assert.match(said(['approvals'], other), new RegExp(`\\n${wish} .* key \\S+ .* waits`))
  const own = run(['approvals', 'approve', wish, '--yes'], at)
  assert.equal(own.status, 5, own.stderr)
  assert.equal(run(['approvals', 'approve', wish], other).status, 7, 'nobody was asked')
  assert.match(said(['approvals', 'refuse', wish.slice(0, 13)], other), /wants to .*\nRefused/)
  assert.match(said(['approvals'], other), /^Nothing waits/)

  // Agreed to while the command waits; and by the same command when it did not wait.
  const waiting = user.start(['unpin', id], at)
  const now = await waiting.after(/holdfast approvals approve (\S+),/)
  assert.notEqual(now, wish)
  said(['approvals', 'approve', now, '--yes'], other)
  await waiting.after(/(is not pinned any more)/)
  said(['pin', id, '--reason', 'again'])
  const later = json<Needed>(['unpin', id, '--detach'], { env: at, status: 7 }).error.details.approval.id
  said(['approvals', 'approve', later, '--yes'], other)
  assert.match(said(['unpin', id]), /is not pinned any more/)
  assert.match(said(['approvals', '--all'], other), / done\n.* done\n.* refused\n$/)
  assert.match(run(['approvals'], {}).stderr, /Approvals are of a service/)
})
