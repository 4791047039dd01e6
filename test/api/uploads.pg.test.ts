import assert from 'node:assert/strict'
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { roles } from '../../src/catalog/permissions.ts'
import { removeOldUploads } from '../../src/jobs/old-uploads.ts'
import { createUploads } from '../../src/jobs/uploads.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openRepository } from '../../src/repository/open.ts'
import { archiveOf } from '../support/archive.ts'
import { listeningApi } from '../support/downloads.ts'
import { besideUrl, contentsOf, newRepository } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { newService, realCommands } from '../support/service.ts'

/* Archives that people send to the service. */

const server = await testServer(17)
const service = await newService(server)
const { directory } = service
const shop = await server.database()
await shop.query(`CREATE TABLE orders (id int PRIMARY KEY, note text);
  INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 500) n; CREATE PUBLICATION news FOR TABLE orders`)
const elsewhere = await newRepository(join(directory, 'elsewhere'))
const { manifest } = await elsewhere.backUp(shop.url)
const repository = await openRepository({ storage: elsewhere.storage })
const archive = Uint8Array.from(await archiveOf(repository))
const api = await listeningApi(service)
const uploads = join(directory, 'uploads')

const filesOf = async (): Promise<string[]> => await readdir(uploads).catch(() => [])
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { code: unknown }).code

test('an archive that is sent becomes a repository, to which the identity is added, and from which is restored', async () => {
  const sent = await api.send('POST /uploads?name=laptop', archive)
  const body = (await sent.json()) as Record<string, unknown>
  assert.equal(sent.status, 201, JSON.stringify(body))
  assert.deepEqual([body['ownerKey'], body['backups']], [repository.keyset.ownerKey, [manifest.id]])
  const [file = ''] = await filesOf()
  assert.equal((await stat(join(uploads, file))).mode & 0o777, 0o600)
  assert.equal((await stat(uploads)).mode & 0o777, 0o700)
  const listed = await (await api.send('GET /backups?repository=laptop')).json()
  assert.deepEqual(
    (listed as { items: { id: string }[] }).items.map(({ id }) => id),
    [manifest.id],
  )
  const shown = (await (await api.send('GET /repositories/laptop')).json()) as Record<string, unknown>
  assert.deepEqual([shown['kind'], shown['ownerKey']], ['upload', repository.keyset.ownerKey])

  service.worker({ commandLine: realCommands })
  await restoredFrom('laptop')
  assert.equal((await api.send('PATCH /repositories/laptop', { identity: elsewhere.identity })).status, 200)
  const id = String(body['id'])
  // The second is made of every repository once a day.
  for (const [kind, params] of [
    ['check', { readData: 'all' }],
    ['measure', {}],
  ] as const) {
    const made = await service.enqueue({ kind, sourceId: null, repositoryId: id, params })
    const job = await service.until(made.id, ({ status }) => status === 'completed' || status === 'failed')
    assert.equal(job.status, 'completed', `${kind}: ${JSON.stringify(job.error)}`)
  }
  for (const change of [{ address: '/etc' }, { copies: ['/etc'] }])
    assert.equal((await api.send('PATCH /repositories/laptop', change)).status, 400)
  const untyped = await api.send('DELETE /repositories/laptop', {})
  assert.deepEqual([untyped.status, await codeOf(untyped)], [409, 'confirmation_needed'])
  assert.equal((await filesOf()).length, 1)
  assert.equal((await api.send('DELETE /repositories/laptop', { confirm: 'laptop' })).status, 204)
  assert.deepEqual(await filesOf(), [])
  assert.equal((await api.send('GET /repositories/laptop')).status, 404)
  const trail = (await (await api.send('GET /audit?action=repositories&limit=200')).json()) as { items: Record<string, unknown>[] } // prettier-ignore
  const told = trail.items.filter(({ about }) => about === 'laptop')
  assert.deepEqual(
    new Set(told.map(({ action }) => action)),
    new Set(['repositories.create', 'repositories.change', 'repositories.remove']),
  )
  assert.ok(told.every(({ who }) => String(who).startsWith('key:')))
  assert.match(JSON.stringify(told), /kind.{0,8}upload/)
})

/** By a service that never saw what it is from, with an identity for this once. */
async function restoredFrom(name: string): Promise<void> {
  const url = new URL(besideUrl(shop.url, 'from_upload'))
  const password = decodeURIComponent(url.password)
  url.password = ''
  const into = { database: url.href, password }
  const { identity } = elsewhere
  const source = { name: 'mine', address: 'postgres://a@db/x', repository: name }
  for (const [line, body, status, code] of [
    ['POST /restores', { repository: name, into }, 409, 'identity_not_held'],
    ['POST /restores', { repository: name, into: { inPlace: true }, identity }, 400, 'request_invalid'],
    ['POST /restores', { into, identity }, 400, 'request_invalid'],
    ['POST /restores', { repository: name, into, identity, modules: ['crm'] }, 400, 'request_invalid'],
    ['POST /sources', source, 400, 'request_invalid'],
    ['POST /jobs', { kind: 'copy', repository: 'main', params: { to: name } }, 400, 'request_invalid'],
  ] as const) {
    const refused = await api.send(line, body)
    const told = (await refused.json()) as { code: string; detail: string }
    assert.deepEqual([refused.status, told.code], [status, code], `${line}: ${told.detail}`)
  }
  const begin = await api.send('POST /restores', { repository: name, into, identity })
  const begun = (await begin.json()) as { id: string; source: string }
  assert.deepEqual([begin.status, begun.source], [202, name], JSON.stringify(begun))
  const job = await service.until(begun.id, ({ status }) => status === 'completed' || status === 'failed')
  assert.equal(job.status, 'completed', JSON.stringify(job.error))
  const { system } = service.catalog
  const kept = await system.query(
    `SELECT j.*, r.* FROM holdfast.jobs AS j JOIN holdfast.restores AS r USING (id) WHERE id = '${begun.id}'`,
  )
  assert.equal(kept[0]?.['secrets'], null)
  assert.doesNotMatch(JSON.stringify([kept, await service.log(begun.id), api.logged]), /AGE-SECRET-KEY/)
  const release = await api.send(`POST /restores/${begun.id}/release`, { confirm: 'from_upload', password })
  const released = (await release.json()) as { id: string }
  assert.equal(release.status, 202, JSON.stringify(released))
  const over = await service.until(released.id, ({ status }) => status === 'completed' || status === 'failed')
  assert.equal(over.status, 'completed', JSON.stringify(over.error))
  assert.deepEqual(await contentsOf(besideUrl(shop.url, 'from_upload')), await contentsOf(shop.url))
  await server.query('DROP DATABASE from_upload')
}

test('what is no archive, is cut, forged or too large is refused, and nothing of it stays', async () => {
  const text = Buffer.from(archive)
  const place = text.lastIndexOf('"sequence":1')
  assert.ok(place > 0)
  const forged = Uint8Array.from(archive)
  forged.set(Buffer.from('"sequence":9'), place)
  const header = Uint8Array.from(archive)
  header.set([0x40], 3)
  for (const [what, bytes, status, code] of [
    ['nothing', new Uint8Array(), 409, 'archive_damaged'],
    ['garbage', new Uint8Array(5000).fill(7), 409, 'archive_damaged'],
    ['half', archive.slice(0, archive.length / 2), 409, 'archive_damaged'],
    ['all but the last byte', archive.slice(0, -1), 409, 'archive_damaged'],
    ['a forged manifest', forged, 409, 'manifest_forged'],
    ['another name of an object', header, 409, 'archive_damaged'],
    ['too much', new Uint8Array(1_000_001), 400, 'upload_too_large'],
  ] as const) {
    const answer = await api.send('POST /uploads?name=bad', bytes)
    const told = (await answer.json()) as { code: string; detail: string }
    assert.deepEqual([answer.status, told.code], [status, code], `${what}: ${told.detail}`)
    assert.doesNotMatch(told.detail, new RegExp(tmpdir()))
    assert.deepEqual(await filesOf(), [], what)
  }
  // Without a length: it is known only when it has come.
  const { status, text: told } = await endless('POST', '/uploads?name=bad')
  assert.equal(status, 400, told)
  assert.match(told, /"code":"upload_too_large"/)
  assert.deepEqual(await filesOf(), [])
  assert.equal((await api.send('GET /repositories/bad')).status, 404)
})

test('an upload whose sender goes away leaves nothing', async () => {
  const call = request(`${api.url}/api/v1/uploads?name=gone`, {
    method: 'POST',
    headers: { ...authorization(), 'content-length': String(archive.length) },
  })
  call.on('error', () => undefined)
  call.write(archive.slice(0, 2000))
  await untilFiles(1)
  const closed = new Promise((resolve) => call.once('close', resolve))
  call.destroy()
  await closed
  await untilFiles(0)
})

test('names that are taken and callers who may not are refused before anything is sent', async () => {
  const taken = await api.send('POST /uploads?name=main', archive)
  assert.deepEqual([taken.status, await codeOf(taken)], [409, 'name_taken'])
  for (const role of roles.filter((one) => one !== 'super_admin')) {
    assert.equal((await api.send('POST /uploads?name=mine', archive, role)).status, 403, role)
  }
  assert.equal((await api.send('POST /uploads?name=Not%20One', archive)).status, 400)
  const headers = { ...authorization(), 'idempotency-key': 'k' }
  const again = await fetch(`${api.url}/api/v1/uploads?name=k`, { method: 'POST', headers, body: archive })
  assert.deepEqual([again.status, await codeOf(again)], [400, 'request_invalid'])
  assert.deepEqual(await filesOf(), [])
})

test('what a service that was killed has left is removed, what belongs to a repository stays, and a full disk is told', async () => {
  const place = join(directory, 'swept')
  const kept = createUploads({ directory: place, mostBytes: Infinity, commandLine: realCommands })
  const one = async function* () {
    yield archive
  }
  const { path } = await kept.receive({ bytes: one(), length: archive.length })
  const [left, fresh] = [join(place, 'left.holdfast.part'), join(place, 'fresh.holdfast.part')]
  for (const file of [left, fresh]) await writeFile(file, 'x')
  for (const file of [left, path]) await utimes(file, 0, 0)
  await kept.sweep({ known: [path], now: systemClock.now() })
  assert.deepEqual((await readdir(place)).map((name) => join(place, name)).sort(), [fresh, path].sort())
  assert.ok((await readFile(path)).equals(archive))
  await assert.rejects(kept.receive({ bytes: one(), length: archive.length + 1 }), { code: 'upload_cut' })
  await assert.rejects(kept.receive({ bytes: one(), length: 2 ** 60 }), { code: 'storage_full' })
  await kept.remove(join(directory, 'elsewhere/holdfast'))
  await stat(join(directory, 'elsewhere/holdfast'))
})

test('an upload goes with its file when it is old and nothing works on it, and no other repository does', async () => {
  const { system } = service.catalog
  const { id } = (await (await api.send('POST /uploads?name=old', archive)).json()) as { id: string }
  await system.query(
    `UPDATE holdfast.repositories SET created_at = pg_catalog.now() - interval '31 days' WHERE name IN ('old', 'main')`,
  )
  const own = createUploads({ directory: uploads, mostBytes: 1, commandLine: realCommands })
  const others = createUploads({
    directory: join(directory, 'swept'),
    mostBytes: 1,
    commandLine: realCommands,
  })
  await system.query(`INSERT INTO holdfast.jobs (kind, repository_id, about, params, requested_by, max_attempts, status)
    VALUES ('check', '${id}', 'old', '{}', 'test', 1, 'waiting')`)
  for (const each of [own, others]) await removeOldUploads(system, each)
  assert.equal((await filesOf()).length, 1, 'a job is to work on it')
  await system.query(
    `UPDATE holdfast.jobs SET status = 'cancelled', ended_at = pg_catalog.now() WHERE repository_id = '${id}'`,
  )
  await removeOldUploads(system, others)
  assert.equal((await filesOf()).length, 1, 'another process has it')
  await removeOldUploads(system, own)
  assert.deepEqual(await filesOf(), [])
  const left = await system.query<{ name: string }>('SELECT name FROM holdfast.repositories')
  assert.deepEqual(
    left.map(({ name }) => name),
    ['main'],
  )
})

/**
 * Sends without end, until there is an answer; fails long before this machine is full if none comes. Not by fetch, which keeps all that it
 * has sent of a stream.
 */
async function endless(method: string, path: string): Promise<{ status: number | undefined; text: string }> {
  const call = request(`${api.url}/api/v1${path}`, { method, headers: authorization() })
  let sent = 0
  const write = (): void => {
    while (sent < 500_000_000) {
      sent += 100_000
      if (!call.write(new Uint8Array(100_000))) return
    }
    call.destroy(new Error('It takes everything.'))
  }
  call.on('drain', write)
  write()
  return await new Promise((resolve, reject) => {
    // The connection may break once the answer is there.
    call.on('error', reject)
    call.on('response', (answer) => {
      call.off('drain', write)
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.once('error', reject)
      answer.once('end', () => {
        resolve({ status: answer.statusCode, text })
        call.destroy()
      })
    })
  })
}

function authorization(): Record<string, string> {
  return { authorization: `Bearer ${api.keyOf('super_admin')}`, 'content-type': 'application/octet-stream' }
}

async function untilFiles(count: number): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if ((await filesOf()).length === count) return
    await sleep(50)
  }
  throw new Error(`There are never ${count} files.`)
}
