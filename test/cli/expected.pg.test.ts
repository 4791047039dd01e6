import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/* A restore in place in two runs: a person looks at the preview of the first, and the second does only that. */

const server = await testServer(17)

interface Previewed {
  readonly digest: string
  readonly preview: { readonly totals: { readonly create: number } }
}

interface Failed {
  readonly error: { readonly code: string }
}

test('what a preview showed is done by a later run, and nothing else', async () => {
  await using database = await server.database()
  await database.query(`
    CREATE TABLE orders (id int PRIMARY KEY, cents int);
    INSERT INTO orders SELECT n, n FROM generate_series(1, 100) n;
    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'`)
  const { run, json } = await commandLine()
  json(['backup', database.url])
  await database.query('DELETE FROM orders WHERE id <= 10; DROP FUNCTION twice')
  const restore = ['restore', 'latest', '--to', database.url, '--in-place']
  const agreed = ['--yes', '--confirm', database.name]
  const count = async () => (await database.query('SELECT count(*)::int AS n FROM orders'))[0]?.['n']

  const { digest, preview } = json<Previewed>([...restore, '--preview'])
  assert.equal(preview.totals.create, 10)
  await database.query('DELETE FROM orders WHERE id = 11')
  for (const way of [[], ['--html', 'preview.html']]) {
    const late = run([...restore, ...agreed, '--expect', digest, '--json', ...way])
    assert.equal((JSON.parse(late.stdout) as Failed).error.code, 'preview_outdated', late.stdout)
    assert.equal(await count(), 89, 'nothing was changed')
  }
  // Rows that nobody agreed about may come and go.
  const now = json<Previewed>([...restore, '--preview'])
  await database.query('INSERT INTO orders VALUES (1000, 1)')
  const id = '20261128T120000Z-0a1b2c3d'
  json([...restore, ...agreed, '--expect', now.digest, '--id', id])
  assert.equal(await count(), 101)

  const told = json<{ transaction: string; restore: { id: string } }>(['restores', id, '--to', database.url])
  assert.deepEqual([told.transaction, told.restore.id], ['committed', id])
  assert.equal(run(['restores', '20261128T120000Z-ffffffff', '--to', database.url]).status, 3)
  assert.equal(run([...restore, '--id', '../x']).status, 2)

  const undo = ['undo', id, '--to', database.url]
  const taken = json<Previewed>([...undo, '--preview'])
  await database.query('UPDATE orders SET cents = 7 WHERE id = 5')
  const late = run([...undo, ...agreed, '--expect', taken.digest, '--skip-conflicts', '--json'])
  assert.equal((JSON.parse(late.stdout) as Failed).error.code, 'preview_outdated')
  assert.equal(await count(), 101)

  const parts = [...restore, '--component', 'functions']
  const functions = json<Previewed>([...parts, '--preview'])
  await database.query(`CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 3'`)
  const other = run([...parts, ...agreed, '--replace', '--expect', functions.digest, '--json'])
  assert.equal((JSON.parse(other.stdout) as Failed).error.code, 'preview_outdated')
})
