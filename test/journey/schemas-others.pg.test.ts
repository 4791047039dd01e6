import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { connect, connectWire } from '../../src/postgres/connect.ts'
import { dropKept, listKept, swapSchemasBack } from '../../src/restore/schemas/old.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { randomOf } from '../oracle/random.ts'
import { addressOf } from '../support/address.ts'
import { onStatement } from '../support/in-place.ts'
import { failure, newRepository, requireSame, stateOf, type JourneyRepository } from '../support/journey.ts'
import { killChild } from '../support/journey-process.ts'
import { testServer, type TestDatabase } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('others see the old database or the new one, whole, and wait for neither', async () => {
  const server = await testServer(18)
  await using live = await server.database()
  await live.query(`CREATE TABLE a (id serial PRIMARY KEY, x int); CREATE TABLE b (id serial PRIMARY KEY, x int); CREATE VIEW v AS SELECT count(*) AS n FROM a;
    CREATE FUNCTION sizes() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM a) || ' ' || (SELECT count(*) FROM b); END $$;
    INSERT INTO a (x) SELECT 0 FROM generate_series(1, 3000); INSERT INTO b (x) SELECT 0 FROM generate_series(1, 3000)`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(live.url)
  await live.query('DELETE FROM a WHERE id > 100; DELETE FROM b WHERE id > 100')

  let stop = false
  const seen = new Set<string>()
  const read = async (): Promise<void> => {
    await using session = await connect({
      address: addressOf(live.url),
      settings: { search_path: 'public', lock_timeout: '20s' },
    })
    await session.query(
      'PREPARE counts AS SELECT (SELECT count(*) FROM a WHERE x = 0) || $$ $$ || (SELECT count(*) FROM b WHERE x = 0) AS n',
    )
    while (!stop) {
      for (const sql of [
        'EXECUTE counts',
        `SELECT (SELECT count(*) FROM a WHERE x = 0) || ' ' || (SELECT count(*) FROM public.b WHERE x = 0) AS n`,
      ]) {
        const [row] = await session.query<{ n: string }>(sql)
        seen.add(row?.n ?? '')
      }
    }
  }
  let pairs = 0
  const write = async (): Promise<void> => {
    await using session = await connect({
      address: addressOf(live.url),
      settings: { search_path: 'public', lock_timeout: '20s' },
    })
    while (!stop) {
      const x = ++pairs
      await session.query('BEGIN')
      await session.query(`INSERT INTO a (x) VALUES (${x})`)
      await session.query(`INSERT INTO b (x) VALUES (${x})`)
      await session.query('COMMIT')
    }
  }
  const others = [read(), read(), write(), write()]
  const [report] = await Promise.all([repository.schemasTo(live.url).finally(() => (stop = true)), ...others])
  const [old] = report.kept
  assert.deepEqual([...seen].sort(), seen.has('3000 3000') ? ['100 100', '3000 3000'] : ['100 100'])
  for (const schema of ['public', `"${old?.to}"`]) {
    const [row] = await live.query(
      `SELECT count(*)::int AS n FROM ${schema}.a FULL JOIN ${schema}.b USING (x) WHERE x > 0 AND (a.id IS NULL OR b.id IS NULL)`,
    )
    assert.deepEqual(row, { n: 0 }, `transactions that are in one table only of ${schema}`)
  }
  const [written] = await live.query(
    `SELECT (SELECT count(*) FROM a WHERE x > 0) + (SELECT count(*) FROM "${old?.to}".a WHERE x > 0) AS n`,
  )
  assert.deepEqual(written, { n: String(pairs) })
  assert.match(String((await live.query('SELECT sizes()'))[0]?.['sizes']), /^3\d\d\d 3\d\d\d$/)
})

test('who stays in a transaction over the old tables is ended, or keeps them where they are', async () => {
  const server = await testServer(18)
  await server.query(`CREATE ROLE sitting_owner LOGIN PASSWORD 'x'`)
  await using live = await server.database({ clauses: 'OWNER sitting_owner' })
  const url = live.urlFor('sitting_owner', 'x')
  await live.query(`SET ROLE sitting_owner; CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO PUBLIC`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(live.url)
  const before = await stateOf(live.url)
  const sitting = async (as: string) => {
    const session = await connect({ address: addressOf(as) })
    await session.query('BEGIN; SELECT FROM public.t')
    return session
  }
  await using theirs = await sitting(live.url)
  const failed = await failure(repository.schemasTo(url), 'target_in_use')
  assert.match(failed.message, /still used by postgres \(holdfast\)/)
  requireSame(await stateOf(live.url), before, 'the database')
  await theirs.query('COMMIT')
  await using own = await sitting(url)
  await repository.schemasTo(url)
  await failure(own.query('SELECT 1'), 'connection_lost')
  await using again = await sitting(live.url)
  const [old] = await listKept(addressOf(url))
  assert.ok(old !== undefined)
  const back = swapSchemasBack({ target: addressOf(url), old, clock: systemClock })
  await failure(back, 'target_in_use')
  assert.deepEqual(await again.query('SELECT a FROM public.t'), [{ a: 1 }])
})

/** Something of everything that a restore goes about in its own way, small. */
const made = `CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('good'); CREATE SCHEMA other; CREATE TABLE other.o (id int PRIMARY KEY, name citext);
  CREATE TABLE t (id serial PRIMARY KEY, o int REFERENCES other.o, m mood, CHECK (id > 0)); CREATE INDEX ON t (m); CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM t;
  INSERT INTO other.o VALUES (1, 'One'); INSERT INTO t (o, m) SELECT 1, 'good' FROM generate_series(1, 500); REFRESH MATERIALIZED VIEW mv; GRANT SELECT ON t TO PUBLIC`
const damage = `DELETE FROM t; ALTER TABLE t DROP COLUMN m; CREATE TABLE newer (a int); DROP TABLE other.o CASCADE`

const check = `SELECT (SELECT count(*)::int FROM t JOIN other.o ON o.id = t.o WHERE m = 'good' AND o.name = 'ONE') AS t, (SELECT count FROM mv) AS mv,
  (SELECT count(*)::int FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'f') AS keys`

/** Most statements stand next to one like them: unless there is time, not every one is met. */
const stride = process.env['HOLDFAST_INPLACE_MINUTES'] === undefined ? 16 : 1

interface Scene {
  readonly live: TestDatabase
  readonly before: Awaited<ReturnType<typeof stateOf>>
}

async function scene(repository: JourneyRepository): Promise<Scene> {
  const live = await (await testServer(18)).database()
  await live.query(made)
  await repository.backUp(live.url)
  await live.query(damage)
  return { live, before: await stateOf(live.url) }
}

/** Waits for the session that restores to be gone; what it has left is the old database, or the whole new one. */
async function whole({ live, before }: Scene): Promise<'old' | 'new'> {
  const working = `SELECT FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname = current_database() AND pid <> pg_backend_pid()`
  while ((await live.query(working)).length > 0) await live.query('SELECT pg_sleep(0.01)')
  const target = addressOf(live.url)
  const [old] = await listKept(target)
  if (old === undefined) {
    requireSame(await stateOf(live.url), before, 'the database')
    return 'old'
  }
  assert.deepEqual(await live.query(check), [{ t: 500, mv: '500', keys: 1 }])
  await swapSchemasBack({ target, old, clock: systemClock })
  const [last] = await listKept(target)
  assert.ok(last !== undefined)
  assert.equal(last.schemas.length, 2)
  await dropKept(target, last)
  requireSame(await stateOf(live.url), before, 'the schemas that have their names back')
  return 'new'
}

for (const blow of ['refused', 'session ended'] as const)
  test(`a restore in which any statement is broken (${blow}) leaves the old schemas or the new ones, whole`, async () => {
    const repository = await newRepository(openMemoryStorage())
    const set = await scene(repository)
    const { live } = set
    let at = 0
    for (let met = true; met;) {
      at += stride
      await using wire = await connectWire({ address: addressOf(live.url) })
      let statements = 0
      onStatement(wire, async () => {
        if (++statements !== at) return
        if (blow === 'refused') await wire.query('SELECT 1 / 0')
        else await live.query(`SELECT pg_terminate_backend(${wire.processId}, 10000)`)
      })
      const error = await repository.schemasTo(live.url, { wire }).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      met = statements >= at
      await wire.close()
      assert.ok(error === null || isHoldfastError(error), String(error))
      const found = await whole(set)
      // What was refused may have been done in another way.
      assert.equal(found, error === null ? 'new' : 'old')
    }
    assert.ok(at > 40, `only ${at} statements`)
    await live.drop()
  })

test('a process that is killed at any moment leaves the old schemas or the new ones, whole', async (t) => {
  const directory = await temporaryDirectory(t)
  const repository = await newRepository(directory)
  const set = await scene(repository)
  const { identity, credentials } = repository
  const seed = process.env['HOLDFAST_SEED'] ?? 'schemas'
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const found: string[] = []
  for (let round = 0; round < 6; round++) {
    const task = { directory, identity, credentials, action: 'schemas', url: set.live.url } as const
    await killChild(task, 1 + random.int(12), random.int(60))
    found.push(await whole(set))
  }
  t.diagnostic(found.join(' '))
  assert.ok(found.includes('old'))
  await set.live.drop()
})
