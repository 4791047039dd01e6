import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RestoreRecord } from '../../src/repository/format/restore-contents.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { commandLine, type CommandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { sampleRestore, storeRestore } from '../support/restores.ts'

/* What restores leave in the repository, by the real command line. */

const server = await testServer(17)
const source = await server.database()
await source.query(`
  CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1200) i;
  CREATE TABLE "größer 表" AS SELECT 1 AS n`)
const user = decodeURIComponent(new URL(source.url).username)

interface Listed {
  readonly restores: readonly {
    readonly id: string
    readonly kind: string
    readonly backup: string | null
    readonly target: string
    readonly finished: string | null
    readonly rows: { readonly created: number } | null
    readonly safety: unknown
    readonly fault: string | null
  }[]
  readonly refused: readonly { readonly key: string }[]
}

/** A repository with a backup, and how to restore it into a new database of this name. */
async function withBackup() {
  const line = await commandLine()
  const { backup } = line.json<{ backup: { id: string } }>(['backup', source.url, '--proof', 'full'])
  const restoreTo = (name: string) =>
    ['restore', 'latest', '--to', besideUrl(source.url, name), '--create-database'] as const
  return { ...line, backup, restoreTo }
}

test('a restore leaves a report, which tells who restored what, where, and what was compared', async (t) => {
  const line = await withBackup()
  const { run, json, backup, restoreTo } = line
  t.after(() => server.query('DROP DATABASE IF EXISTS reported WITH (FORCE)'))
  assert.match(run(['restores']).stdout, /^No restores yet\.\n$/)
  assert.equal(run(['restores', 'latest']).status, 3)

  const restored = run([...restoreTo('reported'), '--table', 'orders', '--no-owner'])
  assert.equal(restored.status, 0, restored.stderr)
  const id = /report +holdfast restores (\S+)/.exec(restored.stdout)?.[1] ?? ''
  const { restores, refused } = json<Listed>(['restores'])
  assert.deepEqual(refused, [])
  const [one] = restores
  assert.ok(one !== undefined && restores.length === 1)
  assert.deepEqual([one.id, one.kind, one.backup, one.rows?.created, one.safety], [id, 'new database', backup.id, 1200, null]) // prettier-ignore
  assert.match(one.target, new RegExp(`^postgres://${user}@.*/reported$`))

  const { record } = json<{ record: RestoreRecord }>(['restores', id.slice(0, -2)])
  assert.equal(record.who, `${user} (${hostname()})`)
  assert.deepEqual(record.scope, ['--create-database', '--table orders', '--no-owner'])
  assert.deepEqual(record.tables.map(({ name, created }) => [name, created]), [['orders', 1200]]) // prettier-ignore
  assert.deepEqual(record.checks, [{ what: 'number and content of all rows', result: '1 table: equal' }])

  assert.match(run(['restores']).stdout, new RegExp(`^RESTORE .*\n${id} .*new database.*1,200 `))
  assert.match(run(['restores', 'latest']).stdout, /Kind +new database[\s\S]*orders +1,200/)
  // What it holds is sealed: without the identity nothing is told.
  const identity = identityPath(line)
  const nobody = run(['restores', '--identity', '/dev/null'])
  assert.notEqual(nobody.status, 0)
  assert.ok(!nobody.stdout.includes('orders'))
  assert.equal(run(['restores', '--identity', identity]).status, 0)
  assert.equal(run(['check', '--read-data', 'all']).stdout.match(/1 backup and 1 restore/)?.length, 1)
})

test('a restore whose report can not be stored stays done, with a warning and status 0', async (t) => {
  const { directory, run, json, restoreTo } = await withBackup()
  t.after(() => server.query('DROP DATABASE IF EXISTS unreported WITH (FORCE)'))
  // Where the documents of restores would go there is a file.
  await writeFile(join(directory, 'repo/restores'), '')
  const { status, stdout, stderr } = run([...restoreTo('unreported')])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /1,201 rows in 2 tables/)
  assert.match(stderr, /warning: The restore is done, but its report could not be stored in the repository: /)
  const rows = await server.query('SELECT count(*)::int AS n FROM orders', 'unreported')
  assert.deepEqual(rows, [{ n: 1200 }])
  await rm(join(directory, 'repo/restores'))
  assert.deepEqual(json<Listed>(['restores']).restores, [])
})

test('restores that are not finished, damaged or forged are told as that, and do not hide the others', async () => {
  const line = await commandLine()
  const { directory, run, json } = line
  const storage = openLocalStorage(join(directory, 'repo'))
  const identity = await readFile(identityPath(line), 'utf8')
  const opened = await openUnlocked({ storage, identity })
  await storeRestore({ ...opened, finished: null })
  await storeRestore({ ...opened, restore: sampleRestore(32) })
  await storeRestore({ ...opened, restore: sampleRestore(33), finished: null })
  await storage.delete(`restores/${sampleRestore(33).id}/safety`)
  await storage.put(`restores/${sampleRestore(33).id}/safety`, new Uint8Array(9))

  const listed = run(['restores'])
  assert.equal(listed.status, 0, listed.stderr)
  assert.match(listed.stdout, /00000032 .* 1\.8 s +yes\n20261121T013131Z-00000031 .* not finished +yes\n$/)
  assert.match(listed.stderr, /00000033\/safety is not accepted: /)
  const latest = run(['restores', 'latest'])
  assert.equal(latest.status, 4, latest.stdout)
  assert.match(run(['restores', '20261121T013131Z']).stdout, /not finished[\s\S]*pg_xact_status/)

  const document = await readFile(join(directory, 'repo/restores', sampleRestore(32).id, 'report'), 'utf8')
  const { contents } = JSON.parse(document.split('\n')[1] ?? '') as { contents: string }
  await storage.delete(`chunks/${contents.slice(0, 2)}/${contents}`)
  const [later, first] = json<Listed>(['restores']).restores
  assert.match(later?.fault ?? '', /missing/)
  assert.equal(first?.fault, null)
  const checked = run(['check'])
  assert.equal(checked.status, 4)
  assert.match(checked.stdout, /^restore 20261121T013132Z-00000032 {2}1 object missing\n/)
  assert.match(checked.stderr, /Of 0 backups and 3 restores 2 can't be relied on/)
})

/** Where init wrote the identity of this user's repository. */
function identityPath({ directory, json }: CommandLine): string {
  const { repository } = json<{ repository: { id: string } }>(['list'])
  return join(directory, '.config/holdfast', repository.id, 'identity.txt')
}
