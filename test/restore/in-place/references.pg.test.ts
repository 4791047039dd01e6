import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { restoreInPlace, undo } from '../../support/in-place.ts'
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
