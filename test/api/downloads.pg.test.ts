import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { rememberBackups } from '../../src/catalog/backups.ts'
import { downloadToken, type Download } from '../../src/catalog/downloads.ts'
import { addRepository } from '../../src/catalog/repositories.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import { roles } from '../../src/catalog/permissions.ts'
import { firstLogin } from '../../src/people/links.ts'
import { summarize } from '../../src/repository/format/manifest.ts'
import { printHostFile } from '../../src/repository/hostfile.ts'
import { openArchiveStorage } from '../../src/storage/archive/archive.ts'
import { contentsOf, repositoryAt } from '../support/journey.ts'
import { newBrowser } from '../support/browser.ts'
import { listeningApi } from '../support/downloads.ts'
import { testServer } from '../support/postgres.ts'
import { newService, realCommands } from '../support/service.ts'
import { unzip } from '../support/unzip.ts'

/* Backups by links, over real connections. */

const server = await testServer(17)
const service = await newService(server)
const { catalog, directory, repository } = service
const shop = await server.database()
await shop.query(`CREATE TABLE orders (id int PRIMARY KEY, note text);
  INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 500) n;
  CREATE TABLE log (id int); INSERT INTO log VALUES (7)`)
const sourceId = await service.addSource('shop', shop.url)
await catalog.system.query(
  `UPDATE holdfast.sources SET settings = '{"modules": {"sales": {"tables": ["orders"]}}}' WHERE id = $1`,
  [sourceId],
)
const { manifest } = await repository.backUp(shop.url)
const backups = [{ ...summarize(manifest) }]
await rememberBackups(catalog.system, { repositoryId: repository.id, sourceId, backups })
const api = await listeningApi(service)

async function linkOf(body: unknown, role?: (typeof roles)[number], from = api): Promise<string> {
  const answer = await from.send(`POST /backups/${manifest.id}/downloads`, body, role)
  const text = await answer.text()
  assert.equal(answer.status, 201, text)
  const { url, expiresAt } = JSON.parse(text) as { url: string; expiresAt: string }
  const left = Date.parse(expiresAt) - (await catalog.now()).getTime()
  assert.ok(left > 0 && left <= 600_000, expiresAt)
  return from.url + url
}

const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { code: unknown }).code

test('every format comes by a link, without a key, under a name of its own', async () => {
  const all = [
    ['archive', 'holdfast', 'application/x-tar'],
    ['sql', 'sql', 'application/sql'],
    ['folder', 'zip', 'application/zip'],
    ['csv', 'zip', 'application/zip'],
    ['json', 'zip', 'application/zip'],
  ] as const
  const got = new Map<string, Buffer>()
  for (const [format, ending, type] of all) {
    const answer = await fetch(await linkOf({ format }))
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.status, 200, bytes.toString())
    assert.equal(answer.headers.get('content-type'), type)
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename="holdfast-${manifest.id}.${ending}"`) // prettier-ignore
    got.set(format, bytes)
  }
  const path = join(directory, 'got.holdfast')
  await writeFile(path, got.get('archive') ?? '')
  const target = await server.database()
  await repositoryAt(openArchiveStorage(path), repository.identity, repository.credentials).restoreTo(
    target.url,
  )
  assert.deepEqual(await contentsOf(target.url), await contentsOf(shop.url))
  assert.match(got.get('sql')?.toString() ?? '', /COPY "public"\."orders"/)
  const namesOf = (format: string): string[] =>
    unzip(got.get(format) ?? Buffer.alloc(0)).map(({ name }) => name)
  assert.deepEqual(namesOf('csv').sort(), ['BACKUP_MANIFEST.md', 'public.log.csv', 'public.orders.csv'])
  assert.ok(namesOf('folder').includes('restore.sh') && namesOf('json').includes('public.orders.json'))
  for (const choice of [{ tables: ['orders'] }, { modules: ['sales'] }]) {
    const some = await fetch(await linkOf({ format: 'csv', ...choice }))
    const names = unzip(Buffer.from(await some.arrayBuffer())).map(({ name }) => name)
    assert.deepEqual(names.sort(), ['BACKUP_MANIFEST.md', 'public.orders.csv'])
  }
})

test('a link is good for once; one that is forged, has expired or is of another service is good for nothing', async () => {
  const link = await linkOf({ format: 'archive' })
  assert.equal((await fetch(link, { method: 'HEAD' })).status, 400)
  const used = await fetch(link)
  await used.arrayBuffer()
  assert.equal(used.status, 200)
  const fresh = await linkOf({ format: 'sql' })
  const [, base = '', body = '', signature = ''] = /^(.*\/)([\w-]+)\.([\w-]+)$/.exec(fresh) ?? []
  const told = JSON.parse(Buffer.from(body, 'base64url').toString()) as Download
  const another = Buffer.from(JSON.stringify({ ...told, backup: 'other' })).toString('base64url')
  const { id: _id, expiresAt: _expiresAt, ...about } = told
  const now = await catalog.now()
  const old = downloadToken(catalog.seal, new Date(now.getTime() - 600_001), about).token
  const others = downloadToken(createSeal(randomBytes(32)), now, about).token
  for (const [what, url] of [
    ['used', link],
    ['forged', `${base}${another}.${signature}`],
    ['cut', `${base}${body}.${signature.slice(0, -2)}`],
    ['unsigned', `${base}${body}.`],
    ['expired', base + old],
    ['of another service', base + others],
    ['nothing', `${base}x`],
  ] as const) {
    const answer = await fetch(url)
    assert.deepEqual([answer.status, await codeOf(answer)], [403, 'download_refused'], what)
  }
  const several = await Promise.all([1, 2, 3].map(() => fetch(fresh)))
  assert.deepEqual(several.map(({ status }) => String(status)).sort(), ['200', '403', '403'])
  await Promise.all(several.map((answer) => answer.arrayBuffer()))
  assert.doesNotMatch(api.logged.join('\n'), new RegExp(`${body.slice(0, 40)}|${signature.slice(0, 20)}`))
  assert.match(api.logged.join('\n'), new RegExp(`Download ${told.id} of ${manifest.id} as sql for key:\\S+ was sent whole, \\d{4,} bytes`)) // prettier-ignore
})

test('a link ends with the key or session that made it', async () => {
  const ask = `POST /backups/${manifest.id}/downloads`
  const json = { 'content-type': 'application/json' }
  const wanted = { name: 'brief', role: 'super_admin', scopes: ['read', 'change'], expiresAt: null }
  const made = (await (await api.send('POST /keys', wanted)).json()) as { id: string; key: string } // prettier-ignore
  const byKey = async (): Promise<string> => {
    const headers = { ...json, authorization: `Bearer ${made.key}` }
    const [, path = ''] = ask.split(' ')
    const answer = await fetch(`${api.url}/api/v1${path}`, { method: 'POST', headers, body: '{"format": "archive"}' }) // prettier-ignore
    return api.url + ((await answer.json()) as { url: string }).url
  }
  const login = await firstLogin(catalog.system, 'amina@example.com')
  const [browser, other] = [newBrowser(api.url, fetch), newBrowser(api.url, fetch)]
  for (const one of [browser, other]) assert.equal((await one.call('POST /session', login)).status, 201)
  const bySession = async (): Promise<string> =>
    api.url + String((await browser.call(ask, { format: 'archive' })).body['url'])
  const links = [await byKey(), await bySession()]
  for (const link of [await byKey(), await bySession()]) {
    const answer = await fetch(link)
    assert.equal(answer.status, 200)
    await answer.arrayBuffer()
  }
  assert.equal((await api.send(`DELETE /keys/${made.id}`)).status, 200)
  assert.equal((await browser.call('DELETE /session')).status, 204)
  for (const link of links) {
    const answer = await fetch(link)
    assert.deepEqual([answer.status, await codeOf(answer)], [403, 'download_refused'])
  }
})

test('who may not, and what is not there, is refused when the link is asked for', async () => {
  const may: Readonly<Record<string, readonly string[]>> = {
    archive: ['super_admin', 'platform_operator'],
    json: ['super_admin'],
  }
  for (const role of roles)
    for (const [format, allowed] of Object.entries(may)) {
      const { status } = await api.send(`POST /backups/${manifest.id}/downloads`, { format }, role)
      assert.equal(status, allowed.includes(role) ? 201 : 403, `${role} ${format}`)
    }
  const secrets = { hostFile: printHostFile(repository.credentials) }
  const address = join(directory, 'repo')
  const { id } = await addRepository(catalog.system, { seal: catalog.seal, name: 'sealed', address, secrets })
  await rememberBackups(catalog.system, { repositoryId: id, sourceId: null, backups })
  for (const [body, status, code] of [
    [{ format: 'sql', repository: 'sealed' }, 409, 'identity_not_held'],
    [{ format: 'sql', repository: 'none' }, 404, 'not_found'],
    [{ format: 'csv', repository: 'sealed', modules: ['sales'] }, 400, 'request_invalid'],
    [{ format: 'archive', tables: ['orders'] }, 400, 'request_invalid'],
    [{ format: 'pdf' }, 400, 'request_invalid'],
    [{ format: 'sql', tables: ['a\nb'] }, 400, 'request_invalid'],
  ] as const) {
    const answer = await api.send(`POST /backups/${manifest.id}/downloads`, body)
    assert.deepEqual([answer.status, await codeOf(answer)], [status, code], JSON.stringify(body))
  }
  assert.equal((await fetch(await linkOf({ format: 'archive', repository: 'sealed' }))).status, 200)
  assert.equal((await api.send('POST /backups/none/downloads', { format: 'sql' })).status, 404)
  const wrong = await fetch(await linkOf({ format: 'csv', tables: ['nothing_like_it'] }))
  assert.deepEqual([wrong.status, await codeOf(wrong)], [500, 'download_failed'])
  assert.match(api.logged.join('\n'), /nothing_like_it/)
})

/** Downloads that are written by a line of JavaScript, which leaves the id of its process in a file. */
async function played(name: string, script: string) {
  const file = join(directory, name)
  const begin = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid));`
  const from = await listeningApi(service, { ...realCommands, arguments: ['-e', begin + script, '--'] })
  return { from, pid: async () => Number(await readFile(file, 'utf8')) }
}

const endless = `
  process.on('SIGINT', () => process.exit(130));
  process.stdout.on('error', () => process.exit(1));
  const more = () => { while (process.stdout.write(Buffer.alloc(65536, 1))); process.stdout.once('drain', more) };
  more()`

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function untilTrue(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (holds()) return
    await sleep(50)
  }
  throw new Error(`It never came to be that ${what}.`)
}

test('who hangs up ends the command, and never more than a few run at once', async () => {
  const { from, pid } = await played('endless', endless)
  const stops: AbortController[] = []
  for (let i = 0; i < 4; i++) {
    const stop = new AbortController()
    const answer = await fetch(await linkOf({ format: 'sql' }, undefined, from), { signal: stop.signal })
    assert.equal(answer.status, 200)
    const reader = answer.body?.getReader()
    assert.ok(((await reader?.read())?.value?.length ?? 0) > 0)
    stops.push(stop)
  }
  const fifth = await linkOf({ format: 'sql' }, undefined, from)
  const busy = await fetch(fifth)
  assert.deepEqual([busy.status, await codeOf(busy)], [503, 'downloads_busy'])
  const last = await pid()
  assert.ok(isAlive(last))
  for (const stop of stops) stop.abort()
  await untilTrue('the command has ended', () => !isAlive(last))
  await untilTrue('all are told', () => from.logged.filter((line) => /was broken off by who read it/.test(line)).length === 4) // prettier-ignore
  // The link was not used up by being refused.
  const stop = new AbortController()
  assert.equal((await fetch(fifth, { signal: stop.signal })).status, 200)
  stop.abort()
  await untilTrue('it is told', () => from.logged.filter((line) => /was broken off/.test(line)).length === 5)
})

test('a command that fails on the way gives no whole file, and says why in the log', async () => {
  const { from } = await played(
    'fails',
    `process.stdout.write(Buffer.alloc(300000, 1), () => {
    process.stderr.write(JSON.stringify({ type: 'error', text: 'holdfast: chunks/ab is damaged' }) + '\\n');
    process.exitCode = 4 })`,
  )
  const answer = await fetch(await linkOf({ format: 'sql' }, undefined, from))
  assert.equal(answer.status, 200)
  await assert.rejects(answer.arrayBuffer(), /terminated/)
  await untilTrue('it is told', () => from.logged.some((line) => /failed: .*chunks\/ab is damaged, \d+ bytes/.test(line))) // prettier-ignore
  const { from: none } = await played('nothing', `process.exit(3)`)
  const failed = await fetch(await linkOf({ format: 'archive' }, undefined, none))
  assert.deepEqual([failed.status, await codeOf(failed)], [500, 'download_failed'])
})
