import assert from 'node:assert/strict'
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { besideUrl, contentsOf } from '../support/journey.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/* A disk that has changed what was stored, by the real command line: what is lost, who is told, and what mends it. */

const server = await testServer(17)

interface Checked {
  readonly error: {
    readonly code: string
    readonly details: {
      readonly lost: readonly {
        readonly key: string
        readonly fault: string
        readonly backups: readonly {
          readonly id: string
          readonly parts: null | {
            readonly tables: readonly { readonly name: string; readonly rows: number; readonly ranges: readonly object[] }[] // prettier-ignore
            readonly others: readonly string[]
          }
        }[]
      }[]
    }
  }
}
interface Listed {
  readonly backups: readonly { readonly id: string; readonly damaged: boolean }[]
}

test('a damaged object: check says which rows of which backups are lost, list shows it, and the next backup mends it', async (t) => {
  const source = await server.database()
  t.after(() => source.drop())
  await source.query(`
    CREATE TABLE big AS SELECT i, md5(i::text) AS t FROM generate_series(1, 20000) i;
    CREATE TABLE small AS SELECT 1 AS n`)
  const { directory, run, json } = await commandLine()
  const one = json<{ backup: { id: string } }>(['backup', source.url]).backup.id
  await source.query('UPDATE small SET n = 2')
  const two = json<{ backup: { id: string } }>(['backup', source.url]).backup.id
  const before = await contentsOf(source.url)

  // The largest object holds rows of the large table, which did not change.
  const chunks = join(directory, 'repo/chunks')
  const files = (await readdir(chunks, { recursive: true })).filter((path) => path.length > 60)
  const sizes = await Promise.all(files.map(async (path) => [(await stat(join(chunks, path))).size, path] as const)) // prettier-ignore
  const [, largest = ''] = sizes.sort(([a], [b]) => b - a)[0] ?? []
  const bytes = await readFile(join(chunks, largest))
  bytes[bytes.length - 50] = (bytes[bytes.length - 50] ?? 0) ^ 1
  await rm(join(chunks, largest))
  await writeFile(join(chunks, largest), bytes)

  const { lost } = json<Checked>(['check', '--read-data', 'all'], { status: 4 }).error.details
  assert.deepEqual(lost.map(({ key, fault }) => [key, fault]), [[`chunks/${largest}`, 'damaged']]) // prettier-ignore
  const { backups } = lost[0] ?? assert.fail()
  assert.deepEqual(new Set(backups.map(({ id }) => id)), new Set([one, two]))
  for (const { parts } of backups) {
    assert.deepEqual(parts?.tables.map(({ name }) => name), ['big']) // prettier-ignore
    const rows = parts?.tables[0]?.rows ?? 0
    assert.ok(rows > 0 && rows <= 20_000, String(rows))
  }
  const told = run(['check', '--read-data', '1/2'])
  assert.match(told.stdout, /damaged: chunks\/[0-9a-f/]+\n {2}all 20,000 rows of public\.big, in \S+ and \S+\n/) // prettier-ignore
  const unsealed = run(['check'])
  assert.equal(unsealed.status, 4)
  assert.match(unsealed.stdout, /damaged: chunks\/[0-9a-f/]+\n {2}needed by \S+ and \S+\n/)

  assert.deepEqual(json<Listed>(['list']).backups.map(({ damaged }) => damaged), [true, true]) // prettier-ignore
  assert.match(run(['list']).stdout, /DAMAGED/)
  assert.match(run(['show', one]).stdout, /Damaged 1 object is missing or damaged, found /)
  const target = besideUrl(source.url, 'mended')
  t.after(() => server.query('DROP DATABASE IF EXISTS mended'))
  json(['restore', one, '--to', target, '--create-database'], { status: 4 })

  const three = json<{ backup: { id: string } }>(['backup', source.url]).backup.id
  assert.deepEqual(
    json<Listed>(['list']).backups.map(({ id, damaged }) => [id, damaged]),
    [three, two, one].map((id) => [id, false]),
  )
  json(['check', '--read-data', 'all'])
  json(['restore', two, '--to', target, '--create-database'])
  assert.deepEqual(await contentsOf(target), before)
})
