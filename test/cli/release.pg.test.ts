import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { besideUrl, schemaOf } from '../support/journey.ts'
import { queryAt, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let source: TestDatabase
const cli = await commandLine()

before(async () => {
  server = await testServer(17)
  source = await server.database()
  await source.query(`CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2);
    CREATE PUBLICATION p FOR TABLE t;
    CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()`)
  cli.json(['backup', source.url])
})

interface Failed {
  readonly error: { readonly code: string }
}

test('a restored copy is quarantined unless it is told otherwise, and released by name', async () => {
  const to = besideUrl(server.url(), 'released_by_command')
  const restore = ['restore', 'latest', '--to', to, '--create-database']
  const plan = cli.run([...restore, '--plan'])
  assert.match(plan.stdout, /off {7}publication p\n[^]*off {7}event trigger e\n/)
  const restored = cli.run(restore)
  assert.equal(restored.status, 0, restored.stderr)
  assert.match(restored.stdout, /off {7}1 publication, 1 event trigger, until holdfast release/)

  const listed = cli.run(['release', to, '--list'])
  assert.match(listed.stdout, /event trigger e: will fire/)
  assert.match(listed.stdout, /publication p: will publish insert, update, delete, truncate/)
  for (const args of [
    [],
    ['--yes'],
    ['--yes', '--confirm', 'another'],
    ['--confirm', 'released_by_command'],
  ]) {
    const { error } = cli.json<Failed>(['release', to, ...args], { status: 7 })
    assert.equal(error.code, 'confirmation_missing')
  }
  assert.equal(cli.run(['release', to, '--list']).stdout, listed.stdout)
  const released = cli.run(['release', to, '--yes', '--confirm', 'released_by_command'])
  assert.equal(released.status, 0, released.stderr)
  assert.match(released.stdout, /Released in postgres:\S+: 1 publication, 1 event trigger/)
  assert.equal(await schemaOf(to), await schemaOf(source.url))
  assert.equal(cli.json<Failed>(['release', to], { status: 3 }).error.code, 'nothing_quarantined')
  await server.query('DROP DATABASE released_by_command')
})

test('--no-quarantine leaves everything on', async () => {
  const to = besideUrl(server.url(), 'not_quarantined')
  cli.json(['restore', 'latest', '--to', to, '--create-database', '--no-quarantine'])
  assert.equal(await schemaOf(to), await schemaOf(source.url))
  await server.query('DROP DATABASE not_quarantined')
})

test('what could not be switched on fails the release, and is told', async () => {
  const to = besideUrl(server.url(), 'released_in_part')
  cli.json(['restore', 'latest', '--to', to, '--create-database'])
  await server.query(`CREATE ROLE releases_little LOGIN PASSWORD 'x'`)
  await queryAt(
    to,
    `ALTER SCHEMA holdfast_quarantine OWNER TO releases_little; ALTER TABLE holdfast_quarantine.held OWNER TO releases_little`,
  )
  const little = new URL(to)
  little.username = 'releases_little'
  little.password = 'x'
  const part = cli.run(['release', little.href, '--yes', '--confirm', 'released_in_part'])
  assert.equal(part.status, 1, part.stderr)
  assert.match(part.stdout, /off still {11}event trigger e: must be owner/)
  assert.match(part.stderr, /release_incomplete/)
  cli.json(['release', to, '--yes', '--confirm', 'released_in_part'])
  assert.equal(await schemaOf(to), await schemaOf(source.url))
  await server.query('DROP DATABASE released_in_part')
  await server.query('DROP ROLE releases_little')
})
