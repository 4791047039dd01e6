import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { parseHostFile } from '../../src/repository/hostfile.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { beginBackup, readContents, readerOf } from '../../src/repository/session.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { commandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'

/* What goes wrong around the commands, by the real command line: status, code, and the state that things are in. */

const server = await testServer(17)
const source = await server.database()
await source.query(`
  CREATE TABLE big AS SELECT i, md5(i::text) AS t FROM generate_series(1, 20000) i;
  CREATE TABLE small AS SELECT 1 AS n`)

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string }
}

interface Listed {
  readonly backups: readonly { readonly id: string; readonly totals: { readonly rows: number } }[]
}

test('a backup that has no room makes none and says so; the next one works', async () => {
  const { directory, json, shell } = await commandLine()
  // As on a disk that has room for small objects only: the chunk of the large table does not fit.
  const { status, stdout } = shell(`ulimit -f 200; $holdfast backup ${source.url} --json --quiet`)
  assert.equal(status, 1, stdout)
  const { error } = JSON.parse(stdout) as Failed
  assert.equal(error.code, 'storage_full')
  assert.match(error.message, /^Cannot write .*\/repo\/chunks\/.*EFBIG/)
  assert.deepEqual(json<Listed>(['list']).backups, [])
  assert.deepEqual(await readdir(join(directory, 'repo/tmp')), [])
  json(['backup', source.url])
  assert.equal(json<Listed>(['list']).backups[0]?.totals.rows, 20001)
  json(['check', '--read-data', 'all'])
})

test('a backup whose result stdout does not take is made, and the failure says so', async () => {
  const { json, shell } = await commandLine()
  for (const options of ['', '--json']) {
    const { status, stderr } = shell(`$holdfast backup ${source.url} --quiet ${options} >/dev/full`)
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^holdfast: The command was done, but its result[\s\S]*stays done[\s\S]*result_lost\n$/,
    )
  }
  assert.equal(json<Listed>(['list']).backups.length, 2)
})

test('a drill and a restore that find a difference end with the status of an integrity error, and undo', async () => {
  const { directory, json } = await commandLine()
  const { backup } = json<{ backup: { id: string } }>(['backup', source.url, '--proof', 'full'])
  const lie = await commitLie(directory, backup.id)
  const to = besideUrl(source.url, 'differs')
  const restored = json<Failed>(['restore', lie, '--to', to, '--create-database'], { status: 4 })
  assert.equal(restored.error.code, 'restore_differs')
  assert.match(restored.error.message, /small/)
  const left = await server.query(`SELECT datname FROM pg_database WHERE datname = 'differs'`)
  assert.deepEqual(left, [])
  assert.equal(json<Failed>(['drill', lie], { status: 4 }).error.code, 'drill_failed')

  // Of what is left of the true backup, the chunk of the large table.
  const chunks = await readdir(join(directory, 'repo/chunks'), { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    chunks
      .filter((entry) => entry.isFile())
      .map(async (entry) => ({
        path: join(entry.parentPath, entry.name),
        size: (await stat(join(entry.parentPath, entry.name))).size,
      })),
  )
  await rm(sizes.toSorted((a, b) => b.size - a.size)[0]?.path ?? '')
  const gone = json<Failed>(['drill', backup.id], { status: 4 })
  assert.equal(gone.error.code, 'drill_failed')
  assert.match(gone.error.message, /could not be restored as it was/)
})

/** Stores a backup that says of a table what its source has never counted, signed as any. Its id. */
async function commitLie(directory: string, id: string): Promise<string> {
  const [keys] = (await readdir(join(directory, '.config/holdfast'))).map((name) =>
    join(directory, '.config/holdfast', name),
  )
  const secret = (name: string) => readFile(join(keys ?? '', name), 'utf8')
  const storage = openLocalStorage(join(directory, 'repo'))
  const { repository, vault } = await openUnlocked({ storage, identity: await secret('identity.txt') })
  await using reader = readerOf(repository, vault, 1)
  const manifest = await repository.find(id)
  const truth = await readContents(reader, manifest)
  const tables = truth.tables.map((table) =>
    table.name === 'small' && table.fingerprint !== null
      ? { ...table, fingerprint: { ...table.fingerprint, hash: '1' } }
      : table,
  )
  const credentials = parseHostFile(await secret('host.json'))
  await using writer = await beginBackup({ repository, credentials, clock: systemClock, threads: 1 })
  await writer.store(new TextEncoder().encode(JSON.stringify({ ...truth, tables })))
  const [contents] = writer.chunks()
  assert.ok(contents !== undefined)
  const lie = {
    ...manifest,
    id: writer.id,
    sequence: writer.sequence,
    contents: contents[0],
    chunks: [...manifest.chunks, contents],
  }
  await writer.commit(lie)
  return lie.id
}
