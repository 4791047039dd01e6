import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/postgres/connect.ts'
import { HoldfastError } from '../../src/lib/errors.ts'
import { precheckSource, type PrecheckTable } from '../../src/postgres/precheck.ts'
import { open } from '../support/globals.ts'
import { standby, testServer } from '../support/postgres.ts'

const listSql = `
SELECT c.oid, n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname IN ('public', 'hidden s') ORDER BY 2, 3`

const list = async (connection: Connection): Promise<PrecheckTable[]> =>
  connection.query<{ oid: number; schema: string; name: string }>(listSql)

async function failure(work: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof HoldfastError, String(error))
  return error
}

for (const major of [15, 18] as const) {
  test(`what a role may not read is said before anything is read, with what mends it, ${major}`, async () => {
    const server = await testServer(major)
    await using database = await server.database()
    await database.query(`
      CREATE ROLE "backup er" LOGIN PASSWORD 'p';
      CREATE SCHEMA "hidden s"; CREATE TABLE "hidden s"."T" (i int); CREATE SEQUENCE public.s;
      CREATE TABLE secured (i int); ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
      DO $$ BEGIN FOR i IN 10..40 LOOP EXECUTE format('CREATE TABLE t%s (i int)', i); END LOOP; END $$`)
    await using admin = await open(database.url)
    const tables = await list(admin)
    const all = await precheckSource(admin, tables)
    assert.deepEqual(all, { inRecovery: false, unloggedOnStandby: [], locksHint: null })

    await using role = await open(database.urlFor('backup er', 'p'))
    const denied = await failure(precheckSource(role, tables))
    assert.equal(denied.code, 'source_denied')
    assert.match(denied.message, /may not read 34 tables: hidden s\.T, public\.s, .*t\d+, and 14 more\.$/)
    assert.match(
      denied.hint,
      /^Run GRANT USAGE ON SCHEMA "hidden s" TO "backup er"; GRANT SELECT ON TABLE "hidden s"."T"/,
    )
    const statements = denied.details['statements']
    assert.ok(Array.isArray(statements) && statements.length === 35)
    for (const statement of statements) await database.query(String(statement))

    const secured = await failure(precheckSource(role, tables))
    assert.equal(secured.code, 'source_row_security')
    assert.match(secured.message, /1 table from role backup er: public\.secured\.$/)
    assert.match(secured.hint, /ALTER ROLE "backup er" BYPASSRLS;/)
    await database.query('ALTER ROLE "backup er" BYPASSRLS')
    await precheckSource(role, tables)
    await precheckSource(role, [...tables, { oid: 4294967295, schema: 'gone', name: 'gone' }])
    await database.query('DROP OWNED BY "backup er"; DROP ROLE "backup er"')
  })
}

test('a standby says which tables it has no rows of; few locks are hinted at', async () => {
  const server = await testServer(18)
  await using database = await server.database()
  await database.query('CREATE UNLOGGED TABLE u (i int); CREATE TABLE t (i int)')
  const copy = await standby(server)
  await using connection = await open(copy.url(database.name))
  const tables = await list(connection)
  const found = await precheckSource(connection, tables)
  assert.equal(found.inRecovery, true)
  assert.deepEqual(
    found.unloggedOnStandby.map((t) => t.name),
    ['u'],
  )
  const [one] = tables
  assert.ok(one)
  const many = Array.from({ length: 60_000 }, () => one)
  assert.match(
    (await precheckSource(connection, many)).locksHint ?? '',
    /60000 tables .* max_locks_per_transaction to \d+/,
  )
})

test('a source that passes over damaged pages is refused', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(
    `CREATE TABLE t (i int); ALTER DATABASE "${database.name}" SET zero_damaged_pages = on`,
  )
  await using connection = await open(database.url)
  await assert.rejects(precheckSource(connection, []), { code: 'source_hides_damage' })
})
