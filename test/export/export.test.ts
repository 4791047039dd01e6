import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { exportBackup, type ExportFormat } from '../../src/export/export.ts'
import { HoldfastError, isHoldfastError } from '../../src/lib/errors.ts'
import type { BackupContents, TableContents } from '../../src/repository/format/contents.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import type { ChunkReader } from '../../src/repository/types.ts'
import { memorySink } from '../support/archive.ts'
import { unzip, type Unzipped } from '../support/unzip.ts'

const directory = await mkdtemp(join(tmpdir(), 'holdfast-export-'))
after(() => rm(directory, { recursive: true, force: true }))
let outs = 0
const newOut = () => join(directory, `out${outs++}`)

const schemaSql = [
  'CREATE TABLE app.orders (id bigint, note text);\n',
  'CREATE INDEX orders_idx ON app.orders (id);\n',
  'GRANT SELECT ON app.orders TO reader;\n',
  'REFRESH MATERIALIZED VIEW app.sums;\n',
] as const
const rowsText = '1\tplain\n2\t\\N\n3\t\n4\t\\\\.\n5\ttab\\there\n'
const lobText = '77\t0\t\\\\x0102\n'

function backup({ rows = rowsText, schema = schemaSql as readonly string[] } = {}): {
  contents: BackupContents
  manifest: Manifest
  reader: ChunkReader
} {
  const chunks = [Buffer.from(schema.join('') + lobText), Buffer.from(rows)]
  const schemaBytes = schema.join('').length
  const phases = ['pre', 'post', 'acl', 'last'] as const
  const table: TableContents = {
    oid: 1,
    filenode: null,
    schema: 'app',
    name: 'orders\n\\! touch x',
    rows: 5,
    plainBytes: rows.length,
    parents: [],
    condition: null,
    data: 'held',
    loadVia: null,
    columns: [
      { name: 'id', type: 'bigint' },
      { name: 'the note', type: 'text' },
    ],
    // Cut in the middle of a row.
    ranges: [
      {
        from: 0,
        to: null,
        rows: 5,
        pieces: [
          { chunk: 1, offset: 0, length: 5 },
          { chunk: 1, offset: 5, length: rows.length - 5 },
        ],
      },
    ],
    fingerprint: null,
  }
  return {
    manifest: {
      format: 1,
      id: '20261121T013131Z-8f3a9c21',
      sequence: 1,
      kind: 'full',
      name: null,
      description: 'one | two',
      source: '',
      host: '',
      holdfast: '0.1.0',
      started: '',
      moment: '2026-11-21T01:31:31Z',
      finished: '',
      lsn: '0/1',
      major: 17,
      epoch: '',
      contents: '',
      totals: {
        tables: 1,
        rows: 5,
        plainBytes: 1,
        storedBytes: 1,
        newChunks: 1,
        newStoredBytes: 1,
        reusedChunks: 0,
        gaps: 0,
      },
      chunks: chunks.map((bytes, i) => [`c${i}`, bytes.length, bytes.length] as const),
    },
    contents: {
      format: 2,
      server: {
        horizon: null,
        incarnation: null,
        version: '17.10',
        major: 17,
        systemIdentifier: null,
        timeline: null,
        inRecovery: false,
        encoding: 'UTF8',
      },
      database: {
        name: 'shop',
        owner: 'postgres',
        encoding: 'UTF8',
        collate: 'C',
        ctype: 'C',
        localeProvider: 'libc',
        locale: null,
        icuRules: null,
        tablespace: 'pg_default',
        connectionLimit: -1,
        isTemplate: false,
        allowConnections: true,
        comment: null,
        acl: null,
        settings: [],
        securityLabels: [],
      },
      roles: [],
      usedRoles: ['owner of it'],
      schema: {
        pieces: [{ chunk: 0, offset: 0, length: schemaBytes }],
        entries: schema.map((sql, i) => ({
          id: i,
          type: 'TABLE',
          phase: phases[i] ?? 'pre',
          schema: 'app',
          name: 'x\n\\! touch x',
          owner: 'postgres',
          catalogOid: 0,
          oid: 0,
          dependsOn: [],
          offset: schema.slice(0, i).join('').length,
          length: sql.length,
          lengthWithoutOwner: sql.length,
        })),
      },
      tables: [
        table,
        { ...table, oid: 2, name: 'left out', data: 'excluded', rows: 0, plainBytes: 0, ranges: [] },
      ],
      sequences: [{ schema: 'app', name: 'orders_id_seq', lastValue: '9223372036854775807', isCalled: true }],
      largeObjects: {
        objects: [{ oid: 77, owner: 'postgres', acl: null, comment: "it's" }],
        ranges: [{ rows: 1, pieces: [{ chunk: 0, offset: schemaBytes, length: lobText.length }] }],
      },
      gaps: [{ what: 'role passwords', why: 'not readable\n\\! touch x' }],
      scope: { schemas: [], tables: [], excludeTables: [], excludeData: [] },
      proof: 'counts',
    },
    reader: {
      async read(name) {
        return new Uint8Array(chunks[Number(name.slice(1))] ?? [])
      },
      async [Symbol.asyncDispose]() {},
    },
  }
}

const clock = { now: () => new Date('2026-11-22T00:00:00Z') }
const formats: readonly ExportFormat[] = ['folder', 'sql', 'csv', 'json']
const tableFile = 'app.orders%0a%5c%21%20touch%20x'

test('sql: one script in the order that a restore needs', async () => {
  const out = newOut()
  await exportBackup({ ...backup(), format: 'sql', out, clock })
  const sql = await readFile(out, 'utf8')
  const copy = `COPY "app"."orders\n\\! touch x" ("id", "the note") FROM STDIN (FORMAT text, ENCODING 'UTF8');\n${rowsText}\\.\n`
  const marks = [
    'SET client_encoding',
    schemaSql[0],
    copy,
    'pg_catalog.setval(\'"app"."orders_id_seq"\', 9223372036854775807, true)',
    'lo_create(77)',
    "lo_put(77, 0 * 2048::pg_catalog.int8, '\\x0102')",
    ...schemaSql.slice(1),
  ]
  const places = marks.map((mark) => sql.indexOf(mark))
  assert.ok(!places.includes(-1), `missing: ${marks[places.indexOf(-1)]}`)
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
  // Beside the end of the rows and the table's quoted name no line begins with a backslash.
  assert.deepEqual(
    sql.split('\n').filter((line) => line.startsWith('\\')),
    ['\\! touch x" ("id", "the note") FROM STDIN (FORMAT text, ENCODING \'UTF8\');', '\\.'],
  )
  assert.equal((await stat(out)).mode & 0o777, 0o600)
})

test('csv and json: a file per table that is held, and a page that tells which', async () => {
  const csv = newOut()
  await exportBackup({ ...backup(), format: 'csv', out: csv, clock })
  assert.deepEqual((await readdir(csv)).toSorted(), ['BACKUP_MANIFEST.md', `${tableFile}.csv`])
  assert.equal(
    await readFile(join(csv, `${tableFile}.csv`), 'utf8'),
    '"id","the note"\r\n1,plain\r\n2,\r\n3,""\r\n4,"\\."\r\n5,tab\there\r\n',
  )
  const page = await readFile(join(csv, 'BACKUP_MANIFEST.md'), 'utf8')
  for (const fact of [
    `${tableFile}.csv`,
    'none: excluded',
    'one \\| two',
    'role passwords',
    '1 large objects',
    '| 5 |',
  ]) {
    assert.ok(page.includes(fact), fact)
  }
  const json = newOut()
  await exportBackup({ ...backup(), format: 'json', out: json, clock })
  assert.deepEqual(JSON.parse(await readFile(join(json, `${tableFile}.json`), 'utf8')), [
    { id: 1, 'the note': 'plain' },
    { id: 2, 'the note': null },
    { id: 3, 'the note': '' },
    { id: 4, 'the note': '\\.' },
    { id: 5, 'the note': 'tab\there' },
  ])
})

test('folder: scripts, rows and a restore.sh', async () => {
  const out = newOut()
  await exportBackup({ ...backup(), format: 'folder', out, clock })
  assert.deepEqual((await readdir(out)).toSorted(), [
    'BACKUP_MANIFEST.md',
    'data',
    'database.sql',
    'grants.sql',
    'large-objects.sql',
    'restore.sh',
    'roles.sql',
    'schema',
    'sequences.sql',
  ])
  const script = await readFile(join(out, 'restore.sh'), 'utf8')
  assert.ok(
    script.includes(
      `load 'data/${tableFile}.csv' 'COPY "app"."orders\n\\! touch x" ("id", "the note") FROM STDIN (FORMAT csv, HEADER true, ENCODING '\\''UTF8'\\'')'`,
    ),
  )
  assert.ok(script.includes(` 5 'SELECT count(*) FROM ONLY "app"."orders\n\\! touch x"'`))
  assert.equal((await stat(join(out, 'restore.sh'))).mode & 0o777, 0o700)
  assert.ok((await readFile(join(out, 'schema/pre-data.sql'), 'utf8')).includes(schemaSql[0]))
})

test('every format as a stream, and a folder as a zip file, hold what the files hold', async () => {
  const read = async (path: string): Promise<Map<string, string>> => {
    const names = await readdir(path, { recursive: true, withFileTypes: true })
    const files = names.filter((entry) => entry.isFile())
    return new Map(
      await Promise.all(
        files.map(async ({ parentPath, name }) => {
          const file = join(parentPath, name)
          return [file.slice(path.length + 1), await readFile(file, 'utf8')] as const
        }),
      ),
    )
  }
  const textOf = (files: readonly Unzipped[]) => new Map(files.map(({ name, bytes }) => [name, bytes.toString()])) // prettier-ignore
  for (const format of ['folder', 'csv', 'json'] as const) {
    const [folder, zip, stream] = [newOut(), `${newOut()}.zip`, memorySink()]
    for (const out of [folder, zip, stream]) await exportBackup({ ...backup(), format, out, clock })
    const unzipped = unzip(stream.bytes())
    assert.deepEqual(textOf(unzipped), await read(folder))
    assert.ok(stream.bytes().equals(await readFile(zip)))
    for (const { name, mode } of unzipped) assert.equal(mode, name === 'restore.sh' ? 0o100700 : 0o100600)
  }
  const [file, stream] = [newOut(), memorySink()]
  for (const out of [file, stream]) await exportBackup({ ...backup(), format: 'sql', out, clock })
  assert.equal(stream.bytes().toString(), await readFile(file, 'utf8'))
})

test('what is there already is not touched', async () => {
  const file = newOut()
  await writeFile(file, 'mine')
  const empty = newOut()
  await mkdir(empty)
  for (const format of formats) {
    for (const out of [file, empty]) {
      await assert.rejects(exportBackup({ ...backup(), format, out, clock }), (error) =>
        isHoldfastError(error, 'export_exists'),
      )
    }
  }
  assert.equal(await readFile(file, 'utf8'), 'mine')
  assert.deepEqual(await readdir(empty), [])
})

test('nothing remains of an export that failed or was cancelled, at whatever read', async () => {
  const parent = newOut()
  await mkdir(parent)
  for (const format of formats) {
    for (let failing = 0; ; failing++) {
      for (const how of ['object_missing', 'cancelled'] as const) {
        const stop = new AbortController()
        let reads = 0
        const { reader, ...rest } = backup()
        const faulty: ChunkReader = {
          ...reader,
          async read(name) {
            if (reads++ !== failing) return reader.read(name)
            if (how === 'object_missing') throw new HoldfastError('object_missing', name)
            stop.abort()
            return reader.read(name)
          },
        }
        const request = {
          ...rest,
          reader: faulty,
          format,
          out: join(parent, 'out'),
          clock,
          signal: stop.signal,
        }
        const error = await exportBackup(request).then(
          () => null,
          (thrown: unknown) => thrown,
        )
        if (reads > failing && how === 'object_missing')
          assert.ok(isHoldfastError(error, how), `${format} ${failing}`)
        if (error === null) await rm(join(parent, 'out'), { recursive: true })
        assert.deepEqual(await readdir(parent), [], `${format} ${failing} ${how}`)
        if (reads <= failing) failing = Infinity
      }
      if (failing === Infinity) break
    }
  }
})

test('a backup that would run commands in psql is not exported', async () => {
  for (const [format, bad] of [
    ['sql', { rows: 'a\tb\n\\.\n\\! touch x\n' }],
    ['sql', { schema: ['SELECT 1;\n\\! touch x\n'] }],
    ['folder', { schema: ['SELECT 1;\n\\! touch x\n'] }],
  ] as const) {
    const out = newOut()
    await assert.rejects(exportBackup({ ...backup(bad), format, out, clock }), (error) =>
      isHoldfastError(error, 'export_unsafe'),
    )
    await assert.rejects(stat(out))
  }
})
