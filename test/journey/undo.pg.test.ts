import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { besideUrl, failure, newRepository, stateOf, type JourneyRepository } from '../support/journey.ts'
import { tcpProxy, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { changeMessages, commandComplete } from '../support/server-messages.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

/** Restores until tables are being compared, and is cancelled there. */
async function restoreHalf(url: string, options: { createDatabase?: boolean } = {}): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase === 'comparing rows') stop.abort()
  }
  await failure(repository.restoreTo(url, { ...options, signal: stop.signal, onProgress }), 'cancelled')
}

const publicSchema = (target: TestDatabase) =>
  target.query(`SELECT nspowner::regrole::text AS owner, nspacl::text AS acl, obj_description(oid, 'pg_namespace') AS comment,
    (SELECT array_agg(extname || ' in ' || extnamespace::regnamespace ORDER BY 1) FROM pg_extension) AS extensions
    FROM pg_namespace WHERE nspname = 'public'`)

test('an undone restore leaves the extensions that were there, and the public schema with its grants', async () => {
  await server.query('CREATE ROLE undo_user; CREATE ROLE undo_other')
  await using source = await server.database()
  await source.query(
    `CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION "uuid-ossp";
    CREATE TABLE t (a citext, b hstore); INSERT INTO t VALUES ('x', 'a=>1'); CREATE TYPE pair AS (a int, b citext); CREATE DOMAIN d AS citext;
    CREATE TYPE span AS RANGE (subtype = float8); CREATE SEQUENCE s; CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
    CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT a'; CREATE PROCEDURE p(INOUT a int) LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE agg(int) (sfunc = int4pl, stype = int); CREATE OPERATOR === (leftarg = citext, rightarg = citext, function = citext_eq);
    CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE int USING btree FAMILY fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
    CREATE COLLATION col FROM "C"; CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE TEXT SEARCH DICTIONARY dict (template = simple); CREATE TEXT SEARCH CONFIGURATION conf (COPY = simple); CREATE STATISTICS st ON a, b FROM t;
    CREATE TABLE parts (a int GENERATED ALWAYS AS IDENTITY, b date) PARTITION BY RANGE (b); CREATE TABLE part PARTITION OF parts DEFAULT`,
  )
  await repository.backUp(source.url)
  await using target = await server.database()
  await target.query(`CREATE EXTENSION citext; COMMENT ON SCHEMA public IS 'kept'; ALTER SCHEMA public OWNER TO undo_other;
    GRANT CREATE ON SCHEMA public TO undo_user WITH GRANT OPTION; REVOKE USAGE ON SCHEMA public FROM PUBLIC`)
  const [was, state] = [await publicSchema(target), await stateOf(target.url)]
  await restoreHalf(target.url)
  assert.deepEqual(await publicSchema(target), was)
  assert.deepEqual(await stateOf(target.url), state)
  // What counts as empty is empty again.
  assert.deepEqual((await repository.planTo(target.url)).problems, [])
  await target.drop()
  await server.query('DROP ROLE undo_user; DROP ROLE undo_other')
})

test('a database that was made is dropped again, also when its subscriptions are there already', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1);
    CREATE SUBSCRIPTION undo_sub CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = 'undo_slot');
    CREATE SUBSCRIPTION undo_none CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = NONE)`)
  await repository.backUp(source.url)
  const url = besideUrl(server.url(), 'undo_made')
  const stop = new AbortController()
  const onProgress = ({
    phase,
    done,
    total,
  }: {
    phase: string
    done: number
    total: number | null
  }): void => {
    if (phase.startsWith('building') && done === total) stop.abort()
  }
  await failure(
    repository.restoreTo(url, { createDatabase: true, signal: stop.signal, onProgress }),
    'cancelled',
  )
  assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'undo_made'`), [])
})

test('a database that was made in the moment of the cancelling is dropped again', async () => {
  await using source = await server.database()
  await source.query('CREATE TABLE t (a int)')
  await repository.backUp(source.url)
  const stop = new AbortController()
  const cancelOnceMade = changeMessages((message) => {
    if (message[0] === commandComplete && message.toString('latin1', 5).startsWith('CREATE DATABASE'))
      stop.abort()
    return message
  })
  await using proxy = await tcpProxy(server.port, cancelOnceMade)
  const url = besideUrl(proxy.url(server.url()), 'undo_moment')
  await failure(repository.restoreTo(url, { createDatabase: true, signal: stop.signal }), 'cancelled')
  assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'undo_moment'`), [])
})

test('rows in a table of an extension that was there are not mixed with those of a backup, and undone ones go', async () => {
  const configured = `CREATE EXTENSION citext; CREATE TABLE settings (k int, builtin boolean); ALTER EXTENSION citext ADD TABLE settings;
    UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY['WHERE NOT builtin'] WHERE extname = 'citext';
    INSERT INTO settings VALUES (1, true)`
  await using source = await server.database()
  await source.query(`${configured}; INSERT INTO settings VALUES (2, false)`)
  await repository.backUp(source.url)
  await using target = await server.database()
  await target.query(configured)
  await restoreHalf(target.url)
  assert.deepEqual(await target.query('SELECT k FROM settings'), [{ k: 1 }])
  await target.query('INSERT INTO settings VALUES (3, false)')
  const refused = await failure(repository.restoreTo(target.url), 'target_not_empty')
  assert.match(refused.message, /rows of public\.settings/)
})

test('a role that was given rights on parameters of the server is gone again', async () => {
  await server.query('CREATE ROLE undo_set; GRANT SET ON PARAMETER log_statement TO undo_set')
  await using source = await server.database()
  await source.query('CREATE TABLE t (a int); GRANT SELECT ON t TO undo_set')
  await repository.backUp(source.url)
  await source.drop()
  await server.query('REVOKE SET ON PARAMETER log_statement FROM undo_set; DROP ROLE undo_set')
  await restoreHalf(besideUrl(server.url(), 'undo_made'), { createDatabase: true })
  assert.deepEqual(await server.query(`SELECT FROM pg_roles WHERE rolname = 'undo_set'`), [])
  assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'undo_made'`), [])
})

test('more tables than the server has locks for are removed again', async () => {
  await using source = await server.database()
  await source.query(
    `DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, b text)', i); END LOOP; END $$`,
  )
  await repository.backUp(source.url, { proof: 'counts' })
  const few = await testServer(17, { label: 'few locks', settings: { max_locks_per_transaction: '10' } })
  await using target = await few.database()
  await restoreHalf(target.url)
  assert.deepEqual((await repository.planTo(target.url)).problems, [])
})

for (const createDatabase of [true, false])
  test(`a restore that was cut off does not undo the one that took its place, in ${createDatabase ? 'a new' : 'an existing'} database`, async () => {
    await using source = await server.database()
    await source.query(
      `CREATE TABLE t AS SELECT n, repeat(md5(n::text), 10) AS b FROM generate_series(1, 60000) n`,
    )
    await repository.backUp(source.url)
    const name = `${source.name}_copy`
    if (!createDatabase) await server.query(`CREATE DATABASE ${name}`)
    const url = besideUrl(server.url(), name)
    await using proxy = await tcpProxy(server.port)
    try {
      let loading = false
      const onProgress = ({ phase }: { phase: string }): void => {
        if (phase === 'loading rows' && !loading) proxy.pause()
        loading ||= phase === 'loading rows'
      }
      const first = repository.restoreTo(proxy.url(url), { createDatabase, onProgress }).then(
        () => undefined,
        (error: unknown) => error,
      )
      while (!loading) await sleep(10)
      // As when a network is cut for long: the server has given the first one up.
      await server.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`,
      )
      await repository.restoreTo(url, { createDatabase, restart: true })
      const restored = await stateOf(url)
      proxy.resume()
      assert.match(String(await first), /another has begun or ended there since/)
      assert.deepEqual(await stateOf(url), restored)
    } finally {
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    }
  })

test('a comment on an extension of somebody else is told, and does not stop a restore', async () => {
  await server.query(`CREATE ROLE undo_plain LOGIN PASSWORD 'x'`)
  await using source = await server.database()
  await source.query(`CREATE EXTENSION citext; CREATE TABLE t (a citext); INSERT INTO t VALUES ('x')`)
  await repository.backUp(source.url)
  await using target = await server.database({ clauses: 'OWNER undo_plain' })
  await target.query('CREATE EXTENSION citext')
  const report = await repository.restoreTo(target.urlFor('undo_plain', 'x'), { noOwner: true })
  assert.ok(
    report.warnings.some((w) => /comment EXTENSION citext/.test(w)),
    report.warnings.join(),
  )
  assert.deepEqual(await target.query('SELECT a FROM t'), [{ a: 'x' }])
  await target.drop()
  await server.query('DROP ROLE undo_plain')
})

test('roles that grants and policies name, and grants in the name of others, are seen before anything is touched', async () => {
  await server.query(
    `CREATE ROLE undo_gone; CREATE ROLE "Undo gone"; CREATE ROLE undo_giver; CREATE ROLE undo_maker LOGIN CREATEDB PASSWORD 'x'`,
  )
  await using source = await server.database()
  await source.query(`CREATE TABLE t (a int); GRANT SELECT ON t TO "Undo gone"; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON t TO undo_gone USING (true); GRANT SELECT ON t TO undo_giver WITH GRANT OPTION;
    SET ROLE undo_giver; GRANT SELECT ON t TO undo_maker`)
  await repository.backUp(source.url)
  await source.drop()
  await server.query('DROP ROLE undo_gone; DROP ROLE "Undo gone"')
  const url = besideUrl(server.url(), 'undo_roles')
  const problems = async (at: string, options: object): Promise<string> =>
    (await repository.planTo(at, { createDatabase: true, ...options })).problems
      .map((p) => p.message)
      .join('\n')
  assert.equal(await problems(url, {}), '')
  const none = await problems(url, { roles: 'none' })
  assert.match(none, /role undo_gone, which policy public\.t p names/)
  assert.match(none, /role Undo gone, which acl public\.TABLE t names, does not exist; --no-grants/)
  assert.match(await problems(url, { noOwner: true, noGrants: true }), /^The role undo_gone[^\n]*$/)
  const own = new URL(url)
  own.username = 'undo_maker'
  own.password = 'x'
  await server.query('CREATE ROLE undo_gone; CREATE ROLE "Undo gone"')
  assert.match(await problems(own.href, { noOwner: true }), /undo_maker is no superuser.*acl public\.TABLE t/)
  assert.equal(await problems(own.href, { noOwner: true, noGrants: true }), '')
  await server.query('DROP ROLE undo_gone; DROP ROLE "Undo gone"; DROP ROLE undo_giver; DROP ROLE undo_maker')
})

test('names that are no text, as SQL_ASCII lets them be, are removed as well', async () => {
  const clauses = `ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'`
  const odd = (prefix: string): string => `${prefix}' || chr(252) || '`
  await using source = await server.database({ clauses })
  await source.query(`DO $$ BEGIN
      EXECUTE 'CREATE TABLE t (a int); CREATE VIEW "${odd('v')}" AS SELECT * FROM t; CREATE TYPE "${odd('d')}" AS (a int)';
    END $$`)
  await repository.backUp(source.url)
  await using target = await server.database({ clauses })
  const state = await stateOf(target.url)
  await restoreHalf(target.url)
  assert.deepEqual(await stateOf(target.url), state)
  await repository.restoreTo(target.url)
  assert.deepEqual(await stateOf(target.url), await stateOf(source.url))
})

test('a database whose dropping was broken off is told as that, and made anew with --restart', async () => {
  await using source = await server.database()
  await source.query('CREATE TABLE t AS SELECT 1 AS a')
  await repository.backUp(source.url)
  await server.query('CREATE DATABASE half_gone')
  await server.query(`UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half_gone'`)
  const url = besideUrl(server.url(), 'half_gone')
  const { message } = await failure(repository.restoreTo(url, { createDatabase: true }), 'target_unfinished')
  assert.match(message, /Dropping the database half_gone was begun and broken off/)
  await failure(repository.restoreTo(url, { restart: true }), 'database_missing')
  await repository.restoreTo(url, { createDatabase: true, restart: true })
  assert.deepEqual(await stateOf(url), await stateOf(source.url))
  await server.query('DROP DATABASE half_gone')
})
