import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { restoreInPlace, undo } from '../../support/in-place.ts'
import { newRepository, requireSame, stateOf, type DatabaseStateAndSchema } from '../../support/journey.ts'
import { testServer } from '../../support/postgres.ts'

const replace = { create: true, update: true, delete: true }

/** Sequences may be raised, and stay so. */
const butSequences = (state: DatabaseStateAndSchema) => ({ ...state, sequences: [] })

test('rows that were deleted and changed come back, the rest is untouched, and it can be undone and redone', async () => {
  const server = await testServer(17)
  await using source = await server.database()
  await source.query(`
    CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note json, total numeric);
    CREATE TABLE orders (id serial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
      amount numeric(10, 2), twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
    CREATE TABLE log (what text);
    CREATE TABLE keyless (a int, b json);
    INSERT INTO keyless SELECT n % 7, '{}' FROM generate_series(1, 30) n;
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.log VALUES (tg_op); RETURN coalesce(new, old); END $$;
    INSERT INTO customer (name, note, total) SELECT 'customer ' || n, '{"a": 1}', 1.0 FROM generate_series(1, 100) n;
    INSERT INTO orders (customer_id, amount) SELECT 1 + n % 100, n FROM generate_series(1, 1000) n;
    CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION noted()`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const was = await stateOf(source.url)
  await source.query(`DELETE FROM customer WHERE id IN (5, 7); UPDATE customer SET total = 1.00 WHERE id = 9;
    DELETE FROM keyless WHERE a = 3; TRUNCATE log`)
  const damaged = await stateOf(source.url)

  const done = await restoreInPlace(repository, source.url, { actions: replace, excludeTables: ['log'] })
  assert.deepEqual(
    done.preview.tables.map((t) => [t.name, t.create, t.update, t.delete, t.unchanged]),
    [
      ['customer', 2, 1, 0, 97],
      ['keyless', 4, 0, 0, 26],
      ['orders', 20, 0, 0, 980],
    ],
  )
  const restored = await stateOf(source.url)
  assert.equal(restored.tables['public.log']?.split(' ')[0], '0', 'the trigger was silent')
  const butLog = (state: DatabaseStateAndSchema) => ({
    ...state,
    tables: { ...state.tables, 'public.log': '' },
  })
  requireSame(butLog(restored), butLog(was), 'the database')

  const undone = await undo(source.url, done)
  requireSame(butSequences(await stateOf(source.url)), butSequences(damaged), 'the undone')
  await undo(source.url, undone)
  requireSame(butSequences(await stateOf(source.url)), butSequences(restored), 'the redone')
})

test('event triggers of the application see nothing of what a restore does for itself', async () => {
  for (const major of [15, 17] as const) {
    const server = await testServer(major)
    await using source = await server.database()
    await source.query(`
      CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT n FROM generate_series(1, 9) n; CREATE TABLE seen (tag text);
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
      CREATE TRIGGER t BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION see();
      CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (tg_tag); END $$;
      CREATE EVENT TRIGGER ends ON ddl_command_end EXECUTE FUNCTION note();
      CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION note()`)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(source.url)
    await source.query('DELETE FROM item WHERE id > 5; TRUNCATE seen')
    const done = await restoreInPlace(repository, source.url, { tables: ['item'] })
    await undo(source.url, done)
    assert.deepEqual(await source.query('SELECT tag FROM seen'), [], String(major))
  }
})

test('a row that has moved into the condition since is given back its values, and never deleted', async () => {
  const server = await testServer(17)
  await using source = await server.database()
  await source.query(
    'CREATE TABLE orders (id int PRIMARY KEY, customer int); INSERT INTO orders SELECT n, n % 10 FROM generate_series(1, 100) n',
  )
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const was = await stateOf(source.url)
  await source.query(
    'UPDATE orders SET customer = 7 WHERE id IN (13, 23); UPDATE orders SET customer = 3 WHERE id = 17; DELETE FROM orders WHERE id = 27; INSERT INTO orders VALUES (107, 7)',
  )
  const { preview } = await restoreInPlace(repository, source.url, {
    tables: ['orders'],
    actions: replace,
    where: 'customer = 7',
  })
  const [orders] = preview.tables
  assert.deepEqual([orders?.create, orders?.update, orders?.delete, orders?.unchanged], [1, 3, 1, 8])
  requireSame(await stateOf(source.url), was, 'as it was')
})
