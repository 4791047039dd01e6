import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import {
  besideUrl,
  contentsOf,
  failure,
  newRepository,
  schemaOf,
  stateOf,
  requireSame,
  type JourneyRepository,
} from '../support/journey.ts'
import { heldStorage } from '../support/held-storage.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(18)
  repository = await newRepository(openMemoryStorage())
  await server.query(`CREATE ROLE app_owner LOGIN PASSWORD 'p'; CREATE ROLE app_reader LOGIN PASSWORD 'p'`)
})

after(() => server.stop('immediate'))

async function secured(): Promise<TestDatabase> {
  const database = await server.database()
  await database.query(`
    GRANT ALL ON SCHEMA public TO app_owner; SET ROLE app_owner;
    CREATE TABLE open (id int PRIMARY KEY); INSERT INTO open SELECT generate_series(1, 10);
    CREATE TABLE guarded (id int PRIMARY KEY, tenant text); INSERT INTO guarded SELECT n, 't' || n % 3 FROM generate_series(1, 30) n;
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded USING (tenant = 't1');
    GRANT SELECT ON open, guarded TO app_reader`)
  return database
}

test('row level security: a role that cannot bypass it is refused, and no subset is taken', async () => {
  await using database = await secured()
  const reader = database.urlFor('app_reader', 'p')
  const refused = await failure(repository.backUp(reader), 'source_row_security')
  assert.match(refused.message, /public\.guarded/)
  assert.match(refused.hint, /BYPASSRLS/)
  assert.deepEqual(await repository.list(), [])

  // Its owner sees all rows, and so may back it up, as long as it is not forced on the owner, too.
  const owned = await repository.backUp(database.urlFor('app_owner', 'p'))
  assert.equal(owned.manifest.totals.rows, 40)
  await database.query('ALTER TABLE guarded FORCE ROW LEVEL SECURITY')
  await failure(repository.backUp(database.urlFor('app_owner', 'p')), 'source_row_security')

  await server.query('ALTER ROLE app_reader BYPASSRLS')
  try {
    assert.equal((await repository.backUp(reader)).manifest.totals.rows, 40)
  } finally {
    await server.query('ALTER ROLE app_reader NOBYPASSRLS')
  }
  // What it may read whole it may back up, without the rest.
  const rest = await repository.backUp(reader, { excludeTables: ['guarded'] })
  assert.equal(rest.manifest.totals.rows, 10)
})

test('read-only roles back up all rows, and what they may not read is named', async () => {
  await using database = await secured()
  await database.query(`
    ALTER TABLE guarded DISABLE ROW LEVEL SECURITY;
    CREATE SCHEMA closed; CREATE TABLE closed.t AS SELECT generate_series(1, 5) AS n; CREATE SEQUENCE closed.s START 7;
    CREATE MATERIALIZED VIEW closed.m AS SELECT count(*) FROM closed.t;
    SELECT lo_from_bytea(4001, 'for the superuser only')`)
  await server.query(
    `CREATE ROLE reads_all LOGIN PASSWORD 'p' IN ROLE pg_read_all_data; CREATE ROLE reads_tables LOGIN PASSWORD 'p'`,
  )
  await database.query(
    `GRANT USAGE ON SCHEMA closed TO reads_tables; GRANT SELECT ON ALL TABLES IN SCHEMA public, closed TO reads_tables`,
  )
  const url = besideUrl(server.url(), 'from_reader')
  try {
    // On a server of one's own this role reads even the catalogs that hold verifiers and large objects.
    const all = await repository.backUp(database.urlFor('reads_all', 'p'))
    assert.equal(all.manifest.totals.rows, 45)
    assert.deepEqual(all.contents.gaps, [])
    assert.match(
      all.contents.roles.find((role) => role.name === 'app_owner')?.password ?? '',
      /^SCRAM-SHA-256/,
    )
    await repository.restoreTo(url, { createDatabase: true })
    requireSame(await stateOf(url), await stateOf(database.url), 'what reads_all had backed up')
    await server.query('DROP DATABASE from_reader')

    const some = await repository.backUp(database.urlFor('reads_tables', 'p'))
    assert.equal(some.manifest.totals.rows, 45)
    const gaps = some.contents.gaps.map((gap) => gap.what).join('; ')
    for (const what of [/password/, /large object/, /sequence closed\.s/]) assert.match(gaps, what)
    assert.equal(some.manifest.totals.gaps, some.contents.gaps.length)
    const report = await repository.restoreTo(url, { createDatabase: true })
    assert.deepEqual(report.gaps, some.contents.gaps)
    assert.equal(await schemaOf(url), await schemaOf(database.url))
    const { tables } = await contentsOf(url)
    assert.deepEqual(tables, (await contentsOf(database.url)).tables)
    await server.query('DROP DATABASE from_reader')
  } finally {
    await database.drop()
    await server.query('DROP ROLE reads_all, reads_tables')
  }
})

test('a role that may read some tables only is refused with the list; without those it backs up the others', async () => {
  await using database = await secured()
  await database.query(`
    ALTER TABLE guarded DISABLE ROW LEVEL SECURITY; CREATE TABLE "Secret ""1""" (a int); CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int);
    CREATE SEQUENCE secret_sequence; CREATE TABLE refers (id int REFERENCES open); GRANT SELECT ON refers TO app_reader;
    ALTER TABLE "Secret ""1""" ADD PRIMARY KEY (a); INSERT INTO "Secret ""1""" VALUES (1);
    CREATE TABLE points (a int CONSTRAINT to_secret REFERENCES "Secret ""1""", b hidden.t); INSERT INTO points VALUES (1, ROW(7));
    CREATE VIEW looks AS SELECT p.a FROM points p JOIN "Secret ""1""" USING (a); CREATE TABLE heir () INHERITS (hidden.t); INSERT INTO heir VALUES (3);
    CREATE TABLE closed (id int) PARTITION BY LIST (id); CREATE TABLE closed_1 PARTITION OF closed FOR VALUES IN (1); INSERT INTO closed VALUES (1);
    GRANT SELECT ON points, looks, heir, closed_1 TO app_reader;
    CREATE TABLE partly (id int) PARTITION BY LIST (id); CREATE TABLE partly_1 PARTITION OF partly FOR VALUES IN (1);
    GRANT SELECT ON partly TO app_reader`)
  const reader = database.urlFor('app_reader', 'p')
  const refused = await failure(repository.backUp(reader), 'source_denied')
  assert.deepEqual(refused.details['tables'], ['hidden.t', 'public.Secret "1"', 'public.partly_1'])
  assert.match(refused.hint, /GRANT SELECT ON TABLE "?public"?."Secret ""1""" TO "?app_reader"?/)

  const without = { excludeTables: ['hidden.*', '"Secret ""1"""', 'partly_1'] }
  const { contents } = await repository.backUp(reader, without)
  const gaps = contents.gaps.map((gap) => gap.what).join('; ')
  for (const what of [/hidden\.t/, /Secret "1"/, /partly_1/, /secret_sequence/]) assert.match(gaps, what)
  await using target = await server.database()
  const report = await repository.restoreTo(target.url)
  assert.deepEqual(
    report.tables.map((table) => table.name),
    ['closed_1', 'guarded', 'heir', 'open', 'points', 'refers'],
  )
  // What the others need of them is there, but no row; a key that points to a row that is not is told.
  const { tables } = await contentsOf(target.url)
  const { tables: before } = await contentsOf(database.url)
  assert.deepEqual(Object.keys(tables), Object.keys(before))
  for (const name of ['hidden.t', 'public.Secret "1"', 'public.partly_1'])
    assert.equal(tables[name], '0 rows ')
  for (const name of ['public.points', 'public.heir', 'public.closed'])
    assert.deepEqual(tables[name], before[name])
  assert.match(report.warnings.join('; '), /to_secret.*NOT VALID/)
  const drilled = await repository.drill()
  assert.match(drilled.notVerified.map(({ what }) => what).join('; '), /hidden\.t/)
})

test('a table that can not be locked and changes while the schema is read makes no backup', async () => {
  await using database = await secured()
  await database.query(
    `ALTER TABLE guarded DISABLE ROW LEVEL SECURITY; CREATE TABLE hidden (a int); CREATE INDEX hidden_index ON hidden (a)`,
  )
  const reader = database.urlFor('app_reader', 'p')
  const without = { excludeTables: ['hidden'] }
  const known = await repository.list()
  let dropped: Promise<unknown> | undefined
  const storage = heldStorage(repository.storage, async () => {
    await (dropped ??= database.query('DROP INDEX hidden_index'))
  })
  await failure(repository.backUp(reader, { ...without, storage }), 'source_changed')
  assert.deepEqual(await repository.list(), known)
  await repository.backUp(reader, without)
})

test('grants and default privileges come back exactly, and those of the target do not leak in', async () => {
  await using database = await secured()
  await database.query(`
    CREATE SCHEMA api AUTHORIZATION app_owner; REVOKE ALL ON SCHEMA public FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA api GRANT SELECT, INSERT ON TABLES TO app_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO app_reader;
    SET ROLE app_owner; CREATE TABLE api.by_default (a int, b int); CREATE FUNCTION api.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE api.narrow (a int, b int); REVOKE ALL ON api.narrow FROM app_reader; GRANT SELECT (a), UPDATE (b) ON api.narrow TO app_reader WITH GRANT OPTION;
    CREATE TABLE api.nobody (a int); REVOKE ALL ON api.nobody FROM app_reader, app_owner; RESET ROLE;
    CREATE TABLE before_defaults (a int); REVOKE ALL ON before_defaults FROM app_reader`)
  await repository.backUp(database.url)
  await using target = await server.database()
  await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), await stateOf(database.url), 'restored with grants')

  await using bare = await server.database()
  const report = await repository.restoreTo(bare.url, { noGrants: true, noOwner: true })
  assert.equal(report.rows, 40)
  const plain = await schemaOf(bare.url)
  assert.doesNotMatch(plain, /^(GRANT|REVOKE|ALTER DEFAULT)/m)
  assert.doesNotMatch(plain, /Owner: app_owner/)
})

test('a role that is no superuser restores what it may own, and is told at once what it may not', async () => {
  await using database = await secured()
  await repository.backUp(database.url)
  await server.query(`CREATE ROLE restorer LOGIN PASSWORD 'p'`)
  await using target = await server.database()
  await server.query(`ALTER DATABASE ${target.name} OWNER TO restorer`)
  const url = target.urlFor('restorer', 'p')
  try {
    const untouched = await stateOf(target.url)
    const refused = await failure(repository.restoreTo(url), 'target_lacks')
    assert.match(refused.message, /restorer may not give objects to app_owner; --no-owner/)
    requireSame(await stateOf(target.url), untouched, 'a refused target')

    const report = await repository.restoreTo(url, { noOwner: true })
    assert.equal(report.rows, 40)
    assert.deepEqual((await contentsOf(target.url)).tables, (await contentsOf(database.url)).tables)
    assert.match(await schemaOf(target.url), /CREATE POLICY own ON public.guarded/)
    await failure(repository.restoreTo(url, { createDatabase: true }), 'target_exists')
    const other = besideUrl(url, 'not_allowed')
    assert.match(
      (await failure(repository.restoreTo(other, { createDatabase: true, noOwner: true }), 'target_lacks'))
        .message,
      /CREATEDB/,
    )
  } finally {
    await target.drop()
    await server.query('DROP ROLE restorer')
  }
})

test('a missing role is made by who may make it, else named before anything is touched', async () => {
  await using database = await server.database()
  await server.query(
    `CREATE ROLE gone_owner CREATEDB; CREATE ROLE gone_group; GRANT gone_group TO gone_owner; CREATE ROLE restorer LOGIN PASSWORD 'p'`,
  )
  await database.query(
    `GRANT ALL ON SCHEMA public TO gone_owner; SET ROLE gone_owner; CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO gone_group`,
  )
  await repository.backUp(database.url)
  await database.drop()
  await server.query('DROP ROLE gone_owner, gone_group')
  await using target = await server.database()
  await server.query(`ALTER DATABASE ${target.name} OWNER TO restorer`)
  try {
    const url = target.urlFor('restorer', 'p')
    const refused = await failure(repository.restoreTo(url), 'target_lacks')
    assert.match(refused.message, /role gone_owner does not exist, and restorer can't make it/)
    const none = await failure(repository.restoreTo(target.url, { roles: 'none' }), 'target_lacks')
    assert.match(none.message, /gone_owner.*--no-owner/)
    const report = await repository.restoreTo(target.url)
    assert.deepEqual([...report.rolesCreated].sort(), ['gone_group', 'gone_owner'])
    const [made] = await server.query(
      `SELECT rolcreatedb, pg_has_role('gone_owner', 'gone_group', 'MEMBER') AS member FROM pg_roles WHERE rolname = 'gone_owner'`,
    )
    assert.deepEqual(made, { rolcreatedb: true, member: true })
  } finally {
    await target.drop()
    await server.query('DROP ROLE IF EXISTS gone_owner, gone_group, restorer')
  }
})
