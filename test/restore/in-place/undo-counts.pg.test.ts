import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { restoreInPlace, undo } from '../../support/in-place.ts'
import { newRepository } from '../../support/journey.ts'
import { testServer } from '../../support/postgres.ts'

test('the preview of an undo counts rows that are as they were before the restore already', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`
    CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE bag (a int);
    INSERT INTO t SELECT n, 'was' FROM generate_series(1, 9) n; INSERT INTO bag SELECT 1 FROM generate_series(1, 5)`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url)
  await database.query(
    `UPDATE t SET a = 'is' WHERE id <= 4; DELETE FROM t WHERE id > 6; INSERT INTO t VALUES (20, 'new'), (21, 'new'); DELETE FROM bag`,
  )
  const done = await restoreInPlace(repository, database.url, {
    actions: { create: true, update: true, delete: true },
  })
  assert.equal(done.applied.changed, true)
  await database.query(`
    UPDATE t SET a = 'is' WHERE id IN (1, 2); UPDATE t SET a = 'other' WHERE id IN (3, 7); DELETE FROM t WHERE id = 9;
    INSERT INTO t VALUES (20, 'new'); DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag LIMIT 2)`)
  const { preview } = await undo(database.url, done, { skipConflicts: true })
  assert.deepEqual(
    preview.tables.map((t) => [t.name, t.create, t.update, t.delete, t.unchanged, t.conflicts]),
    [
      ['bag', 0, 0, 3, 0, 2],
      // Put back already: two that were changed, one that was deleted, and one that had been made.
      ['t', 1, 1, 1, 4, 2],
    ],
  )
})
