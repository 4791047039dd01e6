import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/* Rows that come under new keys, by the real command line. */

const server = await testServer(17)
const source = await server.database()
await source.query(`
  CREATE TABLE team (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
  CREATE TABLE person (id serial PRIMARY KEY, team int REFERENCES team, mail text);
  CREATE TABLE visit (person int REFERENCES person, day date, PRIMARY KEY (person, day)); CREATE TABLE badge (person int PRIMARY KEY REFERENCES person);
  INSERT INTO team (name) VALUES ('red'), ('blue'); INSERT INTO person (team, mail) SELECT 1 + n % 2, 'mail-' || n || '@secret.example' FROM generate_series(1, 6) n;
  INSERT INTO visit SELECT p, '2026-11-01'::date + n FROM generate_series(1, 6) p, generate_series(1, 3) n; INSERT INTO badge SELECT generate_series(1, 6)`)
const line = await commandLine()
const { run, json } = line
const database = decodeURIComponent(new URL(source.url).pathname.slice(1))
const agreed = ['--yes', '--confirm', database]
json(['backup', source.url])
json([
  'erase',
  '--table',
  'person',
  '--where',
  'id = 3',
  '--from',
  source.url,
  '--reason',
  'request 4711',
  ...agreed,
])

const restore = ['restore', 'latest', '--to', source.url, '--in-place', '--new-ids']
const blue = [...restore, '--table', 'team', '--where', "name = 'blue'"]
const counts = async (): Promise<unknown> =>
  source.query(
    'SELECT (SELECT count(*)::int FROM team) AS team, (SELECT count(*)::int FROM person) AS person, (SELECT count(*)::int FROM visit) AS visit',
  )

interface Copied {
  readonly restore: { readonly id: string; readonly scope: readonly string[] }
  readonly preview: {
    readonly newIds: boolean
    readonly heldBack: readonly unknown[]
    readonly tables: readonly { readonly name: string; readonly create: number; readonly conflicts: number }[]
  }
  readonly renewed: readonly { readonly name: string; readonly rows: readonly unknown[] }[]
}

test('the preview says that rows come as new ones, which come along, and what is held back', async () => {
  const before = await counts()
  const page = join(line.directory, 'preview.html')
  const seen = run([...blue, '--preview', '--html', page])
  assert.equal(seen.status, 0, seen.stderr)
  assert.match(seen.stdout, /brings rows as new ones, under new keys, beside what is there; nothing else/)
  assert.match(seen.stdout, /along +2 rows of public\.person, since they refer to rows of public\.team/)
  assert.match(seen.stdout, /along +6 rows of public\.visit, since they refer to rows of public\.person/)
  assert.match(seen.stdout, /^ +2 → new +blue$/m)
  assert.match(seen.stdout, /1 row of public\.person held back/)
  const html = readFileSync(page, 'utf8')
  assert.match(html, /2 rows come as new ones/)
  assert.match(html, /<small>becomes new<\/small>/)
  for (const text of [seen.stdout, html]) assert.ok(!text.includes('mail-3@'))
  assert.deepEqual(await counts(), before)
})

test('copies come without erased rows and what refers to these, are told with both keys, listed, and taken back', async () => {
  const before = await counts()
  const done = json<Copied>([...blue, ...agreed])
  assert.equal(done.preview.newIds, true)
  assert.deepEqual(
    done.preview.tables.map((t) => [t.name, t.create, t.conflicts]),
    [
      ['team', 1, 0],
      ['person', 2, 0],
      ['visit', 6, 0],
      ['badge', 2, 0],
    ],
  )
  assert.deepEqual(done.renewed[0]?.rows, [{ old: ['2'], new: ['3'] }])
  assert.deepEqual(done.restore.scope, ['--table team', "--where name = 'blue'", '--new-ids'])
  const mails = await source.query('SELECT mail FROM person WHERE team = 3 ORDER BY 1')
  assert.deepEqual(
    mails.map((row) => row['mail']),
    ['mail-1@secret.example', 'mail-5@secret.example'],
  )
  assert.match(run(['restores']).stdout, /\+11/)
  json(['undo', 'latest', '--to', source.url, ...agreed])
  assert.deepEqual(await counts(), before)
})

test('a module comes whole; without any choice, or with anything but creating, it is refused', async () => {
  const config = join(line.directory, 'shop.json')
  const address = new URL(source.url)
  const secret = decodeURIComponent(address.password)
  address.password = ''
  const shop = { address: address.href, modules: { people: { tables: ['person', 'team'] } } }
  writeFileSync(config, JSON.stringify({ version: 1, sources: { shop } }))
  const env = { HOLDFAST_CONFIG: config, PGPASSWORD: secret }
  const seen = run([...restore, '--source', 'shop', '--module', 'people', '--preview'], env)
  assert.equal(seen.status, 0, seen.stderr)
  assert.match(seen.stdout, /along .* rows of public\.badge/)
  assert.match(run(restore).stderr, /--new-ids brings rows a second time: of which tables\?/)
  assert.match(run([...blue, '--delete-extra']).stderr, /--delete-extra is about those that are/)
  assert.match(run([...restore, '--component', 'views']).stderr, /--new-ids is about rows/)
  assert.match(
    run(['restore', 'latest', '--to', source.url, '--new-ids']).stderr,
    /--new-ids is about a restore --in-place/,
  )
})
