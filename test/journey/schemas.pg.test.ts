import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { connectWire } from '../../src/postgres/connect.ts'
import { dropKept, listKept, swapSchemasBack } from '../../src/restore/schemas/old.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { addressOf } from '../support/address.ts'
import { loadHard } from '../support/hard-database.ts'
import { onStatement } from '../support/in-place.ts'
import {
  databaseOf,
  failure,
  newRepository,
  requireSame,
  stateOf,
  type DatabaseStateAndSchema,
  type JourneyRepository,
} from '../support/journey.ts'
import { queryAt, testServer, type TestDatabase } from '../support/postgres.ts'

/** What of the hard database belongs to no schema, refers into one, and does not follow. */
const loosen = `DROP LANGUAGE hard_language CASCADE;
  DO $$ DECLARE name text; BEGIN FOR round IN 1..3 LOOP
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relkind = 'm' AND relispopulated LOOP
      EXECUTE 'REFRESH MATERIALIZED VIEW ' || name; END LOOP; END LOOP; END $$`

/** Which leaf a row is in follows the hash of an enum's id there. */
function withoutChance(state: DatabaseStateAndSchema): DatabaseStateAndSchema {
  const tables = Object.entries(state.tables).filter(([name]) => !name.startsWith('hard_parts.by_enum_'))
  return { ...state, tables: Object.fromEntries(tables) }
}

async function swapBack({ url }: { url: string }): Promise<void> {
  const [old] = await listKept(addressOf(url))
  assert.ok(old !== undefined)
  await swapSchemasBack({ target: addressOf(url), old, clock: systemClock })
}

async function dropAllKept({ url }: { url: string }): Promise<void> {
  for (const old of await listKept(addressOf(url))) await dropKept(addressOf(url), old)
}

/** The oldest or the newest: one of them is drawn, unless there is time. */
const ends = [15, 18] as const
const drawn = process.env['HOLDFAST_INPLACE_MINUTES'] === undefined ? [ends[randomInt(2)] ?? 18] : ends
for (const major of drawn)
  test(`all schemas of a hard database are put aside, given back, and replaced again, on Postgres ${major}`, async () => {
    const server = await testServer(major)
    const repository = await newRepository(openMemoryStorage())
    await using live = await loadHard(server)
    await live.query(loosen)
    await repository.backUp(live.url)
    const backedUp = await stateOf(live.url)
    const own = await databaseOf(live.url)
    // What the restoring role gives on all that it makes must not get on to what is restored.
    await live.query(`DROP SCHEMA hard_security CASCADE; CREATE TABLE public.newer AS SELECT 1 AS a; GRANT SELECT ON public.newer TO PUBLIC;
      COMMENT ON SCHEMA public IS 'ours'; CREATE SCHEMA added; CREATE TABLE added.t (a int);
      ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO hard_reader WITH GRANT OPTION`)
    const before = await stateOf(live.url)

    const plan = await repository.planSchemasTo(live.url)
    assert.deepEqual(plan.problems, [])
    assert.deepEqual([plan.choice.added, plan.choice.untouched], [['hard_security'], ['added']])
    await using wire = await connectWire({ address: addressOf(live.url) })
    let locks = 0
    const count = async (): Promise<void> => {
      const [row] = await server.query(
        `SELECT count(DISTINCT (locktype, relation, classid, objid, transactionid::text))::int AS n FROM pg_locks WHERE pid = ${wire.processId} AND NOT fastpath`,
      )
      locks = Number(row?.['n'])
    }
    onStatement(wire, count)
    const report = await repository.schemasTo(live.url, { wire })
    assert.ok(report.restore.tables.length > 100)
    assert.ok(report.restore.tables.every((table) => table.compared === 'hashed'))
    assert.ok(locks <= plan.locks && plan.locks < 2 * locks, `${locks} locks, planned ${plan.locks}`)

    const loosened = `DROP SCHEMA added CASCADE; ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC;
      ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM hard_reader`
    if (major === 18) {
      await swapBack(live)
      assert.equal((await listKept(addressOf(live.url)))[0]?.schemas.length, plan.renamings.length + 1)
      await dropAllKept(live)
      requireSame(await stateOf(live.url), before, 'the schemas that have their names back')
    } else {
      await dropAllKept(live)
      await live.query(loosened)
      requireSame(withoutChance(await stateOf(live.url)), withoutChance(backedUp), 'the database')
    }
    assert.deepEqual(await databaseOf(live.url), own)
  })

interface Scene {
  readonly repository: JourneyRepository
  readonly live: TestDatabase
  /** The address for the role that restores. */
  readonly url: string
}

/** A database of a role that may do next to nothing, in which Supabase's role looks after the schema `auth`. */
async function rented(work: (scene: Scene) => Promise<void>, more = ''): Promise<void> {
  const server = await testServer(18)
  await server.query(`DO $$ BEGIN CREATE ROLE supabase_admin; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    DO $$ BEGIN CREATE ROLE renter LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
  await using live = await server.database({ clauses: 'OWNER renter' })
  await live.query(`CREATE SCHEMA auth AUTHORIZATION supabase_admin; SET ROLE supabase_admin;
    CREATE TABLE auth.users (id int PRIMARY KEY, email text); INSERT INTO auth.users SELECT n, 'u' || n FROM generate_series(1, 9) n;
    CREATE FUNCTION auth.uid() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT USAGE ON SCHEMA auth TO renter; GRANT REFERENCES, SELECT, TRIGGER ON auth.users TO renter; RESET ROLE;
    CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC; ${more}`)
  const url = live.urlFor('renter', 'x')
  await queryAt(
    url,
    `CREATE TABLE public.profiles (id int PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, name extensions.citext UNIQUE);
     ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON public.profiles USING (id = auth.uid()); GRANT SELECT ON public.profiles TO anon;
     CREATE TABLE public.posts (id serial PRIMARY KEY, by int REFERENCES public.profiles, body text);
     CREATE FUNCTION public.posted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
     CREATE TRIGGER posted AFTER INSERT ON public.posts FOR EACH ROW EXECUTE FUNCTION public.posted();
     INSERT INTO public.profiles SELECT n, 'Name' || n FROM generate_series(1, 9) n; INSERT INTO public.posts (by, body) SELECT 1 + n % 9, n FROM generate_series(1, 99) n`,
  )
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(live.url)
  await work({ repository, live, url })
}

test('a role that owns the schemas and nothing else replaces them, and what the provider looks after stays', async () => {
  await rented(async ({ repository, live, url }) => {
    const backedUp = await stateOf(live.url)
    await queryAt(
      url,
      `DELETE FROM public.posts WHERE id > 10; ALTER TABLE public.posts ADD COLUMN more int; DROP POLICY own ON public.profiles`,
    )
    await live.query(`INSERT INTO auth.users VALUES (10, 'later')`)
    const before = await stateOf(live.url)
    const plan = await repository.planSchemasTo(url)
    assert.deepEqual(plan.problems, [])
    assert.deepEqual(
      plan.choice.left.map((l) => l.schema),
      ['auth', 'extensions'],
    )
    assert.ok(plan.warnings.some((w) => /^Foreign keys into auth.* are made last/.test(w)))
    await repository.schemasTo(url)
    // A user who is deleted takes along what is restored and what is kept.
    await live.query('DELETE FROM auth.users WHERE id = 10')
    await swapBack({ url })
    assert.ok((await live.query(`SELECT FROM public.posts`)).length <= 10)
    await swapBack({ url })
    await dropAllKept({ url })
    requireSame(await stateOf(live.url), backedUp, 'the database')
    await assert.rejects(
      queryAt(url, `INSERT INTO public.profiles VALUES (77, 'nobody')`),
      /profiles_id_fkey/,
    )
    assert.notDeepEqual(before, backedUp)
  })
})

test('objects of owners that the role may only become a member of are theirs again, and it has left them', async () => {
  const server = await testServer(18)
  await server.query(`CREATE ROLE hands LOGIN PASSWORD 'x'; CREATE ROLE house; CREATE ROLE guest;
    GRANT house TO hands; GRANT guest TO hands WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`)
  await using live = await server.database({ clauses: 'OWNER hands' })
  await live.query(`CREATE SCHEMA shop AUTHORIZATION house; CREATE TABLE shop.t (id serial PRIMARY KEY, x int); ALTER TABLE shop.t OWNER TO guest;
    CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION shop.f() OWNER TO guest; INSERT INTO shop.t (x) SELECT 1 FROM generate_series(1, 9)`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(live.url)
  const backedUp = await stateOf(live.url)
  await live.query('DELETE FROM shop.t; GRANT SELECT ON shop.t TO PUBLIC')
  const url = live.urlFor('hands', 'x')
  const plan = await repository.planSchemasTo(url)
  assert.deepEqual([plan.problems, plan.restore.joins], [[], ['guest']])
  const members = `SELECT roleid::regrole::text AS role, member::regrole::text AS member, inherit_option, set_option FROM pg_auth_members WHERE member = 'hands'::regrole ORDER BY 1, 3`
  const before = await server.query(members)
  await repository.schemasTo(url)
  assert.deepEqual(await server.query(members), before)
  await dropAllKept(live)
  requireSame(await stateOf(live.url), backedUp, 'the database')
})

test('what stays and refers to what would be put aside is named, and nothing is touched', async () => {
  await rented(async ({ repository, live }) => {
    await live.query(`CREATE TRIGGER welcome AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.posted();
      CREATE SCHEMA mine; CREATE VIEW mine.names AS SELECT name FROM public.profiles; CREATE TABLE mine.t (a int DEFAULT nextval('public.posts_id_seq'), p int REFERENCES public.posts);
      CREATE TABLE public.newer (id int); CREATE PUBLICATION some_of_it FOR TABLE public.newer; CREATE TYPE public.mood AS ENUM ('good'); CREATE FUNCTION mine.f(public.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'`)
    const before = await stateOf(live.url)
    const { problems } = await repository.planSchemasTo(live.url)
    assert.deepEqual(
      problems.map((p) => p.code),
      ['target_entangled', 'target_entangled'],
    )
    const message = problems.map((p) => p.message).join()
    for (const one of [
      'trigger welcome on table auth.users (function public.posted())',
      'rule _RETURN on view mine.names (column name of table public.profiles)',
      'default value for column a of table mine.t (sequence public.posts_id_seq)',
      'constraint t_p_fkey on table mine.t (column id of table public.posts)',
      'names what the backup does not have: publication some_of_it: table public.newer',
      'function mine.f(public.mood) (type public.mood)',
    ])
      assert.ok(message.includes(one), `${one} is not in: ${message}`)
    await failure(repository.schemasTo(live.url), 'target_entangled')
    requireSame(await stateOf(live.url), before, 'the database')
  })
})

test('what has begun to refer into the schemas since the plan stops the restore, which has changed nothing', async () => {
  await rented(async ({ repository, live }) => {
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === 'making tables')
        entangled ??= live.query(
          `CREATE SCHEMA IF NOT EXISTS mine; CREATE VIEW mine.names AS SELECT name FROM public.profiles`,
        )
    }
    let entangled: Promise<unknown> | undefined
    await failure(repository.schemasTo(live.url, { onProgress }), 'target_entangled')
    await entangled
    const before = await stateOf(live.url)
    assert.deepEqual(await live.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'holdfast%'`), [])
    assert.ok(before.schema.includes('CREATE VIEW mine.names'))
  })
})

test('extensions are where restored objects look for them, or it is said that they can not be', async () => {
  const server = await testServer(18)
  await using live = await server.database()
  const repository = await newRepository(openMemoryStorage())
  await live.query(`CREATE SCHEMA "own one"; CREATE EXTENSION "uuid-ossp" SCHEMA "own one"; CREATE EXTENSION citext; CREATE EXTENSION pgcrypto;
    CREATE TABLE t (id uuid DEFAULT "own one".uuid_generate_v4(), name citext UNIQUE, digest bytea DEFAULT public.digest('x', 'sha256'));
    INSERT INTO t (name) VALUES ('Ann'), ('Bob')`)
  await repository.backUp(live.url)
  const backedUp = await stateOf(live.url)
  await live.query(`INSERT INTO t (name) VALUES ('Cem'); CREATE EXTENSION hstore; ALTER TABLE t ADD COLUMN h hstore;
    DROP EXTENSION pgcrypto CASCADE; CREATE SCHEMA mine; CREATE TABLE mine.names (name public.citext)`)
  const before = await stateOf(live.url)
  const plan = await repository.planSchemasTo(live.url)
  assert.deepEqual(plan.problems, [])
  assert.deepEqual(
    [plan.choice.moving.map((e) => e.name), plan.choice.asideExtensions],
    [['citext'], ['hstore']],
  )
  await repository.schemasTo(live.url)
  assert.deepEqual(await live.query(`SELECT name FROM public.t WHERE name = 'ANN'`), [{ name: 'Ann' }])
  await live.query(`INSERT INTO mine.names VALUES ('x')`)
  await live.query('DELETE FROM mine.names')
  await swapBack(live)
  await dropAllKept(live)
  requireSame(await stateOf(live.url), before, 'the schemas that have their names back')
  await repository.schemasTo(live.url)
  await dropAllKept(live)
  await live.query('DROP SCHEMA mine CASCADE')
  requireSame(await stateOf(live.url), backedUp, 'the database')

  await live.query('ALTER EXTENSION citext SET SCHEMA "own one"')
  const moved = await repository.planSchemasTo(live.url)
  assert.match(
    moved.problems[0]?.message ?? '',
    /extension citext is in the schema own one, and in public in/,
  )
})

test('an extension that the role can not move is told beforehand', async () => {
  const server = await testServer(18)
  await rented(async ({ url }) => {
    const repository = await newRepository(openMemoryStorage())
    await queryAt(url, 'CREATE EXTENSION hstore SCHEMA public; CREATE TABLE public.h (h public.hstore)')
    await repository.backUp(server.url(new URL(url).pathname.slice(1)))
    const { problems } = await repository.planSchemasTo(url)
    assert.equal(problems.length, 1)
    assert.match(
      problems[0]?.message ?? '',
      /^The extension hstore is in public and can't be moved .* must be owner/,
    )
    assert.deepEqual(
      await queryAt(url, `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'holdfast%'`),
      [],
    )
  })
})

test('a server without room for the locks, slots, subscriptions and foreign owners are told beforehand', async () => {
  await rented(async ({ repository, live, url }) => {
    const server = await testServer(18)
    const problems = async (to = url): Promise<string> =>
      (await repository.planSchemasTo(to)).problems.map((p) => `${p.code}: ${p.message}`).join('\n')
    await live.query(`SELECT pg_create_logical_replication_slot('held_${live.name}', 'pgoutput')`)
    assert.match(await problems(), /^target_replicated: .*replication slots held_/)
    await live.query(`SELECT pg_drop_replication_slot('held_${live.name}')`)
    await live.query(
      `CREATE SUBSCRIPTION s CONNECTION 'host=192.0.2.1 dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    )
    assert.equal(await problems(), '')
    await live.query(`ALTER SCHEMA public OWNER TO supabase_admin`)
    assert.match(await problems(), /^target_lacks: The schema public can't be renamed: must be owner/)
    assert.equal(await problems(server.url(live.name)), '')

    const few = await testServer(18, {
      label: 'few locks',
      settings: {
        max_locks_per_transaction: '10',
        max_connections: '6',
        max_worker_processes: '0',
        max_logical_replication_workers: '0',
        autovacuum_max_workers: '1',
        autovacuum_worker_slots: '1',
        max_wal_senders: '0',
        wal_level: 'replica',
        max_prepared_transactions: '0',
      },
    })
    await few.query('CREATE ROLE renter; CREATE ROLE supabase_admin; CREATE ROLE anon')
    await using small = await few.database()
    await small.query(
      `CREATE SCHEMA extensions; CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY)`,
    )
    await small.query(
      `DO $$ BEGIN FOR i IN 1..90 LOOP EXECUTE format('CREATE TABLE t%s (a int)', i); COMMIT; END LOOP; END $$`,
    )
    assert.match(
      await problems(small.url),
      /locks_exhausted: .* holds about \d+ locks .* set max_locks_per_transaction to \d+ and restart/,
    )
  })
})
