import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import pg from 'pg'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { newRepository, requireSame, stateOf } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer

before(async () => {
  server = await testServer(17)
})

test('temporary tables of other sessions and of our own neither disturb a backup nor enter it', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE item AS SELECT n AS id FROM generate_series(1, 100) n; CREATE TABLE kept (a int);
    CREATE VIEW seen AS SELECT id FROM item`)
  const expected = await stateOf(source.url)
  // Names that are taken, names that are not, and all that can hang on one; one is held by a lock that lets nobody read it.
  const temporary = (name: string): string => `CREATE TEMPORARY TABLE ${name} (id int PRIMARY KEY, text text);
    INSERT INTO ${name} VALUES (7777, 'must not be seen')`
  const other = new pg.Client({ connectionString: source.url })
  await other.connect()
  try {
    await other.query(`${temporary('item')}; ${temporary('fleeting')}; CREATE TEMPORARY SEQUENCE counting;
      CREATE TEMPORARY VIEW seen AS SELECT id FROM fleeting; CREATE INDEX ON fleeting (text);
      CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; BEGIN; LOCK TABLE fleeting`)
    // Every session of ours begins with tables that hide those of the same name.
    await source.query(`CREATE FUNCTION public.greet() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        ${temporary('item')}; ${temporary('ours')}; CREATE TEMPORARY VIEW seen AS SELECT 1 AS id; END $$;
      CREATE EVENT TRIGGER greeting ON login EXECUTE FUNCTION public.greet()`)
    const repository = await newRepository(openMemoryStorage())
    const { contents, manifest } = await repository.backUp(source.url)
    assert.deepEqual(contents.tables.map((table) => table.name).sort(), ['item', 'kept'])
    assert.equal(manifest.totals.rows, 100)
    assert.deepEqual(contents.gaps, [])
    await using target = await server.database()
    await repository.restoreTo(target.url)
    for (const one of [source, target]) {
      await one.query('DROP EVENT TRIGGER greeting; DROP FUNCTION public.greet()')
    }
    requireSame(await stateOf(source.url), expected, 'the source')
    requireSame(await stateOf(target.url), expected, 'the copy')
  } finally {
    await other.end()
  }
})
