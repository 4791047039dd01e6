import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace, type InPlaceChoice } from '../../support/in-place.ts'
import { newRepository } from '../../support/journey.ts'
import { testServer } from '../../support/postgres.ts'

test('what stands in the way is told at once, with what to do, and nothing is touched', async () => {
  const server = await testServer(17)
  await using source = await server.database()
  await source.query(`
    CREATE ROLE helper LOGIN PASSWORD 'helper'; REVOKE TEMPORARY ON DATABASE "${source.name}" FROM public;
    CREATE TABLE plain (id int PRIMARY KEY); CREATE TABLE loud (id int PRIMARY KEY); CREATE TABLE hidden (id int PRIMARY KEY, at date);
    INSERT INTO plain VALUES (1); INSERT INTO loud VALUES (1); INSERT INTO hidden VALUES (1);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
    CREATE TRIGGER shout BEFORE INSERT ON loud FOR EACH ROW EXECUTE FUNCTION f();
    ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON plain TO helper; GRANT ALL ON loud, hidden TO helper`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  await source.query(
    'DELETE FROM plain; DELETE FROM loud; DELETE FROM hidden; ALTER TABLE plain ADD COLUMN must int NOT NULL',
  )
  await using open = await openInPlace(repository, source.urlFor('helper', 'helper'), { keepNewer: 'at' })
  const { preview } = await open.preview()
  assert.deepEqual([...preview.problems].sort(), [
    'Row level security hides rows of public.hidden from this role: restore as a role that bypasses it.',
    'The role lacks INSERT, UPDATE on public.plain.',
    `The role may not make temporary tables, in which rows are compared: GRANT TEMPORARY ON DATABASE "${source.name}" TO "helper".`,
    'There is no column at to tell what is newer in public.loud, public.plain.',
    'public.loud has triggers or rules (shout) that only its owner can switch off: restore as its owner, or GRANT SET ON PARAMETER session_replication_role TO "helper".',
    'public.plain has new columns that need a value and have no default: must. Give them a default for the time of the restore.',
  ])
  await assert.rejects(open.apply(''), { code: 'target_lacks' })
  assert.deepEqual(await source.query('SELECT count(*)::int AS n FROM loud'), [{ n: 0 }])

  // A table that is gone comes back whole, and one that is another thing by now can not.
  await source.query('ALTER TABLE plain RENAME TO base; CREATE VIEW plain AS SELECT * FROM base; DROP TABLE hidden') // prettier-ignore
  const said = async (choice: InPlaceChoice): Promise<readonly string[]> => {
    await using one = await openInPlace(repository, source.url, choice)
    const found = (await one.preview()).preview
    return [...found.problems, ...found.warnings]
  }
  assert.deepEqual(await said({ tables: ['hidden'], where: "id = 1 AND at IS NOT NULL OR 'select' = ''" }), [
    'The target has no table public.hidden. It would be made with all its rows, and not only with those that meet the condition: restore it without --where.',
  ])
  assert.deepEqual(await said({ tables: ['plain'] }), [
    'public.plain is no table in the target by now, but something else: leave it out with --exclude-table, or rename what is there.',
  ])
  assert.deepEqual(await said({ tables: ['loud'], where: 'id IN (Select id FROM public.base)' }), [
    'The condition asks other tables, and they answer as they are now, for rows of the backup as well: a row whose answer is gone is not found. Write the values into the condition to find all of them.',
  ])
})
