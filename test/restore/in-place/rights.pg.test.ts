import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerMajor } from '../../../src/postgres/server/server.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace, restoreInPlace, undo, type InPlaceChoice } from '../../support/in-place.ts'
import { failure, newRepository, type JourneyRepository } from '../../support/journey.ts'
import type { TestDatabase } from '../../support/postgres.ts'
import { server } from './case.ts'

const replace = { create: true, update: true, delete: true }

interface Limited {
  readonly database: TestDatabase
  readonly repository: JourneyRepository
  /** Quoted. */
  readonly role: string
  readonly url: string
  /** What stands in the way; nothing may have been touched. */
  problems(choice?: InPlaceChoice): Promise<readonly string[]>
}

/** Two tables in `public` and one elsewhere, of which rows are lost, and a role that has no rights at all. */
async function withLimited(
  o: { made?: string; lost: string; major?: ServerMajor },
  work: (o: Limited) => Promise<void>,
): Promise<void> {
  await using database = await (await server(o.major ?? 18)).database()
  const role = `"limited in ${database.name}"`
  await database.query(`CREATE SCHEMA secret; CREATE ROLE ${role} LOGIN PASSWORD 'limited';
    CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t SELECT n, n FROM generate_series(1, 9) n; ${o.made ?? ''}`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query(o.lost)
  const url = database.urlFor(role.slice(1, -1), 'limited')
  const look = (): Promise<unknown> => database.query('SELECT t::text FROM t ORDER BY 1')
  await work({
    database,
    repository,
    role,
    url,
    problems: async (choice) => {
      const before = await look()
      await using open = await openInPlace(repository, url, { actions: replace, ...choice })
      const { preview, digest } = await open.preview()
      if (preview.problems.length > 0) await failure(open.apply(digest), 'target_lacks')
      assert.deepEqual(await look(), before)
      return preview.problems
    },
  })
}

test('tables that have nothing to do with it need no rights', async () => {
  const made =
    'CREATE TABLE secret.other (id int PRIMARY KEY REFERENCES secret.other); INSERT INTO secret.other VALUES (1)'
  await withLimited(
    { made, lost: 'DELETE FROM t WHERE id < 4' },
    async ({ database, repository, role, url }) => {
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON t TO ${role}`)
      const done = await restoreInPlace(repository, url, { actions: replace, tables: ['public.t'] })
      assert.equal(done.preview.totals.create, 3)
      await undo(url, done)
      assert.deepEqual(await database.query('SELECT count(*)::int AS n FROM t'), [{ n: 6 }])
    },
  )
})

test('who lacks rights on the table is told which, of whatever kind they are', async () => {
  await withLimited({ lost: 'DELETE FROM t WHERE id < 4' }, async ({ database, role, problems }) => {
    await database.query(
      `GRANT SELECT (id, x), INSERT (id, x), UPDATE (x) ON t TO ${role}; GRANT DELETE ON t TO ${role}`,
    )
    assert.deepEqual(await problems(), ['The role lacks SELECT, INSERT, UPDATE on public.t.'])
    await database.query(`GRANT SELECT, INSERT ON t TO ${role}`)
    assert.deepEqual(await problems(), ['The role lacks UPDATE on public.t.'])
    await database.query(`GRANT UPDATE ON t TO ${role}; REVOKE USAGE ON SCHEMA public FROM public`)
    assert.deepEqual(await problems(), ['The role lacks USAGE of the schema on public.t.'])
  })
})

test('who may not look at the other end of a foreign key is told so before a row is read', async () => {
  const made = `CREATE TABLE secret.p (id int PRIMARY KEY, hidden text); CREATE TABLE secret.c (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
    ALTER TABLE t ADD COLUMN p int REFERENCES secret.p; INSERT INTO secret.p VALUES (1, 'x'); UPDATE t SET p = 1 WHERE id = 1; INSERT INTO secret.c VALUES (1, 2)`
  const lost = 'DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (10)'
  const parent = "The role can't look at secret.p, which rows of public.t refer to (foreign key t_p_fkey): "
  const child = "The role can't look at secret.c, whose rows refer to public.t (foreign key c_t_fkey): "
  await withLimited({ made, lost }, async ({ database, repository, role, url, problems }) => {
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON t TO ${role}`)
    const choice = { tables: ['public.t'] }
    const schema = 'it lacks USAGE on the schema.'
    assert.deepEqual(await problems(choice), [child + schema, parent + schema].sort())
    await database.query(`GRANT USAGE ON SCHEMA secret TO ${role}`)
    const columns = 'it lacks SELECT on the columns of the key.'
    assert.deepEqual(await problems({ ...choice, actions: { create: true, update: false, delete: false } }), [
      parent + columns,
    ])
    assert.deepEqual(await problems({ ...choice, actions: { create: false, update: false, delete: true } }), [
      child + columns,
    ])
    await database.query(
      `GRANT SELECT (id) ON secret.p TO ${role}; GRANT SELECT (t) ON secret.c TO ${role}; ALTER TABLE secret.c ENABLE ROW LEVEL SECURITY`,
    )
    assert.deepEqual(await problems(choice), [`${child}row level security hides rows from it.`])
    // The columns of the key are enough.
    await database.query('ALTER TABLE secret.c DISABLE ROW LEVEL SECURITY')
    const done = await restoreInPlace(repository, url, { ...choice, actions: replace })
    assert.deepEqual([done.preview.totals.create, done.preview.totals.delete], [1, 1])
    await undo(url, done)

    // What is needed and gone can't be brought.
    await database.query('DELETE FROM secret.p')
    const refused = await failure(
      restoreInPlace(repository, url, { ...choice, missingReferences: 'bring' }),
      'target_lacks',
    )
    assert.match(
      refused.message,
      /Rows of secret\.p are gone that rows of public\.t refer to, .* The role lacks SELECT, INSERT, UPDATE on secret\.p\./,
    )
    const left = await restoreInPlace(repository, url, {
      ...choice,
      actions: replace,
      missingReferences: 'skip',
      skipConflicts: true,
    })
    assert.deepEqual([left.preview.totals.create, left.preview.totals.conflicts], [0, 1])
  })
})

test('an owner who is held to row level security, and may not bypass it, is told so', async () => {
  await withLimited({ lost: 'DELETE FROM t WHERE id < 4' }, async ({ database, role, problems }) => {
    await database.query(
      `ALTER TABLE t OWNER TO ${role}; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY`,
    )
    assert.deepEqual(await problems(), [
      'Row level security hides rows of public.t from this role: restore as a role that bypasses it.',
    ])
    await database.query('ALTER TABLE t NO FORCE ROW LEVEL SECURITY')
    assert.deepEqual(await problems(), [])
  })
})

test('an always generated number that only an owner can give back is told before anything is done', async () => {
  // Else the row would be deleted and made again.
  const made =
    'ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY; CREATE TABLE acting (t int REFERENCES t ON DELETE CASCADE)'
  await withLimited(
    { made, lost: 'UPDATE t SET n = DEFAULT WHERE id = 1' },
    async ({ database, role, problems }) => {
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON t, acting TO ${role}`)
      assert.deepEqual(await problems(), [
        'public.t has the column n, which is always generated: only its owner can give it back another value.',
      ])
    },
  )
})

const settings = {
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  statement_timeout: '2min',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  idle_session_timeout: '2min',
}

test('settings of the role or the database that would stop it do not', async () => {
  for (const major of [15, 18] as const) {
    await withLimited(
      { lost: 'DELETE FROM t WHERE id < 4', major },
      async ({ database, repository, role, url }) => {
        await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON t TO ${role}`)
        // From another database, which is not set so.
        const outside = await server(major)
        const all = major === 18 ? { ...settings, transaction_timeout: '2min' } : settings
        for (const who of [`ROLE ${role}`, `DATABASE "${database.name}"`]) {
          for (const [name, value] of Object.entries(all))
            await outside.query(`ALTER ${who} SET ${name} = '${value}'`)
          await using open = await openInPlace(repository, url, { actions: replace })
          const { digest } = await open.preview()
          const shown = Object.keys(all).map((name) => `pg_catalog.current_setting('${name}')`)
          const [now] = await open.workspace.wire.query(`SELECT ${shown.join(', ')}`)
          assert.deepEqual(now, [
            'off',
            'read committed',
            ...Object.keys(all)
              .slice(2)
              .map(() => '0'),
          ])
          const done = await open.apply(digest)
          assert.equal(done.preview.totals.create, 3)
          await undo(url, done)
          for (const name of Object.keys(all)) await outside.query(`ALTER ${who} RESET ${name}`)
        }
      },
    )
  }
})

test('a table can not be made by a role that may not look at the schema it is made in, and it is told', async () => {
  const made =
    'CREATE TABLE secret.other (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY); INSERT INTO gone VALUES (1)'
  await withLimited({ made, lost: 'DROP TABLE gone' }, async ({ database, repository, role, url }) => {
    await database.query(`GRANT ALL ON t TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`)
    await failure(openInPlace(repository, url, { tables: ['public.gone'] }), 'source_denied')
    assert.deepEqual(await database.query(`SELECT to_regclass('public.gone') AS t`), [{ t: null }])
  })
})
