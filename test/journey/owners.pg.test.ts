import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import {
  besideUrl,
  databaseOf,
  failure,
  newRepository,
  requireSame,
  rolesOf,
  stateOf,
} from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

const roles = 'made_owner, made_app, made_reader, made_store'

/**
 * One owner works in `public` because the database is its own, another where it was let in. A superuser gave away what its
 * owner could not have made, and what is in no schema.
 */
async function owned(server: TestServer): Promise<TestDatabase> {
  await server.query(`
    CREATE ROLE made_owner LOGIN PASSWORD 'p'; CREATE ROLE made_app CREATEDB; CREATE ROLE made_store; CREATE ROLE made_reader LOGIN; GRANT made_app TO made_reader;
    ALTER ROLE made_reader SET work_mem = '5MB'`)
  const database = await server.database()
  await database.query(`
    ALTER DATABASE ${database.name} OWNER TO made_owner; REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${database.name} TO made_reader; ALTER ROLE made_reader IN DATABASE ${database.name} SET statement_timeout = '9s';
    SET ROLE made_owner;
    CREATE TABLE orders (id int PRIMARY KEY, at date DEFAULT now()); INSERT INTO orders SELECT generate_series(1, 50);
    CREATE SCHEMA api; GRANT USAGE, CREATE ON SCHEMA api TO made_app; GRANT REFERENCES, SELECT ON orders TO made_app;
    ALTER DEFAULT PRIVILEGES FOR ROLE made_owner IN SCHEMA api GRANT SELECT ON TABLES TO made_reader;
    RESET ROLE; SET ROLE made_app;
    CREATE TABLE api.lines (id bigserial PRIMARY KEY, of int REFERENCES public.orders); INSERT INTO api.lines (of) SELECT generate_series(1, 50);
    CREATE INDEX ON api.lines (of); CREATE MATERIALIZED VIEW api.sums AS SELECT count(*) FROM api.lines;
    CREATE FUNCTION api.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON api.lines TO made_reader WITH GRANT OPTION;
    RESET ROLE; CREATE PUBLICATION changes FOR TABLE api.lines; ALTER PUBLICATION changes OWNER TO made_app;
    SELECT lo_from_bytea(4242, 'held'); ALTER LARGE OBJECT 4242 OWNER TO made_store; GRANT SELECT ON LARGE OBJECT 4242 TO made_reader`)
  return database
}

test('who may make roles and databases restores owners and grants exactly, and leaves the roles again', async () => {
  await Promise.all([backUpAndRestore(15), backUpAndRestore(17)])
})

async function backUpAndRestore(major: 15 | 17): Promise<void> {
  const server = await testServer(major)
  const repository = await newRepository(openMemoryStorage())
  await using source = await owned(server)
  const { manifest } = await repository.backUp(source.url)
  const facts = async (url: string) => [await databaseOf(url), await rolesOf(url, 'made_')]
  const [state, expected] = [await stateOf(source.url), await facts(source.url)]
  await source.query(
    'CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; ALTER SERVER far OWNER TO made_app',
  )
  await repository.backUp(source.url)
  const withServer = await stateOf(source.url)
  await source.drop()
  await server.query(`DROP ROLE ${roles}; CREATE ROLE keeper LOGIN PASSWORD 'p' CREATEROLE CREATEDB`)
  const superUrl = besideUrl(server.url(), 'owned_again')
  const url = new URL(superUrl)
  Object.assign(url, { username: 'keeper', password: 'p' })
  const restore = (options = {}) => repository.restoreTo(url.href, options)
  // Since 16 who makes a role holds ADMIN OPTION on it, and can't give it back.
  const memberships = () =>
    server.query(`SELECT m.roleid::regrole::text AS role, to_jsonb(m) -> 'set_option' AS set FROM pg_auth_members m
        WHERE m.member = 'keeper'::regrole ORDER BY 1`)
  const names = ['made_app', 'made_owner', 'made_reader', 'made_store']
  const lasting = major === 15 ? [] : names.map((role) => ({ role, set: false }))
  const cancelled = async (options = {}): Promise<void> => {
    const stop = new AbortController()
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === 'building indexes and constraints') stop.abort()
    }
    await failure(restore({ ...options, signal: stop.signal, onProgress }), 'cancelled')
  }
  try {
    const withoutServer = { createDatabase: true, backup: manifest.id }
    await cancelled(withoutServer)
    assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'owned_again'`), [])
    assert.deepEqual(await server.query(`SELECT FROM pg_roles WHERE rolname ~ '^made_'`), [])
    const report = await restore(withoutServer)
    assert.deepEqual([...report.rolesCreated].sort(), names)
    requireSame(await stateOf(superUrl), state, 'restored with new owners')
    assert.deepEqual(await facts(superUrl), expected)
    assert.deepEqual(await memberships(), lasting)

    // The roles are there by now; in a database that is there they may make nothing.
    await server.query('DROP DATABASE owned_again')
    await server.query('CREATE DATABASE owned_again OWNER keeper')
    await server.query(
      'CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO keeper WITH GRANT OPTION',
      'owned_again',
    )
    const empty = await stateOf(superUrl)
    const rights = () =>
      server.query(`SELECT FROM pg_database WHERE datname = 'owned_again' AND datacl::text ~ 'made_'`)
    await cancelled()
    requireSame(await stateOf(superUrl), empty, 'undone')
    assert.deepEqual(await rights(), [])
    assert.deepEqual(await memberships(), lasting)
    assert.match(
      (await restore()).warnings.join(),
      /keeper makes itself a member of made_app, made_owner, made_store/,
    )
    // It would be refused if there still were rights that keeper has given.
    await server.query('REVOKE USAGE ON FOREIGN DATA WRAPPER postgres_fdw FROM keeper', 'owned_again')
    requireSame(await stateOf(superUrl), withServer, 'restored with owners that were there')
    assert.deepEqual(await rights(), [])
    assert.deepEqual((await facts(superUrl))[1], expected[1])
    assert.deepEqual(await memberships(), lasting)
  } finally {
    await server.query('DROP DATABASE IF EXISTS owned_again')
    await server.query(`DROP ROLE IF EXISTS ${roles}, keeper`)
  }
}

test('roles that objects can not be given to, or not worked for, are named before anything is touched', async () => {
  const server = await testServer(17)
  const repository = await newRepository(openMemoryStorage())
  await using source = await owned(server)
  await server.query(`CREATE ROLE keeper LOGIN PASSWORD 'p' CREATEDB; GRANT made_owner, made_app TO keeper`)
  const url = new URL(besideUrl(server.url(), 'not_owned'))
  Object.assign(url, { username: 'keeper', password: 'p' })
  const problems = async (): Promise<string[]> =>
    (await repository.planTo(url.href, { createDatabase: true })).problems.map((p) => p.message)
  // What is so in the database that is asked, in place of one that is not there yet.
  await server.query('REVOKE USAGE ON LANGUAGE sql FROM PUBLIC')
  const may = (role: string): string =>
    `keeper may not give objects to ${role}; --no-owner leaves owners out.`
  try {
    await repository.backUp(source.url)
    // One that owns nothing but a large object.
    assert.deepEqual(await problems(), [may('made_store')])
    await server.query('GRANT made_store TO keeper')
    assert.deepEqual(await problems(), [])
    await server.query(
      'GRANT made_owner TO keeper WITH SET FALSE; GRANT made_app TO keeper WITH INHERIT FALSE',
    )
    assert.deepEqual((await problems()).sort(), [may('made_app'), may('made_owner')])
    // One that owns nothing but the database.
    await source.query(`ALTER DATABASE ${source.name} OWNER TO postgres`)
    await server.query('GRANT made_owner TO keeper WITH SET TRUE; GRANT made_app TO keeper WITH INHERIT TRUE')
    await repository.backUp(source.url)
    assert.deepEqual(await problems(), [may('postgres')])
  } finally {
    await source.drop()
    await server.query(`GRANT USAGE ON LANGUAGE sql TO PUBLIC; DROP ROLE ${roles}, keeper`)
  }
})

test('settings in the database come back for roles that it does not name, or are told', async () => {
  const server = await testServer(17)
  const repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await server.query(
    'CREATE ROLE set_stays LOGIN; CREATE ROLE set_goes LOGIN; GRANT pg_read_all_data TO set_stays',
  )
  try {
    for (const role of ['set_stays', 'set_goes'])
      await server.query(`ALTER ROLE ${role} IN DATABASE ${source.name} SET statement_timeout = '3s'`)
    const before = await databaseOf(source.url)
    await repository.backUp(source.url)
    await using same = await server.database()
    await repository.restoreTo(same.url)
    assert.deepEqual(await databaseOf(same.url), before)
    await source.drop()
    await same.drop()

    await server.query('DROP ROLE set_goes')
    for (const roles of ['needed', 'none'] as const) {
      await using target = await server.database()
      const { warnings } = await repository.restoreTo(target.url, { roles })
      assert.deepEqual(warnings, [
        'Role set_goes: does not exist here, and is not made: its settings in the database are left out',
      ])
      assert.deepEqual(
        await server.query(`SELECT setrole::regrole::text AS role, setconfig FROM pg_db_role_setting s
          JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = '${target.name}'`),
        [{ role: 'set_stays', setconfig: ['statement_timeout=3s'] }],
      )
    }
  } finally {
    await server.query('DROP ROLE set_stays; DROP ROLE IF EXISTS set_goes')
  }
})
