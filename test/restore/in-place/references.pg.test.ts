import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { restoreInPlace, undo, type InPlaceChoice } from '../../support/in-place.ts'
import { failure, newRepository, requireSame, stateOf } from '../../support/journey.ts'
import { testServer } from '../../support/postgres.ts'

test('rows that the restored ones refer to are asked about, brought, or left out with those that need them', async () => {
  const server = await testServer(17)
  await using source = await server.database()
  await source.query(`
    CREATE TABLE country (code text PRIMARY KEY);
    CREATE TABLE customer (id int PRIMARY KEY, country text NOT NULL REFERENCES country);
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer);
    INSERT INTO country SELECT 'c' || n FROM generate_series(1, 10) n;
    INSERT INTO customer SELECT n, 'c' || (1 + n % 10) FROM generate_series(1, 20) n;
    INSERT INTO orders SELECT n, 1 + n % 20 FROM generate_series(1, 100) n`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const was = await stateOf(source.url)
  await source.query(
    `DELETE FROM orders WHERE id > 90 OR customer IN (3, 13); DELETE FROM customer WHERE id IN (3, 13); DELETE FROM country WHERE code = 'c4'`,
  )
  const damaged = await stateOf(source.url)

  const undecided = await failure(
    restoreInPlace(repository, source.url, { tables: ['orders'] }),
    'restore_undecided',
  )
  assert.match(
    undecided.message,
    /2 rows of public\.customer that others need are gone, and rows of public\.orders refer to them/,
  )
  requireSame(await stateOf(source.url), damaged, 'nothing is changed while it is undecided')

  const skipped = await restoreInPlace(repository, source.url, {
    tables: ['orders'],
    missingReferences: 'skip',
    skipConflicts: true,
  })
  assert.deepEqual(
    skipped.preview.tables.map((t) => [t.name, t.create, t.conflicts]),
    [['orders', 9, 10]],
  )
  await undo(source.url, skipped)
  requireSame(await stateOf(source.url), damaged, 'undone')

  const brought = await restoreInPlace(repository, source.url, {
    tables: ['orders'],
    missingReferences: 'bring',
  })
  assert.deepEqual(
    brought.preview.tables.map((t) => [t.name, t.create, t.neededBy]),
    [
      ['orders', 19, []],
      ['customer', 2, ['public.orders']],
      ['country', 1, ['public.customer']],
    ],
  )
  requireSame(await stateOf(source.url), was, 'as it was')
})

/** Partitions with foreign keys of their own: declared on a leaf, and on a partitioned one in the middle; and keys that refer to such. */
const parted = `
  CREATE TABLE country (code text PRIMARY KEY);
  CREATE TABLE city (id int, part int, country text, x int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
  CREATE TABLE city_1 PARTITION OF city FOR VALUES IN (1); CREATE TABLE city_2 PARTITION OF city FOR VALUES IN (2, 3) PARTITION BY RANGE (id);
  CREATE TABLE city_2a PARTITION OF city_2 FOR VALUES FROM (MINVALUE) TO (100); CREATE TABLE city_2b PARTITION OF city_2 DEFAULT;
  CREATE TABLE city_d PARTITION OF city DEFAULT;
  ALTER TABLE city_1 ADD FOREIGN KEY (country) REFERENCES country; ALTER TABLE city_2 ADD FOREIGN KEY (country) REFERENCES country;
  CREATE TABLE street (id int PRIMARY KEY, city int, part int, FOREIGN KEY (city, part) REFERENCES city_1 ON DELETE CASCADE);
  CREATE TABLE house (id int PRIMARY KEY, city int, part int, FOREIGN KEY (city, part) REFERENCES city_2);
  INSERT INTO country VALUES ('a'), ('b'), ('c');
  INSERT INTO city VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'b'), (200, 3, 'c'), (5, 9, 'nowhere');
  INSERT INTO street VALUES (1, 1, 1), (2, 2, 1); INSERT INTO house VALUES (1, 3, 2), (2, 200, 3)`

test('keys of single partitions, and such that refer to them, are settled like others', async () => {
  for (const major of [15, 18] as const) {
    await using source = await (await testServer(major)).database()
    await source.query(parted)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(source.url, { proof: 'counts' })
    const look = (): Promise<unknown> =>
      source.query(
        `SELECT tableoid::regclass::text AS t, c::text AS row FROM city c UNION ALL SELECT 'country', c::text FROM country c UNION ALL SELECT 'street', s::text FROM street s UNION ALL SELECT 'house', h::text FROM house h ORDER BY 1, 2`,
      )
    const was = await look()
    const actions = { create: true, update: true, delete: true }
    const outcome = async (choice: InPlaceChoice): Promise<unknown> => {
      const damaged = await look()
      const done = await restoreInPlace(repository, source.url, { actions, skipConflicts: true, ...choice })
      if (done.safety !== null) await undo(source.url, done)
      assert.deepEqual(await look(), damaged)
      return done.preview.tables.map((t) => [t.name, t.create, t.update, t.delete, t.conflicts])
    }

    // Two of the three that come back are in partitions whose key needs what is gone.
    await source.query(
      `DELETE FROM street; DELETE FROM house; DELETE FROM city; DELETE FROM country WHERE code <> 'a'`,
    )
    assert.deepEqual(await outcome({ tables: ['city'], missingReferences: 'skip' }), [['city', 2, 0, 0, 3]])
    assert.deepEqual(await outcome({ tables: ['city'], missingReferences: 'bring' }), [
      ['city', 5, 0, 0, 0],
      ['country', 2, 0, 0, 0],
    ])
    assert.deepEqual(await outcome({ tables: ['street'], missingReferences: 'skip' }), [
      ['street', 0, 0, 0, 2],
    ])
    assert.deepEqual(await outcome({ tables: ['street', 'house'], missingReferences: 'bring' }), [
      ['house', 2, 0, 0, 0],
      ['street', 2, 0, 0, 0],
      ['city_1', 2, 0, 0, 0],
      ['city_2', 2, 0, 0, 0],
      ['country', 2, 0, 0, 0],
    ])
    await restoreInPlace(repository, source.url, { actions })
    assert.deepEqual(await look(), was)

    // What came to be is not deleted while others refer to it there.
    await source.query(
      `INSERT INTO city VALUES (7, 1, 'a'), (8, 1, 'a'), (9, 2, 'a'), (10, 9, 'x'); INSERT INTO street VALUES (7, 7, 1); INSERT INTO house VALUES (9, 9, 2)`,
    )
    assert.deepEqual(await outcome({ tables: ['city'] }), [['city', 0, 0, 2, 2]])
  }
})

test('a table that is altered meanwhile ends the restore, also one whose rows are only brought, and a key that comes or goes', async () => {
  const server = await testServer(17)
  for (const meanwhile of [
    'CREATE UNIQUE INDEX ON customer (country, id)',
    'ALTER TABLE customer ADD COLUMN n int DEFAULT 1',
    'ALTER TABLE customer DROP COLUMN x',
    'ALTER TABLE customer ADD FOREIGN KEY (country) REFERENCES country ON DELETE CASCADE',
    'ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey',
    'ALTER TABLE orders ADD EXCLUDE (customer WITH =, id WITH =)',
  ]) {
    await using source = await server.database()
    await source.query(`
      CREATE TABLE country (code text PRIMARY KEY); CREATE TABLE customer (id int PRIMARY KEY, country text NOT NULL, x int);
      CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer);
      INSERT INTO country VALUES ('c'); INSERT INTO customer VALUES (1, 'c'), (2, 'c'); INSERT INTO orders VALUES (1, 1), (2, 2)`)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(source.url)
    await source.query('DELETE FROM orders WHERE id = 2; DELETE FROM customer WHERE id = 2')
    const choice = { tables: ['orders'], missingReferences: 'bring' as const }
    await failure(
      restoreInPlace(repository, source.url, { ...choice, meanwhile: () => source.query(meanwhile) }),
      'preview_outdated',
    )
    assert.deepEqual(await source.query('SELECT id FROM customer'), [{ id: 1 }], meanwhile)
    assert.equal((await restoreInPlace(repository, source.url, choice)).preview.totals.create > 0, true)
  }
})
