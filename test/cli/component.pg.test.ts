import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { requireSame, stateOf } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'

/* restore --in-place --component, by the real command line. */

test('parts of the schema: a preview that changes nothing, then the change, its report, and the way back', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`
    CREATE TABLE orders (id int); ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON orders USING (id > 0);
    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'`)
  const { directory, run, json } = await commandLine()
  json(['backup', database.url])
  const was = await stateOf(database.url)
  await database.query(`
    DROP POLICY own ON orders;
    CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
    CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'`)
  const damaged = await stateOf(database.url)
  const args = ['restore', 'latest', '--to', database.url, '--in-place', '--component', 'functions']
  const both = [...args, '--component', 'policies', '--update-changed', '--create-missing']

  const shown = run([...both, '--preview', '--html', 'preview.html'])
  assert.equal(shown.status, 0, shown.stderr)
  const text = shown.stdout + shown.stderr
  assert.match(text, /make 1 object, replace 1 object\. No row is touched\./)
  assert.match(text, /policy public\.orders own/)
  assert.match(text, /-\s+AS .*SELECT 2/)
  assert.match(text, /\+\s+AS .*SELECT 1/)
  assert.match(text, /leave\s+function public\.two\(\) \(only in the database\)/)
  const page = await readFile(join(directory, 'preview.html'), 'utf8')
  assert.equal((await stat(join(directory, 'preview.html'))).mode & 0o777, 0o600)
  assert.match(page, /<h2 dir="auto">make policy public\.orders own<\/h2>/)
  assert.match(page, /<ins>CREATE POLICY own ON public\.orders USING \(\(id &gt; 0\)\);<\/ins>/)
  requireSame(await stateOf(database.url), damaged, 'the previewed')

  const agreed = [...both, '--yes', '--confirm', database.name, '--save', 'back.sql']
  assert.equal(run([...both, '--yes']).status, 7)
  const done = json<{
    restore: { id: string; checks: { what: string; result: string }[] }
    changed: boolean
  }>(agreed)
  assert.equal(done.changed, true)
  assert.deepEqual(done.restore.checks.slice(0, 2), [
    { what: 'function public.one()', result: 'replaced' },
    { what: 'policy public.orders own', result: 'made' },
  ])
  await database.query('DROP FUNCTION two()')
  requireSame(await stateOf(database.url), was, 'the restored')
  assert.match(run(['restores', done.restore.id]).stdout, /policy public\.orders own/)
  assert.equal(run(['undo', done.restore.id, '--to', database.url]).status, 7)
  await database.query(`CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'`)
  const restored = await stateOf(database.url)
  const back = run(['undo', 'latest', '--to', database.url, '--yes', '--confirm', database.name])
  assert.equal(back.status, 0, back.stderr)
  assert.match(
    back.stdout,
    /To take back restore \S+ in the database \S+: replace 1 object, drop 1\s+object\./,
  )
  assert.match(back.stdout, /\+\s+AS .*SELECT 2/)
  requireSame(await stateOf(database.url), damaged, 'the undone')
  assert.match(run(['restores']).stdout, /undo .* yes\n.*in place .* undone\n/)
  json(['undo', 'latest', '--to', database.url, '--yes', '--confirm', database.name])
  requireSame(await stateOf(database.url), restored, 'the undoing undone')
  assert.equal(run(['undo', 'latest', '--to', database.url, '--overwrite']).status, 2)

  const file = join(directory, 'back.sql')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  await database.query(await readFile(file, 'utf8'))
  requireSame(await stateOf(database.url), damaged, 'what the saved file leads back to')
})

test('a restore of parts that fails leaves no file that would be in the way of the next', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`
    CREATE TABLE orders (id int); CREATE POLICY own ON orders USING (id > 0);
    CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'on purpose'; END $$`)
  const { directory, run, json } = await commandLine()
  json(['backup', database.url])
  await database.query(`
    DROP POLICY own ON orders;
    CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('CREATE POLICY') EXECUTE FUNCTION fail()`)
  const args = ['restore', 'latest', '--to', database.url, '--in-place', '--component', 'policies']
  const agreed = [...args, '--yes', '--confirm', database.name, '--save', 'back.sql']
  assert.match(run(agreed).stderr, /on purpose/)
  await assert.rejects(stat(join(directory, 'back.sql')), { code: 'ENOENT' })
  await database.query('DROP EVENT TRIGGER fail')
  json(agreed)
  const there = run([...agreed, '--update-changed'])
  assert.equal(there.status, 0, 'with nothing to do, nothing is to be written')
  await database.query('DROP POLICY own ON orders')
  assert.match(run(agreed).stderr, /There is a file at .*back\.sql already/)
  assert.deepEqual(await database.query('SELECT 1 AS one FROM pg_policy'), [])
})

test('options that make no sense together are refused', async () => {
  const { run } = await commandLine()
  const args = ['restore', 'latest', '--to', 'postgres:///x']
  for (const [more, message] of [
    [['--component', 'views'], /--component is about a restore --in-place/],
    [['--in-place', '--component', 'tables'], /choose one of roles, policies/],
    [['--in-place', '--component', 'views', '--where', 'true'], /--where is about rows/],
    [['--in-place', '--save', 'x'], /--save is about --component/],
  ] as const) {
    const result = run([...args, ...more])
    assert.equal(result.status, 2, result.stderr)
    assert.match(result.stderr, message)
  }
})
