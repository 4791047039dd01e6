import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { queryAt, testServer } from '../support/postgres.ts'

/* Rows that were erased stay so, by the real command line. */

const server = await testServer(17)
const source = await server.database()
await source.query(`
  CREATE TABLE people (id bigint PRIMARY KEY, name text UNIQUE, mail text);
  INSERT INTO people SELECT i, 'person ' || i, 'mail-' || i || '@secret.example' FROM generate_series(1, 3000) i;
  CREATE TABLE orders (id int PRIMARY KEY, person bigint REFERENCES people, note text);
  INSERT INTO orders SELECT i, i, 'order of ' || i FROM generate_series(1, 200) i;
  CREATE TABLE visits (who text, at timestamptz, page text, PRIMARY KEY (who, at));
  INSERT INTO visits SELECT 'visitor ' || i % 50, '2026-11-01 00:00+00'::timestamptz + i * interval '1 hour', 'page-' || i || '.'
    FROM generate_series(1, 500) i;
  CREATE TABLE notes (code text, body text);
  INSERT INTO notes VALUES (E'tab\\t, line\\nbreak, back\\\\slash, \\\\N, größer 漢字 😀', 'erased-note'), (NULL, 'of nobody'), ('', 'of an empty code'), ('other', 'kept');
  CREATE TABLE events (id int, day date, text text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  INSERT INTO events SELECT i, '2026-01-01'::date + i, 'event-' || i || '.' FROM generate_series(1, 50) i`)

const line = await commandLine()
const { run, json } = line
const database = decodeURIComponent(new URL(source.url).pathname.slice(1))
const agreed = ['--yes', '--confirm', database]
json(['backup', source.url, '--proof', 'full'])

interface Erased {
  readonly stored: boolean
  readonly erasure: {
    readonly id: string
    readonly schema: string
    readonly name: string
    readonly columns: readonly string[]
    readonly keys: number
    readonly withoutKey: number
    readonly newestBackup: number
  }
}
const erase = (...args: string[]): Erased =>
  json<Erased>(['erase', ...args, '--reason', 'request 4711', ...agreed])
const file = (name: string, text: string): string => {
  const path = join(line.directory, name)
  writeFileSync(path, text)
  return path
}

const byWhere = erase('--table', 'people', '--where', 'id IN (7, 8, 2999)', '--from', source.url)
const byKeys = erase('--table', 'public.people', '--keys', file('keys', '9\n\n3000\r\n'))
const composite = erase(
  '--table',
  'visits',
  '--keys',
  file('visits', '["visitor 3","2026-11-01 03:00:00+00"]\n["visitor 4","2020-01-01 00:00:00+00"]'),
)
const hard = erase('--table', 'notes', '--column', 'code', '--where', "body <> 'kept'", '--from', source.url)
const partition = erase('--table', 'events_1', '--where', 'id = 5', '--from', source.url)

/** What no erasure may leave anywhere. */
const gone = [
  'mail-7@',
  'mail-8@',
  'mail-2999@',
  'mail-9@',
  'mail-3000@',
  'page-3.',
  'erased-note',
  'of an empty code',
  'event-5.',
]
const counts = { people: 2995, orders: 200, visits: 499, notes: 2, events: 49 }

test('keys are read from the database and from files, and told before they are stored', () => {
  const facts = [byWhere, byKeys, composite, hard, partition].map(({ stored, erasure: e }) => [
    stored, `${e.schema}.${e.name}`, e.columns.join(), e.keys, e.withoutKey, e.newestBackup]) // prettier-ignore
  assert.deepEqual(facts, [
    [true, 'public.people', 'id', 3, 0, 3],
    [true, 'public.people', 'id', 2, 0, 2],
    [true, 'public.visits', 'who,at', 2, 0, 1],
    [true, 'public.notes', 'code', 2, 1, 2],
    [true, 'public.events', 'id,day', 1, 0, 1],
  ])
  const list = run(['erase', '--list'])
  assert.match(list.stdout, new RegExp(`${byWhere.erasure.id} +public.people +id +3 .*request 4711`))
  // Neither what is stored nor what is listed has a key in it.
  const preview = run([
    'erase',
    '--table',
    'people',
    '--where',
    'id = 12',
    '--from',
    source.url,
    '--reason',
    'x',
    '--preview',
  ])
  assert.equal(preview.status, 0, preview.stderr)
  assert.match(preview.stdout, /1 key of public\.people, by id\n  12\n/)
  const nobody = run(['erase', '--table', 'people', '--keys', join(line.directory, 'keys'), '--reason', 'x'])
  assert.equal(nobody.status, 7)
  const empty = run(['erase', '--table', 'people', '--keys', file('empty', '\n'), '--reason', 'x', ...agreed])
  assert.match(empty.stderr, /no key, so there is nothing to hold back/)
  assert.equal(json<{ erasures: unknown[] }>(['erase', '--list']).erasures.length, 5)
  assert.match(run(['check', '--read-data', 'all']).stdout, /1 backup and 5 erasures.*whole/)
})

test('what is not clear is refused', () => {
  const refused = (...args: string[]) => run(['erase', ...args, '--reason', 'x', ...agreed])
  const keys = join(line.directory, 'keys')
  for (const [args, status, text] of [
    [['--table', 'people'], 2, /which rows/],
    [['--keys', keys], 2, /which table/],
    [['--table', 'people', '--where', 'true'], 2, /both are needed/],
    [
      ['--table', 'people', '--where', 'true); DROP TABLE people; --', '--from', source.url],
      2,
      /one SQL expression/,
    ],
    [['--table', 'nothing', '--keys', keys], 3, /No table matches/],
    [['--table', '*s', '--keys', keys], 2, /more than one table/],
    [['--table', 'notes', '--keys', keys], 2, /no primary key/],
    [['--table', 'people', '--column', 'mail,nothing', '--keys', keys], 2, /no column "nothing"/],
    [['--table', 'visits', '--keys', keys], 2, /Line 1 is not a JSON array/],
    [['--withdraw', '1999'], 3, /No erasure/],
  ] as const) {
    const result = refused(...args)
    assert.equal(result.status, status, result.stderr)
    assert.match(result.stderr, text)
  }
})

const select = Object.keys(counts).map((name) => `(SELECT count(*)::int FROM ${name}) AS ${name}`)

/** All that the tables hold, as text. */
async function requireErased(of: string): Promise<void> {
  const [found] = await server.query(`SELECT ${select.join(', ')}`, of)
  assert.deepEqual(found, counts)
  for (const name of Object.keys(counts)) {
    const rows = await server.query(`SELECT t::text AS row FROM ${name} t`, of)
    const all = rows.map((r) => String(r['row'])).join('\n')
    for (const text of gone) assert.ok(!all.includes(text), `${text} is in ${name}`)
  }
}

interface Restored {
  readonly restore: {
    readonly warnings: readonly string[]
    readonly heldBack: readonly { readonly name: string; readonly rows: number }[]
    readonly tables: readonly { readonly name: string; readonly rows: number; readonly compared: string }[]
  }
}

test('a restore into a new database brings all rows but those, and says which table lacks how many, and why a key is not valid', async (t) => {
  t.after(() => server.query('DROP DATABASE IF EXISTS anew WITH (FORCE)'))
  const to = ['--to', besideUrl(source.url, 'anew'), '--create-database'] as const
  assert.match(
    run(['restore', 'latest', ...to, '--plan']).stdout,
    /note +2 rows of public\.notes held back\. They were erased/,
  )
  const { restore } = json<Restored>(['restore', 'latest', ...to])
  await requireErased('anew')
  const held = Object.fromEntries(restore.heldBack.map(({ name, rows }) => [name, rows]))
  assert.deepEqual(held, { events_1: 1, notes: 2, people: 5, visits: 1 })
  const compared = Object.fromEntries(restore.tables.map((one) => [one.name, one.compared]))
  assert.deepEqual(
    [compared['orders'], compared['people'], compared['events_2'], compared['events_1']],
    ['hashed', 'counted', 'hashed', 'counted'],
  )
  assert.ok(
    restore.warnings.some((w) =>
      /orders_person_fkey is NOT VALID.*Erased, and so held back: 5 rows of public\.people/.test(w),
    ),
    restore.warnings.join('\n'),
  )
  const report = json<{ record: { checks: { what: string; result: string }[] } }>(['restores', 'latest'])
  assert.ok(report.record.checks.some(({ result }) => result === '5 rows of public.people held back'))
})

test('a restore in place creates no erased row, gives none its old values, and neither does its undoing', async (t) => {
  const target = await server.database()
  t.after(() => target.drop())
  json(['restore', 'latest', '--to', target.url])
  // Somebody who was erased has come back under the same key, another is deleted by replacing all.
  await target.query(`ALTER TABLE orders DROP CONSTRAINT orders_person_fkey; DELETE FROM people WHERE id < 20; DELETE FROM notes;
    INSERT INTO people VALUES (7, 'a new person', 'new@example.com'); DROP TABLE visits`)
  const tables = ['--table', 'people', '--table', 'notes', '--table', 'visits']
  const restore = [
    'restore',
    'latest',
    '--to',
    target.url,
    '--in-place',
    ...tables,
    '--create-missing',
    '--update-changed',
  ]
  const preview = run([...restore, '--preview'])
  assert.match(preview.stdout, /5 rows of public\.people held back/)
  for (const text of gone) assert.ok(!preview.stdout.includes(text), text)
  const name = decodeURIComponent(new URL(target.url).pathname.slice(1))
  json([...restore, '--yes', '--confirm', name])
  const mails = await target.query(`SELECT id::int, mail FROM people WHERE id IN (6, 7, 8, 9) ORDER BY 1`)
  assert.deepEqual(mails, [
    { id: 6, mail: 'mail-6@secret.example' },
    { id: 7, mail: 'new@example.com' },
  ])
  const [rows] = await target.query(
    'SELECT (SELECT count(*) FROM notes)::int AS notes, (SELECT count(*) FROM visits)::int AS visits',
  )
  assert.deepEqual(rows, { notes: 2, visits: 499 })

  // Rows that a restore has deleted, and whose keys are erased by now, do not come back with its undoing: nor a new person under an old key.
  await target.query(
    `INSERT INTO people VALUES (5001, 'late', 'late@secret.example'), (5002, 'later', 'later@secret.example')`,
  )
  json([
    'restore',
    'latest',
    '--to',
    target.url,
    '--in-place',
    '--table',
    'people',
    '--delete-extra',
    '--yes',
    '--confirm',
    name,
  ])
  const { erasure } = erase('--table', 'people', '--keys', file('late', '5001'))
  const undone = json<{ preview: { heldBack: { rows: number }[] } }>([
    'undo',
    'latest',
    '--yes',
    '--confirm',
    name,
    '--to',
    target.url,
  ])
  assert.deepEqual(
    undone.preview.heldBack.map((held) => held.rows),
    [2],
  )
  const late = await target.query('SELECT mail FROM people WHERE id > 5000')
  assert.deepEqual(late, [{ mail: 'later@secret.example' }])
  const [again] = await target.query('SELECT count(*)::int AS n FROM people WHERE id = 7')
  assert.equal(again?.['n'], 0)
  json(['erase', '--withdraw', erasure.id, '--reason', 'test', '--yes', '--confirm', erasure.id])
})

test('an export has them in no file, and says so', () => {
  for (const format of ['csv', 'json', 'sql', 'folder']) {
    const out = join(line.directory, `export-${format}`)
    const { heldBack } = json<{ heldBack: { rows: number }[] }>([
      'export',
      'latest',
      '--format',
      format,
      '--out',
      out,
    ])
    assert.equal(
      heldBack.reduce((sum, { rows }) => sum + rows, 0),
      9,
    )
    const text = filesBelow(out)
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    for (const one of gone) assert.ok(!text.includes(one), `${one} in ${format}`)
    for (const one of ['mail-10@', 'page-30.', 'event-50.', 'kept', 'of nobody'])
      assert.ok(text.includes(one), `${one} in ${format}`)
    assert.match(text, /2 rows of public\.notes/)
  }
})

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

interface Drilled {
  readonly drill: {
    readonly heldBack: readonly { readonly rows: number }[]
    readonly notVerified: readonly { readonly what: string }[]
    readonly checks: readonly {
      readonly name: string
      readonly notVerified: readonly { readonly why: string }[]
    }[]
  }
}

test('a drill passes without them, counts what is left, and tells what that leaves open', () => {
  const query = file(
    'none.sql',
    `SELECT mail FROM people WHERE mail LIKE 'mail-7@%' UNION ALL SELECT page FROM visits WHERE page = 'page-3.'`,
  )
  const { drill } = json<Drilled>(['drill', 'latest', '--assertion', query])
  assert.equal(
    drill.heldBack.reduce((sum, { rows }) => sum + rows, 0),
    9,
  )
  assert.ok(drill.notVerified.some(({ what }) => what === '5 rows of public.people'))
  const keys = drill.checks.find(({ name }) => name === 'foreign keys')
  assert.match(keys?.notVerified[0]?.why ?? '', /rows of public\.people were erased/)
})

test('what was withdrawn comes back, and an erasure that can not be read stops every restore', async (t) => {
  t.after(() => server.query('DROP DATABASE IF EXISTS later WITH (FORCE)'))
  const { id } = hard.erasure
  assert.equal(run(['erase', '--withdraw', id, '--reason', 'a mistake', ...agreed]).status, 7)
  json(['erase', '--withdraw', id.slice(0, -1), '--reason', 'a mistake', '--yes', '--confirm', id])
  assert.match(run(['erase', '--list']).stdout, new RegExp(`${id} .*withdrawn: a mistake`))
  const to = [
    'restore',
    'latest',
    '--to',
    besideUrl(source.url, 'later'),
    '--create-database',
    '--table',
    'notes',
  ] as const
  json(to)
  const [notes] = await server.query('SELECT count(*)::int AS n FROM notes', 'later')
  assert.equal(notes?.['n'], 4)
  await server.query('DROP DATABASE later')

  const object = join(line.directory, 'repo', 'erased', composite.erasure.id)
  const bytes = readFileSync(object)
  chmodSync(object, 0o600)
  writeFileSync(object, bytes.subarray(0, -9))
  const refused = run(to)
  assert.equal(refused.status, 4)
  assert.match(refused.stderr, /Which rows were erased can't be told/)
  assert.equal(run(['check']).status, 4)
  writeFileSync(object, bytes)
})

test('in the database of the backup, rows that were erased do not make a range look untouched', async () => {
  // As many rows are left as the backup gives out: one that is erased is still there in place of another that is gone.
  await source.query('DELETE FROM orders; DELETE FROM people WHERE id IN (7, 10, 11, 12, 13)')
  const restore = ['restore', 'latest', '--to', source.url, '--in-place', '--table', 'people', ...agreed]
  const { preview } = json<{ preview: { totals: { create: number } } }>(restore)
  assert.equal(preview.totals.create, 4)
  const rows = await source.query('SELECT id::int FROM people WHERE id BETWEEN 6 AND 14 ORDER BY 1')
  assert.deepEqual(
    rows.map(({ id }) => id),
    [6, 8, 9, 10, 11, 12, 13, 14],
  )
})

test('a table that was renamed since is told, a column that was renamed stops it, and a partitioned table may refer to what was erased', async (t) => {
  const shop = await server.database()
  await shop.query(`
    CREATE TABLE people (id int PRIMARY KEY, mail text);
    INSERT INTO people SELECT i, 'mail-' || i || '@secret.example' FROM generate_series(1, 9) i;
    CREATE TABLE days (person int REFERENCES people, day date) PARTITION BY RANGE (day);
    CREATE TABLE "days ""1""" PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    INSERT INTO days SELECT i, '2026-01-29'::date + i FROM generate_series(1, 9) i`)
  const place = await commandLine()
  const restore = (to: string, status = 0): { error: { code: string; message: string } } & Restored => {
    t.after(() => server.query(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`))
    return place.json(['restore', 'latest', '--to', besideUrl(shop.url, to), '--create-database'], { status })
  }
  place.json(['backup', shop.url])
  const names = ['--yes', '--confirm', decodeURIComponent(new URL(shop.url).pathname.slice(1))]
  const rows = ['--where', 'id = 4', '--from', shop.url]
  place.json(['erase', '--table', 'people', ...rows, '--reason', 'r', ...names])

  const { warnings } = restore('parted').restore
  const key = /days_person_fkey is NOT VALID and on each partition by itself.* 1 row of public\.people/
  assert.ok(
    warnings.some((w) => key.test(w)),
    warnings.join('\n'),
  )
  const insert = `INSERT INTO days VALUES (4, '2026-02-05')`
  await assert.rejects(queryAt(besideUrl(shop.url, 'parted'), insert), { code: '23503' })

  await shop.query('ALTER TABLE people RENAME COLUMN id TO number')
  place.json(['backup', shop.url])
  const { error } = restore('stopped', 7)
  assert.equal(error.code, 'erasure_unclear')
  assert.match(error.message, /column id, which the table did not have/)

  await shop.query('ALTER TABLE people RENAME TO persons')
  place.json(['backup', shop.url])
  const to = ['--to', besideUrl(shop.url, 'renamed'), '--create-database']
  const { stderr } = place.run(['restore', 'latest', ...to, '--plan'])
  assert.match(
    stderr,
    /An erasure names public\.people, a table that this\s+backup does not have: nothing is\s+held back/,
  )
})
