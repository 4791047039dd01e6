import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuditEntry } from '../../src/audit/entry.ts'
import { printTrail } from '../../src/audit/export.ts'
import { readTrail } from '../../src/audit/list.ts'
import { record } from '../../src/audit/record.ts'
import { verifyTrail } from '../../src/audit/verify.ts'
import { asCaller } from '../../src/catalog/claims.ts'
import { addSource, changeSource, removeSource } from '../../src/catalog/sources.ts'
import { claimsOf, newCatalog, type TestCatalog } from '../support/catalog.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/* The trail in a real catalog: what is recorded, that nothing takes it away, and that whoever does is found out. */

const server = await testServer(18)
const catalog = await newCatalog(server)
const from = { address: '203.0.113.5', agent: 'test "agent"', request: 'r-1' }
const claims = { ...claimsOf('super_admin'), from }

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function trailOf({ system }: TestCatalog): Promise<AuditEntry[]> {
  return await collect(readTrail((page) => page(system)))
}

async function newRepositoryRow({ system }: TestCatalog): Promise<string> {
  const [row] = await system.query<{ id: string }>(
    `INSERT INTO holdfast.repositories (name, address, secrets) VALUES ('main', '/backups', '\\x5ec2e7') RETURNING id`,
  )
  return row?.id ?? ''
}

const repositoryId = await newRepositoryRow(catalog)

test('a change of a row is recorded in its transaction with who, from where, before and after, and no secret', async () => {
  const { seal, api } = catalog
  const made = await asCaller(
    api,
    claims,
    (q) =>
    addSource(q, { seal, name: 'shop', address: 'postgres://a@db/x', settings: { proof: 'full' }, repositoryId, secrets: { password: 'hunter22' } }), // prettier-ignore
  )
  await asCaller(
    api,
    claims,
    (q) =>
    changeSource(q, { seal, id: made.id, login: { address: 'postgres://b@db/x', secrets: { password: 'other' } } }), // prettier-ignore
  )
  const undone = asCaller(api, claims, async (q) => {
    await removeSource(q, made.id)
    throw new TypeError('undo')
  })
  await assert.rejects(undone, TypeError)
  const entries = (await trailOf(catalog)).filter(({ about }) => about === 'shop')
  const [created, changed, ...more] = entries
  assert.ok(created !== undefined && changed !== undefined)
  assert.equal(more.length, 0, 'what was rolled back is not told')
  const { who, role, address, agent, request, action, source, result, before } = created
  assert.deepEqual(
    [who, role, address, agent, request, action, source, result, before],
    [
      'test:super_admin',
      'super_admin',
      from.address,
      from.agent,
      'r-1',
      'sources.create',
      made.id,
      'done',
      null,
    ],
  )
  const after = JSON.parse(created.after ?? '') as Record<string, unknown>
  assert.deepEqual([after['secrets'], after['settings']], ['(secret)', { proof: 'full' }])
  assert.deepEqual(
    [changed.action, JSON.parse(changed.before ?? ''), JSON.parse(changed.after ?? '')],
    [
      'sources.change',
      { address: 'postgres://a@db/x', secrets: '(secret)' },
      { address: 'postgres://b@db/x', secrets: '(another secret)' },
    ],
  )
  const all = JSON.stringify(await trailOf(catalog))
  assert.doesNotMatch(all, /hunter22|\\\\x|5ec2e7/)
  await asCaller(api, claims, (q) => removeSource(q, made.id))
})

test('who changes the catalog past the API is recorded too, and jobs are from their making to their end', async () => {
  const fresh = await newCatalog(server)
  const id = await newRepositoryRow(fresh)
  await fresh.system.query(`UPDATE holdfast.repositories SET address = '/elsewhere'`)
  const insert = `INSERT INTO holdfast.jobs (kind, repository_id, about, requested_by) VALUES ('check', $1, 'main', 'schedule:1') RETURNING id`
  await fresh.system.query(insert, [id])
  await fresh.system.query(
    `UPDATE holdfast.jobs SET status = 'running', worker = 'w', lease_until = pg_catalog.now()`,
  )
  await fresh.system.query(
    `UPDATE holdfast.jobs SET status = 'failed', lease_until = NULL, ended_at = pg_catalog.now(), error = '{"code": "key_wrong"}'`,
  )
  const told = (await trailOf(fresh)).map(({ who, action, result, code }) =>
    [who.replace(/^database:.*/, 'database'), action, result, code].join(' '),
  )
  assert.deepEqual(told, [
    'database repositories.create done ',
    'database repositories.change done ',
    'schedule:1 jobs.create done ',
    'worker:w jobs.end failed key_wrong',
  ])
})

test('nothing is changed or taken out, by the owner or by the API, and no other role adds', async () => {
  const { system, api } = catalog
  for (const sql of [
    'UPDATE holdfast.audit SET who = who',
    'DELETE FROM holdfast.audit',
    'TRUNCATE holdfast.audit',
    "SET session_replication_role = 'replica'; DELETE FROM holdfast.audit",
  ]) {
    const changing = system.transaction(({ query }) => query(sql))
    await assert.rejects(changing, { code: 'catalog_failed' }, sql)
  }
  for (const sql of [
    `INSERT INTO holdfast.audit_pending (who, action, about, result) VALUES ('me', 'a', 'b', 'done')`,
    'DELETE FROM holdfast.audit',
    'SELECT FROM holdfast.audit_pending',
  ]) {
    const adding = asCaller(api, claims, ({ query }) => query(sql))
    await assert.rejects(adding, { details: { sqlstate: '42501' } }, sql)
  }
})

test('transactions that end at once make one chain without gaps, whatever they lock before and however they end', async () => {
  const { system, seal } = catalog
  const names = ['one', 'two', 'three', 'four']
  const sources = await Promise.all(
    names.map((name) => addSource(system, { seal, name, address: 'postgres://a@db/x', settings: {}, repositoryId, secrets: {} })), // prettier-ignore
  )
  const before = (await trailOf(catalog)).length
  const works = Array.from({ length: 60 }, async (_, i) => {
    const work = asCaller(catalog.api, claims, async (q) => {
      // In one order, so that the rows themselves are no deadlock.
      const chosen = sources.filter((_one, at) => ((i + 1) & (1 << at)) !== 0)
      for (const { id } of chosen) {
        await q.query(`UPDATE holdfast.sources SET settings = $2 WHERE id = $1`, [id, JSON.stringify({ i })])
        await q.asSystem((owner) =>
          record(owner, { claims, action: 'test.note', about: String(i), result: 'done' }),
        )
      }
      if (i % 7 === 3) throw new RangeError('rolled back')
      return chosen.length
    })
    return await work.catch((error: unknown) => {
      assert.ok(error instanceof RangeError, String(error))
      return 0
    })
  })
  const changed = (await Promise.all(works)).reduce((sum, one) => sum + one, 0)
  const entries = await trailOf(catalog)
  assert.equal(entries.length - before, changed * 2)
  assert.deepEqual(
    entries.map(({ number }) => number),
    entries.map((_, i) => i + 1),
  )
  const verdict = await verifyTrail(asyncOf(entries), null)
  assert.deepEqual([verdict.broken, verdict.entries], [null, entries.length])
  const [left] = await system.query<{ count: number }>(
    'SELECT count(*)::int4 FROM holdfast.audit_pending AS p',
  )
  assert.equal(left?.count, 0)
})

test('whoever has recorded something first, and then waits for another, holds nobody up', async () => {
  const { system, seal } = catalog
  const one = { name: 'crossed', address: 'postgres://a@db/x', settings: {}, repositoryId, secrets: {} }
  const { id } = await addSource(system, { seal, ...one })
  const change = 'UPDATE holdfast.sources SET settings = $2 WHERE id = $1'
  const note = { claims, action: 'test.note', about: 'crossed', result: 'done' } as const
  const recorded = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const first = system.transaction(async (q) => {
    await record(q, note)
    recorded.resolve()
    await locked.promise
    // Waits for the second, which is to record something, too.
    await q.query(change, [id, '{"by": 1}'])
  })
  const second = system.transaction(async (q) => {
    await recorded.promise
    await q.query(change, [id, '{"by": 2}'])
    locked.resolve()
    await record(q, note)
  })
  await Promise.all([first, second])
  const told = (await trailOf(catalog)).filter(({ about }) => about === 'crossed')
  assert.deepEqual(told.slice(-4).map(({ action }) => action), ['sources.change', 'test.note', 'test.note', 'sources.change']) // prettier-ignore
})

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

test('whatever is done to the table by whoever can switch the trigger off is found', async () => {
  const noted = await verifyTrail(asyncOf(await trailOf(catalog)), null)
  const head = noted.head?.hash ?? ''
  const tampered = async (sql: string, noticed = head) => {
    let verdict: Awaited<ReturnType<typeof verifyTrail>> | undefined
    const undo = new Error('undo')
    const trying = catalog.system.transaction(async (queries) => {
      await queries.query('ALTER TABLE holdfast.audit DISABLE TRIGGER append_only')
      await queries.query(sql)
      verdict = await verifyTrail(
        readTrail((page) => page(queries)),
        noticed,
      )
      throw undo
    })
    await assert.rejects(trying, undo)
    return verdict
  }
  const last = noted.entries
  for (const column of ['who', 'about', 'after', 'agent']) {
    const value = column === 'after' ? `'{"x": 1}'` : `'somebody'`
    const verdict = await tampered(`UPDATE holdfast.audit SET ${column} = ${value} WHERE number = 3`)
    assert.equal(verdict?.broken?.number, 3, column)
  }
  assert.equal((await tampered(`UPDATE holdfast.audit SET at = at + interval '1 us' WHERE number = 4`))?.broken?.number, 4) // prettier-ignore
  assert.equal((await tampered('DELETE FROM holdfast.audit WHERE number = 2'))?.broken?.number, 3)
  const cut = await tampered(`DELETE FROM holdfast.audit WHERE number = ${last}`)
  assert.deepEqual([cut?.broken, cut?.cut], [null, true])
  const rewritten = await tampered(
    `DELETE FROM holdfast.audit WHERE number > 1; UPDATE holdfast.audit SET previous = previous`,
  )
  assert.equal(rewritten?.cut, true)
  const whole = await verifyTrail(asyncOf(await trailOf(catalog)), head)
  assert.deepEqual([whole.broken, whole.cut], [null, false])
})

test('the command line exports both formats, which it proves again, and says where one was changed', async () => {
  const { directory, run, json } = await commandLine()
  const nasty = ['=cmd|x', "'quoted", '+1', '-2', '@x', 'a\n"b",\r\nc', 'é😀\u2028', '', '\ttab']
  for (const about of nasty)
    await record(catalog.system, { claims, action: 'test.note', about, result: 'done', facts: { about } })
  const keyFile = join(directory, 'catalog.key')
  await writeFile(keyFile, catalog.key.toString('base64url'), { mode: 0o600 })
  const url = new URL(catalog.database.url)
  const env = { PGPASSWORD: decodeURIComponent(url.password), HOLDFAST_CATALOG_KEY_FILE: keyFile }
  url.password = ''
  const at = ['--catalog', url.href]
  const verified = json<{ entries: number; head: { hash: string } }>(['audit', 'verify', ...at], { env })
  for (const format of ['csv', 'json']) {
    const file = join(directory, `audit.${format}`)
    json(['audit', 'export', '--format', format, '--out', file, ...at], { env })
    const read = json<{ entries: number; head: { hash: string } }>(['audit', 'verify', '--file', file, '--head', verified.head.hash]) // prettier-ignore
    assert.deepEqual([read.entries, read.head], [verified.entries, verified.head], format)
    const text = await readFile(file, 'utf8')
    if (format === 'csv') assert.equal(/,"[=+@\t-]/.test(text), false)
    else assert.equal((JSON.parse(text) as unknown[]).length, read.entries)
    await writeFile(file, text.replace('sources.change', 'sources.chance'))
    const broken = run(['audit', 'verify', '--file', file])
    assert.equal(broken.status, 4)
    assert.match(broken.stderr, /It was changed/)
    const lastLine = text.lastIndexOf('\n', text.length - (format === 'csv' ? 2 : 4))
    await writeFile(file, text.slice(0, lastLine + 1))
    assert.match(run(['audit', 'verify', '--file', file, '--head', verified.head.hash]).stderr, /head is not/)
  }
  const pieces = await collect(printTrail(asyncOf([]), 'json'))
  assert.equal(pieces.join(''), '[]\n')
})
